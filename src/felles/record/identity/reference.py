"""References inside a stored body: found, exchanged, cut, with every other byte or at least every digit kept."""

import re
from collections.abc import Collection, Iterator
from typing import Any

import orjson

from felles.record import document

Place = tuple[str | int, ...]
"""Where a Reference stands inside a resource, such as ("entry", 3, "item")."""


def addresses(type_name: str, id: str, base: str) -> frozenset[str]:
    """How a resource of this record may be referred to (https://hl7.org/fhir/R4/references.html#literal).

    A reference to a version (`.../_history/3`) leads to the resource too; exchanged, it leads to the other's newest.
    """
    return frozenset((f"{type_name}/{id}", f"{base.rstrip('/')}/{type_name}/{id}"))


def places(resource: Any, to: Collection[str]) -> list[Place]:
    """Where `resource` refers to one of the addresses `to`."""
    return list(_places(resource, to, ()))


def _places(node: Any, to: Collection[str], at: Place) -> Iterator[Place]:
    if isinstance(node, dict):
        if leads(node.get("reference"), to):
            yield at
        for name, child in node.items():
            if isinstance(child, dict | list):
                yield from _places(child, to, (*at, name))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _places(child, to, (*at, index))


def leads(literal: Any, to: Collection[str]) -> bool:
    """Whether a literal reference leads to one of the addresses, or to a version there."""
    return isinstance(literal, str) and literal.partition("/_history/")[0] in to


def exchanged(raw: bytes, old: Collection[str], new: str) -> bytes:
    """`raw` with every reference to `old` leading to `new`.

    All other bytes stay as they are. Only where a reference is written with escapes (`Patient\\/1`) the whole is
    written anew, decimals with their digits.
    """
    names = b"|".join(re.escape(address.encode()) for address in old)
    pattern = re.compile(rb'("reference"\s*:\s*)"(?:' + names + rb')(?:/_history/[^"\\]*)?"')
    changed = pattern.sub(lambda match: match[1] + b'"' + new.encode() + b'"', raw)
    left = places(orjson.loads(changed), old)
    return put(changed, left, new) if left else changed


def put(raw: bytes, at: Collection[Place], address: str) -> bytes:
    """`raw` with the references at these places leading to `address`."""
    resource = document.parse(raw)
    for place in at:
        node(resource, place)["reference"] = address
    return document.serialise(resource)


def node(resource: Any, place: Place) -> Any:
    """What stands at a place; None where there is nothing."""
    for step in place:
        inside = isinstance(resource, list) and isinstance(step, int) and step < len(resource)
        if not inside and not (isinstance(resource, dict) and step in resource):
            return None
        resource = resource[step]
    return resource


def cut(raw: bytes, to: Collection[str]) -> bytes:
    """`raw` without the references to `to`, and without what is empty then."""
    return document.serialise(_without(document.parse(raw), to))


def _without(value: Any, to: Collection[str]) -> Any:
    """The value without such references; None when nothing is left of what held one."""
    if isinstance(value, dict):
        if leads(value.get("reference"), to):
            return None
        kept = {name: _without(child, to) for name, child in value.items()}
        kept = {name: child for name, child in kept.items() if child is not None or value[name] is None}
        return kept or None
    if isinstance(value, list):
        left = [(_without(child, to), child) for child in value]
        return [new for new, old in left if new is not None or old is None] or None
    return value


def targets(resource: Any) -> Iterator[str]:
    """All literal references of a resource, as they are written."""
    stack = [resource]
    while stack:
        at = stack.pop()
        if isinstance(at, dict):
            literal = at.get("reference")
            if isinstance(literal, str):
                yield literal
            stack.extend(at.values())
        elif isinstance(at, list):
            stack.extend(at)
