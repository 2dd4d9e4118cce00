"""Values as the index holds them: stable 64-bit keys, normalised text, date and number ranges.

Dates follow FHIR R4 search (https://hl7.org/fhir/R4/search.html#date): a date is the interval it covers,
here [low, high) in microseconds since 1970-01-01T00:00Z. Numbers follow #number: `5.4` is [5.35, 5.45).
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from xxhash import xxh3_64_intdigest

DAY = 86_400_000_000
FOREVER = 9_000_000_000_000_000_00  # beyond year 9999, within int64
BEGINNING = -FOREVER
NO_DATE = BEGINNING - 1
"""The carried date of a resource that has none: before everything."""
_SIGN = 1 << 63
_WRAP = 1 << 64


def key64(text: str) -> int:
    """A stable signed 64-bit key of `text` (XXH3); never Python's own salted hash."""
    number = xxh3_64_intdigest(text.encode())
    return number - _WRAP if number >= _SIGN else number


cached_key64 = lru_cache(maxsize=65_536)(key64)
"""`key64` for values that repeat (codes, systems); not for identifiers."""


def normalise(text: str) -> str:
    """Text as string search compares it: no case, no accents, single spaces (FHIR R4 search #string).

    å, ø and æ are letters of their own in Norwegian and are kept apart from a, o and ae.
    """
    folded = text.casefold()
    if not folded.isascii():
        parts = unicodedata.normalize("NFC", folded)
        folded = "".join(c if c in "åøæäö" else unicodedata.normalize("NFD", c)[0] for c in parts)
    return " ".join(folded.split())[:256]


_DATE = re.compile(
    r"^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?$"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def date_range(text: str) -> tuple[int, int]:
    """The interval [low, high) that a FHIR date, dateTime or instant covers.

    A time without a zone, and a whole day, are read as UTC. Raises ValueError for what is no date.
    """
    match = _DATE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a FHIR date or dateTime")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if hour is None:
        return _whole_days(int(year), month, day)
    start = datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=UTC)
    low = (start - _EPOCH) // timedelta(microseconds=1)
    if second == "60":
        low += 1_000_000
    if zone and zone != "Z":
        offset = (int(zone[1:3]) * 60 + int(zone[4:6])) * 60_000_000
        low += offset if zone[0] == "-" else -offset
    if second is None:
        return low, low + 60_000_000
    if fraction is None:
        return low, low + 1_000_000
    low += int(fraction[:6].ljust(6, "0"))
    return low, low + 10 ** max(0, 6 - len(fraction))


def _whole_days(year: int, month: str | None, day: str | None) -> tuple[int, int]:
    first = date(year, int(month or 1), int(day or 1)).toordinal()
    if day is not None:
        last = first + 1
    elif month is None:
        last = date(year + 1, 1, 1).toordinal() if year < 9999 else first + 365
    else:
        following = (year + 1, 1) if month == "12" else (year, int(month) + 1)
        last = date(*following, 1).toordinal() if following[0] < 10_000 else first + 31
    return (first - _EPOCH_DAY) * DAY, (last - _EPOCH_DAY) * DAY


def number_range(text: str) -> tuple[float, float]:
    """The interval [low, high) of a decimal by its implicit precision. Raises ValueError for what is no number."""
    try:
        value = Decimal(text)
    except ArithmeticError as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a number")
    exponent = value.as_tuple().exponent
    half = Decimal(5).scaleb(int(exponent) - 1)
    return float(value - half), float(value + half)
