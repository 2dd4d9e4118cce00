"""System.Quantity: a decimal with a UCUM unit or a calendar duration (http://hl7.org/fhirpath/N1/#quantity)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from felles.record.fhirpath import ucum

CALENDAR = {
    word: word.removesuffix("s")
    for unit in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for word in (unit, unit + "s")
}
UCUM_DURATION = {
    "year": "a",
    "month": "mo",
    "week": "wk",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "millisecond": "ms",
}
MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Quantity:
    """`unit` is a UCUM code, or a calendar word in the singular such as `month`."""

    value: Decimal
    unit: str

    @staticmethod
    def of(value: Decimal, code: str) -> "Quantity":
        """A quantity whose quoted unit may be a calendar word too."""
        return Quantity(value, CALENDAR.get(code, code) or "1")

    def __str__(self) -> str:
        return f"{self.value} {self.unit}" if self.unit in UCUM_DURATION else f"{self.value} '{self.unit}'"

    def canonical(self) -> tuple[Decimal, ucum.Dimensions] | None:
        """Value and dimensions in base units. Calendar years and months are no definite time."""
        if self.unit in MONTHS:
            return self.value * MONTHS[self.unit], (("calendar", 1),)
        return ucum.canonical(self.value, UCUM_DURATION.get(self.unit, self.unit))

    def definite(self) -> "Quantity":
        """The same with a calendar duration turned into its UCUM counterpart."""
        return Quantity(self.value, UCUM_DURATION.get(self.unit, self.unit))


def compare(left: Quantity, right: Quantity) -> int | None:
    """-1, 0 or 1; None when the units cannot be compared."""
    if left.unit == right.unit:
        return order(left.value, right.value)
    first, second = left.canonical(), right.canonical()
    if first is None or second is None or first[1] != second[1]:
        return None
    return order(first[0], second[0])


def order(left: Decimal, right: Decimal) -> int:
    return (left > right) - (left < right)


def comparable(left: Quantity, right: Quantity) -> bool:
    """Whether the units measure the same thing."""
    return compare(left, right) is not None


def equivalent(left: Quantity, right: Quantity) -> bool:
    """`~`: equal in the coarser unit when rounded to the less precise operand."""
    left, right = left.definite(), right.definite()
    if left.unit == right.unit:
        return same_rounded(left.value, right.value)
    scales = ucum.unit(left.unit), ucum.unit(right.unit)
    if scales[0] is None or scales[1] is None or scales[0].dimensions != scales[1].dimensions:
        return compare(left, right) == 0
    coarse = max(scales[0].factor, scales[1].factor)
    return same_rounded(left.value * scales[0].factor / coarse, right.value * scales[1].factor / coarse)


def same_rounded(left: Decimal, right: Decimal) -> bool:
    """Equal after rounding both to the fewer of their decimals."""
    places = min(decimals(left), decimals(right))
    step = Decimal(1).scaleb(-places)
    return left.quantize(step, ROUND_HALF_UP) == right.quantize(step, ROUND_HALF_UP)


def decimals(value: Decimal) -> int:
    """Digits after the point, trailing zeros not counted."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def multiply(left: Quantity, right: Quantity) -> Quantity:
    left, right = left.definite(), right.definite()
    value = left.value * right.value
    if "1" in (left.unit, right.unit):
        return Quantity(value, left.unit if right.unit == "1" else right.unit)
    factor = f"({right.unit})" if right.unit.startswith("/") else right.unit
    return Quantity(value, f"{left.unit}.{factor}")


def divide(left: Quantity, right: Quantity) -> Quantity:
    left, right = left.definite(), right.definite()
    value = left.value / right.value
    if left.unit == right.unit:
        return Quantity(value, "1")
    if right.unit == "1":
        return Quantity(value, left.unit)
    return Quantity(value, f"{'' if left.unit == '1' else left.unit}/{enclosed(right.unit)}")


def enclosed(unit: str) -> str:
    return f"({unit})" if "/" in unit or "." in unit else unit


def add(left: Quantity, right: Quantity) -> Quantity | None:
    """The sum in the unit of `left`; None when the units do not match."""
    if left.unit == right.unit:
        return Quantity(left.value + right.value, left.unit)
    first, second = left.canonical(), right.canonical()
    one = Quantity(Decimal(1), left.unit).canonical()
    if first is None or second is None or one is None or first[1] != second[1]:
        return None
    return Quantity((first[0] + second[0]) / one[0], left.unit)
