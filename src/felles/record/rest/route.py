"""From an address to an interaction (https://hl7.org/fhir/R4/http.html#summary)."""

import re
from collections.abc import Awaitable, Callable

from felles.record import definition
from felles.record.interaction import bundle, create, delete, history, operation, patch, read, search, update
from felles.record.interaction.capability import metadata
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
Handler = Callable[..., Awaitable[Response]]

_SYSTEM: dict[tuple[str, str], Handler] = {
    ("GET", ""): search.of_system,
    ("POST", "_search"): search.of_system_posted,
    ("GET", "metadata"): metadata,
    ("GET", "_history"): history.of_system,
}
_TYPE: dict[str, Handler] = {
    "GET": search.of_type,
    "POST": create.create,
    "PUT": update.update_matching,
    "PATCH": patch.patch_matching,
    "DELETE": delete.delete_matching,
}
_INSTANCE: dict[str, Handler] = {
    "GET": read.read,
    "PUT": update.update,
    "PATCH": patch.patch,
    "DELETE": delete.delete,
}


async def route(record: Record, request: Request) -> Response:
    """The answer to a request. Raises Problem."""
    if request.method == "HEAD":
        answer = await route(record, _as_get(request))
        return Response(answer.status, b"", {**answer.headers, "content-length": str(len(answer.body))})
    parts = request.path.split("/") if request.path else []
    if len(parts) == 2 and request.method in _INSTANCE and parts[1][:1] not in ("_", "$"):
        return await _INSTANCE[request.method](record, request, _known(parts[0]), _checked(parts[1], parts[0]))
    if parts and (parts[-1].startswith("$")):
        return await operation.call(record, request, parts)
    if not parts or not parts[0][:1].isupper():
        return await _system(record, request, parts)
    return await _typed(record, request, [_known(parts[0]), *parts[1:]])


def _known(type_name: str) -> str:
    if not definition.is_resource(type_name):
        raise problem(404, "not-supported", f"{type_name[:40]!r} is no resource type of FHIR R4")
    return type_name


def _as_get(request: Request) -> Request:
    return Request("GET", request.path, request.query, request.headers, b"", request.base, request.user)


def _checked(id: str, type_name: str) -> str:
    if not _ID.match(id):
        raise problem(404, "not-found", f"there is no {type_name} with this id (an id has 1 to 64 of A-Z a-z 0-9 - .)")
    return id


async def _system(record: Record, request: Request, parts: list[str]) -> Response:
    if not parts and request.method == "POST":
        return await bundle.process(record, request, route)
    handler = _SYSTEM.get((request.method, "/".join(parts)))
    if handler is None:
        raise _unknown(request)
    return await handler(record, request)


async def _typed(record: Record, request: Request, parts: list[str]) -> Response:
    match (request.method, *parts):
        case (method, type_name) if method in _TYPE:
            return await _TYPE[method](record, request, type_name)
        case ("POST", type_name, "_search"):
            return await search.of_type_posted(record, request, type_name)
        case ("GET", type_name, "_history"):
            return await history.of_type(record, request, type_name)
        case ("GET", type_name, id, "_history"):
            return await history.of_instance(record, request, type_name, _checked(id, type_name))
        case ("GET", type_name, id, "_history", number):
            return await read.vread(record, request, type_name, _checked(id, type_name), number)
        case ("GET", type_name, id, member):
            return await search.of_compartment(record, request, type_name, _checked(id, type_name), member)
        case ("POST", type_name, id, member, "_search"):
            return await search.of_compartment_posted(record, request, type_name, _checked(id, type_name), member)
    raise _unknown(request)


def _unknown(request: Request) -> Exception:
    return problem(405, "not-supported", f"{request.method} is not offered at this address; see /fhir/metadata")
