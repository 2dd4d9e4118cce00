"""When something is due: pure arithmetic in working days, working hours, days and minutes.

Days are counted as law counts them (domstolloven § 148 and § 149): the day of the event is not counted, and the last
day runs to its end. Moments are microseconds since 1970, so that a due moment is the first that is too late.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from felles.duties.calendar import NORWAY, Calendar

MINUTE = 60_000_000
HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """So many working days after the day of the event, to the end of the last (pasient- og brukerrettighetsloven
    § 2-2: ten of them for assessing a referral)."""

    count: int


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """So many hours of working time."""

    count: int


@dataclass(frozen=True, slots=True)
class Days:
    """So many days of the calendar, to the end of the last."""

    count: int


@dataclass(frozen=True, slots=True)
class Minutes:
    """So many minutes by the clock, night and holiday alike (critical findings)."""

    count: int


Term = WorkingDays | WorkingHours | Days | Minutes


def due(term: Term, start: int, calendar: Calendar = NORWAY) -> int:
    """The moment at which `term` from `start` has run out."""
    if isinstance(term, Minutes):
        return start + term.count * MINUTE
    if isinstance(term, WorkingHours):
        return _after_work(term.count * HOUR, start, calendar)
    return _after_days(term, calendar.day(start), calendar)


@lru_cache(maxsize=4_096)
def _after_days(term: WorkingDays | Days, day: date, calendar: Calendar) -> int:
    last = day + timedelta(days=term.count) if isinstance(term, Days) else nth_working_day(term.count, day, calendar)
    return calendar.moment(last + timedelta(days=1))


def nth_working_day(count: int, day: date, calendar: Calendar = NORWAY) -> date:
    """The working day number `count` after `day`; for 0 the day itself, or the first working day after it."""
    last = day
    while not count and not calendar.works_on(last):
        last += timedelta(days=1)
    while count:
        last += timedelta(days=1)
        count -= calendar.works_on(last)
    return last


def last_day(moment: int, calendar: Calendar = NORWAY) -> date:
    """The last day on which something due at `moment` is still in time."""
    return calendar.day(moment - 1)


def _after_work(left: int, start: int, calendar: Calendar) -> int:
    day = calendar.day(start)
    while True:
        span = calendar.span_on(day)
        if span:
            begin = max(span[0], start)
            if begin + left <= span[1]:
                return begin + left
            left -= max(0, span[1] - begin)
        day += timedelta(days=1)


def worked(start: int, end: int, calendar: Calendar = NORWAY) -> int:
    """The working time between two moments, in microseconds."""
    day, last, total = calendar.day(start), calendar.day(end), 0
    while day <= last:
        span = calendar.span_on(day)
        if span:
            total += max(0, min(span[1], end) - max(span[0], start))
        day += timedelta(days=1)
    return total
