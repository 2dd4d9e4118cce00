"""The ledger's watchdogs: silence, floods and standstill are found on the first day, an ordinary year is quiet."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from felles.duties.calendar import NORWAY
from felles.duties.watchdog import Counted, Finding, What, findings

EPOCH = date(1970, 1, 1).toordinal()
UNIT, KIND = 7, 100


def year(seed: int, mean: int) -> dict[tuple[int, int], Counted]:
    """Work that comes and is done every day on which anybody works; fewer on Fridays and in July."""
    draw, came, done = random.Random(seed), dict[int, int](), dict[int, int]()
    for number in range(365):
        day = date(2026, 1, 1) + timedelta(days=number)
        if NORWAY.works_on(day):
            usual = mean * (0.7 if day.weekday() == 4 else 1.0) * (0.7 if day.month == 7 else 1.0)
            for series in (came, done):
                series[day.toordinal() - EPOCH] = max(0, round(draw.gauss(usual, usual**0.5)))
    return {(UNIT, KIND): Counted(came, done)}


def alarms(by: dict[tuple[int, int], Counted]) -> list[Finding]:
    days = range(date(2026, 3, 2).toordinal() - EPOCH, date(2026, 12, 31).toordinal() - EPOCH)
    return [one for day in days for one in findings(by, day)]


@pytest.mark.parametrize("mean", [2, 15, 300])
@pytest.mark.parametrize("seed", range(4))
def test_an_ordinary_year_is_quiet(seed: int, mean: int) -> None:
    assert alarms(year(seed, mean)) == []


@pytest.mark.parametrize(("what", "number"), [(What.MISSING, 0), (What.MISSING, 2), (What.FLOOD, 140)])
def test_what_comes_otherwise_is_found_on_the_first_day(what: What, number: int) -> None:
    by = year(1, 30)
    day = date(2026, 11, 12).toordinal() - EPOCH
    by[UNIT, KIND].opened[day] = number
    (found,) = [one for one in alarms(by) if one.day == day]
    assert (found.what, found.found, found.unit, found.kind) == (what, number, UNIT, KIND)


def test_an_interface_that_falls_silent_leaves_no_row_and_is_found_all_the_same() -> None:
    by = year(2, 30)
    stops = date(2026, 4, 1).toordinal() - EPOCH
    for day in [one for one in by[UNIT, KIND].opened if one >= stops]:
        del by[UNIT, KIND].opened[day]
    found = [one for one in alarms(by) if one.what is What.MISSING]
    assert found[0].day == stops
    assert all(NORWAY.works_on(date.fromordinal(one.day + EPOCH)) for one in found)


def test_work_that_is_no_longer_done_is_found() -> None:
    by = year(3, 30)
    day = date(2026, 9, 15).toordinal() - EPOCH
    by[UNIT, KIND].closed[day] = 0
    assert [one.what for one in alarms(by) if one.day == day] == [What.STILL]
