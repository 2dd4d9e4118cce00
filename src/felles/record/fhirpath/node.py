"""Elements of a resource as expressions see them: the JSON value with its type and its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from felles.record.fhirpath import model
from felles.record.fhirpath.model import Slot, Type
from felles.record.fhirpath.quantity import Quantity


class Node:
    """One element. `value` is its JSON value (None for a primitive that has only extensions), `extra` the object
    of a primitive's id and extensions; `name` and `index` say where it lies in `parent`, `key` by which property.
    """

    __slots__ = ("extra", "index", "key", "name", "parent", "type", "value")

    def __init__(
        self,
        value: Any,
        extra: Any,
        type: Type,
        parent: Node | None = None,
        name: str = "",
        key: str = "",
        index: int | None = None,
    ) -> None:
        self.value = value
        self.extra = extra
        self.type = type
        self.parent = parent
        self.name = name
        self.key = key
        self.index = index

    def system(self) -> Any:
        """The System value: of a primitive its value or None, of a quantity a Quantity; else the node itself."""
        convert = self.type.convert
        if convert is not None:
            return self if type(self.value) in (dict, list) else convert(self.value)
        return quantity(self) if self.type.quantity else self

    def collect(self, name: str, found: list[Any]) -> None:
        """Append the child elements called `name` (without type suffix for a choice) to `found`."""
        data = self.value if type(self.value) is dict else self.extra
        if name == "value" and self.type.primitive and self.value is not None:
            found.append(self.system())
        if type(data) is not dict:
            return
        places = self.type.members.get(name)
        if places is None:
            return
        if len(places) > 3:
            places = self.present(name, data)
        for key, hidden, kind in places:
            child = data.get(key)
            extra = data.get(hidden) if hidden is not None else None
            if child is None and extra is None:
                continue
            if type(child) is list or type(extra) is list:
                found.extend(spread(child, extra, kind, self, name, key))
            else:
                if kind.path == "Resource":
                    kind = model.resource_type(child)
                found.append(Node(child, extra, kind, self, name, key))

    def present(self, name: str, data: dict[str, Any]) -> tuple[Slot, ...]:
        """The places of a choice of many types that are in use."""
        properties = self.type.properties
        found = {
            slot: None for element, slot in (properties[key] for key in data if key in properties) if element == name
        }
        return tuple(found)

    def children(self) -> list[Node]:
        """All child elements."""
        data = self.value if type(self.value) is dict else self.extra
        found: list[Node] = []
        if type(data) is dict:
            properties = self.type.properties
            for name in dict.fromkeys(properties[key][0] for key in data if key in properties):
                self.collect(name, found)
        return found

    def lineage(self) -> Iterator[Node]:
        """This node and the nodes it lies in, innermost first."""
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def location(self) -> str:
        """The FHIRPath of this very element, such as `Patient.contact[0].gender`."""
        if self.parent is None:
            return self.type.name
        return f"{self.parent.location()}.{self.name}{'' if self.index is None else f'[{self.index}]'}"

    def __repr__(self) -> str:
        return f"<Node {self.location()}>"


def spread(values: Any, extras: Any, kind: Type, parent: Node, name: str, key: str) -> Iterator[Node]:
    """The nodes of a repeating element; values and extensions lie in two arrays of like length."""
    pairs = zip_longest(listed(values), listed(extras))
    for index, (value, extra) in enumerate(pairs):
        if value is not None or extra is not None:
            exact = model.resource_type(value) if kind.path == "Resource" else kind
            yield Node(value, extra, exact, parent, name, key, index)


def listed(values: Any) -> Sequence[Any]:
    if type(values) is list:
        return values
    return () if values is None else (values,)


def quantity(node: Node) -> Any:
    """The System.Quantity of a FHIR Quantity (http://hl7.org/fhir/R4/fhirpath.html#quantity); itself if it is none.

    A quantity with a comparator stands for a range and stays a node.
    """
    data = node.value
    if type(data) is not dict or data.get("value") is None or data.get("comparator"):
        return node
    value = model.number(data["value"])
    unit = data.get("code") or data.get("unit") or "1"
    if type(unit) is not str or not isinstance(value, Decimal):
        return node
    return Quantity(value, unit)


def root(resource: Any) -> Node:
    """The node of a whole resource."""
    return Node(resource, None, model.resource_type(resource))
