"""fixed[x] and pattern[x] (https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.pattern_x_)."""

from collections.abc import Iterable, Mapping
from typing import Any


def same(value: Any, fixed: Any) -> bool:
    """Whether a value is exactly the fixed one."""
    if isinstance(value, bool) or isinstance(fixed, bool):
        return value is fixed
    if isinstance(value, Mapping) and isinstance(fixed, Mapping):
        return value.keys() == fixed.keys() and all(same(value[name], one) for name, one in fixed.items())
    if isinstance(value, list) and isinstance(fixed, list):
        return len(value) == len(fixed) and all(map(same, value, fixed))
    return bool(value == fixed)


def like(value: Any, pattern: Any) -> bool:
    """Whether a value has at least what the pattern has; an item of a list may stand anywhere in the value's list."""
    if isinstance(value, Mapping) and isinstance(pattern, Mapping):
        return all(name in value and like(value[name], one) for name, one in pattern.items())
    if isinstance(value, list) and isinstance(pattern, list):
        return all(any(like(item, one) for item in value) for one in pattern)
    return same(value, pattern)


def within(value: Any, steps: Iterable[str]) -> list[Any]:
    """What lies at the end of a path inside a fixed or pattern value."""
    found = [value]
    for step in steps:
        inner = [one[step] for one in found if isinstance(one, Mapping) and step in one]
        found = [item for one in inner for item in (one if isinstance(one, list) else [one])]
    return found
