"""Types and their elements (https://hl7.org/fhir/R4/resourcelist.html, https://hl7.org/fhir/R4/datatypes.html)."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from felles.record.definition.element import Element, Invariant, TypeRef, element
from felles.record.definition.table import table
from felles.record.definition.type_names import DATATYPES, RESOURCE_TYPES

__all__ = ["DATATYPES", "RESOURCE_TYPES"]

_NUMBERS = {name: number for number, name in enumerate(RESOURCE_TYPES, 1)}


def type_number(name: str) -> int:
    """The stable number of a resource type, from 1. Raises KeyError for what is no concrete R4 resource type."""
    return _NUMBERS[name]


def type_name(number: int) -> str:
    """The resource type of a number. Raises IndexError."""
    if number < 1:
        raise IndexError(number)
    return RESOURCE_TYPES[number - 1]


def is_resource(name: str) -> bool:
    """Whether this is a concrete resource type of R4."""
    return name in _NUMBERS


def _entry(path: str) -> dict[str, Any]:
    found: dict[str, Any] = table()["types"][path.partition(".")[0]]
    return found


@cache
def is_primitive(name: str) -> bool:
    """Whether a type name is a primitive datatype (starts in lower case; xhtml included)."""
    return name[0].islower()


def base(name: str) -> str:
    """The type this one specialises: DomainResource for Patient, Quantity for Age, "" for Element."""
    return str(_entry(name)["base"])


def pattern(name: str) -> str | None:
    """The regular expression of a primitive type, to be matched whole (datatypes.html#primitive)."""
    found: str | None = _entry(name)["regex"]
    return found


@cache
def elements(path: str) -> Mapping[str, Element]:
    """Elements below a type or a backbone path, in order: `Patient`, `Observation.component`, `HumanName`.

    Keys are names without [x]. A path whose content is defined elsewhere (contentReference) is followed.
    Raises KeyError for what has no elements.
    """
    rows = _entry(path)["paths"].get(path)
    if rows is None:
        return elements(_content(path))
    return MappingProxyType({row[0]: element(path, row) for row in rows})


def _content(path: str) -> str:
    parent, _, name = path.rpartition(".")
    content = elements(parent)[name].content_path if parent else None
    if content is None or content == path:
        raise KeyError(path)
    return content


@cache
def properties(path: str) -> Mapping[str, tuple[Element, TypeRef]]:
    """JSON properties below a path: {`valueQuantity`: (element value, TypeRef Quantity), ...}."""
    return MappingProxyType({name: (found, ref) for found in elements(path).values() for name, ref in found.properties})


def property_of(path: str, name: str) -> tuple[Element, TypeRef] | None:
    """The element and type behind one JSON property, or None when there is no such element."""
    return properties(path).get(name)


@cache
def invariants(name: str) -> tuple[Invariant, ...]:
    """The constraints a type states itself, on itself or on elements below it; inherited ones are with the base."""
    stated: Mapping[str, list[Any]] = _entry(name)["invariants"]
    return tuple(Invariant(path, *row) for path, rows in stated.items() for row in rows)
