"""Deadlines: Norwegian holidays on known dates, working time by properties, nights in which the clock is changed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.duties.calendar import HALF, NORWAY, Calendar, Hours, day_of, easter, holidays
from felles.duties.deadline import (
    HOUR,
    MINUTE,
    Days,
    Minutes,
    WorkingDays,
    WorkingHours,
    due,
    last_day,
    nth_working_day,
    worked,
)

OSLO = ZoneInfo("Europe/Oslo")
SHIFTS = Calendar(Hours(time(7), time(22)), {(12, 24): None, -4: HALF})
moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: int(moment.timestamp()) * 1_000_000
)
calendars = st.sampled_from([NORWAY, SHIFTS, Calendar(special={})])


def at(text: str) -> int:
    """A local time in Oslo as microseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=OSLO).timestamp()) * 1_000_000


def local(moment: int) -> str:
    return datetime.fromtimestamp(moment // 1_000_000, OSLO).isoformat()


EASTERS = "1954-04-18 1961-04-02 1981-04-19 2000-04-23 2008-03-23 2019-04-21 2024-03-31 2026-04-05 2038-04-25"


@pytest.mark.parametrize("day", EASTERS.split())
def test_easter_is_where_the_church_has_it(day: str) -> None:
    assert easter(int(day[:4])) == date.fromisoformat(day)


def test_the_holidays_of_a_year() -> None:
    assert sorted(day.isoformat()[5:] for day in holidays(2026)) == (
        ["01-01", "04-02", "04-03", "04-05", "04-06", "05-01", "05-14", "05-17", "05-24", "05-25", "12-25", "12-26"]
    )


def test_two_holidays_on_one_day_are_one() -> None:
    assert len(holidays(2008)) == 11 and holidays(2008)[date(2008, 5, 1)] == "Kristi himmelfartsdag"


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        ("2026-03-20", 10, "2026-04-08"),  # over Easter: Thursday, Friday and Monday are none
        ("2026-04-30", 10, "2026-05-18"),  # 1 May, Ascension; 17 May is a Sunday
        ("2026-12-21", 10, "2027-01-06"),
        ("2024-02-28", 1, "2024-02-29"),
        ("2026-11-20", 3, "2026-11-25"),
        ("2026-11-21", 0, "2026-11-23"),
    ],
)
def test_known_working_days(start: str, count: int, last: str) -> None:
    assert nth_working_day(count, date.fromisoformat(start)).isoformat() == last
    moment = due(WorkingDays(count), at(f"{start}T13:00:00"))
    assert last_day(moment).isoformat() == last
    assert local(moment)[11:19] == "00:00:00"


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-20T15:00:00", 2, "2026-11-23T09:00:00+01:00"),
        ("2026-11-20T07:00:00", 8, "2026-11-20T16:00:00+01:00"),
        ("2026-12-23T14:00:00", 7, "2026-12-28T09:00:00+01:00"),  # 24 December ends at noon
        ("2026-03-27T15:00:00", 2, "2026-03-30T09:00:00+02:00"),  # the clock goes forward in between
    ],
)
def test_known_working_hours(start: str, hours: int, end: str) -> None:
    assert local(due(WorkingHours(hours), at(start))) == end


def test_minutes_run_through_the_nights_in_which_the_clock_is_changed() -> None:
    assert local(due(Minutes(90), at("2026-03-29T01:30:00"))) == "2026-03-29T04:00:00+02:00"
    assert local(due(Minutes(120), at("2026-10-25T01:30:00"))) == "2026-10-25T02:30:00+01:00"


def test_a_day_of_23_or_25_hours_is_a_day() -> None:
    assert due(Days(1), at("2026-03-28T12:00:00")) - due(Days(0), at("2026-03-28T12:00:00")) == 23 * HOUR
    assert due(Days(1), at("2026-10-24T12:00:00")) - due(Days(0), at("2026-10-24T12:00:00")) == 25 * HOUR


def test_days_are_counted_from_1970() -> None:
    assert day_of(NORWAY.day_number(at("2026-11-22T23:59:59"))) == date(2026, 11, 22)
    assert day_of(NORWAY.day_number(at("2026-11-23T00:00:00"))) == date(2026, 11, 23)


@given(start=moments, hours=st.integers(0, 200), calendar=calendars)
def test_working_hours_are_what_was_worked(start: int, hours: int, calendar: Calendar) -> None:
    end = due(WorkingHours(hours), start, calendar)
    assert worked(start, end, calendar) == hours * HOUR
    assert end >= start


@given(start=moments, first=st.integers(0, 60), second=st.integers(0, 60), calendar=calendars)
def test_hours_add_up(start: int, first: int, second: int, calendar: Calendar) -> None:
    between = due(WorkingHours(first), start, calendar)
    assert due(WorkingHours(second), between, calendar) == due(WorkingHours(first + second), start, calendar)


@given(start=moments, later=st.integers(0, 10**12), count=st.integers(0, 65), calendar=calendars)
def test_who_starts_later_is_never_due_earlier(start: int, later: int, count: int, calendar: Calendar) -> None:
    for term in (WorkingDays(count), WorkingHours(count), Days(count), Minutes(count)):
        assert due(term, start, calendar) <= due(term, start + later, calendar)
        assert due(term, start, calendar) >= start


@given(start=moments, count=st.integers(1, 65))
def test_so_many_working_days_lie_between(start: int, count: int) -> None:
    first, last = NORWAY.day(start), last_day(due(WorkingDays(count), start))
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(NORWAY.works_on(day) for day in between) == count
    assert NORWAY.works_on(last)


@given(year=st.integers(1583, 4000))
def test_easter_is_a_sunday_in_spring(year: int) -> None:
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


@given(start=moments, minutes=st.integers(0, 100_000))
def test_a_minute_is_a_minute(start: int, minutes: int) -> None:
    assert due(Minutes(minutes), start) == start + minutes * MINUTE
