"""The ASGI application of /fhir: bytes in, bytes out. Errors become OperationOutcomes, without data in the log."""

import asyncio
import gzip
import re
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any

from felles.record import document
from felles.record.outcome import Problem, problem
from felles.record.rest.door import Door
from felles.record.rest.failure import unexpected
from felles.record.rest.media import FORMATS, takes_content
from felles.record.rest.message import JSON, Request, Response, refusal
from felles.record.rest.route import route

MAX_BODY = 128 * 1024 * 1024
COMPRESS_FROM = 1_400
_PRETTY = re.compile(r"(?:^|&)_pretty=true(?:&|$)")
_NO_GZIP = re.compile(r"gzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)")
_OTHER = re.compile(r"fhirversion=(?!\"?4\.0)|charset=(?!\"?utf-?8)", re.IGNORECASE)
"""Media type parameters of what is not spoken here: another FHIR version, another character set."""
_JSON = (b"content-type", JSON.encode())
_ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FhirServer:
    """Answers HTTP for whom the door lets in. `prefix` is where it is mounted."""

    def __init__(self, door: Door, base: str, prefix: str = "/fhir") -> None:
        self._door = door
        self._base = base
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {_text(name): value.decode("latin-1") for name, value in scope["headers"]}
        path = scope["path"].removeprefix(self._prefix).strip("/")
        client = scope.get("client")
        request = Request(scope["method"], path, "", headers, b"", self._base, client=client[0] if client else "")
        try:
            answer = await self._answer(request, scope, receive)
        except Problem as error:
            answer = refusal(error)
        await _send(send, request, answer)

    async def _answer(self, request: Request, scope: Scope, receive: Receive) -> Response:
        """Raises Problem for whom the door does not let in, and where the log cannot be written."""
        request.query = _query(scope["query_string"])
        visit = await self._door.open(request)
        request.user = visit.user
        try:
            _acceptable(request)
            if scope["method"] in ("POST", "PUT", "PATCH"):
                request.body = await _body(receive, request.headers)
            answer = await route(visit.record, request)
        except Problem as error:
            answer = refusal(error)
        except Exception as error:
            answer = refusal(unexpected(error, request.method))
        return await visit.told(request, answer)


@lru_cache(maxsize=512)
def _text(name: bytes) -> str:
    return name.decode("latin-1")


def _query(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise problem(400, "invalid", "the query string is not UTF-8") from error


def _acceptable(request: Request) -> None:
    """Refuses formats that are not offered (http.html#mime-type). The content of a Binary has a type of its own."""
    wanted = request.wants("_format") if "_format" in request.query else None
    of_binary = request.path.startswith("Binary/") and wanted is None
    if wanted is None:
        accept = request.headers.get("accept") or "*/*"
        wanted = "json" if any(part in accept.lower() for part in ("json", "*/*", "application/*")) else accept
        wanted = "" if "," not in accept and _OTHER.search(accept) else wanted
    if not of_binary and wanted not in FORMATS and wanted.partition(";")[0].strip().replace(" ", "+") not in FORMATS:
        raise problem(406, "not-supported", "this server speaks application/fhir+json of FHIR 4.0 only")
    given = request.headers.get("content-type", "")
    if request.method in ("POST", "PUT", "PATCH") and given and not _readable(request, given):
        raise problem(
            415, "not-supported", "send application/fhir+json in UTF-8 (a patch also application/json-patch+json)"
        )


def _readable(request: Request, given: str) -> bool:
    kind = given.partition(";")[0].strip().lower()
    if kind not in FORMATS and takes_content(request):
        return True
    if kind == "application/x-www-form-urlencoded":
        return request.path.endswith("_search")
    if kind == "application/json-patch+json":
        return request.method == "PATCH"
    return kind in FORMATS and not _OTHER.search(given)


async def _body(receive: Receive, headers: Mapping[str, str]) -> bytes:
    """The whole body, unpacked. Raises Problem 413 past MAX_BODY, before and after unpacking."""
    if int(headers.get("content-length") or 0) > MAX_BODY:
        raise _too_large()
    encoding = headers.get("content-encoding", "identity").strip().lower()
    unpack = zlib.decompressobj(31) if encoding in ("gzip", "x-gzip") else None
    if unpack is None and encoding != "identity":
        raise problem(415, "not-supported", "the only Content-Encoding taken is gzip")
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise problem(400, "incomplete", "the connection ended before the body")
        part = message.get("body", b"")
        if unpack is not None:
            part = _unpacked(unpack, part, MAX_BODY - size)
        size += len(part)
        if size > MAX_BODY:
            raise _too_large()
        parts.append(part)
        if not message.get("more_body"):
            if unpack is not None and not unpack.eof:
                raise problem(400, "incomplete", "the gzip body ends too early")
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _unpacked(unpack: Any, part: bytes, left: int) -> bytes:
    try:
        data: bytes = unpack.decompress(part, left + 1)
    except zlib.error as error:
        raise problem(400, "structure", "the body is not valid gzip") from error
    return data


def _too_large() -> Problem:
    return problem(413, "too-long", f"a body may have {MAX_BODY // 1024 // 1024} MB; split it, or use `felles import`")


async def _send(send: Send, request: Request, answer: Response) -> None:
    body = answer.body
    if body and "content-type" not in answer.headers and "_pretty" in request.query and _PRETTY.search(request.query):
        body = document.serialise(document.parse(body), indented=True)
    headers = [_JSON, *_ALWAYS] if body and "content-type" not in answer.headers else [*_ALWAYS]
    headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
    encodings = request.headers.get("accept-encoding", "")
    if len(body) > COMPRESS_FROM and "gzip" in encodings and not _NO_GZIP.search(encodings):
        if len(body) > 100_000:
            body = await asyncio.to_thread(gzip.compress, body, 3)
        else:
            body = gzip.compress(body, 3)
        headers.append((b"content-encoding", b"gzip"))
        headers.append((b"vary", b"accept-encoding"))
    if "content-length" not in answer.headers and answer.status != 304:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
