"""Histories, newest first (FHIR R4 http.html#history). They are append-only, so a page goes on below a position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.record import definition, search
from felles.record.guard import Act
from felles.record.reading import Reader, Stored, absent, find, masked, shows_patient
from felles.record.store import Kind

_INSTANCE = (
    "SELECT number, number, updated, kind, body, patient FROM version WHERE rid = $1 AND number < $2 AND updated >= $3 "
    "AND updated <= $4 ORDER BY number DESC LIMIT $5"
)
_FEED = (
    "SELECT c.seq, c.number, c.updated, c.kind, r.type, r.id, r.number, r.body, v.body, c.patient, c.rid FROM change c "
    "JOIN resource r ON r.rid = c.rid LEFT JOIN version v ON v.rid = c.rid AND v.number = c.number "
    "WHERE c.seq < $1 AND c.updated >= $2 AND c.updated <= $3 {only} ORDER BY c.seq DESC LIMIT $4"
)
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


async def of_instance(reader: Reader, type_name: str, id: str, window: Window) -> History:
    """All versions of one resource, deletions among them. Raises Problem 404."""
    reader.guard.may(Act.HISTORY, type_name)
    newest = await find(reader, type_name, id)
    if newest is None:
        raise absent(type_name)
    rows: list[tuple[int, Stored]] = []
    if newest.number < window.before and window.since <= newest.updated <= window.until:
        rows.append((newest.number, newest))
    older = await reader.met(
        _INSTANCE, (newest.rid, min(window.before, 2**31 - 1), window.since, window.until, window.count + 1)
    )
    for place, number, updated, kind, body, patient in older:
        rows.append((place, Stored(type_name, id, number, updated, Kind(kind), body, patient, newest.rid)))
    return await _shown(reader, _cut(rows, window.count))


async def of_type(reader: Reader, type_name: str | None, window: Window) -> History:
    """All versions of one type, or of the whole store."""
    if type_name is not None:
        reader.guard.may(Act.HISTORY, type_name)
    writing = search.Writing(reader.dialect, [window.before, window.since, window.until, window.count + 1])
    only = "" if type_name is None else f"AND c.type = {writing.value(definition.type_number(type_name))}"
    if not reader.guard.everything:
        numbers = (
            range(1, len(definition.RESOURCE_TYPES) + 1) if type_name is None else (definition.type_number(type_name),)
        )
        only += f" AND {search.visible(await reader.guard.sight(), 'r', numbers, writing)}"
    rows = await reader.rows(_FEED.format(only=only), tuple(writing.args))
    return await _shown(reader, _cut([(row[0], _version(row)) for row in rows], window.count))


async def _shown(reader: Reader, found: History) -> History:
    """Without the versions that are about a patient whose record is not open."""
    if reader.guard.everything:
        return found
    versions = await masked(reader, [one for one in found.versions if await shows_patient(reader, one)])
    reader.guard.show(versions)
    return History(versions, found.following)


def _version(row: tuple[Any, ...]) -> Stored:
    _, number, updated, kind, type_number, id, newest, body, old_body, patient, rid = row
    return Stored(
        definition.type_name(type_number),
        id,
        number,
        updated,
        Kind(kind),
        body if newest == number else old_body,
        patient,
        rid,
    )
