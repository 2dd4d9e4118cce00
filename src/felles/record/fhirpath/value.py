"""Equality, equivalence, order and identity of values (http://hl7.org/fhirpath/N1/#equality)."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import Any

from felles.record.fhirpath import quantity, temporal
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.model import system_name
from felles.record.fhirpath.node import Node
from felles.record.fhirpath.quantity import Quantity
from felles.record.fhirpath.temporal import Temporal

SPACE = re.compile(r"\s+")
Item = Any
Collection = list[Any]


def system(item: Item) -> Item:
    """The System value behind an item; a complex element stays a Node, a primitive without value is None."""
    return item.system() if type(item) is Node else item


def is_number(value: Item) -> bool:
    return type(value) is int or isinstance(value, Decimal)


def describe(value: Item) -> str:
    """What a value is, for messages."""
    return value.type.name if type(value) is Node else system_name(value)


def paired(left: Item, right: Item) -> tuple[Item, Item]:
    """Both as System values, a number beside a quantity made a quantity of unit 1."""
    left, right = system(left), system(right)
    if type(left) is Quantity and is_number(right):
        right = Quantity(Decimal(right), "1")
    elif type(right) is Quantity and is_number(left):
        left = Quantity(Decimal(left), "1")
    return left, right


def equal(left: Item, right: Item) -> bool | None:
    """`=` of two items; None where precision or units leave it open."""
    left, right = system(left), system(right)
    if type(left) is str and type(right) is str:
        return bool(left == right)
    left, right = paired(left, right)
    if left is None or right is None:
        return None
    if type(left) is Quantity and type(right) is Quantity:
        order = quantity.compare(left, right)
        return None if order is None else order == 0
    if isinstance(left, Temporal) and isinstance(right, Temporal):
        return equal_moments(left, right)
    return bool(identity(left) == identity(right))


def equal_moments(left: Temporal, right: Temporal) -> bool | None:
    if (left.kind == "Time") != (right.kind == "Time"):
        return False
    order = temporal.compare(left, right)
    return None if order is None else order == 0


def equal_collections(left: Collection, right: Collection) -> bool | None:
    """`=` of two collections, in order."""
    if len(left) != len(right):
        return False
    results = [equal(first, second) for first, second in zip(left, right, strict=True)]
    if False in results:
        return False
    return None if None in results else True


def identity(item: Item) -> Hashable:
    """A key that is equal for items that are equal."""
    value = system(item)
    if type(value) is Node:
        return frozen(value.value)
    if isinstance(value, Temporal):
        return value.key()
    if type(value) is Quantity:
        return value.canonical() or (value.value, value.unit)
    if type(value) is str or type(value) is bool:
        return (type(value).__name__, value)
    if value is None:
        return ("absent", id(item))
    return value  # type: ignore[no-any-return]


def frozen(value: Any) -> Hashable:
    """JSON data as something hashable: objects without order, numbers by their value."""
    if type(value) is dict:
        return frozenset((name, frozen(child)) for name, child in value.items())
    if type(value) is list:
        return tuple(frozen(child) for child in value)
    if type(value) is float:
        return Decimal(repr(value))
    return (type(value).__name__, value) if type(value) in (bool, str) else value


def distinct(items: Iterable[Item]) -> Collection:
    """The items without repetition, in order of first appearance; primitives without value drop no one out."""
    seen: dict[Hashable, Item] = {}
    for item in items:
        seen.setdefault(identity(item), item)
    return list(seen.values())


def equivalent(left: Item, right: Item) -> bool:
    """`~` of two items."""
    left, right = paired(left, right)
    if type(left) is str and type(right) is str:
        return normalised(left) == normalised(right)
    if is_number(left) and is_number(right):
        return quantity.same_rounded(Decimal(left), Decimal(right))
    if type(left) is Quantity and type(right) is Quantity:
        return quantity.equivalent(left, right)
    if type(left) is Node and type(right) is Node:
        return equivalent_elements(left, right)
    return equal(left, right) is True


def normalised(text: str) -> str:
    return SPACE.sub(" ", text.strip()).casefold()


def equivalent_elements(left: Node, right: Node) -> bool:
    """Complex elements: equivalent children under the same names, ids aside."""
    groups = [grouped(node) for node in (left, right)]
    return groups[0].keys() == groups[1].keys() and all(
        equivalent_collections(groups[0][name], groups[1][name]) for name in groups[0]
    )


def grouped(node: Node) -> dict[str, Collection]:
    found: dict[str, Collection] = {}
    for child in node.children():
        if child.name != "id":
            found.setdefault(child.name, []).append(child)
    return found


def equivalent_collections(left: Collection, right: Collection) -> bool:
    """`~` of two collections, in any order."""
    if len(left) != len(right):
        return False
    rest = list(right)
    for item in left:
        place = next((place for place, other in enumerate(rest) if equivalent(item, other)), None)
        if place is None:
            return False
        del rest[place]
    return True


def compare(left: Item, right: Item) -> int | None:
    """-1, 0 or 1; None where precision or units leave it open. FhirPathError for what has no order."""
    left, right = paired(left, right)
    if left is None or right is None:
        return None
    if type(left) is Quantity and type(right) is Quantity:
        return quantity.compare(left, right)
    if isinstance(left, Temporal) and isinstance(right, Temporal) and mixable(left, right):
        return temporal.compare(left, right)
    if (is_number(left) and is_number(right)) or (type(left) is str and type(right) is str):
        return int(left > right) - int(left < right)
    raise FhirPathError(f"{describe(left)} and {describe(right)} have no order")


def mixable(left: Temporal, right: Temporal) -> bool:
    return (left.kind == "Time") == (right.kind == "Time")
