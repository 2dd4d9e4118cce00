"""Histories (FHIR R4 http.html#history). They are append-only, so a page goes on from a position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.record import definition, search
from felles.record.guard import Act
from felles.record.reading import Reader, Stored, absent, find, masked, shows_context, shows_patient
from felles.record.store import Kind

_INSTANCE = (
    "SELECT v.number, v.number, v.updated, v.kind, v.body, v.patient FROM version v "
    "LEFT JOIN version n ON n.rid = v.rid AND n.number = v.number + 1 WHERE v.rid = $1 AND v.number < $2 "
    "AND v.number > $3 AND {during} ORDER BY v.number {down} LIMIT $4"
)
_FEED = (
    "SELECT c.seq, c.number, c.updated, c.kind, r.type, r.id, r.number, r.body, v.body, c.patient, c.rid FROM change c "
    "JOIN resource r ON r.rid = c.rid LEFT JOIN version v ON v.rid = c.rid AND v.number = c.number "
    "LEFT JOIN version n ON n.rid = c.rid AND n.number = c.number + 1 "
    "WHERE c.seq < $1 AND c.seq > $2 AND {during} {only} ORDER BY c.seq {down} LIMIT $3"
)
NEWEST = 9_000_000_000_000_000_000
LARGEST = 2**31 - 1
"""Of a version's number."""


@dataclass(frozen=True, slots=True)
class Window:
    """What part is asked for: `count` versions between two positions, newest or `oldest` first, updated from `since`
    on, and current at some moment of [low, high) (microseconds)."""

    count: int
    before: int = NEWEST
    after: int = 0
    oldest: bool = False
    since: int = 0
    low: int = 0
    high: int = NEWEST

    @property
    def down(self) -> str:
        """The order in SQL."""
        return "" if self.oldest else "DESC"

    def during(self, name: str, following: str, writing: search.Writing) -> str:
        """The condition on a version `name` which `following`, a moment or null, has superseded. A deletion is the
        state of nothing: it belongs where it happened."""
        held = f"({name}.kind <> {int(Kind.DELETE)} AND coalesce({following}, {NEWEST}) > {writing.value(self.low)})"
        since, high = writing.value(self.since), writing.value(self.high)
        begun = f"{name}.updated >= {writing.value(self.low)}"
        return f"{name}.updated >= {since} AND {name}.updated < {high} AND ({begun} OR {held})"

    def holds(self, newest: Stored) -> bool:
        """Whether the newest version of a resource belongs."""
        if not self.after < newest.number < self.before or not self.since <= newest.updated < self.high:
            return False
        return newest.kind is not Kind.DELETE or newest.updated >= self.low


@dataclass(frozen=True, slots=True)
class History:
    """Versions in order, where the next page begins, and before which position all pages lie."""

    versions: list[Stored]
    following: int | None
    end: int = NEWEST


def _cut(rows: Sequence[tuple[int, Stored]], window: Window, end: int) -> History:
    following = rows[window.count - 1][0] if len(rows) > window.count else None
    return History([version for _, version in rows[: window.count]], following, end)


async def of_instance(reader: Reader, type_name: str, id: str, window: Window) -> History:
    """All versions of one resource, deletions among them. Raises Problem 404."""
    reader.guard.may(Act.HISTORY, type_name)
    newest = await find(reader, type_name, id)
    if newest is None:
        raise absent(type_name)
    before = min(window.before, LARGEST)
    writing = search.Writing(reader.dialect, [newest.rid, before, min(window.after, LARGEST), window.count + 1])
    following = f"coalesce(n.updated, {writing.value(newest.updated)})"
    sql = _INSTANCE.format(during=window.during("v", following, writing), down=window.down)
    rows: list[tuple[int, Stored]] = []
    for place, number, updated, kind, body, patient in await reader.met(sql, tuple(writing.args)):
        rows.append((place, Stored(type_name, id, number, updated, Kind(kind), body, patient, newest.rid)))
    if window.holds(newest):
        rows.insert(len(rows) if window.oldest else 0, (newest.number, newest))
    return await _shown(reader, _cut(rows, window, min(before, newest.number + 1)))


async def of_type(reader: Reader, type_name: str | None, window: Window) -> History:
    """All versions of one type, or of the whole store."""
    if type_name is not None:
        reader.guard.may(Act.HISTORY, type_name)
    end = await _end(reader, window)
    writing = search.Writing(reader.dialect, [end, window.after, window.count + 1])
    only = "" if type_name is None else f"AND c.type = {writing.value(definition.type_number(type_name))}"
    if not reader.guard.everything:
        numbers = (
            range(1, len(definition.RESOURCE_TYPES) + 1) if type_name is None else (definition.type_number(type_name),)
        )
        only += f" AND {search.visible(await reader.guard.sight(), 'r', numbers, writing)}"
    following = "CASE WHEN r.number = c.number + 1 THEN r.updated ELSE n.updated END"
    during = window.during("c", following, writing)
    rows = await reader.rows(_FEED.format(during=during, only=only, down=window.down), tuple(writing.args))
    return await _shown(reader, _cut([(row[0], _version(row)) for row in rows], window, end))


async def _end(reader: Reader, window: Window) -> int:
    """Pages from the oldest on end where the history did when the first was made."""
    if not window.oldest or window.before < NEWEST:
        return window.before
    rows = await reader.store.rows("SELECT max(seq) FROM change")
    return int(rows[0][0] or 0) + 1


async def _shown(reader: Reader, found: History) -> History:
    """Without the versions that are about a patient whose record is not open."""
    if reader.guard.everything:
        return found
    shown = [one for one in found.versions if await shows_patient(reader, one) and await shows_context(reader, one)]
    versions = await masked(reader, shown)
    reader.guard.show(versions)
    return History(versions, found.following, found.end)


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
