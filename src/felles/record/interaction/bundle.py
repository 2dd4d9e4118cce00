"""batch and transaction: https://hl7.org/fhir/R4/http.html#transaction."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from felles.record import definition, document
from felles.record.condition import Found
from felles.record.entry import Entry, entries
from felles.record.index.value import date_range
from felles.record.interaction.answer import body_of, entry_response, preferred
from felles.record.outcome import Issue, Problem, problem
from felles.record.reading import Stored
from felles.record.record import TRIES, Changed, Record
from felles.record.rest.bundle import bundle, entry
from felles.record.rest.failure import unexpected
from felles.record.rest.message import Request, Response, http_date, parameters, refusal
from felles.record.store import Kind, Origin, Written
from felles.record.transaction import Plan, Planned, placed, plan

Route = Callable[[Record, Request], Awaitable[Response]]
AT_ONCE = 8
READS = ("GET", "HEAD")
_OUTCOME = b'{"resourceType":"OperationOutcome"'
FHIR = "application/fhir+json"
HEADERS = {
    "ifMatch": "if-match",
    "ifNoneMatch": "if-none-match",
    "ifNoneExist": "if-none-exist",
    "ifModifiedSince": "if-modified-since",
}


async def process(record: Record, request: Request, route: Route) -> Response:
    """A Bundle posted to the base: a batch or a transaction."""
    kind, found = entries(request.body)
    if kind == "transaction":
        return await transaction(record, request, found, route)
    if kind == "batch":
        return await batch(record, request, found, route)
    raise problem(400, "value", "the base takes Bundles of type batch or transaction", "Bundle.type")


class Conditions:
    """What a transaction's planner may ask of the record."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def matching(self, type_name: str, query: str) -> Found:
        return await self._record.matching(type_name, parameters(query))

    async def patched(self, type_name: str, id: str, raw: bytes) -> tuple[bytes, int]:
        return await self._record.patched(type_name, id, *patch_of(raw))


def patch_of(raw: bytes) -> tuple[bytes, str]:
    """A patch in a Bundle: Parameters (FHIRPath Patch) or a Binary that holds a JSON Patch."""
    resource = document.load(raw)
    if resource.get("resourceType") != "Binary":
        return raw, "application/fhir+json"
    try:
        return base64.b64decode(resource.get("data", ""), validate=True), str(resource.get("contentType", ""))
    except (ValueError, TypeError) as error:
        raise problem(400, "structure", "data of this Binary is not base64", "Binary.data") from error


async def commit(record: Record, found: list[Entry], origin: Origin = Origin.ACT) -> tuple[Plan, dict[int, Written]]:
    """Plans and commits a transaction. What was written comes by the place of its entry."""
    for _ in range(TRIES):
        planned = await plan(found, Conditions(record), record.base, demo=record.demo)
        changed = [one for one in planned.planned if one.kind is not None]
        try:
            written = await record.commit(planned.writes, planned.criteria, origin)
        except Changed:
            continue
        except Problem as error:
            raise placed(error, changed[error.position].entry.at) if error.position >= 0 else error from None
        return planned, {one.entry.place: done for one, done in zip(changed, written, strict=False)}
    raise problem(409, "conflict", "others keep changing what this transaction's conditions ask; try again")


async def transaction(record: Record, request: Request, found: list[Entry], route: Route) -> Response:
    """All entries or none. What is only read is tried first, and read for the answer after the writes."""
    await _foresee(record, request, found, route)
    planned, written = await commit(record, found)
    writes = {(write.type, write.id): write for write in planned.writes}
    answers: dict[int, bytes] = {}
    for one in planned.planned:
        done = written.get(one.entry.place)
        stored = await _stored(record, one, done)
        if done is not None and one.kind is not Kind.DELETE:
            write = writes[(definition.type_number(one.type), one.id)]
            stored = Stored(one.type, one.id, done.number, done.updated, Kind.UPDATE, body_of(write, done))
        answers[one.entry.place] = _entry_answer(record, request, one, stored, done)
    for asked in planned.reads:
        answers[asked.place] = _entry_of(await _routed(record, request, asked, route))
    return bundle("transaction-response", [answers[place] for place in sorted(answers)])


