"""Bodies say of themselves what the rows say of them."""

from collections.abc import AsyncIterator

import msgspec

from felles.record import definition
from felles.record.check.finding import Finding, named
from felles.record.index.value import key64
from felles.record.store.commit import instant
from felles.record.store.snapshot import Snapshot

_CURRENT = "SELECT rid, type, key, id, number, updated, body FROM resource WHERE rid >= $1"
_OLDER = (
    "SELECT v.rid, v.type, r.key, r.id, v.number, v.updated, v.body FROM version v JOIN resource r ON r.rid = v.rid "
    "WHERE v.rid >= $1"
)


class _Meta(msgspec.Struct):
    versionId: str = ""
    lastUpdated: str = ""


class _Body(msgspec.Struct):
    resourceType: str
    id: str
    meta: _Meta


_body = msgspec.json.Decoder(_Body)


async def bodies(moment: Snapshot) -> AsyncIterator[Finding]:
    """Findings in all current and superseded versions."""
    for sql in (_CURRENT, _OLDER):
        async for rid, type_number, key, id, number, updated, body in moment.stream(sql, (0,)):
            for what in faults(type_number, key, id, number, updated, body):
                yield Finding(f"{named(type_number, rid)}, version {number}", what)


def faults(type_number: int, key: int, id: str, number: int, updated: int, body: bytes | None) -> list[str]:
    """What is wrong with one version."""
    if not 0 < type_number <= len(definition.RESOURCE_TYPES):
        return ["its type number is unknown"]
    name = definition.type_name(type_number)
    found = [] if key == key64(f"{name}/{id}") else ["its key is not that of its type and id"]
    return found if body is None else found + _faults(body, (name, id, str(number), instant(updated).decode()))


def _faults(body: bytes, row: tuple[str, str, str, str]) -> list[str]:
    try:
        said = _body.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ["its body is no JSON of a resource"]
    own = (said.resourceType, said.id, said.meta.versionId, said.meta.lastUpdated)
    parts = ("resourceType", "id", "meta.versionId", "meta.lastUpdated")
    return [f"{part} in its body is not that of the row" for part, a, b in zip(parts, own, row, strict=True) if a != b]
