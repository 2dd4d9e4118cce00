"""Ages at which rights turn, and the moment they do: 00:00 in Norway on the birthday (pbrl. §§ 3-4, 4-3, 4-4)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

NORWAY = ZoneInfo("Europe/Oslo")
LIMITED = frozenset(("Patient", "RelatedPerson", "Appointment", "AppointmentResponse", "Immunization"))
"""What parents see of a child of 12 to 15: nothing of what the child may want to keep."""
OWN_FROM = 12
"""Younger children have no sign-in of their own; their parents have."""


@dataclass(frozen=True, slots=True)
class Stage:
    """From the birthday `since` until the birthday `until` parents see `types` (None: all that patients see) and may
    act if `acts`."""

    since: int
    until: int
    types: frozenset[str] | None = None
    acts: bool = True


PARENTS = (Stage(0, 12), Stage(12, 16, LIMITED))
"""Policy: what parents see by the child's age. From 16 the young are of age in matters of health."""


def turns(born: date, years: int) -> int:
    """Microseconds since 1970 of the midnight in which somebody turns `years`; 29 February turns on 1 March."""
    try:
        day = born.replace(year=born.year + years)
    except ValueError:
        day = date(born.year + years, 3, 1)
    return int(datetime(day.year, day.month, day.day, tzinfo=NORWAY).timestamp()) * 1_000_000


def births(text: str | None) -> tuple[date, date] | None:
    """The first and last day that a FHIR date may mean; None where it means none (datatypes.html#date)."""
    parts = (text or "").split("-")
    try:
        year, month, day = (int(part) for part in [*parts, "0", "0"][:3])
        if day:
            return date(year, month, day), date(year, month, day)
        following = date(year + 1, 1, 1) if month in (0, 12) else date(year, month + 1, 1)
        return date(year, month or 1, 1), following - timedelta(days=1)
    except ValueError:
        return None


def stage(born: tuple[date, date] | None, now: int) -> Stage | None:
    """What parents see at a moment; None when no longer anything, or when the birth is not known. A birth known only
    by month or year counts as the earliest, so that rights end rather too early than too late."""
    if born is None:
        return None
    return next((one for one in PARENTS if turns(born[0], one.since) <= now < turns(born[0], one.until)), None)


def has_own(born: tuple[date, date] | None, now: int) -> bool:
    """Whether somebody is old enough to see their own record. Who has no known birth is taken for an adult."""
    return born is None or turns(born[1], OWN_FROM) <= now
