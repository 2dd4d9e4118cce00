"""Norwegian clock time written as FHIR instants; summer time by rule, so that no time-zone data is needed."""

from datetime import date, datetime, timedelta
from functools import lru_cache


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


@lru_cache(maxsize=8192)
def offset(day: date) -> str:
    """The offset of Norwegian time at daytime: +02:00 from the last Sunday of March to that of October."""
    summer = _last_sunday(day.year, 3) <= day < _last_sunday(day.year, 10)
    return "+02:00" if summer else "+01:00"


def instant(moment: datetime) -> str:
    """A naive Norwegian clock time as dateTime/instant with offset, to the second."""
    return moment.isoformat(timespec="seconds") + offset(moment.date())


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """Clock time on a day."""
    return datetime(day.year, day.month, day.day, hour, minute)


def weekday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def workday_before(day: date) -> date:
    """The day itself, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def working_days(day: date, count: int) -> date:
    """The day after so many days of Monday to Friday; 0 gives `weekday(day)` (holidays are not known here)."""
    day = weekday(day)
    for _ in range(count):
        day = weekday(day + timedelta(days=1))
    return day


def years_before(day: date, years: int) -> date:
    """The same date some years earlier (28 February stands for a missing 29th)."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def age(birth: date, day: date) -> int:
    """Whole years of age on a day."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def norwegian(day: date) -> str:
    """dd.mm.yyyy."""
    return f"{day.day:02}.{day.month:02}.{day.year}"
