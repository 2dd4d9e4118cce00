"""Protected addresses (folkeregisterloven § 10-4, adressebeskyttelse): what stays hidden of a person, and how a body
says so.

The Norwegian profiles have no element for it. Felles says it as a security label (FHIR R4 security-labels.html) in
`meta.security` of Patient, RelatedPerson, Person, Practitioner or of a Location that is somebody's home: system
`urn:felles:protection`, code `6` (the population register's `strengtFortrolig`) or `7` (`fortrolig`). What leaves the
record has then no address, telecom, contact, position or narrative and is tagged REDACTED; none of it is indexed.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from felles.record import document
from felles.record.outcome import problem

PROTECTION = "urn:felles:protection"
STRICTLY, CONFIDENTIAL = "6", "7"
REDACTED_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
REDACTED = "REDACTED"

_PERSON = frozenset(("address", "telecom", "text"))
PRIVATE: Mapping[str, frozenset[str]] = {
    "Patient": _PERSON | {"contact"},
    "RelatedPerson": _PERSON,
    "Person": _PERSON,
    "Practitioner": _PERSON,
    "Location": _PERSON | {"position", "name", "alias", "description"},
}
"""Type → elements that would tell where somebody is; of other types the narrative, and what they contain."""
_NARRATIVE = frozenset(("text",))

_MARK, _REDACTED_MARK, _ESCAPE = PROTECTION.encode(), b'"REDACTED"', b"\\u00"
_TELLING = (b'"valueAddress"', b'"valueContactPoint"', _ESCAPE)
"""Extensions with such a value tell it too (patient-birthPlace and the like); one with escapes is not read for it."""
_TAG = b'{"system":"%b","code":"REDACTED","display":"redacted"}' % REDACTED_SYSTEM.encode()
_UPDATED, _BRACE = b'"lastUpdated":"', ord("}")
_Members = dict[str, msgspec.Raw]
_members = msgspec.json.Decoder(_Members)
_several = msgspec.json.Decoder(list[msgspec.Raw])


class _Coding(msgspec.Struct):
    system: str = ""
    code: str = ""


class _Meta(msgspec.Struct):
    security: list[_Coding] = msgspec.field(default_factory=list)


class _Labelled(msgspec.Struct):
    meta: _Meta = msgspec.field(default_factory=_Meta)


_labels = msgspec.json.Decoder(_Labelled)


def protection_of(resource: Mapping[str, Any]) -> str | None:
    """The protection that a resource is under: "6", "7" or None."""
    meta = resource.get("meta")
    if not isinstance(meta, dict) or not meta.get("security"):
        return None
    codes = [one.get("code") for one in meta["security"] if isinstance(one, dict) and one.get("system") == PROTECTION]
    return STRICTLY if STRICTLY in codes else CONFIDENTIAL if codes else None


def bare(type_name: str, resource: dict[str, Any]) -> dict[str, Any]:
    """What of a resource may be indexed: a protected address answers no search."""
    meta = resource.get("meta")
    if not meta or protection_of(resource) is None:
        return resource
    hidden = PRIVATE.get(type_name, _NARRATIVE)
    return {name: value for name, value in resource.items() if name not in hidden and name.lstrip("_") not in hidden}


def is_protected(body: bytes) -> bool:
    """Whether a stored body is under protection. A fraction of a microsecond for those that are not."""
    if _has_plain_meta(body) or not _may_say(body, _MARK):
        return False
    return any(one.system == PROTECTION for one in _security(body))


def may_be_protected(body: bytes) -> bool:
    """Whether a body is worth a closer look: nothing that has no such mark, however written, is under protection."""
    return _MARK in body or (b"\\" in body and _ESCAPE in body)


def is_redacted(body: bytes) -> bool:
    """Whether something has been taken out of a body for the sake of its reader."""
    if not _may_say(body, _REDACTED_MARK):
        return False
    return any(one.system == REDACTED_SYSTEM and one.code == REDACTED for one in _security(body))


def _has_plain_meta(body: bytes) -> bool:
    """Whether meta, which stands first in a stored body, ends after the server's own elements: no label at all."""
    start = body.find(_UPDATED, 0, 250)
    return start > 0 and body[body.find(b'"', start + len(_UPDATED)) + 1] == _BRACE


