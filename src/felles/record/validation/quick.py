"""The quick check: accepts what is certainly valid, in a few microseconds; what it does not accept is examined."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from felles.record import definition
from felles.record.validation.internal import contained_types, within
from felles.record.validation.schema import validator

_NESTING = frozenset({"Bundle", "Parameters"})


@cache
def _compiled(type_name: str) -> jsonschema_rs.Draft4Validator:
    return validator(type_name)


def accepts(type_name: str, resource: Mapping[str, Any]) -> bool:
    """Whether the resource, of this type, is certainly valid."""
    if "contained" in resource:
        return _accepts_container(type_name, resource)
    if type_name in _NESTING:
        return _compiled(type_name).is_valid(resource) and all(_accepts_any(one) for one in _inside(resource))
    return _compiled(type_name).is_valid(resource)


def _accepts_any(resource: Any) -> bool:
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    return isinstance(name, str) and definition.is_resource(name) and accepts(name, resource)


def _accepts_container(type_name: str, resource: Mapping[str, Any]) -> bool:
    """Every contained resource is valid, is referred to, and contains nothing itself (dom-2 to dom-5)."""
    types = contained_types(resource)
    if types is None or type_name in _NESTING:
        return False
    with within(types) as used:
        if not _compiled(type_name).is_valid(resource):
            return False
        for one in resource["contained"]:
            name = one["resourceType"]
            if name in _NESTING or "contained" in one or not definition.is_resource(name):
                return False
            if one.get("meta", {}).keys() & {"versionId", "lastUpdated", "security"}:
                return False
            if not _compiled(name).is_valid(one):
                return False
        return used >= types.keys()


def _inside(resource: Mapping[str, Any]) -> Iterator[Any]:
    """The resources in the entries of a Bundle or the parameters of Parameters."""
    for entry in resource.get("entry", ()):
        if "resource" in entry:
            yield entry["resource"]
        if "outcome" in entry.get("response", ()):
            yield entry["response"]["outcome"]
    yield from _parameters(resource.get("parameter", ()))


def _parameters(parameters: Any) -> Iterator[Any]:
    for parameter in parameters:
        if "resource" in parameter:
            yield parameter["resource"]
        yield from _parameters(parameter.get("part", ()))
