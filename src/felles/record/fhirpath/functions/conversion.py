"""Conversion (http://hl7.org/fhirpath/N1/#conversion): `toX` gives the value or empty, `convertsToX` tells."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from felles.record.fhirpath import quantity
from felles.record.fhirpath.context import Context
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.quantity import CALENDAR, Quantity
from felles.record.fhirpath.singleton import EMPTY, text, truth, value
from felles.record.fhirpath.temporal import Temporal, parse_date, parse_datetime, parse_time
from felles.record.fhirpath.value import Collection, is_number

INTEGER = re.compile(r"[+-]?\d{1,19}")
DECIMAL = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?")
QUANTITY = re.compile(r"([+-]?\d{1,40}(?:\.\d{1,40})?)\s*(?:'([^']+)'|([a-zA-Z]+))?")
TRUE_WORDS = ("true", "t", "yes", "y", "1", "1.0")
FALSE_WORDS = ("false", "f", "no", "n", "0", "0.0")


def to_boolean(item: Any) -> bool | None:
    if type(item) is bool:
        return item
    if is_number(item):
        return {1: True, 0: False}.get(item)
    if type(item) is str:
        word = item.lower()
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None
    return None


def to_integer(item: Any) -> int | None:
    if type(item) is not bool and type(item) is not int and not (type(item) is str and INTEGER.fullmatch(item)):
        return None
    found = int(item)
    return found if -(2**31) <= found < 2**31 else None


def to_decimal(item: Any) -> Decimal | None:
    if type(item) is bool or is_number(item):
        return Decimal(item)
    return Decimal(item) if type(item) is str and DECIMAL.fullmatch(item) else None


def to_string(item: Any) -> str | None:
    if type(item) is bool:
        return "true" if item else "false"
    if isinstance(item, Decimal):
        return f"{item:f}"
    return str(item) if isinstance(item, int | str | Temporal | Quantity) else None


def to_date(item: Any) -> Temporal | None:
    if isinstance(item, Temporal):
        return None if item.kind == "Time" else Temporal("Date", item.parts[:3])
    return parse_date(item) if type(item) is str else None


def to_datetime(item: Any) -> Temporal | None:
    if isinstance(item, Temporal):
        return None if item.kind == "Time" else Temporal("DateTime", item.parts, item.fraction, item.offset)
    return parse_datetime(item) if type(item) is str else None


def to_time(item: Any) -> Temporal | None:
    if isinstance(item, Temporal):
        return item if item.kind == "Time" else None
    return parse_time(item.removeprefix("T")) if type(item) is str else None


def to_quantity(item: Any) -> Quantity | None:
    if type(item) is Quantity:
        return item
    if type(item) is bool or is_number(item):
        return Quantity(Decimal(item), "1")
    match = QUANTITY.fullmatch(item) if type(item) is str else None
    if match is None or (match[3] and match[3] not in CALENDAR):
        return None
    return Quantity.of(Decimal(match[1]), match[2] or match[3] or "1")


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Boolean": to_boolean,
    "Integer": to_integer,
    "Decimal": to_decimal,
    "String": to_string,
    "Date": to_date,
    "DateTime": to_datetime,
    "Time": to_time,
}


def register(name: str, convert: Callable[[Any], Any]) -> None:
    """`toName()` and `convertsToName()`."""

    @function(f"to{name}")
    def to(context: Context, focus: Collection) -> Collection:
        item = value(focus)
        found = None if item is None else convert(item)
        return EMPTY if found is None else [found]

    @function(f"convertsTo{name}")
    def converts(context: Context, focus: Collection) -> Collection:
        item = value(focus)
        return EMPTY if item is None else truth(convert(item) is not None)


for _name, _convert in CONVERSIONS.items():
    register(_name, _convert)


@function("toQuantity", 0, 1)
def quantified(context: Context, focus: Collection, unit: Collection = EMPTY) -> Collection:
    """A quantity, in the unit asked for when it can be converted."""
    item = value(focus)
    found = None if item is None else to_quantity(item)
    code = text(unit)
    if found is None or code is None:
        return EMPTY if found is None else [found]
    converted = quantity.add(Quantity(Decimal(0), CALENDAR.get(code, code)), found)
    return EMPTY if converted is None else [converted]


@function("convertsToQuantity", 0, 1)
def quantifiable(context: Context, focus: Collection, unit: Collection = EMPTY) -> Collection:
    return truth(bool(quantified(context, focus, unit))) if focus else EMPTY


@function("comparable", 1)
def comparable(context: Context, focus: Collection, other: Collection) -> Collection:
    """Whether two quantities measure the same thing."""
    left, right = value(focus), value(other)
    if left is None or right is None:
        return EMPTY
    quantities = type(left) is Quantity and type(right) is Quantity
    return truth(quantities and quantity.comparable(left, right))
