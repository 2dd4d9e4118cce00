"""Versions as they are read: current by id, one by number, many by row. What the reader may not see is not there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from felles.record import definition, protection, search
from felles.record.guard import EVERYTHING, Epochs, Guard, Sight
from felles.record.index import extract
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.store import Kind
from felles.record.store.lock import behind
from felles.record.store.transaction import Dialect, Reading

_COLUMNS = "r.type, r.id, r.number, r.updated, r.deleted, r.body, r.patient, r.rid"
_BY_KEY = f"SELECT {_COLUMNS} FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key = $1"  # noqa: S608
_EPOCHS = "(SELECT number FROM epoch WHERE key = 0), (SELECT number FROM epoch WHERE key = r.patient)"
_GUARDED = f"SELECT {_COLUMNS}, {_EPOCHS} FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key = $1"  # noqa: S608
_PLACED = _GUARDED.replace("r.body", "NULL")
_BY_ROWS_EMBEDDED = f"SELECT {_COLUMNS} FROM resource r WHERE r.rid IN (SELECT value FROM json_each($1))"  # noqa: S608
_BY_ROWS = f"SELECT {_COLUMNS} FROM resource r WHERE r.rid = ANY($1::int8[])"  # noqa: S608
_OLDER = "SELECT updated, kind, body, patient FROM version WHERE rid = $1 AND number = $2"
_WHOM = (
    "SELECT DISTINCT r.type, r.patient, c.whom FROM resource r LEFT JOIN concern_index c ON c.rid = r.rid WHERE {among}"
)
_CONCERNED = "SELECT whom FROM concern_index WHERE rid = $1"


ALWAYS_ASKED = frozenset(("Practitioner",))
"""Types of which a guard may keep something back that is under no protection."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a resource. `body` is None for a deletion. `updated` in microseconds since 1970; `patient` is the
    key of the one patient it is about, else 0; `rid` its row."""

    type: str
    id: str
    number: int
    updated: int
    kind: Kind
    body: bytes | None
    patient: int = 0
    rid: int = 0

    @property
    def etag(self) -> str:
        return f'W/"{self.number}"'

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}"

    def masked(self, guard: Guard) -> "Stored":
        """As its reader may see it."""
        if self.body is None or guard.everything:
            return self
        if self.type not in ALWAYS_ASKED and not protection.may_be_protected(self.body):
            return self
        body = guard.mask(self.type, self.body)
        return self if body is self.body else replace(self, body=body)

    def covered(self) -> "Stored":
        """Without what tells where somebody is, if this is about a person."""
        hides = self.type in protection.PRIVATE and self.body is not None
        return replace(self, body=protection.cover(self.type, self.body or b"")) if hides else self


@dataclass(frozen=True, slots=True)
class Reader:
    """A connection that reads, in somebody's name."""

    store: Reading
    guard: Guard = EVERYTHING

    @property
    def dialect(self) -> Dialect:
        return self.store.dialect

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows behind the second lock: of patients who have been decided on. Whoever asks brings the condition of what
        may be seen, too. What the record itself must know to decide comes from `store`."""
        if self.guard.everything or self.store.dialect == "sqlite":
            return await self.store.rows(sql, args)
        return await behind(self.store, sql, args, self.guard.opened())

    async def met(self, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows of one resource that is asked for by its name, before its patient is known: the second lock opens to a
        relation of the reader's as well. They are for nobody's eyes until they have been decided on."""
        if self.guard.everything or self.store.dialect == "sqlite":
            return await self.store.rows(sql, args)
        return await behind(self.store, sql, args, self.guard.opened(), related=True)


def _stored(row: Sequence[Any]) -> Stored:
    kind = Kind.DELETE if row[4] else Kind.CREATE if row[2] == 1 else Kind.UPDATE
    return Stored(definition.RESOURCE_TYPES[row[0] - 1], row[1], row[2], row[3], kind, row[5], row[6], row[7])


async def find(reader: Reader, type_name: str, id: str) -> Stored | None:
    """The current version (a deletion too); None when there never was one, or none that the reader may see."""
    key = (key64(f"{type_name}/{id}"),)
    if reader.guard.everything:
        return _named(await reader.store.rows(_BY_KEY, key), type_name, id)
    rows = await reader.met(_GUARDED, key)
    placed = rows or await reader.store.rows(_PLACED, key)
    found = _named(placed, type_name, id)
    if found is None:
        return None
    seen = await _may_see(reader, found, Epochs(placed[0][8] or 0, {found.patient: placed[0][9] or 0}))
    if not seen or not await shows_context(reader, found):
        reader.guard.refuse(type_name, id, (found.patient,) if found.patient else ())
        return None
    if not rows:  # what no relation leads to is opened by the decision
        found = _named(await reader.rows(_GUARDED, key), type_name, id)
    return found.masked(reader.guard) if found is not None else None


def _named(rows: Sequence[Sequence[Any]], type_name: str, id: str) -> Stored | None:
    if not rows or rows[0][1] != id or definition.RESOURCE_TYPES[rows[0][0] - 1] != type_name:
        return None
    return _stored(rows[0])


async def _may_see(reader: Reader, found: Stored, epochs: Epochs | None = None) -> bool:
    type_number = definition.type_number(found.type)
    if found.patient:
        sight = await reader.guard.sight(frozenset((found.patient,)), epochs)
        whom: tuple[int, ...] = ()
    else:
        whom = tuple(row[0] for row in await reader.store.rows(_CONCERNED, (found.rid,)))
        sight = await reader.guard.sight(frozenset(whom))
    if not sight.shows(type_number, found.patient, whom):
        return False
    if sight.is_plain(type_number, found.patient):
        return True
    return found.rid in await visible(reader, (found.rid,), sight, (type_number,))


