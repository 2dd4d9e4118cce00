"""Type operators: `is`, `as`, `ofType`, `type` (http://hl7.org/fhirpath/N1/#types)."""

from __future__ import annotations

from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.model import PROFILED, TypeName, known, system_name
from felles.record.fhirpath.node import Node
from felles.record.fhirpath.singleton import EMPTY, only, truth
from felles.record.fhirpath.value import Collection, Item


class Wanted:
    """A type named in an expression, in its namespace if one was given."""

    __slots__ = ("namespace", "short")

    def __init__(self, name: str) -> None:
        self.namespace, _, short = name.rpartition(".")
        self.short = PROFILED.get(short, short)

    def fits(self, item: Item) -> bool:
        """Whether the item is of the type or of one that specialises it."""
        if type(item) is Node:
            return self.namespace != "System" and self.short in item.type.ancestors
        return self.namespace != "FHIR" and system_name(item) == self.short

    def exact(self, item: Item) -> bool:
        """As `fits`, but a primitive must be of this very type: a `code` is not taken for a `string`."""
        if type(item) is Node and item.type.primitive and item.type.name != self.short:
            return False
        return self.fits(item)


def wanted(name: str, position: int) -> Wanted:
    """The type of that name; FhirPathError when there is none."""
    if not known(name):
        raise FhirPathError(f"There is no type {name}", position)
    return Wanted(name)


def is_type(items: Collection, kind: Wanted) -> Collection:
    item = only(items)
    return EMPTY if item is None else truth(kind.fits(item))


def of_type(items: Collection, kind: Wanted) -> Collection:
    return [item for item in items if kind.exact(item)]


def as_type(items: Collection, kind: Wanted) -> Collection:
    """The single item if it is of the type; FhirPathError for more than one."""
    only(items)
    return of_type(items, kind)


def type_names(items: Collection) -> Collection:
    """`type()`: a TypeName for each item."""
    return [
        TypeName("FHIR", item.type.name) if type(item) is Node else TypeName("System", system_name(item))
        for item in items
    ]
