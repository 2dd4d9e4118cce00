"""Dates: a prefix and a date of any precision (https://hl7.org/fhir/R4/search.html#date)."""

import re
from typing import get_args

from felles.record.index.choice import primary_date
from felles.record.index.term import Parameter
from felles.record.index.value import date_range
from felles.record.search.condition import Condition, Dates, Interval, Prefix, Updated
from felles.record.search.escape import values
from felles.record.search.refusal import invalid
from felles.record.search.scope import Scope

MODIFIERS = frozenset(("missing",))
PREFIXES: dict[str, Prefix] = {prefix: prefix for prefix in get_args(Prefix)}
_EXPECTED = "a date is YYYY, YYYY-MM, YYYY-MM-DD or a dateTime, with eq ne gt lt ge le sa eb ap"
_PLUS_LOST = re.compile(r" (\d\d:\d\d)$")


def read(name: str, parameter: Parameter, text: str, scope: Scope) -> Condition:
    """The condition. Raises Problem 400."""
    intervals = tuple(interval(name, value, scope.now) for value in values(text))
    numbers = parameter.numbers
    single = len(numbers) == 1 and all(branch.single for branch in parameter.bindings[0].term.branches)
    carried = len(scope.types) == 1 and numbers == (primary_date(scope.types[0]),)
    return Dates(numbers, (intervals,), single, carried)


def updated(name: str, text: str, scope: Scope) -> Condition:
    """The condition on _lastUpdated. Raises Problem 400."""
    return Updated(tuple(interval(name, value, scope.now) for value in values(text)))


def prefixed(text: str) -> tuple[Prefix, str]:
    """(prefix, rest); `eq` where there is none."""
    prefix = PREFIXES.get(text[:2])
    return (prefix, text[2:]) if prefix else ("eq", text)


def interval(name: str, text: str, now: int) -> Interval:
    """One value. `ap` reaches a tenth of the distance to `now` to both sides."""
    prefix, rest = prefixed(text)
    try:
        low, high = date_range(_PLUS_LOST.sub(r"+\1", rest) if "T" in rest else rest)
    except (ValueError, OverflowError) as error:
        raise invalid(
            name, "a date is YYYY, YYYY-MM, YYYY-MM-DD or a dateTime, with eq ne gt lt ge le sa eb ap"
        ) from error
    if prefix == "ap":
        slack = abs(now - low) // 10
        low, high = low - slack, high + slack
    return Interval(prefix, low, high)
