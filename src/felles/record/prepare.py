"""From received bytes to a `Write`: parsed, validated, identified, indexed. All of it happens outside the transaction.

The stored body is what was received without the space between its tokens: every string and number keeps its text
(`1.00` stays `1.00`), only `id`, `meta.versionId` and `meta.lastUpdated` are the server's (FHIR R4 http.html#create,
#update), and references to the record's own address are relative.
"""

import os
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from felles.record import definition, document
from felles.record.index import extract
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.store import Kind, Write
from felles.record.validation import validate


class _OnlyMeta(msgspec.Struct):
    meta: msgspec.Raw


_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_only_meta = msgspec.json.Decoder(_OnlyMeta)
_BEGINNING = re.compile(rb'\{"resourceType":"\w+"(?:,("id":"[^"\\]*"))?,?')
"""How a resource mostly begins: then its other members follow as they are."""
_SERVER_META = ("versionId", "lastUpdated")


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
    raw, meta = received.raw, b""
    if "meta" in received.resource:
        given = _only_meta.decode(raw).meta
        raw, meta = _without(raw, b'"meta":' + bytes(given)), _meta_rest(given)
    found = _BEGINNING.match(raw) if raw else None
    if found and ("id" in received.resource) == (found[1] is not None):
        rest = raw[found.end() :]
        return meta, b"," + rest if found[0].endswith(b",") else rest
    return meta, _rejoined(received.raw)


def _without(raw: bytes, member: bytes) -> bytes:
    """`raw` without a member that stands once in it and not first; empty where that cannot be told."""
    before, found, after = raw.partition(b"," + member)
    return before + after if found and member not in after else b""


def _rejoined(raw: bytes) -> bytes:
    members = _members.decode(raw)
    others = ((name, value) for name, value in members.items() if name not in ("resourceType", "id", "meta"))
    return b"".join(b',"%b":%b' % (name.encode(), bytes(value)) for name, value in others) + b"}"


def _meta_rest(meta: msgspec.Raw) -> bytes:
    members = _members.decode(meta)
    return b"".join(
        b',"%b":%b' % (name.encode(), bytes(value)) for name, value in members.items() if name not in _SERVER_META
    )