def _may_say(body: bytes, mark: bytes) -> bool:
    return mark in body or (b"\\" in body and _ESCAPE in body)


def _security(body: bytes) -> list[_Coding]:
    try:
        return _labels.decode(body).meta.security
    except msgspec.ValidationError:
        return [_Coding(PROTECTION, STRICTLY)]


def mask(type_name: str, body: bytes) -> bytes:
    """The body as it may leave: itself, unless it is under protection."""
    return cover(type_name, body) if is_protected(body) else body


def cover(type_name: str, body: bytes) -> bytes:
    """The body without what tells where somebody is, tagged REDACTED; every other byte as it was."""
    members = _shown(type_name, _members.decode(body))
    meta = _members.decode(members["meta"]) if "meta" in members else {}
    labels = bytes(meta.get("security", b"[]"))
    if not is_redacted(body):
        meta["security"] = msgspec.Raw(labels[:-1].rstrip() + (b"," if labels[1:-1].strip() else b"") + _TAG + b"]")
    return _joined({"resourceType": members.pop("resourceType"), **_first(members), "meta": _raw(meta), **members})


def _first(members: _Members) -> _Members:
    members.pop("meta", None)
    return {"id": members.pop("id")} if "id" in members else {}


def mask_within(body: bytes) -> bytes:
    """An answer that may hold resources at any depth, each as it may leave."""
    if not _may_say(body, _MARK):
        return body
    return document.serialise(_masked(document.parse(body)))


def _masked(value: Any) -> Any:
    if isinstance(value, list):
        return [_masked(one) for one in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("resourceType"), str) and protection_of(value) is not None:
        return document.parse(cover(value["resourceType"], document.serialise(value)))
    return {name: _masked(one) for name, one in value.items()}


def _shown(type_name: str, members: _Members) -> _Members:
    hidden = PRIVATE.get(type_name, _NARRATIVE)
    shown = {name: value for name, value in members.items() if name.lstrip("_") not in hidden}
    for name in ("extension", "modifierExtension"):
        if name in shown:
            kept = [
                one for one in map(bytes, _several.decode(shown[name])) if not any(word in one for word in _TELLING)
            ]
            shown[name] = msgspec.Raw(b"[" + b",".join(kept) + b"]")
            if not kept:
                del shown[name]
    if "contained" in shown:
        inner = [_contained(one) for one in _several.decode(shown["contained"])]
        shown["contained"] = msgspec.Raw(b"[" + b",".join(inner) + b"]")
    return shown


def _contained(raw: msgspec.Raw) -> bytes:
    members = _members.decode(raw)
    return _joined(_shown(msgspec.json.decode(members["resourceType"], type=str), members))


def _raw(members: _Members) -> msgspec.Raw:
    return msgspec.Raw(_joined(members))


def _joined(members: _Members) -> bytes:
    return b"{" + b",".join(b"%b:%b" % (msgspec.json.encode(name), bytes(raw)) for name, raw in members.items()) + b"}"


def hides_older(type_name: str, newest: bytes | None) -> bool:
    """Whether older versions of a resource hide what the newest one does; of one that is deleted they always do."""
    return type_name in PRIVATE if newest is None else is_protected(newest)


def refuse_redacted(type_name: str, body: bytes) -> None:
    """Raises Problem 422 for what was made from a reading from which something had been taken out: storing it would
    lose what was hidden."""
    if is_redacted(body) and (type_name in PRIVATE or is_protected(body)):
        raise problem(
            422,
            "business-rule",
            "this was read without the protected address (REDACTED); what was hidden would be lost",
        )


def refuse_uncovering(before: bytes, after: bytes) -> None:
    """Raises Problem 422 where a new version would lift the protection of the one before."""
    if is_protected(before) and not is_protected(after):
        raise problem(
            422, "business-rule", "the address of this person is protected; only the population register lifts that"
        )
