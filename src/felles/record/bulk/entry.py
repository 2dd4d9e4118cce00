"""Documents and lines taken apart into entries, as if each had been asked for in a Bundle."""

import re

import msgspec

from felles.record import definition, document
from felles.record.entry import Entry, entries
from felles.record.outcome import problem
from felles.record.transaction import Refused

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
UNPACKED = ("collection", "searchset")
"""Bundles that only carry resources. A document or a message is itself what is kept."""


class _Head(msgspec.Struct):
    resourceType: str
    id: str | None = None
    type: object = None


class _Carried(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"")
    fullUrl: str = ""
    search: dict[str, object] | None = None


_head = msgspec.json.Decoder(_Head)
_carried = msgspec.json.Decoder(list[_Carried])
Taken = list[Entry | Refused]


def of_resource(place: int, raw: bytes, full_url: str = "") -> Entry | Refused:
    """A resource as a PUT under its own id, or a POST if it has none."""
    bare = Entry(place, "POST", "", full_url, raw)
    try:
        head = _head.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Refused(bare, problem(400, "structure", f"this is no JSON of a FHIR resource: {error}"))
    if not definition.is_resource(head.resourceType):
        return Refused(bare, problem(400, "structure", "resourceType is no FHIR R4 resource type", "resourceType"))
    if head.id is None:
        return Entry(place, "POST", head.resourceType, full_url, raw)
    if not _ID.match(head.id):
        return Refused(bare, problem(400, "value", "an id has 1 to 64 letters, digits, '-' and '.'", "id"))
    return Entry(place, "PUT", f"{head.resourceType}/{head.id}", full_url, raw)


def of_lines(data: bytes) -> Taken:
    """NDJSON: `place` counts from 0, empty lines count too."""
    return [of_resource(place, line) for place, line in enumerate(data.split(b"\n")) if line.strip()]


def of_document(raw: bytes) -> tuple[str, Taken]:
    """What to do with a JSON document: `transaction` (all or nothing), `batch` (entry for entry) or `resource`.

    Raises Problem 400 for what is no JSON object or no usable Bundle.
    """
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        head = _head.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        document.load(raw)
        raise problem(400, "structure", "resourceType is missing", "resourceType") from None
    if head.resourceType != "Bundle" or head.type in ("document", "message"):
        return "resource", [of_resource(0, raw)]
    if head.type in UNPACKED:
        return "batch", _unpacked(raw)
    if head.type not in ("transaction", "batch"):
        raise problem(
            400, "value", "only transaction, batch, collection and searchset Bundles are imported", "Bundle.type"
        )
    kind, found = entries(raw)
    return kind, list(found)


def _unpacked(raw: bytes) -> Taken:
    members = _members.decode(raw)
    if "entry" not in members:
        return []
    try:
        carried = _carried.decode(members["entry"])
    except msgspec.MsgspecError as error:
        raise problem(400, "structure", f"an entry has a fullUrl and a resource: {error}", "Bundle.entry") from None
    return [
        of_resource(place, bytes(one.resource), one.fullUrl)
        for place, one in enumerate(carried)
        if bytes(one.resource) and (one.search or {}).get("mode") != "outcome"
    ]
