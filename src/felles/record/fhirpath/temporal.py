"""Dates and times of any precision (http://hl7.org/fhirpath/N1/#date, #datetime, #time)."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.quantity import CALENDAR, Quantity

DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
DATETIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
    r"(?:T(?:(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,30}))?)?)?(Z|[+-]\d\d:\d\d)?)?)?)?)?"
)
TIME = re.compile(r"(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,30}))?)?)?")
EARLIEST_ZONE, LATEST_ZONE = 14 * 60, -12 * 60


@dataclass(frozen=True, slots=True)
class Temporal:
    """`kind` is Date, DateTime or Time; `parts` are year to second, or hour to second, as far as they are known.

    `fraction` holds the digits after the second's point, `offset` the zone in minutes east of UTC or None.
    """

    kind: str
    parts: tuple[int, ...]
    fraction: str = ""
    offset: int | None = None

    def __str__(self) -> str:
        if self.kind == "Time":
            return clock(self.parts, self.fraction)
        text = "-".join(f"{part:0{4 if place == 0 else 2}}" for place, part in enumerate(self.parts[:3]))
        if len(self.parts) > 3:
            text += "T" + clock(self.parts[3:], self.fraction) + zone(self.offset)
        return text

    @property
    def precision(self) -> int:
        """The count of digits known: 4 a year, 8 a day, 17 a DateTime to the millisecond."""
        years = 0 if self.kind == "Time" else 2
        return years + 2 * len(self.parts) + (3 if self.fraction else 0)

    def key(self) -> tuple[object, ...]:
        """Equal for values that are `=`, for use in sets."""
        shifted = self.in_utc() if self.offset is not None else self
        nanoseconds = shifted.nanoseconds() if len(self.seconds_place()) else 0
        return (self.kind == "Time", self.offset is None, shifted.parts, nanoseconds)

    def seconds_place(self) -> tuple[int, ...]:
        """The seconds, when known, as a tuple of one."""
        return self.parts[2:3] if self.kind == "Time" else self.parts[5:6]

    def nanoseconds(self) -> int:
        return int((self.fraction + "000000000")[:9])

    def in_utc(self) -> "Temporal":
        """The same moment with offset 0, to the same precision. A value without a time of day stays as it is."""
        if not self.offset or len(self.parts) < 4:
            return self
        try:
            moment = datetime(*padded(self.parts)) - timedelta(minutes=self.offset)
        except (OverflowError, ValueError):
            return self
        return replace(self, parts=fields(moment)[: len(self.parts)], offset=0)

    def bounds(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The least and greatest UTC moment this may be, as comparable tuples."""
        low, high = boundary(self, low=True), boundary(self, low=False)
        return (*low.in_utc().parts, low.nanoseconds()), (*high.in_utc().parts, high.nanoseconds())


def clock(parts: tuple[int, ...], fraction: str) -> str:
    return ":".join(f"{part:02}" for part in parts) + (f".{fraction}" if fraction else "")


def zone(offset: int | None) -> str:
    if offset is None:
        return ""
    if offset == 0:
        return "Z"
    return f"{'+' if offset > 0 else '-'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"


def padded(parts: tuple[int, ...]) -> tuple[int, int, int, int, int, int]:
    year, month, day, hour, minute, second = (*parts, *(1, 1, 1, 0, 0, 0)[len(parts) :])
    return year, month, day, hour, minute, min(second, 59)


def fields(moment: datetime) -> tuple[int, ...]:
    return (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)


def parse_date(text: str) -> Temporal | None:
    """A Date from `2015`, `2015-02` or `2015-02-04`; None for anything else."""
    match = DATE.fullmatch(text)
    return checked(Temporal("Date", numbers(match.groups()))) if match else None


def parse_datetime(text: str) -> Temporal | None:
    """A DateTime from ISO 8601 text of any precision; None for anything else."""
    match = DATETIME.fullmatch(text)
    if match is None:
        return None
    groups = match.groups()
    return checked(Temporal("DateTime", numbers(groups[:6]), groups[6] or "", minutes(groups[7])))


