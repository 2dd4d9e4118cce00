"""Beginning before end: the invariants of Period and Range that compare two values.

per-1 (https://hl7.org/fhir/R4/datatypes.html#Period) and rng-2 (#Range), as functions and as JSON Schema keywords.
"""

from collections.abc import Mapping
from typing import Any

from felles.record.index.value import date_range


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


class _Keyword:
    """What a JSON Schema keyword is to jsonschema-rs; the keyword's own value and place are not needed."""

    def __init__(self, parent: Any, value: Any, path: Any) -> None:
        pass


class PeriodOrder(_Keyword):
    def validate(self, period: Any) -> None:
        if isinstance(period, Mapping) and "start" in period and "end" in period:
            start, end = period["start"], period["end"]
            if not (start <= end if _alike(start, end) else in_order(start, end)):
                raise ValueError("per-1")


class RangeOrder(_Keyword):
    def validate(self, held: Any) -> None:
        if isinstance(held, Mapping) and not not_above(held.get("low"), held.get("high")):
            raise ValueError("rng-2")


def _alike(start: Any, end: Any) -> bool:
    """Texts of the same length and zone sort as the moments they name."""
    if not isinstance(start, str) or not isinstance(end, str) or len(start) != len(end):
        return False
    return len(start) <= 10 or (start[19:] == end[19:] and "." not in start)


PERIOD_ORDER = ("periodOrder", PeriodOrder)
RANGE_ORDER = ("rangeOrder", RangeOrder)
