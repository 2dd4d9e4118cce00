"""search: https://hl7.org/fhir/R4/http.html#search, https://hl7.org/fhir/R4/search.html."""

from urllib.parse import urlencode

import orjson

from felles.record import definition, finding
from felles.record.finding import Asked, Result
from felles.record.outcome import Issue, operation_outcome, problem
from felles.record.reading import Stored
from felles.record.record import Record
from felles.record.rest.bundle import Link, bundle, entry
from felles.record.rest.message import Parameters, Request, Response, parameters
from felles.record.summary import shape_of, view

PAGE = "_page"


async def of_type(record: Record, request: Request, type_name: str) -> Response:
    """GET [type]?..."""
    return await _search(record, request, Asked(request.user, type_name, request.parameters, None, request.lenient))


async def of_type_posted(record: Record, request: Request, type_name: str) -> Response:
    """POST [type]/_search: parameters of the address and of the form together."""
    return await _search(record, request, Asked(request.user, type_name, _posted(request), None, request.lenient))


async def of_system(record: Record, request: Request) -> Response:
    """GET on the base: a search over several types (`_type`), or a later page of any search."""
    token = request.wants(PAGE)
    if token is not None:
        return await _later(record, request, token)
    return await _search(record, request, Asked(request.user, None, request.parameters, None, request.lenient))


async def of_system_posted(record: Record, request: Request) -> Response:
    """POST _search."""
    return await _search(record, request, Asked(request.user, None, _posted(request), None, request.lenient))


async def of_compartment(record: Record, request: Request, type_name: str, id: str, member: str) -> Response:
    """GET [compartment]/[id]/[type]?... (https://hl7.org/fhir/R4/http.html#vsearch); member `*` is every type."""
    return await _in_compartment(record, request, type_name, id, member, request.parameters)


async def of_compartment_posted(record: Record, request: Request, type_name: str, id: str, member: str) -> Response:
    """POST [compartment]/[id]/[type]/_search."""
    return await _in_compartment(record, request, type_name, id, member, _posted(request))


async def _in_compartment(
    record: Record, request: Request, type_name: str, id: str, member: str, asked: Parameters
) -> Response:
    if type_name not in definition.COMPARTMENTS:
        names = ", ".join(definition.COMPARTMENTS)
        raise problem(404, "not-supported", f"{type_name} is no compartment; there are {names}")
    if member != "*" and not definition.is_resource(member):
        raise problem(404, "not-supported", "a compartment is searched for a resource type or *")
    kind = None if member == "*" else member
    return await _search(record, request, Asked(request.user, kind, asked, (type_name, id), request.lenient))


def _posted(request: Request) -> Parameters:
    try:
        form = request.body.decode()
    except UnicodeDecodeError as error:
        raise problem(400, "invalid", "the form is not UTF-8") from error
    return [*request.parameters, *((n, v) for n, v in parameters(form) if n not in ("_format", "_pretty"))]


async def _search(record: Record, request: Request, asked: Asked) -> Response:
    store = record.reader
    result = await finding.execute(store, await asked.query(store, record.base), record.pages, asked)
    address = "/".join(
        part for part in (*(asked.compartment or ()), asked.type or ("*" if asked.compartment else "")) if part
    )
    applied = urlencode(result.query.applied)
    self_url = f"{record.base}/{address}".rstrip("/") + (f"?{applied}" if applied else "")
    return _answer(record, result, self_url)


async def _later(record: Record, request: Request, token: str) -> Response:
    name, _, offset = token.partition(".")
    if not offset.isascii() or not offset.isdigit() or len(offset) > 9:
        raise problem(400, "value", "this is no page link of this server", PAGE)
    plan = await record.pages.find(name, request.user)
    asked = Asked(plan.user, plan.type, plan.parameters, plan.compartment, plan.lenient)
    store = record.reader
    result = await finding.following(store, await asked.query(store, record.base), plan, name, int(offset))
    return _answer(record, result, f"{record.base}?{PAGE}={token}")


def _answer(record: Record, result: Result, self_url: str) -> Response:
    entries = [_entry(record, one, result, "match") for one in result.matches]
    entries += [_entry(record, one, result, "include") for one in result.included]
    notes = _notes(result)
    if notes:
        entries.append(entry(None, orjson.dumps(operation_outcome(notes)), search={"mode": "outcome"}))
    return bundle("searchset", entries, [Link("self", self_url), *_page_links(record, result)], result.extent.total)


def _entry(record: Record, one: Stored, result: Result, mode: str) -> bytes:
    body = one.body or b""
    wanted = shape_of(result.query.summary, ",".join(result.query.elements) or None)
    if wanted is not None and (mode == "match" or wanted.summary != "false"):
        body = view(body, wanted)
    return entry(f"{record.base}/{one.address}", body, search={"mode": mode})


def _page_links(record: Record, result: Result) -> list[Link]:
    extent, count = result.extent, result.query.count
    if extent.token is None:
        return []
    places = {"first": 0}
    if extent.offset:
        places["previous"] = max(0, extent.offset - count)
    if extent.more(count):
        places["next"] = extent.offset + count
    return [Link(relation, f"{record.base}?{PAGE}={extent.token}.{place}") for relation, place in places.items()]


def _notes(result: Result) -> list[Issue]:
    """What the answer must say about itself (search.html#2.21.1.2: what was ignored)."""
    notes = [Issue("not-supported", f"ignored: {text}", severity="warning") for text in result.query.ignored]
    if result.extent.capped and not result.extent.more(result.query.count):
        notes.append(Issue("too-costly", "more matched; a search shows its first 10,000", severity="warning"))
    if result.truncated:
        notes.append(Issue("too-costly", "more would be included; a page includes 2,000 at most", severity="warning"))
    return notes


def page_links(record: Record, request: Request, token: str | None, count: int) -> list[Link]:
    """Self and, where there is a token, the next page: for operations that answer with a searchset."""
    links = [Link("self", f"{record.base}/{request.path}" + (f"?{request.query}" if request.query else ""))]
    if token is not None:
        links.append(Link("next", f"{record.base}?{PAGE}={token}.{count}"))
    return links
