"""The operations in the Parameters of a FHIRPath Patch, and the values they carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from felles.record import definition
from felles.record.outcome import problem
from felles.record.patch.place import Pair, get, put

DOING = {
    "add": "adding",
    "insert": "inserting",
    "delete": "deleting",
    "replace": "replacing",
    "move": "moving",
}
MAX_OPERATIONS = 1000


class Operation:
    """One `operation` parameter; `location` is its FHIRPath."""

    def __init__(self, parts: Mapping[str, Mapping[str, Any]], location: str) -> None:
        self.parts = parts
        self.location = location
        self.type = self.text("type")
        if self.type not in DOING:
            raise problem(400, "invalid", f"There is no patch operation {self.type[:50]!r}", location)

    @property
    def doing(self) -> str:
        return DOING[self.type]

    def part(self, name: str) -> Mapping[str, Any]:
        if name not in self.parts:
            raise problem(400, "required", f"The operation has no part {name}", self.location)
        return self.parts[name]

    def text(self, name: str) -> str:
        """The string or code of a part."""
        part = self.part(name)
        found = part.get("valueString", part.get("valueCode"))
        if type(found) is not str:
            raise problem(400, "invalid", f"The part {name} must be a string", self.location)
        return found

    def index(self, name: str, limit: int) -> int:
        """The integer of a part, from 0 to below `limit`."""
        found = self.part(name).get("valueInteger")
        if type(found) is not int:
            raise problem(400, "invalid", f"The part {name} must be an integer", self.location)
        if not 0 <= found < limit:
            raise problem(422, "invalid", f"{name} {found} lies outside the list: 0 to {limit - 1}")
        return found

    def property_of(self, path: str, name: str) -> tuple[str, bool]:
        """The JSON property of an element for this operation's value, and whether it repeats."""
        return json_property(path, name, self.part("value"))

    def value(self, path: str, name: str) -> Pair:
        """The operation's value, and the id and extensions of a primitive; `name` is an element of type `path`."""
        element = definition.elements("Element" if definition.is_primitive(path) else path).get(name)
        return value_of(self.part("value"), element.content_path if element else None)

    def element_name(self) -> str:
        return self.text("name").removesuffix("[x]")


def operations(parameters: Any) -> Iterator[Operation]:
    """The operations in order. Problem 400 for what is no patch."""
    if type(parameters) is not dict or parameters.get("resourceType") != "Parameters":
        raise problem(
            400,
            "structure",
            "A FHIRPath Patch is a Parameters resource; a JSON Patch is sent as application/json-patch+json",
        )
    found = parameters.get("parameter", [])
    if type(found) is not list or len(found) > MAX_OPERATIONS:
        raise problem(400, "structure", f"A FHIRPath Patch has at most {MAX_OPERATIONS} operations")
    for place, parameter in enumerate(found):
        location = f"Parameters.parameter[{place}]"
        if type(parameter) is not dict or parameter.get("name") != "operation":
            raise problem(400, "invalid", "Every parameter must be an operation", location)
        yield Operation(parts_of(parameter, location), location)


def parts_of(parameter: Mapping[str, Any], location: str) -> dict[str, Mapping[str, Any]]:
    """The parts by name."""
    parts = parameter.get("part", [])
    if type(parts) is not list or not all(type(part) is dict and type(part.get("name")) is str for part in parts):
        raise problem(400, "structure", "Every part must be an object with a name", location)
    found = {part["name"]: part for part in parts}
    if len(found) != len(parts):
        raise problem(400, "invalid", "A part occurs more than once", location)
    return found


def json_property(path: str, name: str, part: Mapping[str, Any]) -> tuple[str, bool]:
    """The JSON property of element `name` of the type at `path` for this value, and whether the element repeats."""
    elements = definition.elements("Element" if definition.is_primitive(path) else path)
    element = elements.get(name.removesuffix("[x]"))
    if element is None:
        found = definition.properties(path).get(name)
        if found is None:
            raise problem(422, "invalid", f"{path} has no element {name[:100]!r}")
        return name, found[0].repeats
    if not element.choice:
        return element.name, element.repeats
    suffix = value_key(part).removeprefix("value")
    if element.name + suffix not in dict(element.properties):
        raise problem(422, "invalid", f"{path}.{element.name} cannot be a {suffix or 'structure'}")
    return element.name + suffix, element.repeats


def value_key(part: Mapping[str, Any]) -> str:
    """The property of the part that holds its value: `valueCode`; for an extended primitive without value too."""
    keys = {key.removeprefix("_") for key in part if key.removeprefix("_").startswith("value")}
    if len(keys) > 1:
        raise problem(400, "invalid", f"The part {part['name']} has more than one value")
    return keys.pop() if keys else ""


def value_of(part: Mapping[str, Any], path: str | None) -> Pair:
    """A part's value: value[x], a resource, or nested parts for a type without a name, defined at `path`."""
    key = value_key(part)
    if key:
        return part.get(key), part.get(f"_{key}")
    if "resource" in part:
        return part["resource"], None
    parts = part.get("part")
    if type(parts) is not list or not parts or path is None:
        raise problem(400, "required", f"The part {part['name']} has no value")
    return anonymous(parts, path), None


def anonymous(parts: list[Any], path: str) -> dict[str, Any]:
    """The JSON object that nested parts describe, an element for each."""
    found: dict[str, Any] = {}
    for part in parts:
        if type(part) is not dict or type(part.get("name")) is not str:
            raise problem(400, "structure", "Every part must be an object with a name")
        key, repeats = json_property(path, part["name"], part)
        element = definition.elements(path).get(part["name"].removesuffix("[x]"))
        value, extra = value_of(part, element.content_path if element else None)
        append(found, key, value, extra, repeats=repeats)
    return found


def append(found: dict[str, Any], key: str, value: Any, extra: Any, *, repeats: bool) -> None:
    pairs = get(found, key)
    if pairs and not repeats:
        raise problem(422, "duplicate", f"{key} cannot repeat")
    put(found, key, [*pairs, (value, extra)], repeats=repeats)