def parse_time(text: str) -> Temporal | None:
    """A Time from `14`, `14:30`, `14:30:15` or `14:30:15.123`; None for anything else."""
    match = TIME.fullmatch(text)
    if match is None:
        return None
    return checked(Temporal("Time", numbers(match.groups()[:3]), match[4] or ""))


def numbers(groups: tuple[str | None, ...]) -> tuple[int, ...]:
    return tuple(int(group) for group in groups if group is not None)


def minutes(text: str | None) -> int | None:
    if text is None:
        return None
    if text == "Z":
        return 0
    size = int(text[1:3]) * 60 + int(text[4:6])
    return -size if text[0] == "-" else size


def checked(value: Temporal) -> Temporal | None:
    """`value` when there is such a day and time of day, else None. A leap second is allowed."""
    try:
        if value.kind == "Time":
            datetime(*padded((2000, 1, 1, *value.parts)))
        else:
            datetime(*padded(value.parts))
    except ValueError:
        return None
    seconds = value.seconds_place()
    return None if seconds and seconds[0] > 60 else value


def parse_literal(text: str, position: int) -> Temporal:
    """A literal such as `@2015-02-04T14:34`, `@2015T` or `@T14`; FhirPathError when there is no such time."""
    body = text[1:]
    if body.startswith("T"):
        found = parse_time(body[1:])
    elif "T" in body:
        found = parse_partial(body)
    else:
        found = parse_date(body)
    if found is None:
        raise FhirPathError(f"{text} is no date or time", position)
    return found


def parse_partial(body: str) -> Temporal | None:
    """A DateTime that may stop at its T after the year or month: `2015T`."""
    return parse_datetime(body.removesuffix("T"))


