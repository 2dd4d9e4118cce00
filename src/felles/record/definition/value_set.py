"""Codes of the value sets that R4 binds with strength required (https://hl7.org/fhir/R4/terminologies.html#required)."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from felles.record.definition.table import table


@cache
def required_systems(value_set: str) -> Mapping[str, frozenset[str]] | None:
    """{system: codes} of a required value set by URL (without version), or None where the set is open or unknown."""
    rows = table()["required"].get(value_set)
    if rows is None:
        return None
    return MappingProxyType({system: frozenset(codes) for system, codes in rows.items()})


@cache
def required_codes(value_set: str) -> frozenset[str] | None:
    """The codes of a required value set, whatever the system, or None where the set is open or unknown."""
    systems = required_systems(value_set)
    return None if systems is None else frozenset().union(*systems.values())
