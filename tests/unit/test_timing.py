"""When doses are due: as many as the order says, at hours that people keep, over the nights when the clock changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.clinical.dose_reading import parsed
from felles.clinical.timing import HOUR, filled, moments, open_at

OSLO = ZoneInfo("Europe/Oslo")
DAY = 24 * HOUR


def at(month: int, day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, month, day, hour, minute, tzinfo=OSLO).timestamp()) * 1_000_000


def told(text: str, days: int = 1, started: int = at(3, 2, 7)) -> list[str]:
    found = moments(parsed(text), started, at(3, 2, 0), at(3, 2, 0) + days * DAY)
    return [f"{datetime.fromtimestamp(one / 1e6, OSLO):%d %H.%M}" for one in found]


def test_the_wards_hours_and_those_that_are_named() -> None:
    assert told("1 tablett daglig") == ["02 08.00"]
    assert told("1 tablett 3 ganger daglig") == ["02 08.00", "02 14.00", "02 20.00"]
    assert told("10 E kl. 20") == ["02 20.00"]
    assert told("1 tablett hver 6. time") == ["02 07.00", "02 13.00", "02 19.00"]
    assert told("1 tablett inntil 4 ganger daglig ved behov") == []
    assert told("1 tablett på mandag", 14) == ["02 08.00", "09 08.00"]
    assert told("1 tablett annenhver dag", 5) == ["02 08.00", "04 08.00", "06 08.00"]
    assert told("1 tablett daglig i 3 dager", 9) == ["02 08.00", "03 08.00", "04 08.00"]


def test_what_was_due_before_the_order_was_signed_is_not_owed() -> None:
    assert told("1 tablett 2 ganger daglig", started=at(3, 2, 9)) == ["02 20.00"]


@pytest.mark.parametrize("night", [(3, 28), (10, 24)])
def test_the_clock_changes_and_the_hours_stand(night: tuple[int, int]) -> None:
    began = at(*night, 0)
    for many in range(1, 13):
        dose = parsed(f"1 tablett {many} ganger daglig")
        assert len(moments(dose, began, began, began + 10 * DAY + HOUR)) in (10 * many, 10 * many + 1)
    hourly = moments(parsed("1 tablett hver 4. time"), began, began, began + 3 * DAY)
    assert {b - a for a, b in pairwise(hourly)} == {4 * HOUR}


@given(
    st.sampled_from(
        ["1x1", "1x3", "1x4", "1 tablett hver 8. time", "1 tablett annenhver dag", "1 tablett 5 ganger daglig"]
    ),
    st.integers(0, 200 * 24), st.integers(1, 40 * 24), st.integers(1, 40 * 24),
)  # fmt: skip
def test_a_span_in_parts_has_the_doses_of_the_whole(words: str, start: int, one: int, two: int) -> None:
    dose, began = parsed(words), at(1, 1, 0) + start * HOUR + 17
    middle, end = began + one * HOUR, began + (one + two) * HOUR
    whole = moments(dose, began, began, end)
    assert whole == moments(dose, began, began, middle) + moments(dose, began, middle, end)
    assert whole == sorted(set(whole))


def test_what_was_given_without_its_time_is_the_one_that_was_due() -> None:
    due = [at(3, 2, 8), at(3, 2, 14), at(3, 2, 20)]
    assert filled(due, [(due[1], at(3, 2, 15)), (None, at(3, 2, 8, 20))]) == {due[1]: 0, due[0]: 1}
    assert filled(due, [(None, at(3, 2, 2))]) == {}
    assert filled(due, [(None, at(3, 2, 8)), (None, at(3, 2, 9))]) == {due[0]: 0}


def test_a_dose_is_given_for_the_time_that_has_come_last() -> None:
    due = [at(3, 2, 8), at(3, 2, 14), at(3, 2, 20)]
    assert open_at(due, {}, at(3, 2, 6)) is None
    assert open_at(due, {}, at(3, 2, 7)) == due[0]
    assert open_at(due, {}, at(3, 2, 12, 59)) == due[0]
    assert open_at(due, {due[0]: 0}, at(3, 2, 9)) is None
    assert open_at(due, {}, at(3, 2, 23)) == due[2]


def test_a_month_has_its_last_day() -> None:
    began = int(datetime(2026, 1, 31, 7, tzinfo=OSLO).timestamp()) * 1_000_000
    found = moments(
        parsed("1 tablett 1 gang i måneden"), began, began, began + timedelta(days=62) // timedelta(microseconds=1)
    )
    assert [datetime.fromtimestamp(one / 1e6, OSLO).day for one in found] == [31, 28, 31]
