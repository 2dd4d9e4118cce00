"""Where in the JSON of a resource an element lies, and how to change what lies there.

A primitive's value and its id and extensions lie in two properties; in lists, in two arrays of like length
(https://hl7.org/fhir/R4/json.html#primitive).
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from felles.record.fhirpath import Node

Pair = tuple[Any, Any]


def container(node: Node) -> dict[str, Any]:
    """The JSON object whose property `node` is (or whose array it is in)."""
    parent = node.parent
    data = None if parent is None else parent.value if type(parent.value) is dict else parent.extra
    if type(data) is not dict:
        raise TypeError(f"{node.location()} lies in no object")
    return data


def get(parent: dict[str, Any], key: str) -> list[Pair]:
    """All values under `key` with their extras."""
    return list(zip_longest(listed(parent.get(key)), listed(parent.get(f"_{key}"))))


def listed(value: Any) -> list[Any]:
    return value if type(value) is list else [] if value is None else [value]


def put(parent: dict[str, Any], key: str, pairs: list[Pair], *, repeats: bool) -> None:
    """Write values and extras under `key`; without any, the properties go."""
    sides = [value for value, _ in pairs], [extra for _, extra in pairs]
    for name, side in zip((key, f"_{key}"), sides, strict=True):
        if all(item is None for item in side):
            parent.pop(name, None)
        else:
            parent[name] = side if repeats else side[0]


def remove(node: Node) -> None:
    """Take the element out, and with it the objects around it that have nothing left."""
    parent = container(node)
    pairs = get(parent, node.key)
    if node.index is None:
        pairs = []
    else:
        del pairs[node.index]
    put(parent, node.key, pairs, repeats=node.index is not None)
    if not parent and node.parent is not None and node.parent.parent is not None:
        prune(node.parent)


def prune(node: Node) -> None:
    """Remove an element whose object became empty, unless a primitive's value is left."""
    if type(node.value) is dict or node.value is None:
        remove(node)
    else:
        container(node).pop(f"_{node.key}", None) if node.index is None else blank(node)


def blank(node: Node) -> None:
    """Forget the extras of a primitive in a list."""
    parent = container(node)
    pairs = get(parent, node.key)
    pairs[node.index or 0] = (node.value, None)
    put(parent, node.key, pairs, repeats=True)
