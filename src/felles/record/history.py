"""Histories, newest first (FHIR R4 http.html#history). They are append-only, so a page goes on below a position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.record import definition
from felles.record.outcome import problem
from felles.record.reading import Stored, find
from felles.record.store import Kind
from felles.record.store.transaction import Reading

_INSTANCE = (
    "SELECT number, number, updated, kind, body FROM version WHERE rid = $1 AND number < $2 AND updated >= $3 "
    "AND updated <= $4 ORDER BY number DESC LIMIT $5"
)
_FEED = (
    "SELECT c.seq, c.number, c.updated, c.kind, r.type, r.id, r.number, r.body, v.body FROM change c "
    "JOIN resource r ON r.rid = c.rid LEFT JOIN version v ON v.rid = c.rid AND v.number = c.number "
    "WHERE c.seq < $1 AND c.updated >= $2 AND c.updated <= $3 {type} ORDER BY c.seq DESC LIMIT $4"
)
_SYSTEM = _FEED.format(type="")
_TYPE = _FEED.format(type="AND c.type = $5")
NEWEST = 9_000_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """What part is asked for: `count` versions below `before`, updated in [since, until] (microseconds)."""

    count: int
    before: int = NEWEST
    since: int = 0
    until: int = NEWEST


@dataclass(frozen=True, slots=True)
class History:
    """Versions, newest first, and where the next page begins."""

    versions: list[Stored]
    following: int | None


def _cut(rows: Sequence[tuple[int, Stored]], count: int) -> History:
    following = rows[count - 1][0] if len(rows) > count else None
    return History([version for _, version in rows[:count]], following)


async def of_instance(reading: Reading, type_name: str, id: str, window: Window) -> History:
    """All versions of one resource, deletions among them. Raises Problem 404."""
    found = await find(reading, type_name, id)
    if found is None:
        raise problem(404, "not-found", f"there is no {type_name} with this id")
    newest, rid = found
    rows: list[tuple[int, Stored]] = []
    if newest.number < window.before and window.since <= newest.updated <= window.until:
        rows.append((newest.number, newest))
    older = await reading.rows(
        _INSTANCE, (rid, min(window.before, 2**31 - 1), window.since, window.until, window.count + 1)
    )
    for place, number, updated, kind, body in older:
        rows.append((place, Stored(type_name, id, number, updated, Kind(kind), body)))
    return _cut(rows, window.count)


async def of_type(reading: Reading, type_name: str | None, window: Window) -> History:
    """All versions of one type, or of the whole store."""
    args: tuple[Any, ...] = (window.before, window.since, window.until, window.count + 1)
    if type_name is None:
        rows = await reading.rows(_SYSTEM, args)
    else:
        rows = await reading.rows(_TYPE, (*args, definition.type_number(type_name)))
    return _cut([(row[0], _version(row)) for row in rows], window.count)


def _version(row: tuple[Any, ...]) -> Stored:
    _, number, updated, kind, type_number, id, newest, body, old_body = row
    return Stored(
        definition.type_name(type_number), id, number, updated, Kind(kind), body if newest == number else old_body
    )
