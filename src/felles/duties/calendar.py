"""Days on which work is done, by Norwegian law and by the house's own hours.

Public holidays: helligdagsfredloven (lov 24. februar 1995 nr. 12) § 2, and 1 and 17 May by lov 26. april 1947 nr. 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SATURDAY = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_QUARTER = 15 * 60 * 1_000_000

FROM_EASTER = {-3: "skjærtorsdag", -2: "langfredag", 0: "første påskedag", 1: "andre påskedag"} | {
    39: "Kristi himmelfartsdag",
    49: "første pinsedag",
    50: "andre pinsedag",
}
FIXED = {(1, 1): "første nyttårsdag", (5, 1): "1. mai", (5, 17): "17. mai"} | {
    (12, 25): "første juledag",
    (12, 26): "andre juledag",
}


@lru_cache(maxsize=512)
def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    leap, short = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * short + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=512)
def holidays(year: int) -> Mapping[date, str]:
    """The public holidays of a year by day, Sundays aside; where two fall on one day, the movable gives its name."""
    sunday = easter(year)
    fixed = {date(year, month, day): name for (month, day), name in FIXED.items()}
    return fixed | {sunday + timedelta(days=offset): name for offset, name in FROM_EASTER.items()}


@dataclass(frozen=True, slots=True)
class Hours:
    """When work is done on a day, local time, `end` exclusive."""

    start: time
    end: time


Special = tuple[int, int] | int
"""A day of every year: (month, day), or days after Easter Sunday."""

HALF = Hours(time(8), time(12))


@dataclass(frozen=True, eq=False)
class Calendar:
    """The working time of a house. `special` days have other hours than the rest, or none at all; a public holiday
    has none whatever it says."""

    hours: Hours = Hours(time(8), time(16))
    special: Mapping[Special, Hours | None] = field(default_factory=lambda: {(12, 24): HALF, (12, 31): HALF})
    zone: str = "Europe/Oslo"

    def hours_on(self, day: date) -> Hours | None:
        """When work is done on a day; None on a day without work."""
        if day.weekday() >= SATURDAY or day in holidays(day.year):
            return None
        for key in ((day.month, day.day), (day - easter(day.year)).days):
            if key in self.special:
                return self.special[key]
        return self.hours

    def works_on(self, day: date) -> bool:
        return self.hours_on(day) is not None

    def span_on(self, day: date) -> tuple[int, int] | None:
        """The working time of a day as microseconds [start, end)."""
        hours = self.hours_on(day)
        return (self.moment(day, hours.start), self.moment(day, hours.end)) if hours else None

    def day(self, moment: int) -> date:
        """The local day of a moment in microseconds."""
        return _day(self.zone, moment // _QUARTER)

    def day_number(self, moment: int) -> int:
        """The local day of a moment, in days since 1970."""
        return self.day(moment).toordinal() - _FIRST

    def moment(self, day: date, at: time = time.min) -> int:
        """A local time of a day in microseconds; of an hour that comes twice in autumn the first."""
        return _moment(self.zone, day, at)


@lru_cache(maxsize=4_096)
def _day(zone: str, quarter: int) -> date:
    """The local day of a quarter of an hour since 1970; no day of any zone begins inside one."""
    return (_EPOCH + timedelta(minutes=15 * quarter)).astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=4_096)
def _moment(zone: str, day: date, at: time) -> int:
    return (datetime.combine(day, at, ZoneInfo(zone)) - _EPOCH) // _MICROSECOND


def day_of(number: int) -> date:
    """The day of a number of days since 1970."""
    return date.fromordinal(number + _FIRST)


NORWAY = Calendar()
