"""What arrives for a record that was merged away: a worker on the change feed takes it to the record that lives on.

A sender may know the old address for years. Its facts must not lie where nobody looks.
"""

from collections.abc import Iterable

import orjson

from felles.record.feed import Event
from felles.record.identity import merge
from felles.record.identity.resolution import replaced_by
from felles.record.identity.trail import Author
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import Deed

NAME = "identity-late"
"""The worker's cursor: `feed.follow(record, late.NAME, late.take_along)`."""

_KEYS = {
    "sqlite": "(SELECT value FROM json_each($1))",
    "postgresql": "(SELECT value::int8 FROM json_array_elements_text($1::text::json))",
}
_REPLACED = {
    "sqlite": "instr(p.body, CAST('replaced-by' AS BLOB)) > 0",
    "postgresql": "position('replaced-by'::bytea in p.body) > 0",
}


async def take_along(events: list[Event], record: Record) -> Iterable[Deed]:
    """Moves what the events wrote on merged-away records. Doing it again changes nothing."""
    for source, target in await _merged_away(events, record):
        wish = merge.Wish(source, target, Author("", "written on a record that had been merged"))
        try:
            await merge.sweep(record, wish)
        except Problem as error:
            if error.status not in (404, 410):
                raise
    return []


async def _merged_away(events: list[Event], record: Record) -> list[tuple[str, str]]:
    """Records merged away, with their successors, in whose compartments the events wrote."""
    dialect = record.store.dialect
    sql = (
        f"SELECT p.id, p.body FROM directory o JOIN resource p ON p.rid = o.rid WHERE o.key IN (SELECT r.patient "  # noqa: S608
        f"FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key IN {_KEYS[dialect]} AND r.patient <> 0) "
        f"AND p.deleted = 0 AND {_REPLACED[dialect]}"
    )
    keys = [key64(f"{one.type}/{one.id}") for one in events]
    rows = await record.reader.rows(sql, (orjson.dumps(keys).decode(),))
    found = ((id, replaced_by(orjson.loads(body))) for id, body in rows)
    return [(id, target) for id, target in found if target is not None]
