"""FHIR dates and instants as people write them here: dd.mm.yyyy, 24-hour clock, Norwegian time.

FHIR R4 §2.24.0.1 date, dateTime and instant: a year, a month, a day or a time with zone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
FIRST_YEAR, LAST_YEAR = 1900, 2200
_LENGTHS = {4: "year", 7: "month", 10: "day"}


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A point in time in Norwegian time, as exact as it was written: year, month, day or time."""

    at: datetime
    precision: str

    @property
    def day(self) -> str:
        """`14.03.2026`, `03.2026` or `2026`."""
        form = {"year": "%Y", "month": "%m.%Y"}.get(self.precision, "%d.%m.%Y")
        return self.at.strftime(form)

    @property
    def text(self) -> str:
        """As `day`, with the clock when it is known: `14.03.2026 08:05`."""
        return f"{self.day} {self.clock}" if self.clock else self.day

    @property
    def clock(self) -> str:
        return self.at.strftime("%H:%M") if self.precision == "time" else ""

    @property
    def machine(self) -> str:
        """For `<time datetime>`: as exact as it was written."""
        form = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}.get(self.precision, "%Y-%m-%dT%H:%M")
        return self.at.strftime(form)

    @property
    def date(self) -> date:
        return self.at.date()


def parse_moment(value: str | None) -> Moment | None:
    """A FHIR date, dateTime or instant; None for nothing or for what is none of them."""
    if not value:
        return None
    precision = _LENGTHS.get(len(value), "time")
    padded = value + "-01-01"[len(value) - 4 :] if precision in ("year", "month") else value
    try:
        at = datetime.fromisoformat(padded)
    except ValueError:
        return None
    if precision != "time":
        return Moment(at.replace(tzinfo=OSLO), precision)
    return Moment((at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(OSLO), precision)


def age_in_years(born: date, on: date) -> int:
    """Whole years, counted as Norwegian law does: one more on the birthday itself."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Age:
    """A number and its unit: `years`, and for the youngest `months` or `days`."""

    count: int
    unit: str


def age(born: date, on: date) -> Age:
    """Days until four weeks, months until two years, then years."""
    days = (on - born).days
    if days < 28:
        return Age(max(days, 0), "days")
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    if months < 24:
        return Age(months, "months")
    return Age(age_in_years(born, on), "years")


def span_text(start: Moment | None, end: Moment | None) -> str:
    """`14.03.2026`, `14.03.2026 08:05–09:00`, `14.03.2026–20.03.2026` or `14.03.2026–`."""
    if start is None:
        return end.day if end else ""
    if end is None:
        return start.text
    if start.date == end.date:
        return f"{start.text}–{end.clock}" if start.clock and end.clock else start.text
    return f"{start.day}–{end.day}"


def day_of(text: str) -> date | None:
    """A day as an address or a form has it (ISO 8601); None for what is none, and for what nobody can mean."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None
