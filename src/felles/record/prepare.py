"""From received bytes to a `Write`: parsed, validated, identified, indexed. All of it happens outside the transaction.

The stored body is what was received without the space between its tokens: every string and number keeps its text
(`1.00` stays `1.00`), only `id`, `meta.versionId` and `meta.lastUpdated` are the server's (FHIR R4 http.html#create,
#update), and references to the record's own address are relative.
"""

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from felles.record import definition, document
from felles.record.index import extract
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.store import Kind, Write
from felles.record.validation import validate

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BEGINNING = re.compile(
    rb'\{"resourceType":"\w+"(?:,("id":"[^"\\]*"))?(?:,"meta":(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}))?,?'
)
"""How a resource mostly begins: then its other members follow as they are."""
_SERVER_META = ("versionId", "lastUpdated")
_OWN = ("resourceType", "id", "meta")
_LONG = 500


def new_id() -> str:
    """An opaque logical id of 32 hexadecimal digits (FHIR R4 resource.html#id)."""
    return os.urandom(16).hex()


@dataclass(slots=True)
class Received:
    """One resource as it came in: its bytes and the same as plain data, already validated."""

    type: str
    resource: dict[str, Any]
    raw: bytes


def receive(
    raw: bytes, expected: str | None = None, *, resource: dict[str, Any] | None = None, base: str = ""
) -> Received:
    """Parses and validates; references to `base`, the record's own address, become relative.

    Raises Problem 400 for what is no resource, 422 for what breaks the rules of R4.
    """
    if resource is None:
        raw = _relative(raw, base)
        resource = document.load(raw)
        raw = document.compact(raw)
    name = resource.get("resourceType")
    if not isinstance(name, str) or not definition.is_resource(name):
        raise problem(400, "structure", "resourceType is missing or is no FHIR R4 resource type", "resourceType")
    if expected is not None and name != expected:
        raise problem(400, "invalid", f"this address takes {expected}, the body is {name}", "resourceType")
    issues = [issue for issue in validate(name, resource) if issue.severity in ("error", "fatal")]
    if issues:
        raise Problem(422, tuple(issues))
    return Received(name, resource, raw)


def _relative(raw: bytes, base: str) -> bytes:
    """The same JSON where `base`/Type/id is Type/id (https://hl7.org/fhir/R4/references.html#literal)."""
    own = base.encode() + b"/"
    if not base or own not in raw:
        return raw
    return re.sub(rb'("reference"\s*:\s*")' + re.escape(own) + rb"(?=[A-Z])", rb"\1", raw)


def prepare(received: Received, id: str, kind: Kind, match: int = 0) -> Write:
    """The write that puts `received` down as `Type/id`."""
    rows = extract(received.type, {**received.resource, "id": id})
    head, middle, tail = _splice(received, id)
    return Write(
        kind,
        definition.type_number(received.type),
        id,
        key64(f"{received.type}/{id}"),
        rows.patient,
        rows.date,
        head,
        middle,
        tail,
        rows.lists,
        match,
    )


def removal(type_name: str, id: str, match: int = 0) -> Write:
    """The write that deletes `Type/id`."""
    return Write(Kind.DELETE, definition.type_number(type_name), id, key64(f"{type_name}/{id}"), match=match)


def _splice(received: Received, id: str) -> tuple[bytes, bytes, bytes]:
    head = b'{"resourceType":"%b","id":"%b","meta":{"versionId":"' % (received.type.encode(), id.encode())
    meta, rest = _parted(received)
    return head, b'","lastUpdated":"', b'"' + meta + b"}" + rest


def _parted(received: Received) -> tuple[bytes, bytes]:
    """What of meta is the client's, and all members after resourceType, id and meta, each with its comma."""
    raw, resource = received.raw, received.resource
    found = _BEGINNING.match(raw)
    if found is None or ("id" in resource) != (found[1] is not None):
        return _rejoined(raw)
    given, end = found[2], len(raw)
    if given is None and next(reversed(resource)) == "meta":
        end = raw.rfind(b',"meta":')
        given = raw[end + 8 : -1]
    meta = _meta_rest(given) if given else b""
    if meta is None or ("meta" in resource) != (given is not None):
        return _rejoined(raw)
    rest = raw[found.end() : end] if end == len(raw) else raw[found.end() : end] + b"}"
    return meta, b"," + rest if found[0].endswith(b",") and rest != b"}" else rest


def _rejoined(raw: bytes) -> tuple[bytes, bytes]:
    """The same, member by member."""
    members = _members.decode(raw)
    meta = _meta_rest(bytes(members.get("meta", b""))) or b""
    return meta, _joined(members, _OWN) + b"}"


def _meta_rest(meta: bytes) -> bytes | None:
    """All members but the server's, each with a comma before; None for what is no whole object."""
    return _short_meta_rest(meta) if len(meta) < _LONG else _read_meta_rest(meta)


def _read_meta_rest(meta: bytes) -> bytes | None:
    try:
        return _joined(_members.decode(meta), _SERVER_META)
    except msgspec.DecodeError:
        return None


_short_meta_rest = lru_cache(maxsize=4_096)(_read_meta_rest)
"""Most resources of one source say the same in meta."""


def _joined(members: dict[str, msgspec.Raw], without: tuple[str, ...]) -> bytes:
    return b"".join(b',"%b":%b' % (name.encode(), bytes(raw)) for name, raw in members.items() if name not in without)
