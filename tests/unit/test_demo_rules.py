"""The rules that the made-up region is built on: clock, numbers, scores."""

from __future__ import annotations

from datetime import date, datetime
from itertools import pairwise

import pytest

from felles.demo import clock, number
from felles.demo.event.laboratory import filtration
from felles.demo.history.admission import news2
from felles.demo.history.child import median
from felles.record.validation import national


def test_summer_time_follows_the_european_rule() -> None:
    assert clock.instant(datetime(2026, 3, 28, 12)) == "2026-03-28T12:00:00+01:00"
    assert clock.instant(datetime(2026, 3, 29, 12)) == "2026-03-29T12:00:00+02:00"
    assert clock.instant(datetime(2026, 10, 24, 12)) == "2026-10-24T12:00:00+02:00"
    assert clock.instant(datetime(2026, 10, 25, 12)) == "2026-10-25T12:00:00+01:00"


@pytest.mark.parametrize(
    ("year", "day"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2038, date(2038, 4, 25))],
)
def test_easter(year: int, day: date) -> None:
    assert clock.easter(year) == day


def test_offices_are_closed_at_weekends_and_holidays() -> None:
    assert clock.weekday(date(2026, 12, 24)) == date(2026, 12, 28)
    assert clock.workday_before(date(2026, 5, 17)) == date(2026, 5, 15)
    assert clock.working_days(date(2026, 4, 1), 1) == date(2026, 4, 7)


def test_age_of_somebody_born_on_a_leap_day() -> None:
    assert clock.age(date(2004, 2, 29), date(2026, 2, 28)) == 21
    assert clock.years_before(date(2024, 2, 29), 1) == date(2023, 2, 28)


def test_personal_numbers_are_synthetic_and_not_used_twice() -> None:
    taken: set[str] = set()
    found = [number.personal_number(date(1984, 2, 29), "female", 3, taken) for _ in range(150)]
    assert len(set(found)) == 150
    assert all(national.is_birth_number(n) and national.is_synthetic(n) for n in found)
    assert {national.sex(n) for n in found} == {"female"}
    temporary = number.personal_number(date(2001, 12, 31), "male", 0, taken, temporary=True)
    assert national.is_d_number(temporary)


def test_a_day_can_be_used_up() -> None:
    taken: set[str] = set()
    with pytest.raises(LookupError):
        for _ in range(501):
            number.personal_number(date(1950, 1, 1), "male", 0, taken)


def test_organisation_numbers_are_of_the_test_series() -> None:
    found = [number.organisation_number(ordinal) for ordinal in range(60)]
    assert len(set(found)) == 60
    assert all(national.is_organization_number(n) and national.is_synthetic(n) for n in found)


@pytest.mark.parametrize(
    ("signs", "points"), [((16, 97, 70, 37.0, 125), 0), ((26, 90, 134, 39.4, 88), 14), ((22, 94, 95, 38.4, 108), 6)]
)
def test_news2(signs: tuple[float, float, float, float, float], points: int) -> None:
    assert news2(*signs) == points


def test_filtration_rate_of_a_textbook_case() -> None:
    assert round(filtration(88.4, "female", 50)) == 66
    assert round(filtration(88.4, "male", 50)) == 87


def test_growth_never_falls() -> None:
    curve = [median(month / 2) for month in range(440)]
    assert all(a <= b for one, two in pairwise(curve) for a, b in zip(one, two, strict=True))
