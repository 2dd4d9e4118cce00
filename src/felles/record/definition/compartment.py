"""Compartments of R4 (https://hl7.org/fhir/R4/compartmentdefinition.html)."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from felles.record.definition.table import table

COMPARTMENTS = ("Device", "Encounter", "Patient", "Practitioner", "RelatedPerson")


@cache
def compartment(name: str) -> Mapping[str, tuple[str, ...]]:
    """Resource types in a compartment with the search parameters that place them there.

    `{def}` stands for the resource itself. Raises KeyError for what is no compartment.
    """
    rows = table()["compartments"][name]
    return MappingProxyType({member: tuple(codes) for member, codes in rows.items()})
