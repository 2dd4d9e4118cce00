"""The entries of a batch or transaction, read in one pass (FHIR R4 bundle.html); resources stay the bytes they were."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from felles.record import document
from felles.record.outcome import Issue, Problem, problem

MAX_ENTRIES = 20_000
MAX_ISSUES = 1_000
P = TypeVar("P")
METHODS = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")
CONDITIONS = ("ifNoneMatch", "ifModifiedSince", "ifMatch", "ifNoneExist")
_ENTRY = {"fullUrl", "resource", "request", "link", "search", "response", "extension", "modifierExtension", "id"}
_BUNDLE = {
    "resourceType", "id", "meta", "implicitRules", "_implicitRules", "language", "_language", "identifier", "type",
    "timestamp", "_timestamp", "total", "link", "entry", "signature", "_type",
}  # fmt: skip
_NAMES = (b'"entry"', b'"fullUrl"', b'"resource"', b'"request"')


@dataclass(slots=True)
class Entry:
    """One entry of a batch or transaction: what is asked (`method`, `url`), and by what the others refer to it."""

    place: int
    method: str
    url: str
    full_url: str = ""
    raw: bytes = b""
    conditions: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.url.partition("?")[0].strip("/")

    @property
    def query(self) -> str:
        return self.url.partition("?")[2]

    @property
    def at(self) -> str:
        """Where it stands, as a FHIRPath."""
        return f"Bundle.entry[{self.place}]"


class _Asked(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    method: str
    url: str
    ifNoneMatch: str | None = None
    ifModifiedSince: str | None = None
    ifMatch: str | None = None
    ifNoneExist: str | None = None

    def conditions(self) -> tuple[str | None, ...]:
        """In the order of CONDITIONS."""
        return self.ifNoneMatch, self.ifModifiedSince, self.ifMatch, self.ifNoneExist


class _Part(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    request: _Asked
    fullUrl: str = ""
    resource: msgspec.Raw = msgspec.Raw(b"")


class _Bundle(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    resourceType: str
    type: str
    id: str = ""
    entry: list[_Part] = []


_quick = msgspec.json.Decoder(_Bundle)
_encode = msgspec.json.Encoder().encode
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])


def entries(raw: bytes) -> tuple[str, list[Entry]]:
    """The type of a Bundle and its entries. Raises Problem 400 naming the entry, 413 past MAX_ENTRIES."""
    try:
        raw = document.compact(raw)
        if len(raw) > 30 * MAX_ENTRIES and raw.count(b"{") > 2 * MAX_ENTRIES:
            _limit(raw.count(b'"request"') // 4)  # so many that not all can stand inside resources
        bundle = _quick.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _slowly(raw)
    if bundle.resourceType != "Bundle":
        return _slowly(raw)
    if len(_encode(bundle)) != len(raw):
        _reject_lost(raw, len(bundle.entry))
    _limit(len(bundle.entry))
    return bundle.type, _every(_taken, bundle.entry)


def _reject_lost(raw: bytes, count: int) -> None:
    """A property that stands twice is kept once by the parser: more names than entries ask for a closer look.

    Not needed where what was kept takes all the room that was sent: no writing is shorter than the encoder's.
    """
    if b"\\u" in raw or any(raw.count(name) > max(count, 1) for name in _NAMES):
        document.load(raw)


def _limit(count: int) -> None:
    if count > MAX_ENTRIES:
        raise problem(413, "too-long", f"a Bundle may have {MAX_ENTRIES} entries; split it", "Bundle.entry")


def _taken(place: int, part: _Part) -> Entry:
    asked = part.request
    given = {name: value for name, value in zip(CONDITIONS, asked.conditions(), strict=True) if value is not None}
    return _checked(Entry(place, asked.method, asked.url, part.fullUrl, bytes(part.resource), given))


def _checked(entry: Entry) -> Entry:
    if entry.method not in METHODS or not entry.url:
        listed = ", ".join(METHODS)
        raise problem(400, "value", f"request needs a method ({listed}) and a url", f"{entry.at}.request")
    if not entry.raw and entry.method in ("POST", "PUT", "PATCH") and "$" not in entry.path.rpartition("/")[2]:
        raise problem(400, "required", f"{entry.method} needs a resource", f"{entry.at}.resource")
    return entry


def _slowly(raw: bytes) -> tuple[str, list[Entry]]:
    """With every element a Bundle may have, and a message for each fault."""
    whole = document.load(raw)
    try:
        bundle = _members.decode(raw)
        kind = msgspec.json.decode(bundle["type"], type=str)
        rows = _list.decode(bundle["entry"]) if "entry" in bundle else []
        parts = [_members.decode(row) for row in rows]
    except (msgspec.MsgspecError, KeyError):
        raise problem(400, "structure", "a Bundle needs a type and a list of entries", "Bundle") from None
    unknown = bundle.keys() - _BUNDLE
    if unknown or whole.get("resourceType") != "Bundle":
        raise problem(400, "structure", f"Bundle has no element {min(unknown or {'resourceType'})!r}", "Bundle")
    _limit(len(parts))
    return kind, _every(lambda place, part: _checked(_entry(place, part)), parts)


def _every(read: Callable[[int, P], Entry], parts: list[P]) -> list[Entry]:
    """All entries. Raises a Problem with the issues of all that are bad."""
    found: list[Entry] = []
    issues: list[Issue] = []
    for place, part in enumerate(parts):
        try:
            found.append(read(place, part))
        except Problem as error:
            issues += error.issues
    if issues:
        raise Problem(400, tuple(issues[:MAX_ISSUES]))
    return found


def _entry(place: int, part: dict[str, msgspec.Raw]) -> Entry:
    at = f"Bundle.entry[{place}]"
    unknown = part.keys() - _ENTRY
    if unknown:
        raise problem(400, "structure", f"an entry has no element {min(unknown)!r}", at)
    if "request" not in part:
        raise problem(400, "required", "an entry of a batch or transaction needs a request (bdl-3)", f"{at}.request")
    try:
        asked = msgspec.json.decode(part["request"], type=dict[str, Any])
        full_url = msgspec.json.decode(part["fullUrl"], type=str) if "fullUrl" in part else ""
    except msgspec.MsgspecError:
        raise problem(400, "structure", "request is an object and fullUrl a string", at) from None
    given = {name: str(value) for name, value in asked.items() if name in CONDITIONS}
    raw = bytes(part["resource"]) if "resource" in part else b""
    return Entry(place, str(asked.get("method")), str(asked.get("url") or ""), full_url, raw, given)
