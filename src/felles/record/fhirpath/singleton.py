"""Collections where one value is wanted (http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.node import Node
from felles.record.fhirpath.value import Collection, Item, describe, is_number, system

TRUE: Collection = [True]
FALSE: Collection = [False]
EMPTY: Collection = []


def truth(value: bool | None) -> Collection:
    """A three-valued boolean as a collection."""
    return EMPTY if value is None else TRUE if value else FALSE


def only(items: Collection) -> Item:
    """The single item, or None of an empty collection; FhirPathError for more than one."""
    if len(items) > 1:
        raise FhirPathError(f"Expected one item, found {len(items)}")
    return items[0] if items else None


def value(items: Collection) -> Any:
    """The System value of the single item, or None."""
    return system(only(items))


def boolean(items: Collection) -> bool | None:
    """The single item as a boolean: anything that is none counts as true."""
    if not items:
        return None
    found = value(items)
    if type(found) is bool:
        return found
    return None if found is None else True


def is_true(items: Collection) -> bool:
    return boolean(items) is True


def text(items: Collection) -> str | None:
    """The single item as a string; dates and times of FHIR count as the text they are written with."""
    item = only(items)
    if type(item) is Node and type(item.value) is str:
        return item.value
    found = system(item)
    if found is None or type(found) is str:
        return found
    raise FhirPathError(f"Expected a String, found {describe(found)}")


def integer(items: Collection) -> int | None:
    found = value(items)
    if found is None or type(found) is int:
        return found
    raise FhirPathError(f"Expected an Integer, found {describe(found)}")


def number(items: Collection) -> int | Decimal | None:
    found = value(items)
    if found is None or is_number(found):
        return found  # type: ignore[no-any-return]
    raise FhirPathError(f"Expected a number, found {describe(found)}")
