"""Math (http://hl7.org/fhirpath/N1/#math). What has no result, or none that fits, is empty."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from felles.record.fhirpath.context import Context
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.operator import overflows
from felles.record.fhirpath.quantity import Quantity
from felles.record.fhirpath.singleton import EMPTY, number, value
from felles.record.fhirpath.value import Collection

EXTRA_DIGITS = 12


def numbers(name: str, calculate: Callable[..., Any], low: int = 0, high: int | None = None) -> None:
    """Register a function of numbers: empty when its input or one of its arguments is."""

    @function(name, low, high)
    def call(context: Context, focus: Collection, *given: Collection) -> Collection:
        values = [number(items) for items in (focus, *given)]
        if None in values:
            return EMPTY
        found = calculate(*values)
        return EMPTY if found is None or overflows(found) else [found]


def precise(calculate: Callable[..., Decimal]) -> Callable[..., Decimal]:
    """With digits to spare, rounded at the end, so that 16.log(2) is 4."""

    def wrapped(*values: int | Decimal) -> Decimal:
        with localcontext() as context:
            context.prec += EXTRA_DIGITS
            found = calculate(*(Decimal(item) for item in values))
        return +found

    return wrapped


def rounded(item: int | Decimal, places: int | Decimal = 0) -> int | Decimal | None:
    if type(places) is not int or not 0 <= places <= 28:
        return None
    if type(item) is int:
        return item
    return Decimal(item).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def power(base: int | Decimal, exponent: int | Decimal) -> int | Decimal:
    """An integer when both are, unless the exponent is negative."""
    found = Decimal(base) ** Decimal(exponent)
    whole = type(base) is int and type(exponent) is int and exponent >= 0
    return int(found) if whole and found.adjusted() < 20 else found


def towards(rounding: str) -> Callable[[int | Decimal], int]:
    return lambda item: int(Decimal(item).to_integral_value(rounding))


numbers("ceiling", towards(ROUND_CEILING))
numbers("floor", towards(ROUND_FLOOR))
numbers("truncate", towards(ROUND_DOWN))
numbers("round", rounded, 0, 1)
numbers("exp", precise(Decimal.exp))
numbers("ln", precise(Decimal.ln))
numbers("log", precise(lambda item, base: item.ln() / base.ln()), 1)
numbers("sqrt", precise(Decimal.sqrt))
numbers("power", power, 1)


@function("abs")
def absolute(context: Context, focus: Collection) -> Collection:
    found = value(focus)
    if type(found) is Quantity:
        return [Quantity(abs(found.value), found.unit)]
    size = number(focus)
    return EMPTY if size is None else [abs(size)]
