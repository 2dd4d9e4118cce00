"""Beginning before end: invariants that compare two dates or two quantities.

per-1 (https://hl7.org/fhir/R4/datatypes.html#Period), rng-2 (#Range) and their like, as functions and as keywords
of JSON Schema.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from felles.record.index.value import date_range

if TYPE_CHECKING:
    from jsonschema_rs import KeywordValidator  # a name of its type stubs only


def in_order(start: Any, end: Any) -> bool:
    """Whether `start` is not after `end`; dates of different precision are out of order only when certainly so."""
    if not isinstance(start, str) or not isinstance(end, str):
        return True
    try:
        return date_range(start)[0] < date_range(end)[1]
    except (ValueError, OverflowError):
        return True


def not_above(low: Any, high: Any) -> bool:
    """Whether the quantity `low` is not above `high`; quantities of different units are not compared."""
    if not isinstance(low, Mapping) or not isinstance(high, Mapping):
        return True
    same = low.get("code", low.get("unit")) == high.get("code", high.get("unit"))
    smaller, larger = low.get("value"), high.get("value")
    return not same or smaller is None or larger is None or bool(smaller <= larger)


class DatesOrdered:
    """The keyword `datesOrdered: [earlier, later]`: these two elements, where both are there, are in order."""

    def __init__(self, parent: Any, names: list[str], path: Any) -> None:
        self.earlier, self.later = names

    def validate(self, instance: Any) -> None:
        start, end = instance.get(self.earlier), instance.get(self.later)
        if not (start <= end if _alike(start, end) else in_order(start, end)):
            raise ValueError("the dates are not in order")


class QuantitiesOrdered:
    """The keyword `quantitiesOrdered: [lower, higher]`, likewise for quantities."""

    def __init__(self, parent: Any, names: list[str], path: Any) -> None:
        self.lower, self.higher = names

    def validate(self, instance: Any) -> None:
        if not not_above(instance.get(self.lower), instance.get(self.higher)):
            raise ValueError("the quantities are not in order")


def _alike(start: Any, end: Any) -> bool:
    """Texts of the same length and zone sort as the moments they name."""
    if not isinstance(start, str) or not isinstance(end, str) or len(start) != len(end):
        return False
    return len(start) <= 10 or (start[19:] == end[19:] and "." not in start)


KEYWORDS: "dict[str, type[KeywordValidator]]" = {"datesOrdered": DatesOrdered, "quantitiesOrdered": QuantitiesOrdered}
