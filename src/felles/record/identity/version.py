"""Many versions at once: the current ones of an act's resources, and those that the act found."""

from collections.abc import Sequence
from typing import Any

import orjson

from felles.record import definition
from felles.record.identity.trail import Step
from felles.record.index.value import key64
from felles.record.reading import Stored
from felles.record.record import Record
from felles.record.store import Kind

_WANTED = {
    "sqlite": "(SELECT json_extract(value, '$[0]') AS key, json_extract(value, '$[1]') AS number FROM json_each($1)) w",
    "postgresql": (
        "(SELECT (value->>0)::int8 AS key, (value->>1)::int4 AS number FROM json_array_elements($1::text::json)) w"
    ),
}
_CURRENT = (
    "SELECT w.key, r.type, r.id, r.number, r.updated, r.deleted, r.body FROM {wanted} "
    "JOIN directory d ON d.key = w.key JOIN resource r ON r.rid = d.rid"
)
_OLDER = (
    "SELECT w.key, v.type, r.id, v.number, v.updated, v.kind, v.body FROM {wanted} JOIN directory d ON d.key = w.key "
    "JOIN resource r ON r.rid = d.rid JOIN version v ON v.rid = d.rid AND v.number = w.number"
)


async def _rows(record: Record, sql: str, wanted: list[tuple[int, int]]) -> dict[int, Stored]:
    statement = sql.format(wanted=_WANTED[record.store.dialect])
    rows = await record.reader.rows(statement, (orjson.dumps(wanted).decode(),))
    return {
        key: Stored(definition.type_name(kind), id, number, updated, Kind.UPDATE, body)
        for key, kind, id, number, updated, _, body in rows
    }


async def current(record: Record, steps: Sequence[Step]) -> dict[str, Stored]:
    """The current versions by `Type/id`; a deletion has no body."""
    found = await _rows(record, _CURRENT, [(key64(step.address), 0) for step in steps])
    return {step.address: found[key64(step.address)] for step in steps if key64(step.address) in found}


async def before(record: Record, steps: Sequence[Step]) -> dict[str, Stored]:
    """The versions that the steps found, by `Type/id`."""
    found = await _rows(record, _OLDER, [(key64(step.address), step.before) for step in steps])
    return {step.address: found[key64(step.address)] for step in steps if key64(step.address) in found}


def address(row: Sequence[Any]) -> str:
    """`Type/id` of a row that begins with rid, type and id."""
    return f"{definition.type_name(row[1])}/{row[2]}"
