"""`lowBoundary`, `highBoundary` and `precision` (http://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal--date--datetime--time)."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from felles.record.fhirpath import temporal
from felles.record.fhirpath.context import Context
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.quantity import Quantity
from felles.record.fhirpath.singleton import EMPTY, integer, value
from felles.record.fhirpath.temporal import Temporal
from felles.record.fhirpath.value import Collection, describe, is_number

DEFAULT_PLACES = 8
MAX_PLACES = 28
FULL = {"Date": 8, "DateTime": 17, "Time": 9}


@function("lowBoundary", 0, 1)
def low_boundary(context: Context, focus: Collection, digits: Collection = EMPTY) -> Collection:
    return result(boundary(value(focus), integer(digits), low=True))


@function("highBoundary", 0, 1)
def high_boundary(context: Context, focus: Collection, digits: Collection = EMPTY) -> Collection:
    return result(boundary(value(focus), integer(digits), low=False))


def result(found: Any) -> Collection:
    return EMPTY if found is None else [found]


def boundary(item: Any, digits: int | None, *, low: bool) -> Any:
    """The least or greatest value that an item of limited precision may stand for, to `digits` of precision."""
    if item is None:
        return None
    if is_number(item):
        return decimal_boundary(Decimal(item), DEFAULT_PLACES if digits is None else digits, low=low)
    if type(item) is Quantity:
        found = decimal_boundary(item.value, DEFAULT_PLACES if digits is None else digits, low=low)
        return None if found is None else Quantity(found, item.unit)
    if isinstance(item, Temporal):
        full = temporal.boundary(item, low=low)
        return temporal.truncated(full, FULL[item.kind] if digits is None else digits, item.kind)
    raise FhirPathError(f"{describe(item)} has no boundaries")


def decimal_boundary(item: Decimal, places: int, *, low: bool) -> Decimal | None:
    """Half a unit of the last digit away; outward it is rounded, inward cut off."""
    exponent = item.as_tuple().exponent
    if not 0 <= places <= MAX_PLACES or not isinstance(exponent, int):
        return None
    half = Decimal(5).scaleb(min(exponent, 0) - 1)
    outward = low == item.is_signed()
    edge = item - half if low else item + half
    return edge.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP if outward else ROUND_DOWN)


@function("precision")
def precision(context: Context, focus: Collection) -> Collection:
    """Digits after the point of a number; digits in all of a date or time."""
    item = value(focus)
    if item is None:
        return EMPTY
    if isinstance(item, Temporal):
        return [item.precision]
    if is_number(item):
        exponent = Decimal(item).as_tuple().exponent
        return [max(0, -exponent)] if isinstance(exponent, int) else EMPTY
    raise FhirPathError(f"{describe(item)} has no precision")
