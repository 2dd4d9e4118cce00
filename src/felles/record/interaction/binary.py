"""Binary as its own bytes: https://hl7.org/fhir/R4/binary.html#rest."""

import base64
import re
from dataclasses import replace

import orjson

from felles.record.interaction.answer import headers
from felles.record.outcome import problem
from felles.record.reading import Stored
from felles.record.rest.media import is_fhir, wants_fhir
from felles.record.rest.message import Request, Response, not_modified

_SANDBOX = {"content-security-policy": "sandbox; default-src 'none'", "content-disposition": "attachment"}
"""Content of strangers is not to act in the name of this address (docs: RFC 6266, CSP 3)."""
_MEDIA_TYPE = re.compile(r"[!-~]+/[!-~]+(?:; ?[ -~]+)?")
_PLAIN = re.compile(r"[!-~]+")
"""What may stand in a header (RFC 9110 §5.5)."""
CONTEXT = "x-security-context"


def received(request: Request) -> Request:
    """The same request, raw content as the Binary that holds it; X-Security-Context names its securityContext."""
    given = request.headers.get("content-type", "")
    if not given or is_fhir(given):
        return request
    resource = {"resourceType": "Binary", "contentType": given}
    if "/" in request.path:
        resource["id"] = request.path.partition("/")[2]
    context = request.headers.get(CONTEXT)
    shown = {**resource, "securityContext": {"reference": context}} if context else resource
    body = orjson.dumps({**shown, "data": base64.b64encode(request.body).decode()})
    return replace(request, body=body, headers={**request.headers, "content-type": "application/fhir+json"})


def is_raw(request: Request) -> bool:
    """Whether the content is asked for, and not the resource (binary.html: Accept other than a FHIR type)."""
    return request.wants("_format") is None and not wants_fhir(request.headers.get("accept", ""))


def content(request: Request, stored: Stored) -> Response:
    """The bytes. Raises Problem 406 where their type is not the one that is asked for."""
    resource = orjson.loads(stored.body or b"{}")
    kind = str(resource.get("contentType", ""))
    kind = kind if _MEDIA_TYPE.fullmatch(kind) else "application/octet-stream"
    if not _matches(request.headers.get("accept", ""), kind):
        raise problem(406, "not-supported", "this content is of another type than Accept names; Accept: */* takes any")
    named = headers(stored)
    reference = (resource.get("securityContext") or {}).get("reference")
    if reference and _PLAIN.fullmatch(reference):
        named[CONTEXT] = str(reference)
    if not_modified(request, stored.number, stored.updated):
        return Response(304, b"", named)
    data = base64.b64decode(resource.get("data", ""))
    return Response(200, data, {**named, **_SANDBOX, "content-type": kind})


def _matches(accept: str, kind: str) -> bool:
    bare = kind.partition(";")[0].strip().lower()
    ranges = (one.partition(";")[0].strip().lower() for one in accept.split(","))
    return any(one in ("*/*", bare, f"{bare.partition('/')[0]}/*") for one in ranges)
