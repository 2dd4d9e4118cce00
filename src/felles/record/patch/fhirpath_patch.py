"""FHIRPath Patch (https://hl7.org/fhir/R4/fhirpatch.html)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from felles.record import document, fhirpath
from felles.record.fhirpath import FhirPathError, Node
from felles.record.outcome import Problem, problem
from felles.record.patch import place
from felles.record.patch.parameter import Operation, operations
from felles.record.patch.place import Pair

PATH_BUDGET = 50_000
SECONDS = 2.0


def fhirpath_patch(resource: bytes | Mapping[str, Any], parameters: bytes | Mapping[str, Any]) -> dict[str, Any]:
    """The resource after all operations of a Parameters resource, in order.

    Problem 400 or 422 names the operation that failed, by its FHIRPath in the Parameters.
    """
    target = document.parse(resource) if isinstance(resource, bytes) else copy.deepcopy(dict(resource))
    given = document.parse(parameters) if isinstance(parameters, bytes) else copy.deepcopy(dict(parameters))
    begun = monotonic()
    for step in operations(given):
        if monotonic() - begun > SECONDS:
            raise problem(422, "too-costly", f"The patch takes longer than {SECONDS:.0f} seconds", step.location)
        try:
            BODIES[step.type](target, step)
        except Problem as failure:
            issue = failure.issues[0]
            raise problem(failure.status, issue.code, issue.diagnostics, step.location) from None
    return dict(target)


def selected(target: Any, step: Operation) -> list[Node]:
    """The elements at the path. Problem when it is no FHIRPath or gives anything but elements."""
    path = step.text("path")
    try:
        found = fhirpath.compile(path).nodes(target, budget=PATH_BUDGET)
    except FhirPathError as error:
        raise problem(422, "invalid", f"The path {path!r} fails: {error}") from None
    if not all(type(item) is Node for item in found):
        raise problem(422, "invalid", f"The path {path!r} gives values, not elements")
    return found


def one(target: Any, step: Operation) -> Node:
    """The single element at the path."""
    found = selected(target, step)
    path = step.text("path")
    if not found:
        raise problem(422, "not-found", f"No content found at {path} when {step.doing}")
    if len(found) > 1:
        raise problem(422, "multiple-matches", f"{len(found)} elements found at {path} when {step.doing}")
    return found[0]


def inner(target: Any, step: Operation) -> Node:
    """As `one`, but not the resource itself."""
    node = one(target, step)
    if node.parent is None:
        raise problem(422, "invalid", f"The resource itself is no target for {step.type}")
    return node


def add(target: Any, step: Operation) -> None:
    """Append to a list, or set an element that is not there."""
    node = one(target, step)
    key, repeats = step.property_of(node.type.path, step.text("name"))
    parent = node.value if type(node.value) is dict else extras(node)
    pairs = place.get(parent, key)
    if pairs and not repeats:
        raise problem(422, "duplicate", f"{node.location()} has {key} already: replace it")
    place.put(parent, key, [*pairs, step.value(node.type.path, step.element_name())], repeats=repeats)


def extras(node: Node) -> dict[str, Any]:
    """The object of a primitive's id and extensions, made when there is none."""
    if node.extra is None:
        parent = place.container(node)
        pairs = place.get(parent, node.key)
        node.extra = {}
        pairs[node.index or 0] = (node.value, node.extra)
        place.put(parent, node.key, pairs, repeats=node.index is not None)
    found: dict[str, Any] = node.extra
    return found


def insert(target: Any, step: Operation) -> None:
    node, pairs = whole_list(target, step)
    pairs.insert(step.index("index", len(pairs) + 1), step.value(owner(node), node.name))
    place.put(place.container(node), node.key, pairs, repeats=True)


def move(target: Any, step: Operation) -> None:
    node, pairs = whole_list(target, step)
    item = pairs.pop(step.index("source", len(pairs)))
    pairs.insert(step.index("destination", len(pairs) + 1), item)
    place.put(place.container(node), node.key, pairs, repeats=True)


def owner(node: Node) -> str:
    """The path of the type that `node` is an element of."""
    return node.parent.type.path if node.parent is not None else node.type.path


def whole_list(target: Any, step: Operation) -> tuple[Node, list[Pair]]:
    """A member of the list at the path, and all that lies in the list."""
    found = selected(target, step)
    lists = {(id(node.parent.value), node.key) for node in found if node.parent and node.index is not None}
    if not found:
        raise problem(422, "not-found", f"No list at {step.text('path')} when {step.doing}: use add")
    if len(lists) != 1 or any(node.index is None for node in found):
        raise problem(422, "invalid", f"The path {step.text('path')} is not one list")
    return found[0], place.get(place.container(found[0]), found[0].key)


def delete(target: Any, step: Operation) -> None:
    """Remove the element; nothing there is no error."""
    if selected(target, step):
        place.remove(inner(target, step))


def replace(target: Any, step: Operation) -> None:
    """Put another value in the element's place. A choice may change its type."""
    node = inner(target, step)
    parent = place.container(node)
    key, _ = step.property_of(owner(node), node.name)
    pairs = place.get(parent, node.key)
    if key != node.key:
        place.put(parent, node.key, [], repeats=False)
    pairs[node.index or 0] = step.value(owner(node), node.name)
    place.put(parent, key, pairs, repeats=node.index is not None)


BODIES: dict[str, Callable[[Any, Operation], None]] = {
    "add": add,
    "insert": insert,
    "delete": delete,
    "replace": replace,
    "move": move,
}
