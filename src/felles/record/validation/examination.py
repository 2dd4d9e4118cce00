"""One resource examined in full: structure, references, containment, narrative, invariants."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from felles.record import definition
from felles.record.outcome import Issue
from felles.record.validation import bundle, containment, invariant
from felles.record.validation.structure import Examination, Nested

DEEPEST = 16
"""How deep resources may nest in one another (Bundle.entry.resource, Parameters.parameter.resource)."""


@dataclass(frozen=True, slots=True)
class Inside:
    """The contained resources that `#id` may name, and their types; made once for a resource and all in it."""

    resources: Mapping[str, Mapping[str, Any]]
    types: Mapping[str, str]


def examine(
    resource: Mapping[str, Any],
    where: str | None = None,
    container: Inside | None = None,
    depth: int = 0,
    *,
    warnings: bool = False,
) -> Iterator[Issue]:
    """All issues of a resource. `container` is what the resource that contains it holds, `where` its place."""
    name = resource.get("resourceType")
    place = where or (name if isinstance(name, str) else "Resource")
    if not isinstance(name, str) or not definition.is_resource(name):
        yield Issue("structure", "resourceType is missing or is no FHIR R4 resource type", f"{place}.resourceType")
        return
    inside = container or _inside(resource)
    walk = Examination(inside.types)
    found = list(walk.resource(name, resource, place))
    yield from found
    if container is None:
        yield from containment.faults(resource, place)
    if name == "Bundle":
        yield from bundle.faults(resource, place)
    if not any(issue.code in ("structure", "required", "value") for issue in found):
        yield from invariant.faults(resource, place, inside.resources, warnings=warnings)
    for nested in walk.nested:
        yield from _nested(nested, inside, depth, warnings)


def _nested(nested: Nested, inside: Inside, depth: int, warnings: bool) -> Iterator[Issue]:
    if not isinstance(nested.value, Mapping):
        yield Issue("structure", "a resource is expected here", nested.where)
    elif depth >= DEEPEST:
        yield Issue("too-long", f"resources nest deeper than {DEEPEST}", nested.where)
    else:
        container = inside if nested.contained else None
        yield from examine(nested.value, nested.where, container, depth + 1, warnings=warnings)


def _inside(resource: Mapping[str, Any]) -> Inside:
    listed = resource.get("contained")
    items = [item for item in listed if isinstance(item, Mapping)] if isinstance(listed, list) else []
    resources = {item["id"]: item for item in items if isinstance(item.get("id"), str)}
    return Inside(resources, {id: str(item.get("resourceType")) for id, item in resources.items()})