def compare(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1; None when the precisions or an unknown zone leave it open. Both Time, or neither."""
    if left.kind != "Time" and (left.offset is None) != (right.offset is None):
        return compare_bounds(left, right)
    if left.offset != right.offset:
        left, right = left.in_utc(), right.in_utc()
    for first, second in zip(left.parts, right.parts, strict=False):
        if first != second:
            return 1 if first > second else -1
    if len(left.parts) != len(right.parts):
        return None
    return (left.nanoseconds() > right.nanoseconds()) - (left.nanoseconds() < right.nanoseconds())


def compare_bounds(left: Temporal, right: Temporal) -> int | None:
    """The order of two values of which one has no zone: decided only when no zone could change it."""
    (left_low, left_high), (right_low, right_high) = left.bounds(), right.bounds()
    if left_high < right_low:
        return -1
    if left_low > right_high:
        return 1
    return None


def boundary(value: Temporal, *, low: bool) -> Temporal:
    """The least or greatest value to the millisecond that `value` may stand for."""
    fraction = (value.fraction + ("000" if low else "999"))[:3] if len(value.fraction) < 3 else value.fraction
    if value.kind == "Time":
        parts = (*value.parts, *((0, 0, 0) if low else (23, 59, 59))[len(value.parts) :])
        return Temporal("Time", parts, fraction)
    parts = (*value.parts, *((1, 1, 1, 0, 0, 0) if low else (9999, 12, 31, 23, 59, 59))[len(value.parts) :])
    if not low and len(value.parts) < 3:
        parts = (*parts[:2], last_day(parts[0], parts[1]), *parts[3:])
    offset = value.offset
    if offset is None:
        offset = EARLIEST_ZONE if low else LATEST_ZONE
    return Temporal("DateTime", parts, fraction, offset)


def last_day(year: int, month: int) -> int:
    if month == 12:
        return 31
    return (datetime(year, month + 1, 1) - timedelta(days=1)).day


def truncated(value: Temporal, digits: int, kind: str) -> Temporal | None:
    """`value` cut to `digits` of precision; None when there is no such precision."""
    places = {2: 1, 4: 2, 6: 3, 9: 3} if kind == "Time" else {4: 1, 6: 2, 8: 3, 10: 4, 12: 5, 14: 6, 17: 6}
    if digits not in places or (kind == "Date" and digits > 8):
        return None
    offset = value.offset if places[digits] > 3 else None
    fraction = value.fraction if digits in (9, 17) else ""
    return Temporal(kind, value.parts[: places[digits]], fraction, offset)


STEPS = ("year", "month", "day", "hour", "minute", "second")
MILLISECONDS = {"week": 604_800_000, "day": 86_400_000, "hour": 3_600_000, "minute": 60_000, "second": 1000}
UCUM_STEPS = {"wk": "week", "d": "day", "h": "hour", "min": "minute", "s": "second", "ms": "millisecond"}


def add(value: Temporal, quantity: Quantity, sign: int) -> Temporal | None:
    """`value` plus or minus a duration (http://hl7.org/fhirpath/N1/#datetime-arithmetic); None past year 9999.

    FhirPathError when the unit is no calendar duration: UCUM's `a` and `mo` are not calendar years and months.
    """
    unit = CALENDAR.get(quantity.unit) or UCUM_STEPS.get(quantity.unit)
    if unit is None:
        raise FhirPathError(f"'{quantity.unit}' cannot be added to a {value.kind}")
    try:
        if value.kind == "Time":
            return add_to_time(value, milliseconds(quantity.value, unit) * sign)
        if unit in ("year", "month"):
            return add_months(value, int(quantity.value) * (12 if unit == "year" else 1) * sign)
        return add_duration(value, quantity.value * sign, unit)
    except (OverflowError, ValueError):
        return None


def milliseconds(amount: Decimal, unit: str) -> int:
    """Whole milliseconds; above the second the decimal part does not count."""
    if unit == "millisecond":
        return int(amount)
    if unit == "second":
        return int(amount * 1000)
    if unit not in MILLISECONDS:
        raise FhirPathError(f"A {unit} cannot be added to a Time")
    return int(amount) * MILLISECONDS[unit]


def add_to_time(value: Temporal, amount: int) -> Temporal:
    """Times wrap around midnight."""
    moment = datetime(*padded((2000, 1, 2, *value.parts))) + fraction_of(value)
    day = timedelta(days=1)
    moment += timedelta(milliseconds=amount) % day
    parts = (moment.hour, moment.minute, moment.second)[: len(value.parts)]
    return replace(value, parts=parts, fraction=fraction_text(moment, value.fraction))


def add_months(value: Temporal, months: int) -> Temporal | None:
    if len(value.parts) == 1:
        return replace(value, parts=(year_checked(value.parts[0] + int(months / 12)),))
    count = value.parts[0] * 12 + value.parts[1] - 1 + months
    year, month = year_checked(count // 12), count % 12 + 1
    day = tuple(min(part, last_day(year, month)) for part in value.parts[2:3])
    return replace(value, parts=(year, month, *day, *value.parts[3:]))


def year_checked(year: int) -> int:
    if not 1 <= year <= 9999:
        raise ValueError(year)
    return year


def add_duration(value: Temporal, amount: Decimal, unit: str) -> Temporal | None:
    """Days and less. A partial value takes only what reaches its own precision."""
    total = milliseconds(amount, unit)
    if len(value.parts) < 3:
        days = int(total / MILLISECONDS["day"])
        return add_months(value, int(days / 365) * 12 if len(value.parts) == 1 else int(days / 30))
    step = 1 if value.fraction else MILLISECONDS[STEPS[len(value.parts) - 1]]
    if len(value.parts) == 6:
        step = 1
    whole = int(total / step) * step
    moment = datetime(*padded(value.parts)) + fraction_of(value) + timedelta(milliseconds=whole)
    parts = fields(moment)[: len(value.parts)]
    return replace(value, parts=parts, fraction=fraction_text(moment, value.fraction))


def fraction_of(value: Temporal) -> timedelta:
    return timedelta(microseconds=value.nanoseconds() // 1000)


def fraction_text(moment: datetime, before: str) -> str:
    """The digits of the second's fraction: as many as before, more only where they say something."""
    if moment.microsecond == 0:
        return "0" * len(before)
    digits = f"{moment.microsecond:06}"
    return digits[: max(len(before), len(digits.rstrip("0")))]
