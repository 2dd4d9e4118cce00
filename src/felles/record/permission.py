"""Before a commit: whom each resource concerned before and concerns afterwards, and what the guard says to it."""

from collections.abc import Sequence
from typing import Any

import orjson

from felles.record import definition, protection
from felles.record.guard import Act, Touch
from felles.record.reading import Reader, absent, visible
from felles.record.store import Kind, Line, Write

_STANDING = (
    "SELECT r.key, r.rid, r.patient, r.type, c.whom FROM directory d JOIN resource r ON r.rid = d.rid "
    "LEFT JOIN concern_index c ON c.rid = r.rid WHERE d.key {among}"
)
_EMBEDDED = _STANDING.format(among="IN (SELECT value FROM json_each($1))")
_REGION = _STANDING.format(among="= ANY($1::int8[])")
_LAST = (
    "SELECT COALESCE(r.body, (SELECT v.body FROM version v WHERE v.rid = r.rid AND v.body IS NOT NULL "
    "ORDER BY v.number DESC LIMIT 1)) FROM resource r WHERE r.rid = $1"
)
"""The newest body: of what has been deleted, the one that was."""
_CONCERNED = 8
"""The place of the concerned patients among `Write.rows`."""
_REFERENCES = 5
"""The place of what it refers to: (term, target ...)."""


async def permitted(reader: Reader, writes: Sequence[Write]) -> list[Line]:
    """The lines that the log gets with these writes. Raises Problem 403; 404 for what is not for the writer's eyes."""
    standing = await _standing(reader, [write.key for write in writes if _may_stand(write)])
    touches = [_touch(write, standing.get(write.key)) for write in writes]
    await _all_visible(reader, writes, standing)
    await reader.guard.may_write(touches)
    await _keeps_protection(reader, writes, standing)
    return reader.guard.lines(touches)


async def told(reader: Reader, writes: Sequence[Write]) -> list[Line]:
    """The lines of writes that need no permission but are somebody's."""
    standing = await _standing(reader, [write.key for write in writes if _may_stand(write)])
    return reader.guard.lines([_touch(write, standing.get(write.key)) for write in writes])


def _may_stand(write: Write) -> bool:
    """Whether something may bear its id: not where the server has just made it up. A deletion stands, too."""
    return write.match != -1 or write.kind != Kind.CREATE


_Standing = tuple[int, frozenset[int]]
"""Row number and whom it concerns."""


async def _standing(reader: Reader, keys: list[int]) -> dict[int, _Standing]:
    if not keys:
        return {}
    if reader.dialect == "postgresql":
        rows = await reader.store.rows(_REGION, (keys,))
    else:
        rows = await reader.store.rows(_EMBEDDED, (orjson.dumps(keys).decode(),))
    found: dict[int, _Standing] = {}
    for key, rid, patient, _, whom in rows:
        before = found.get(key, (rid, frozenset()))[1]
        found[key] = (rid, before | ({patient, whom} - {0, None}))
    return found


def _touch(write: Write, standing: _Standing | None) -> Touch:
    before = standing[1] if standing else frozenset()
    concerned: list[Any] = write.rows[_CONCERNED] if write.rows else []
    after = frozenset((write.patient,) if write.patient else concerned)
    act = Act.DELETE if write.kind == Kind.DELETE else Act.UPDATE if standing else Act.CREATE
    named = frozenset([row[1] for row in write.rows[_REFERENCES]]) if write.rows else frozenset()
    return Touch(act, definition.type_name(write.type), write.id, before, after, named)


async def _all_visible(reader: Reader, writes: Sequence[Write], standing: dict[int, _Standing]) -> None:
    """Nobody overwrites or deletes what he may not read."""
    if not standing:
        return
    whom = frozenset().union(*(one[1] for one in standing.values()))
    loose = any(not one[1] for one in standing.values())
    sight = await reader.guard.sight(None if loose else whom)
    shown = await visible(reader, [rid for rid, _ in standing.values()], sight)
    for write in writes:
        there = standing.get(write.key)
        if there is not None and there[0] not in shown:
            name = definition.type_name(write.type)
            reader.guard.refuse(name, write.id, tuple(there[1]))
            reader.guard.may(Act.DELETE if write.kind == Kind.DELETE else Act.CREATE, name)  # as if it were not there
            raise absent(name)


async def _keeps_protection(reader: Reader, writes: Sequence[Write], standing: dict[int, _Standing]) -> None:
    """Nobody loses what was taken out for his eyes, or lifts the protection of an address, by writing back."""
    for write in writes:
        name, there = definition.type_name(write.type), standing.get(write.key)
        if write.kind == Kind.DELETE:
            continue
        after = b"%b1%b%b" % (write.head, write.middle, write.tail)
        protection.refuse_redacted(name, after)
        if there is not None and name in protection.PRIVATE:
            rows = await reader.store.rows(_LAST, (there[0],))
            protection.refuse_uncovering(rows[0][0] if rows and rows[0][0] else b"{}", after)