async def _stored(record: Record, one: Planned, done: Written | None) -> Stored | None:
    """The existing match of a conditional create, or the tombstone of a delete."""
    if one.kind is None and one.id:
        with suppress(Problem):  # it may have gone since the commit, which stands
            return await record.read(one.type, one.id)
    if one.kind is Kind.DELETE and done is not None and done.number:
        return Stored(one.type, one.id, done.number, done.updated, Kind.DELETE, None)
    return None


def _entry_answer(record: Record, request: Request, one: Planned, stored: Stored | None, done: Written | None) -> bytes:
    if stored is None or stored.body is None:
        return entry(None, None, response=entry_response(204, stored))
    where = {"location": f"{record.base}/{stored.address}/_history/{stored.number}"}
    response = entry_response(201 if done is not None and done.created else 200, stored, where)
    wish = request.prefer.get("return")
    if wish == "OperationOutcome":
        response["outcome"] = orjson.loads(preferred(request, stored, int(response["status"])).body)
    body = stored.body if wish == "representation" else None
    return entry(f"{record.base}/{stored.address}", body, response=response)


async def _foresee(record: Record, request: Request, found: list[Entry], route: Route) -> None:
    """Refuses reads that cannot succeed before anything is written. Raises Problem with the entry's expression."""
    writes = {one.path: one.method for one in found if one.method not in READS and "/" in one.path}
    for asked in found:
        if asked.method not in READS:
            continue
        if writes.get(asked.path) == "DELETE":
            raise placed(problem(410, "deleted", "this transaction deletes what it asks for here"), asked.at)
        answer = await _routed(record, request, asked, route) if asked.path not in writes else Response(200)
        if answer.status >= 400:
            issues = [Issue(one["code"], one["diagnostics"]) for one in orjson.loads(answer.body)["issue"]]
            raise placed(Problem(answer.status, tuple(issues)), asked.at)


async def batch(record: Record, request: Request, found: list[Entry], route: Route) -> Response:
    """Each entry for itself."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(asked: Entry) -> bytes:
        async with limit:
            return _entry_of(await _routed(record, request, asked, route))

    return bundle("batch-response", await asyncio.gather(*(one(asked) for asked in found)))


async def _routed(record: Record, request: Request, asked: Entry, route: Route) -> Response:
    """The entry as a request of its own."""
    try:
        headers = _headers(asked, request)
        body, headers["content-type"] = patch_of(asked.raw) if asked.method == "PATCH" else (asked.raw, FHIR)
        path = asked.path.removeprefix(record.base).strip("/")
        if not path and asked.method == "POST":
            raise problem(422, "not-supported", "a Bundle is not processed inside another: send it by itself")
        return await route(record, Request(asked.method, path, asked.query, headers, body, request.base, request.user))
    except Problem as error:
        return refusal(error)
    except Exception as error:
        return refusal(unexpected(error, asked.method))


def _headers(asked: Entry, request: Request) -> dict[str, str]:
    """Bundle.entry.request as headers; ifModifiedSince is an instant. Raises Problem 400."""
    headers = {HEADERS[name]: value for name, value in asked.conditions.items() if name in HEADERS}
    if "if-modified-since" in headers:
        try:
            headers["if-modified-since"] = http_date(date_range(headers["if-modified-since"])[0])
        except (ValueError, OverflowError) as error:
            raise problem(400, "value", "ifModifiedSince is no instant", f"{asked.at}.request") from error
    if "prefer" in request.headers:
        headers["prefer"] = request.headers["prefer"]
    return headers


def _entry_of(answer: Response) -> bytes:
    response: dict[str, Any] = {"status": str(answer.status)}
    if "etag" in answer.headers:
        response["etag"] = answer.headers["etag"]
    if "last-modified" in answer.headers:
        moment = parsedate_to_datetime(answer.headers["last-modified"])
        response["lastModified"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if "location" in answer.headers:
        response["location"] = answer.headers["location"]
    if answer.status >= 400 or answer.body.startswith(_OUTCOME):
        response["outcome"] = orjson.loads(answer.body)
        return entry(None, None, response=response)
    return entry(None, answer.body or None, response=response)
