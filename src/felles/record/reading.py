"""Versions as they are read: current by id, one by number, many by row, the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from felles.record import definition
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.store import Kind
from felles.record.store.transaction import Reading

_COLUMNS = "r.type, r.id, r.number, r.updated, r.deleted, r.body"
_BY_KEY = f"SELECT {_COLUMNS}, r.rid FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key = $1"  # noqa: S608
_BY_ROWS_EMBEDDED = f"SELECT r.rid, {_COLUMNS} FROM resource r WHERE r.rid IN (SELECT value FROM json_each($1))"  # noqa: S608
_BY_ROWS = f"SELECT r.rid, {_COLUMNS} FROM resource r WHERE r.rid = ANY($1::int8[])"  # noqa: S608
_OLDER = "SELECT updated, kind, body FROM version WHERE rid = $1 AND number = $2"


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a resource. `body` is None for a deletion. `updated` in microseconds since 1970."""

    type: str
    id: str
    number: int
    updated: int
    kind: Kind
    body: bytes | None

    @property
    def etag(self) -> str:
        return f'W/"{self.number}"'

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}"


def _stored(row: Sequence[Any]) -> Stored:
    kind = Kind.DELETE if row[4] else Kind.CREATE if row[2] == 1 else Kind.UPDATE
    return Stored(definition.RESOURCE_TYPES[row[0] - 1], row[1], row[2], row[3], kind, row[5])


async def find(reading: Reading, type_name: str, id: str) -> tuple[Stored, int] | None:
    """The current version (a deletion too) and its row number; None when there never was one."""
    rows = await reading.rows(_BY_KEY, (key64(f"{type_name}/{id}"),))
    if not rows or rows[0][1] != id or definition.RESOURCE_TYPES[rows[0][0] - 1] != type_name:
        return None
    return _stored(rows[0]), rows[0][6]


async def current(reading: Reading, type_name: str, id: str) -> Stored:
    """The current version. Raises Problem 404 (never existed) or 410 (deleted)."""
    found = await find(reading, type_name, id)
    if found is None:
        raise problem(404, "not-found", f"there is no {type_name} with this id")
    if found[0].body is None:
        raise problem(410, "deleted", f"this {type_name} has been deleted")
    return found[0]


async def version(reading: Reading, type_name: str, id: str, number: int) -> Stored:
    """One version (FHIR R4 http.html#vread). Raises Problem 404, or 410 when that version is a deletion."""
    found = await find(reading, type_name, id)
    if found is None:
        raise problem(404, "not-found", f"there is no {type_name} with this id")
    newest, rid = found
    one = newest if newest.number == number else await older(reading, newest, rid, number)
    if one is None:
        raise problem(404, "not-found", f"this {type_name} has no version {number}")
    if one.body is None:
        raise problem(410, "deleted", f"version {number} of this {type_name} is its deletion")
    return one


async def older(reading: Reading, newest: Stored, rid: int, number: int) -> Stored | None:
    """A superseded version of `newest`."""
    rows = await reading.rows(_OLDER, (rid, number))
    if not rows:
        return None
    updated, kind, body = rows[0]
    return Stored(newest.type, newest.id, number, updated, Kind(kind), body)


async def by_rows(reading: Reading, keys: Sequence[tuple[int, int]]) -> list[Stored]:
    """The versions (row, number) in this order. What has been superseded meanwhile comes as it was."""
    rids = [rid for rid, _ in keys]
    if reading.dialect == "postgresql":
        rows = await reading.rows(_BY_ROWS, (rids,))
    else:
        rows = await reading.rows(_BY_ROWS_EMBEDDED, (orjson.dumps(rids).decode(),))
    found = {row[0]: row[1:] for row in rows}
    versions = []
    for rid, number in keys:
        newest = _stored(found[rid])
        one = newest if newest.number == number else await older(reading, newest, rid, number)
        if one is not None and one.body is not None:
            versions.append(one)
    return versions
