"""When the doses of an order are due: the ward's hours and the days, from the structure of the dose; and which of them
have been given. Pure.

Times of day that are named stand as they are; others are given at the ward's hours. Doses that are taken when there is
cause are never due.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from felles.access.age import NORWAY as ZONE
from felles.clinical.dose import Dose
from felles.duties.calendar import NORWAY

MINUTE = 60_000_000
HOUR = 60 * MINUTE
EARLY, LATE = HOUR, HOUR
"""How long before its time a dose may be given, and how long after it is late."""
NEAR = 3 * HOUR
"""A dose that was given without its time is the one that was due within this."""
WARD: Mapping[int, Sequence[int]] = {1: (8,), 2: (8, 20), 3: (8, 14, 20), 4: (8, 12, 18, 22)}
"""The ward's hours, by how many times a day."""
FIRST = 8
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = 7


def clocks(dose: Dose) -> list[time]:
    """The times of a day on which a dose is given at all."""
    if dose.at:
        return sorted(dose.at)
    many = dose.frequency if dose.each == "d" and dose.period == 1 else 1
    hours = WARD.get(many)
    minutes = [one * 60 for one in hours] if hours else [(FIRST * 60 + 1440 * k // many) % 1440 for k in range(many)]
    return sorted({time(one // 60, one % 60) for one in minutes})


def moments(dose: Dose, started: int, first: int, after: int) -> list[int]:
    """When doses of an order that was signed at `started` are due, from `first` until `after` (microseconds)."""
    if dose.needed:
        return []
    begun = datetime.fromtimestamp(started / 1_000_000, ZONE)
    end = _micros(begun.date() + timedelta(days=dose.length), begun.time()) if dose.length else after
    low, high = max(started, first), min(after, end)
    if dose.each == "h" and not dose.at and not dose.days:
        step, anchor = dose.period * HOUR // dose.frequency, -(-started // HOUR) * HOUR
        begin = anchor + max(0, -(-(low - anchor) // step)) * step
        return list(range(begin, high, step))
    day, last = NORWAY.day(low), NORWAY.day(high)
    made: set[int] = set()
    while day <= last:
        if _on(dose, begun.date(), day):
            made |= {_micros(day, one) for one in clocks(dose)}
        day += timedelta(days=1)
    return sorted(one for one in made if low <= one < high)


def _micros(day: date, at: time) -> int:
    return int(datetime.combine(day, at, ZONE).timestamp() * 1_000_000)


def _on(dose: Dose, begun: date, day: date) -> bool:
    """Whether a dose is given on a day."""
    if dose.days:
        weeks = (day - begun).days // WEEK if dose.each == "wk" else 0
        return DAYS[day.weekday()] in dose.days and weeks % (dose.period if dose.each == "wk" else 1) == 0
    if dose.each == "mo":
        months = (day.year - begun.year) * 12 + day.month - begun.month
        spread = {min(monthrange(day.year, day.month)[1], begun.day + 30 * k // dose.frequency)
                  for k in range(dose.frequency)}  # fmt: skip
        return months % dose.period == 0 and day.day in spread
    length = dose.period * (WEEK if dose.each == "wk" else 1)
    many = 1 if dose.each == "d" and length == 1 else dose.frequency
    return (day - begun).days % length in {length * k // many for k in range(many)}


def filled(due: Sequence[int], given: Sequence[tuple[int | None, int]]) -> dict[int, int]:
    """Which of what was given (its planned time where it has one, and when) stands for which due time: due time → its
    place in `given`. What has no planned time stands for the nearest that is not taken, within `NEAR`."""
    found = {planned: place for place, (planned, _) in enumerate(given) if planned in set(due)}
    for place, (planned, at) in sorted(enumerate(given), key=lambda one: one[1][1]):
        free = [one for one in due if one not in found and abs(one - at) <= NEAR]
        if planned is None and free:
            found[min(free, key=lambda one: (abs(one - at), one))] = place
    return {planned: place for planned, place in found.items() if planned is not None}


def open_at(due: Sequence[int], taken: Mapping[int, int], now: int) -> int | None:
    """The time for which a dose is given now: due or late, not given yet, and no later one has come."""
    come = [one for one in due if one - EARLY <= now]
    return come[-1] if come and come[-1] not in taken else None
