"""Contained resources: the invariants dom-2 to dom-5 (https://hl7.org/fhir/R4/domainresource.html#invs)."""

from collections.abc import Iterator, Mapping
from typing import Any

from felles.record.outcome import Issue


def faults(resource: Mapping[str, Any], where: str) -> Iterator[Issue]:
    """What is wrong with the contained resources of a resource, apart from their own content."""
    listed = resource.get("contained")
    if not isinstance(listed, list):
        return
    seen: set[str] = set()
    pointed = set(internal_references(resource))
    for index, item in enumerate(listed):
        if isinstance(item, Mapping):
            yield from _one(item, f"{where}.contained[{index}]", seen, pointed)


def _one(item: Mapping[str, Any], where: str, seen: set[str], pointed: set[str]) -> Iterator[Issue]:
    id = item.get("id")
    meta = item.get("meta")
    if not isinstance(id, str):
        yield Issue("required", "a contained resource needs an id", f"{where}.id")
    elif id in seen:
        yield Issue("duplicate", f"two contained resources have the id {id[:64]}", f"{where}.id")
    elif f"#{id}" not in pointed and "#" not in set(internal_references(item)):
        yield Issue("invariant", "a contained resource is referred to from the resource (dom-3)", where)
    seen.add(str(id))
    if "contained" in item:
        yield Issue("invariant", "a contained resource does not contain resources (dom-2)", f"{where}.contained")
    if isinstance(meta, Mapping) and meta.keys() & {"versionId", "lastUpdated"}:
        yield Issue("invariant", "a contained resource has no version and no time of change (dom-4)", f"{where}.meta")
    if isinstance(meta, Mapping) and "security" in meta:
        yield Issue("invariant", "a contained resource has no security labels (dom-5)", f"{where}.meta")


def internal_references(value: Any) -> Iterator[str]:
    """All texts in references, uris and canonicals that begin with `#`."""
    if isinstance(value, Mapping):
        for item in value.values():
            if isinstance(item, str):
                if item.startswith("#"):
                    yield item
            elif isinstance(item, Mapping | list):
                yield from internal_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from internal_references(item if not isinstance(item, str) else {"": item})
