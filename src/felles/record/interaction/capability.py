"""capabilities: https://hl7.org/fhir/R4/http.html#capabilities. Generated from what is registered."""

from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any

import orjson

from felles.record import definition
from felles.record.interaction import operation
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response
from felles.record.search.scope import searchable

INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
UNSTORED = ("Parameters",)
"""Types without an address of their own (https://hl7.org/fhir/R4/parameters.html)."""
SECURITY: dict[str, Mapping[str, Any]] = {}
"""By base: what `rest.security` says there; put in by whoever stands before the record."""
SYSTEM_INTERACTIONS = ("transaction", "batch", "search-system", "history-system")


async def metadata(record: Record, request: Request) -> Response:
    """The CapabilityStatement; mode=full alone is offered."""
    if request.wants("mode") not in (None, "full"):
        raise problem(400, "not-supported", "mode=full is the only one offered", "mode")
    return Response(200, _body(record.base))


@lru_cache(maxsize=4)
def _body(base: str) -> bytes:
    return orjson.dumps(statement(base))


def statement(base: str) -> dict[str, Any]:
    """The CapabilityStatement of this server."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-22",
        "kind": "instance",
        "software": {"name": "Felles", "version": version("felles")},
        "implementation": {"description": "Felles, one shared health record", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                **({"security": SECURITY[base]} if base in SECURITY else {}),
                "resource": [_resource(name) for name in definition.RESOURCE_TYPES if name not in UNSTORED],
                "interaction": [{"code": code} for code in SYSTEM_INTERACTIONS],
                **_offered(operation.SYSTEM),
                "compartment": [f"http://hl7.org/fhir/CompartmentDefinition/{c.lower()}" for c in _compartments()],
            }
        ],
    }


def _compartments() -> tuple[str, ...]:
    return definition.COMPARTMENTS


def _resource(name: str) -> dict[str, Any]:
    parameters = searchable(name)
    described: dict[str, Any] = {
        "type": name,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{name}",
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal", "logical"],
        "searchInclude": ["*", *(f"{name}:{p.code}" for p in parameters if p.type == "reference")],
        "searchRevInclude": _referring(name),
        "searchParam": [{"name": p.code, "definition": p.url, "type": p.type} for p in parameters],
    }
    return {**described, **_offered({**operation.TYPES.get("*", {}), **operation.TYPES.get(name, {})})}


@cache
def _references() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Every reference parameter: its type, code, and what it may point to."""
    return tuple(
        (name, one.code, tuple(one.targets))
        for name in definition.RESOURCE_TYPES
        if name not in UNSTORED
        for one in searchable(name)
        if one.type == "reference"
    )


def _referring(name: str) -> list[str]:
    return [f"{other}:{code}" for other, code, targets in _references() if name in targets]


def _offered(registered: Mapping[str, Any]) -> dict[str, Any]:
    """The member `operation`, left out when there is none: FHIR has no empty arrays (json.html)."""
    found = [{"name": name, "definition": offered.definition} for name, offered in sorted(registered.items())]
    return {"operation": found} if found else {}
