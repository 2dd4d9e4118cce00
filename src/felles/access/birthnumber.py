"""National numbers of employees: for signing in and for whoever keeps the register of staff, not for everybody who
looks up a colleague, who is somebody's patient too (personopplysningsloven § 12)."""

from typing import Any

import msgspec

from felles.access.role import ADMINISTRATOR
from felles.access.who import Kind, Who
from felles.record.identity.identifier import BIRTH_NUMBER, D_NUMBER, HELP_NUMBER

_OFFICIAL = frozenset((BIRTH_NUMBER, D_NUMBER, HELP_NUMBER))
_MARKS = tuple(f'"{one}"'.encode() for one in _OFFICIAL)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_several = msgspec.json.Decoder(list[msgspec.Raw])


def sees_numbers(who: Who) -> bool:
    """Whether somebody works with who employees are."""
    return who.kind is Kind.SYSTEM or (who.role is not None and who.role.code == ADMINISTRATOR)


def without_numbers(body: bytes) -> bytes:
    """A Practitioner without national numbers; every other byte as it was."""
    if not any(mark in body for mark in _MARKS):
        return body
    members = _members.decode(body)
    kept = [one for one in _several.decode(members.get("identifier", b"[]")) if not _is_official(one)]
    if kept:
        members["identifier"] = msgspec.Raw(b"[" + b",".join(map(bytes, kept)) + b"]")
    else:
        members.pop("identifier", None)
    return msgspec.json.encode(members)


def _is_official(identifier: msgspec.Raw) -> bool:
    found: Any = msgspec.json.decode(identifier)
    return isinstance(found, dict) and found.get("system") in _OFFICIAL