async def visible(
    reader: Reader, rids: Collection[int], sight: Sight, types: Sequence[int] | None = None
) -> frozenset[int]:
    """Those of the rows that `sight` shows."""
    writing = search.Writing(reader.dialect)
    among = writing.member_of("r.rid", frozenset(rids))
    numbers = types if types is not None else range(1, len(definition.RESOURCE_TYPES) + 1)
    condition = search.visible(sight, "r", numbers, writing)
    sql = f"SELECT r.rid FROM resource r WHERE {among} AND {condition}"  # noqa: S608 - arguments are placeholders
    return frozenset(row[0] for row in await reader.rows(sql, tuple(writing.args)))


async def current(reader: Reader, type_name: str, id: str) -> Stored:
    """The current version. Raises Problem 404 (never existed, or not for the reader) or 410 (deleted)."""
    found = await find(reader, type_name, id)
    if found is None:
        raise absent(type_name)
    if found.body is None:
        raise problem(410, "deleted", f"this {type_name} has been deleted")
    reader.guard.show((found,))
    return found


def absent(type_name: str) -> Exception:
    """The same answer for what does not exist and for what is not for the reader."""
    return problem(404, "not-found", f"there is no {type_name} with this id")


async def version(reader: Reader, type_name: str, id: str, number: int) -> Stored:
    """One version (FHIR R4 http.html#vread). Raises Problem 404, or 410 when that version is a deletion."""
    newest = await find(reader, type_name, id)
    if newest is None:
        raise absent(type_name)
    one = newest if newest.number == number else await older(reader, newest, number)
    if one is None:
        raise problem(404, "not-found", f"this {type_name} has no version {number}")
    if one.body is None:
        raise problem(410, "deleted", f"version {number} of this {type_name} is its deletion")
    reader.guard.show((one,))
    return one


async def older(reader: Reader, newest: Stored, number: int) -> Stored | None:
    """A superseded version of `newest`; a version about another patient than now is for who may see that one too."""
    rows = await reader.met(_OLDER, (newest.rid, number))
    if not rows:
        return None
    updated, kind, body, patient = rows[0]
    one = Stored(newest.type, newest.id, number, updated, Kind(kind), body, patient, newest.rid)
    if not await shows_patient(reader, one, newest.patient):
        return None
    return (await masked(reader, [one]))[0]


async def masked(reader: Reader, versions: Sequence[Stored]) -> list[Stored]:
    """Versions of any age as their reader may see them: an older one hides what the newest one does."""
    rids = {one.rid for one in versions if one.type in protection.PRIVATE}
    if reader.guard.everything or not rids:
        return [one.masked(reader.guard) for one in versions]
    newest = {row[7]: row[5] for row in await _rows(Reader(reader.store), list(rids))}
    found = [one.masked(reader.guard) for one in versions]
    return [one.covered() if protection.hides_older(one.type, newest.get(one.rid)) else one for one in found]


async def shows_patient(reader: Reader, one: Stored, now: int = 0) -> bool:
    """Whether the records of all patients whom a version is about are open to the reader. `now`: the patient of the
    newest version, which the reader sees."""
    if reader.guard.everything or (one.patient and one.patient == now):
        return True
    whom = (one.patient,) if one.patient else _named_in(one)
    if not whom:
        return True
    sight = await reader.guard.sight(frozenset(whom))
    return sight.shows(definition.type_number(one.type), one.patient, whom)


async def shows_context(reader: Reader, one: Stored) -> bool:
    """Whether the reader may see what a Binary belongs to: its securityContext governs it (binary.html#security)."""
    if one.type != "Binary" or one.body is None or reader.guard.everything or b"securityContext" not in one.body:
        return True
    target = (orjson.loads(one.body).get("securityContext") or {}).get("reference")
    type_name, _, rest = str(target or "").partition("/")
    if not definition.is_resource(type_name) or type_name == "Binary":
        return type_name != "Binary"
    return await find(reader, type_name, rest.partition("/")[0]) is not None


def _named_in(one: Stored) -> tuple[int, ...]:
    """The patients of a version that is about no single one."""
    return tuple(extract(one.type, orjson.loads(one.body)).concerned) if one.body else ()


async def by_rows(reader: Reader, keys: Sequence[tuple[int, int]], sight: Sight | None = None) -> list[Stored]:
    """The versions (row, number) in this order. What has been superseded meanwhile comes as it was. `sight`: what the
    search that gave the rows was for; without one, each row is asked again."""
    rids = [rid for rid, _ in keys]
    if sight is None and not reader.guard.everything and rids:
        rids = list(await _seen(reader, rids))
    found = {row[7]: _stored(row) for row in await _rows(reader, rids)}
    versions = []
    for rid, number in keys:
        newest = found.get(rid)
        if newest is None:
            continue
        one = newest.masked(reader.guard) if newest.number == number else await older(reader, newest, number)
        if one is not None and one.body is not None and await shows_context(reader, one):
            versions.append(one)
    return versions


async def _rows(reader: Reader, rids: list[int]) -> list[tuple[Any, ...]]:
    if reader.dialect == "postgresql":
        return await reader.rows(_BY_ROWS, (rids,))
    return await reader.rows(_BY_ROWS_EMBEDDED, (orjson.dumps(rids).decode(),))


async def _seen(reader: Reader, rids: list[int]) -> frozenset[int]:
    """Those of the rows that the reader may see: first whom they concern, then the decision."""
    writing = search.Writing(reader.dialect)
    among = writing.member_of("r.rid", frozenset(rids))
    rows = await reader.store.rows(_WHOM.format(among=among), tuple(writing.args))
    sight = await reader.guard.sight(frozenset(one for row in rows for one in row[1:] if one))
    return await visible(reader, rids, sight, sorted({row[0] for row in rows}))
