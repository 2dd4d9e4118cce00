"""Operations: https://hl7.org/fhir/R4/operations.html. Each is registered here, and so in the CapabilityStatement."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from felles.record import definition, document, guard, protection
from felles.record.interaction import everything, match, merge, move, registration, terminology, validate
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response

Parameters = dict[str, list[Any]]
Act = Callable[[Record, Request, str, str | None, Parameters], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its definition, on which levels it is offered, whether it may be a GET (changes nothing), and
    whether it works on whole records, past what its caller sees of them."""

    definition: str
    act: Act
    levels: frozenset[str]
    get: bool = True
    whole: bool = False


def _operation(url: str, act: Act, *levels: str, get: bool = True, whole: bool = False) -> Operation:
    return Operation(f"http://hl7.org/fhir/OperationDefinition/{url}", act, frozenset(levels), get, whole)


def _own(name: str, act: Act, *levels: str) -> Operation:
    """An operation of this record, which the standard does not have."""
    return Operation(f"urn:felles:operation:{name}", act, frozenset(levels), False, True)


SYSTEM: Mapping[str, Operation] = {}
TYPES: Mapping[str, Mapping[str, Operation]] = {
    "*": {"validate": _operation("Resource-validate", validate.validate_resource, "type", "instance", get=False)},
    "Patient": {
        "everything": _operation("Patient-everything", everything.everything, "type", "instance"),
        "match": _operation("Patient-match", match.match, "type", get=False),
        "merge": _operation("Patient-merge", merge.merge, "type", "instance", get=False, whole=True),
        "unmerge": _own("patient-unmerge", merge.unmerge, "type", "instance"),
        "move-facts": _own("patient-move-facts", move.move_facts, "instance"),
        "newborn": _own("patient-newborn", registration.newborn, "instance"),
        "unknown": _own("patient-unknown", registration.unknown, "type"),
        "identify": _own("patient-identify", registration.identify, "instance"),
    },
    "ValueSet": {
        "expand": _operation("ValueSet-expand", terminology.expand, "type", "instance"),
        "validate-code": _operation("ValueSet-validate-code", terminology.validate_in_set, "type", "instance"),
    },
    "CodeSystem": {
        "lookup": _operation("CodeSystem-lookup", terminology.lookup, "type"),
        "subsumes": _operation("CodeSystem-subsumes", terminology.subsumes, "type", "instance"),
        "validate-code": _operation("CodeSystem-validate-code", terminology.validate_in_system, "type", "instance"),
    },
}


async def call(record: Record, request: Request, parts: list[str]) -> Response:
    """`[type]/$name` or `[type]/[id]/$name`. Raises Problem 404 naming what is offered."""
    name = parts[-1].removeprefix("$")
    if len(parts) not in (2, 3) or not definition.is_resource(parts[0]):
        raise problem(404, "not-supported", "operations are offered on types and instances; see /fhir/metadata")
    offered = {**TYPES["*"], **TYPES.get(parts[0], {})}
    operation = offered.get(name)
    level = "type" if len(parts) == 2 else "instance"
    if operation is None or level not in operation.levels:
        names = ", ".join(f"${known}" for known, found in sorted(offered.items()) if level in found.levels)
        raise problem(404, "not-supported", f"{parts[0]} offers on this level: {names}")
    if request.method not in (("GET", "POST") if operation.get else ("POST",)):
        raise problem(405, "not-supported", f"${name} is called with POST" + (" or GET" if operation.get else ""))
    id = parts[1] if level == "instance" else None
    if not operation.whole:
        record.guard.may(guard.Act.CALL, f"${name}")
        return await operation.act(record, request, parts[0], id, _parameters(request))
    answer = await operation.act(record.elevated(f"${name}"), request, parts[0], id, _parameters(request))
    return answer if record.guard.everything else replace(answer, body=protection.mask_within(answer.body))


def _parameters(request: Request) -> Parameters:
    """Parameters of the query and of a posted Parameters resource, as plain values by name."""
    found: Parameters = {}
    for name, value in request.parameters:
        found.setdefault(name, []).append(value)
    if request.body:
        body = document.load(request.body)
        if body.get("resourceType") != "Parameters":
            return {**found, "resource": [body]}
        for part in _parts(body):
            found.setdefault(str(part.get("name")), []).append(value_of(part))
    return found


def _parts(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parameters.parameter. Raises Problem 400."""
    parts = body.get("parameter", [])
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise problem(400, "structure", "parameter is a list of objects", "Parameters.parameter")
    return parts


def value_of(part: Mapping[str, Any]) -> Any:
    """The value[x], resource or parts of one Parameters.parameter."""
    for key, value in part.items():
        if key.startswith("value"):
            return value
    return part.get("resource", part.get("part"))


def one(parameters: Parameters, name: str) -> Any:
    """The first value of a parameter, or None."""
    values = parameters.get(name)
    return values[0] if values else None
