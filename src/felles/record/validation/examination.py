"""One resource examined in full: structure, references, containment, narrative, invariants."""

from collections.abc import Iterator, Mapping
from typing import Any

from felles.record import definition
from felles.record.outcome import Issue
from felles.record.validation import bundle, containment, invariant
from felles.record.validation.structure import Examination, Nested

DEEPEST = 16
"""How deep resources may nest in one another (Bundle.entry.resource, Parameters.parameter.resource)."""


def examine(
    resource: Mapping[str, Any],
    where: str | None = None,
    container: Mapping[str, Any] | None = None,
    depth: int = 0,
    *,
    warnings: bool = False,
) -> Iterator[Issue]:
    """All issues of a resource. `container` is the resource that contains it, `where` its place."""
    name = resource.get("resourceType")
    place = where or (name if isinstance(name, str) else "Resource")
    if not isinstance(name, str) or not definition.is_resource(name):
        yield Issue("structure", "resourceType is missing or is no FHIR R4 resource type", f"{place}.resourceType")
        return
    inside = _contained(container if container is not None else resource)
    walk = Examination({id: item.get("resourceType", "") for id, item in inside.items()})
    found = list(walk.resource(name, resource, place))
    yield from found
    if container is None:
        yield from containment.faults(resource, place)
    if name == "Bundle":
        yield from bundle.faults(resource, place)
    if not any(issue.code in ("structure", "required", "value") for issue in found):
        yield from invariant.faults(resource, place, inside, warnings=warnings)
    for nested in walk.nested:
        yield from _nested(nested, resource if container is None else container, depth, warnings)


def _nested(nested: Nested, outer: Mapping[str, Any], depth: int, warnings: bool) -> Iterator[Issue]:
    if not isinstance(nested.value, Mapping):
        yield Issue("structure", "a resource is expected here", nested.where)
    elif depth >= DEEPEST:
        yield Issue("too-long", f"resources nest deeper than {DEEPEST}", nested.where)
    else:
        container = outer if nested.contained else None
        yield from examine(nested.value, nested.where, container, depth + 1, warnings=warnings)


def _contained(resource: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    listed = resource.get("contained")
    if not isinstance(listed, list):
        return {}
    return {item["id"]: item for item in listed if isinstance(item, Mapping) and isinstance(item.get("id"), str)}
