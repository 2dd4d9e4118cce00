"""Numbers with units as they are written in Norway: comma, and as many decimals as were measured."""

from dataclasses import dataclass
from decimal import Decimal

from felles.web.chart.text import Resource, coded, first

UNITS = {"Cel": "°C", "/min": "/min", "mm[Hg]": "mmHg", "umol/L": "µmol/L", "10*9/L": "10⁹/L", "10*12/L": "10¹²/L"}


@dataclass(frozen=True, slots=True)
class Range:
    """A reference range; either end may be open. `text` is what the laboratory wrote or `3,5–5,0`."""

    low: float | None
    high: float | None
    text: str


def number_text(value: object) -> str:
    """`1,50` of Decimal('1.50'), `7` of 7.0."""
    text = str(value)
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    if isinstance(value, Decimal):
        text = format(value, "f")
    return text.replace(".", ",").replace("-", "−")


def unit_text(quantity: Resource) -> str:
    """The unit in print: UCUM codes that people don't write are exchanged."""
    unit = str(quantity.get("unit") or quantity.get("code") or "")
    return "" if unit == "1" else UNITS.get(unit, unit)


def quantity_text(quantity: Resource) -> str:
    """`< 5`, `1,50`: comparator and number without unit."""
    comparator = quantity.get("comparator", "")
    return f"{comparator} {number_text(quantity.get('value', ''))}".strip()


def value_text(observation: Resource) -> tuple[str, str]:
    """(value, unit) of an Observation or a component, whichever value[x] it has."""
    if quantity := observation.get("valueQuantity"):
        return quantity_text(quantity), unit_text(quantity)
    if concept := observation.get("valueCodeableConcept"):
        return coded(concept), ""
    for name in ("valueString", "valueInteger", "valueDateTime", "valueTime"):
        if name in observation:
            return str(observation[name]), ""
    return "", ""


def number_of(observation: Resource) -> float | None:
    """The plain number, when there is one that can be drawn."""
    value = observation.get("valueQuantity", {}).get("value")
    return None if value is None else float(value)


def reference_range(observation: Resource) -> Range | None:
    """The first reference range (FHIR R4 Observation.referenceRange)."""
    given = first(observation.get("referenceRange"))
    if not given:
        return None
    low, high = given.get("low", {}).get("value"), given.get("high", {}).get("value")
    return Range(
        None if low is None else float(low), None if high is None else float(high), _range_text(given, low, high)
    )


def _range_text(given: Resource, low: object, high: object) -> str:
    if low is not None and high is not None:
        return f"{number_text(low)}–{number_text(high)}"
    if high is not None:
        return f"≤ {number_text(high)}"
    if low is not None:
        return f"≥ {number_text(low)}"
    return str(given.get("text", ""))
