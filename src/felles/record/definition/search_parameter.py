"""Search parameters of R4 (https://hl7.org/fhir/R4/searchparameter-registry.html)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from felles.record.definition.structure import base
from felles.record.definition.table import table


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter as it applies to one resource type.

    `expression` holds only this type's part of the union, None where the standard gives none (_content, _text ...).
    `components` are (definition URL, expression) of a composite.
    """

    code: str
    type: str
    url: str
    expression: str | None
    targets: tuple[str, ...]
    components: tuple[tuple[str, str], ...]
    description: str
    comparators: tuple[str, ...]
    modifiers: tuple[str, ...]


@cache
def search_parameters(name: str) -> Mapping[str, SearchParameter]:
    """All parameters of a resource type by code, those of Resource and DomainResource included."""
    found: dict[str, SearchParameter] = {}
    above = base(name)
    if above:
        found.update(search_parameters(above))
    rows = table()["search"].get(name, {})
    found.update({code: _parameter(code, row) for code, row in rows.items()})
    return MappingProxyType(found)


def _parameter(code: str, row: list[Any]) -> SearchParameter:
    kind, url, expression, targets, components, description, comparators, modifiers = row
    pairs = tuple((definition, part) for definition, part in components)
    return SearchParameter(
        code, kind, url, expression, tuple(targets), pairs, description, tuple(comparators), tuple(modifiers)
    )
