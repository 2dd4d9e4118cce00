"""From one FHIR value to what the index holds of it. Values that cannot be read give None or nothing, never an error.

Used by the generated code of `source`; everything that repeats between resources is cached.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Any

from felles.record import definition
from felles.record.index.value import BEGINNING, DAY, FOREVER, date_range, key64, normalise

INFINITE = 1.7e308
_CACHE = 65_536
_MONEY = key64("urn:iso:std:iso:4217")
_REFERENCE = re.compile(
    r"^(?:(?P<base>https?://.*)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?:/_history/.*)?$"
)
_LONG = 512


def key(text: str | None) -> int:
    """The key of a token's code as it is compared: without case (https://hl7.org/fhir/R4/search.html#token)."""
    return key64(text.lower()) if text else 0


code_key = lru_cache(_CACHE)(key)
"""`key` for codes, which repeat."""


@lru_cache(_CACHE)
def system_key(text: str | None) -> int:
    """The key of a system; 0 for none."""
    return key64(text) if text else 0


@lru_cache(_CACHE)
def text_pair(text: str) -> tuple[str, int]:
    """A string as (normalised, key of the original)."""
    return normalise(text), key64(text)


def uri_pair(text: str) -> tuple[str, int]:
    """A uri or canonical as (address without version, key of the whole)."""
    return text.partition("|")[0][:_LONG], key64(text)


def spanned(low: int, high: int) -> tuple[int, int, int]:
    """(span, low, high): span 0 up to a day, 1 up to 366 days, 2 longer or open."""
    length = high - low
    return (0 if length <= DAY else 1 if length <= 366 * DAY else 2), low, high


@lru_cache(4_096)
def date_row(text: str) -> tuple[int, int, int] | None:
    """(span, low, high) of a date, dateTime or instant."""
    try:
        if len(text) == 25 or len(text) == 20:
            low = int(datetime.fromisoformat(text).timestamp()) * 1_000_000
            return 0, low, low + 1_000_000
        return spanned(*date_range(text))
    except (ValueError, OverflowError, TypeError):
        return None


def period_row(period: dict[str, Any]) -> tuple[int, int, int] | None:
    """(span, low, high) of a Period; open where an end is absent."""
    start, end = period.get("start"), period.get("end")
    first = date_row(start) if start else None
    last = date_row(end) if end else None
    if first is None and last is None:
        return None
    low = first[1] if first else BEGINNING
    high = last[2] if last else FOREVER
    return spanned(low, high) if low <= high else spanned(low, low)


def timing_row(timing: dict[str, Any]) -> tuple[int, int, int] | None:
    """The outer limits of a Timing: its events and the bounds of its repetition."""
    rows = [date_row(event) for event in timing.get("event") or () if event]
    bounds = (timing.get("repeat") or {}).get("boundsPeriod")
    rows += [period_row(bounds)] if bounds else []
    found = [row for row in rows if row is not None]
    if not found:
        return None
    return spanned(min(row[1] for row in found), max(row[2] for row in found))


DATE_ROWS = {"Period": period_row, "Timing": timing_row}


def quantity_rows(quantity: dict[str, Any]) -> tuple[tuple[float, float, int, int], ...]:
    """(low, high, system, unit) of a Quantity; a second row when the printed unit differs from the code."""
    value = quantity.get("value")
    if value is None:
        return ()
    low = high = float(value)
    comparator = quantity.get("comparator")
    if comparator:
        low, high = (-INFINITE, high) if comparator[0] == "<" else (low, INFINITE)
    code, unit = quantity.get("code"), quantity.get("unit")
    row = (low, high, system_key(quantity.get("system")), system_key(code or unit))
    return (row, (low, high, 0, system_key(unit))) if code and unit and code != unit else (row,)


def range_rows(value: dict[str, Any]) -> tuple[tuple[float, float, int, int], ...]:
    """(low, high, system, unit) of a Range; open where an end is absent."""
    low, high = value.get("low") or {}, value.get("high") or {}
    unit = low if low.get("value") is not None else high
    if unit.get("value") is None:
        return ()
    code = unit.get("code") or unit.get("unit")
    first, last = float(low.get("value", -INFINITE)), float(high.get("value", INFINITE))
    return ((first, last, system_key(unit.get("system")), system_key(code)),)


def money_rows(money: dict[str, Any]) -> tuple[tuple[float, float, int, int], ...]:
    """(low, high, ISO 4217, currency) of Money."""
    if money.get("value") is None:
        return ()
    amount = float(money["value"])
    return ((amount, amount, _MONEY, system_key(money.get("currency"))),)


def number_rows(number: float) -> tuple[tuple[float, float, int, int], ...]:
    """(low, high, 0, 0) of a number."""
    return ((float(number), float(number), 0, 0),)


QUANTITY_ROWS = {
    "Range": range_rows,
    "Money": money_rows,
    **dict.fromkeys(("integer", "decimal", "positiveInt", "unsignedInt"), number_rows),
}


@lru_cache(_CACHE)
def target(text: str, base: str) -> tuple[int, int] | None:
    """(key, type number) of a literal reference; None for one into the resource itself.

    Addresses below `base` are our own and have the key of "Type/id". A version is left away.
    """
    if text.startswith("#"):
        return None
    match = _REFERENCE.match(text)
    if match is None or match["type"] not in NUMBERS:
        return key64(text), 0
    local = f"{match['type']}/{match['id']}"
    outside = match["base"] and match["base"] != base
    return key64(f"{match['base']}/{local}" if outside else local), NUMBERS[match["type"]]


NUMBERS = {name: number for number, name in enumerate(definition.RESOURCE_TYPES, 1)}


def type_key(identifier_type: str | None, code: str | None, value: str) -> int:
    """The key of an identifier for :of-type: type system, type code and value together."""
    return key64(f"{identifier_type or ''}|{(code or '').lower()}|{value.lower()}")


def resource_key(resource: dict[str, Any]) -> tuple[int, int] | None:
    """(key, type number) of a resource that stands inside another (Bundle.entry)."""
    name, id = resource.get("resourceType"), resource.get("id")
    return (key64(f"{name}/{id}"), NUMBERS.get(str(name), 0)) if name and id else None


def canonical_keys(text: str) -> tuple[int, ...]:
    """The keys of a canonical reference: the address alone and, with a version, the whole."""
    address = text.partition("|")[0]
    return (key64(address),) if address == text else (key64(address), key64(text))
