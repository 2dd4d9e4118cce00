"""From an address to an interaction (https://hl7.org/fhir/R4/http.html#summary)."""

import re
from collections.abc import Awaitable, Callable, Mapping

from felles.record import definition
from felles.record.interaction import binary, bundle, create, delete, history, operation, patch, read, search, update
from felles.record.interaction.capability import UNSTORED, metadata
from felles.record.outcome import Issue, Problem, problem
from felles.record.record import Record
from felles.record.rest.media import takes_content
from felles.record.rest.message import JSON, Request, Response

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
Handler = Callable[..., Awaitable[Response]]


async def _process(record: Record, request: Request) -> Response:
    return await bundle.process(record, request, route)


_SYSTEM: dict[str, dict[str, Handler]] = {
    "": {"GET": search.of_system, "POST": _process},
    "_search": {"POST": search.of_system_posted},
    "metadata": {"GET": metadata},
    "_history": {"GET": history.of_system},
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
        shown = {"content-type": JSON, "content-length": str(len(answer.body))} if answer.body else {}
        return Response(answer.status, b"", {**shown, **answer.headers})
    parts = request.path.split("/") if request.path else []
    if record.elsewhere and parts and parts[0] in record.elsewhere:
        found: Response | None = await record.elsewhere[parts[0]](record, request)
        if found is not None:
            return found
    if takes_content(request):
        request = binary.received(request)
    if len(parts) == 2 and request.method in _INSTANCE and parts[1][:1] not in ("_", "$"):
        return await _INSTANCE[request.method](record, request, _known(parts[0]), _checked(parts[1], parts[0]))
    if parts and (parts[-1].startswith("$")):
        return await operation.call(record, request, parts)
    handlers, place = _place(parts)
    handler = handlers.get(request.method)
    if handler is None:
        raise _not_offered(request.method, handlers)
    return await handler(record, request, *place)


def _known(type_name: str) -> str:
    if not definition.is_resource(type_name) or type_name in UNSTORED:
        raise problem(404, "not-supported", f"{type_name[:40]!r} is no resource type of FHIR R4")
    return type_name


def _as_get(request: Request) -> Request:
    return Request("GET", request.path, request.query, request.headers, b"", request.base, request.user)


def _checked(id: str, type_name: str) -> str:
    if not _ID.match(id):
        raise problem(404, "not-found", f"there is no {type_name} with this id (an id has 1 to 64 of A-Z a-z 0-9 - .)")
    return id


def _place(parts: list[str]) -> tuple[Mapping[str, Handler], tuple[str, ...]]:
    """What is offered at an address, by method, and what the address names. Raises Problem 404."""
    if "/".join(parts) in _SYSTEM:
        return _SYSTEM["/".join(parts)], ()
    type_name, rest = _known(parts[0]), parts[1:]
    match rest:
        case []:
            return _TYPE, (type_name,)
        case ["_search"]:
            return {"POST": search.of_type_posted}, (type_name,)
        case ["_history"]:
            return {"GET": history.of_type}, (type_name,)
        case [id]:
            return _INSTANCE, (type_name, _checked(id, type_name))
        case [id, "_history"]:
            return {"GET": history.of_instance}, (type_name, _checked(id, type_name))
        case [id, "_history", number]:
            return {"GET": read.vread}, (type_name, _checked(id, type_name), number)
        case [id, member]:
            return {"GET": search.of_compartment}, (type_name, _checked(id, type_name), member)
        case [id, member, "_search"]:
            return {"POST": search.of_compartment_posted}, (type_name, _checked(id, type_name), member)
    raise problem(404, "not-found", "there is nothing at this address; see /fhir/metadata")


def _not_offered(method: str, handlers: Mapping[str, Handler]) -> Problem:
    """405 with Allow (RFC 9110 §15.5.6)."""
    allowed = ", ".join([*handlers, *(("HEAD",) if "GET" in handlers else ())])
    issue = Issue("not-supported", f"{method[:20]} is not offered here, there are: {allowed}; see /fhir/metadata")
    return Problem(405, (issue,), {"allow": allowed})
