"""What nobody owes although somebody should: an open referral, letter, order or result without an open duty.

Rooms declare how theirs are found; the answer must always be none, whatever the interface that wrote. What came by an
import is history and owes nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from felles.record.definition import type_number
from felles.record.guard import EVERYTHING
from felles.record.record import Record
from felles.record.store import Sql

AT_ONCE = 1_000
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Orphan:
    """`what` in words, and the resource, "Type/id"."""

    what: str
    reference: str

    def __str__(self) -> str:
        return f"{self.reference}: {self.what}"


Orphans = Callable[[Record], AsyncIterator[Orphan]]

LINES: Mapping[str, Sql] = {
    "duty orphans": Sql(
        "SELECT r.rid, r.id, r.body FROM resource r WHERE r.type = $1 AND r.deleted = 0 AND r.rid > $2 AND NOT EXISTS "
        "(SELECT 1 FROM duty d WHERE d.subject = r.key AND d.state = 0) ORDER BY r.rid LIMIT $3"
    ),
    "duty acted": Sql(
        "SELECT DISTINCT rid FROM change WHERE type = $2 AND origin <> 2 AND rid IN (SELECT value FROM json_each($1))",
        "SELECT DISTINCT rid FROM change WHERE type = $2 AND origin <> 2 AND rid = ANY "
        "(ARRAY(SELECT value::int8 FROM json_array_elements_text($1::json)))",
    ),
    "duty acted now": Sql(
        "SELECT DISTINCT rid FROM change WHERE type = $2 AND origin < 2 AND rid IN (SELECT value FROM json_each($1))",
        "SELECT DISTINCT rid FROM change WHERE type = $2 AND origin < 2 AND rid = ANY "
        "(ARRAY(SELECT value::int8 FROM json_array_elements_text($1::json)))",
    ),
}


async def without_duty(
    record: Record, type_name: str, waits: Callable[[str, Json], Awaitable[bool]], *, demo: bool = True
) -> AsyncIterator[str]:
    """The ids of a type's resources that wait for something (`waits` says so of id and body), have no open duty, and
    came otherwise than by an import (nor, unless `demo`, made up with the rest of their history)."""
    system, number, after = record.seen_by(EVERYTHING), type_number(type_name), -1
    while rows := await system.ask("duty orphans", [number, after, AT_ONCE]):
        after = int(rows[-1][0])
        found = {int(rid): str(id) for rid, id, body in rows if await waits(str(id), orjson.loads(body))}
        acted = (
            await system.ask("duty acted" if demo else "duty acted now", [orjson.dumps(list(found)).decode(), number])
            if found
            else []
        )
        for (rid,) in sorted(acted):
            yield found[int(rid)]
