"""The type system: FHIR types from the definitions, System types by Python class (http://hl7.org/fhirpath/N1/#types)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, NamedTuple

from felles.record import definition
from felles.record.fhirpath.quantity import Quantity
from felles.record.fhirpath.temporal import Temporal, parse_date, parse_datetime, parse_time

ABSTRACT = ("Resource", "DomainResource")
FHIR_TYPES = frozenset((*definition.RESOURCE_TYPES, *definition.DATATYPES, *ABSTRACT))
SYSTEM_TYPES = frozenset(("Boolean", "String", "Integer", "Decimal", "Date", "DateTime", "Time", "Quantity"))
PROFILED = {"SimpleQuantity": "Quantity", "MoneyQuantity": "Quantity"}
ANONYMOUS = ("BackboneElement", "Element")


class Slot(NamedTuple):
    """Where an element lies in JSON: its property, the property of its id and extensions, its type."""

    key: str
    hidden: str | None
    type: Type


class TypeName(NamedTuple):
    """What `type()` gives: the namespace, FHIR or System, and the name."""

    namespace: str
    name: str


class Type:
    """A FHIR type. `path` is its key in the definitions: a type name, or `Patient.contact` for a backbone."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = path if "." not in path else backbone_name(path)
        self.primitive = definition.is_primitive(self.name)
        self.ancestors = ancestors(self.name)
        self.quantity = "Quantity" in self.ancestors
        self.convert: Callable[[Any], Any] | None = CONVERSIONS[self.root] if self.primitive else None

    @property
    def root(self) -> str:
        """The primitive type that decides how the value is read: `string` for `code`."""
        return next(name for name in (self.name, *sorted(self.ancestors)) if name in CONVERSIONS)

    @cached_property
    def members(self) -> Mapping[str, tuple[Slot, ...]]:
        """By element name, the places where it may lie: more than one for a choice such as `value`."""
        elements = definition.elements("Element" if self.primitive else self.path)
        return {name: tuple(slots(element)) for name, element in elements.items()}

    @cached_property
    def properties(self) -> Mapping[str, tuple[str, Slot]]:
        """By JSON property (`valueQuantity`, `_birthDate`), the element's name and place."""
        return {
            key: (name, slot)
            for name, found in self.members.items()
            for slot in found
            for key in (slot.key, slot.hidden)
            if key
        }

    def __repr__(self) -> str:
        return f"<Type {self.path}>"


def slots(element: definition.Element) -> list[Slot]:
    """The places of one element."""
    if not element.choice:
        found = [(element.name, of(element.content_path or element.path))]
    else:
        found = [(key, of(reference.code)) for key, reference in element.properties]
    return [Slot(key, f"_{key}" if kind.primitive else None, kind) for key, kind in found]


@cache
def of(path: str) -> Type:
    """The type of a type name or backbone path. KeyError when R4 has none such."""
    return Type(path)


def backbone_name(path: str) -> str:
    parent, _, name = path.rpartition(".")
    types = definition.elements(parent)[name].types
    return types[0].code if types else "BackboneElement"


@cache
def ancestors(name: str) -> frozenset[str]:
    """The type's own name and the names of all it specialises."""
    found = []
    while name:
        found.append(name)
        name = definition.base(name)
    return frozenset(found)


def resource_type(value: Any) -> Type:
    """The type of a resource by its `resourceType`; Resource when that is missing or unknown."""
    name = value.get("resourceType") if type(value) is dict else None
    return of(name if isinstance(name, str) and definition.is_resource(name) else "Resource")


def number(value: Any) -> Any:
    """A JSON number as Decimal, with the digits that stood there as far as the parser kept them."""
    if isinstance(value, Decimal):
        return value if abs(value.adjusted()) < 400 else +value
    return Decimal(repr(value)) if type(value) in (int, float) else value


def integer(value: Any) -> Any:
    """A whole JSON number as int."""
    whole = isinstance(value, Decimal) and abs(value.adjusted()) < 20 and value == value.to_integral_value()
    return int(value) if whole else value


def temporal(parse: Callable[[str], Temporal | None]) -> Callable[[Any], Any]:
    """A reader that leaves what is no date or time as the text it is."""

    def convert(value: Any) -> Any:
        return (parse(value) or value) if type(value) is str else value

    return convert


def as_it_is(value: Any) -> Any:
    return value


CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "boolean": as_it_is,
    "integer": integer,
    "decimal": number,
    "date": temporal(parse_date),
    "dateTime": temporal(parse_datetime),
    "instant": temporal(parse_datetime),
    "time": temporal(parse_time),
    **dict.fromkeys(("string", "uri", "base64Binary", "xhtml"), as_it_is),
}


def system_name(value: Any) -> str:
    """The name of a System value's type."""
    if isinstance(value, Temporal):
        return value.kind
    if isinstance(value, Decimal):
        return "Decimal"
    names = {bool: "Boolean", int: "Integer", str: "String", Quantity: "Quantity"}
    return names.get(type(value), "Any")


def known(name: str) -> bool:
    """Whether a possibly qualified type name means anything: `Patient`, `FHIR.code`, `System.String`."""
    namespace, _, short = name.rpartition(".")
    short = PROFILED.get(short, short)
    fhir, system = short in FHIR_TYPES, short in SYSTEM_TYPES
    return {"": fhir or system, "FHIR": fhir, "System": system}.get(namespace, False)
