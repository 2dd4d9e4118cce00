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


def easter(year: int) -> date:
    """Easter Sunday (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    wait = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + wait - 7 * ((a + 11 * h + 22 * wait) // 451) + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """Norwegian public holidays of a year, those that move with Easter included."""
    fixed = {date(year, month, day) for month, day in ((1, 1), (5, 1), (5, 17), (12, 24), (12, 25), (12, 26))}
    return frozenset(fixed | {easter(year) + timedelta(days=days) for days in (-3, -2, 0, 1, 39, 49, 50)})


def is_workday(day: date) -> bool:
    """Monday to Friday, not a holiday (Christmas Eve counts as one)."""
    return day.weekday() < 5 and day not in holidays(day.year)


def weekday(day: date) -> date:
    """The day itself when offices are open, or the next one on which they are."""
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def workday_before(day: date) -> date:
    """The day itself when offices are open, or the last one on which they were."""
    while not is_workday(day):
        day -= timedelta(days=1)
    return day


def working_days(day: date, count: int) -> date:
    """The working day that comes so many working days after `weekday(day)`."""
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
