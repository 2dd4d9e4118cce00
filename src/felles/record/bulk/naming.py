"""Ids of resources that come without one: the same resource gets the same id, however often it is imported."""

import re
from hashlib import blake2b
from typing import Protocol

import msgspec

from felles.record.condition import Found, Parameters
from felles.record.entry import Entry
from felles.record.store import UNLESS_SAME, UNLESS_THERE

SHARED = frozenset(("HealthcareService", "Location", "Organization", "Practitioner"))
"""Types that many files repeat: one identifier (system and value) is one resource."""
_UUID = re.compile(r"urn:uuid:([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\Z")
_MARKS = str.maketrans({"\\": "\\\\", ",": "\\,", "|": "\\|", "$": "\\$"})


class _Identifier(msgspec.Struct, frozen=True, order=True):
    system: str = ""
    value: str = ""


class _Identified(msgspec.Struct):
    identifier: list[_Identifier] = []


_identified = msgspec.json.Decoder(_Identified)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Matching(Protocol):
    """Finds at most two ids for a condition."""

    async def matching(self, type_name: str, parameters: Parameters) -> Found: ...


def key(*parts: str | bytes) -> str:
    """32 hexadecimal digits that are the same for the same parts."""
    joined = b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)
    return blake2b(joined, digest_size=16).hexdigest()


class Names:
    """Names by fullUrl, by content, and for SHARED types by identifier: what the store has already keeps its id."""

    def __init__(self, record: Matching) -> None:
        self._record = record
        self._known: dict[tuple[str, tuple[_Identifier, ...]], str] = {}

    async def name(self, entry: Entry, type_name: str) -> tuple[str, int]:
        """The id, and how the write stands aside."""
        if type_name in SHARED:
            identifiers = _identifiers(entry.raw)
            if identifiers:
                return await self._shared(type_name, identifiers), UNLESS_THERE
        return own(entry, type_name), UNLESS_SAME

    async def _shared(self, type_name: str, identifiers: tuple[_Identifier, ...]) -> str:
        name = self._known.get((type_name, identifiers))
        if name is None:
            name = await self._found(type_name, identifiers) or key(
                type_name, identifiers[0].system, identifiers[0].value
            )
            self._known[type_name, identifiers] = name
        return name

    async def _found(self, type_name: str, identifiers: tuple[_Identifier, ...]) -> str | None:
        for one in identifiers:
            value = f"{one.system.translate(_MARKS)}|{one.value.translate(_MARKS)}"
            found = await self._record.matching(type_name, [("identifier", value)])
            if found.ids:
                return min(found.ids)
        return None


def _identifiers(raw: bytes) -> tuple[_Identifier, ...]:
    """Those with system and value, in an order of their own. What is malformed has none; validation tells why."""
    try:
        return tuple(sorted(one for one in _identified.decode(raw).identifier if one.system and one.value))
    except msgspec.MsgspecError:
        return ()


def own(entry: Entry, type_name: str) -> str:
    """By the uuid that is its fullUrl, else by the fullUrl, else by its content without id and meta."""
    uuid = _UUID.match(entry.full_url)
    if uuid:
        return uuid[1].lower()
    if entry.full_url:
        return key(type_name, entry.full_url)
    try:
        members = _members.decode(entry.raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return key(type_name, entry.raw)
    parts: list[str | bytes] = [type_name]
    for name in sorted(members.keys() - {"id", "meta"}):
        parts += (name, msgspec.json.format(bytes(members[name]), indent=-1))
    return key(*parts)
