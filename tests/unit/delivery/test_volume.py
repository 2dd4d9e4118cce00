"""What goes missing is found within a day, and an ordinary year raises no alarm."""

from __future__ import annotations

import random
from datetime import date, timedelta
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.delivery.volume import ALL, Anomaly, anomalies
from felles.duties.calendar import NORWAY
from felles.duties.usual import Series, binomial, poisson

EPOCH = date(1970, 1, 1).toordinal()
UNIT = 7


def year(seed: int, mean: int = 40, gp: float = 0.9) -> dict[tuple[int, str, str], Series]:
    """A unit's letters of one template over a year: fewer on Fridays and in July, none on days when nobody works."""
    draw, letters, copies = random.Random(seed), {}, {}
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(days=number)
        if NORWAY.works_on(day):
            usual = mean * (0.7 if day.weekday() == 4 else 1.0) * (0.7 if day.month == 7 else 1.0)
            count = max(0, round(draw.gauss(usual, usual**0.5)))
            letters[day.toordinal() - EPOCH] = count
            copies[day.toordinal() - EPOCH] = sum(draw.random() < gp for _ in range(count))
    return {(UNIT, "appointment", ALL): letters, (UNIT, "appointment", "gp"): copies}


def alarms(counted: dict[tuple[int, str, str], Series]) -> list[Anomaly]:
    days = range(date(2026, 3, 2).toordinal() - EPOCH, date(2026, 12, 31).toordinal() - EPOCH)
    return [one for day in days for one in anomalies(counted, day)]


@pytest.mark.parametrize("seed", range(6))
def test_an_ordinary_year_with_holidays_and_summer_raises_no_alarm(seed: int) -> None:
    assert alarms(year(seed)) == []


@pytest.mark.parametrize("mean", [6, 40, 400])
def test_copies_that_stop_are_found_on_the_first_day(mean: int) -> None:
    counted = year(1, mean)
    stops = date(2026, 11, 12).toordinal() - EPOCH
    for day in counted[UNIT, "appointment", "gp"]:
        if day >= stops:
            counted[UNIT, "appointment", "gp"][day] = 0
    found = alarms(counted)
    assert found[0].role == "gp" and found[0].day == stops and found[0].found == 0


def test_letters_that_stop_are_found_on_the_first_day_and_never_on_a_holiday() -> None:
    counted = year(2)
    stops = date(2026, 4, 1).toordinal() - EPOCH
    for series in counted.values():
        for day in [one for one in series if one >= stops]:
            del series[day]
    found = alarms(counted)
    assert found[0].day == stops and {one.role for one in found} == {ALL}
    assert all(NORWAY.works_on(date.fromordinal(one.day + EPOCH)) for one in found)


@given(st.integers(0, 3000), st.integers(1, 3000), st.floats(0.01, 0.99))
def test_probabilities_grow_with_what_is_found_and_end_at_one(found: int, of: int, share: float) -> None:
    found = min(found, of)
    assert 0 <= binomial(found, of, share) <= 1
    assert isclose(binomial(of, of, share), 1, rel_tol=1e-6)
    assert found == 0 or binomial(found - 1, of, share) <= binomial(found, of, share) + 1e-12
    assert 0 <= poisson(found, of) <= 1
