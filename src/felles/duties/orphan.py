"""What nobody owes although somebody should: an open referral, letter, order or result without an open duty.

Rooms declare how theirs are found; the answer must always be none, whatever the interface that wrote. What came by an
import is history and owes nothing.
"""

from collections.abc import AsyncIterator, Callable, Mapping
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
        "(SELECT 1 FROM duty d WHERE d.subject = r.key AND d.state = 0) AND EXISTS "
        "(SELECT 1 FROM change c WHERE c.rid = r.rid AND c.origin <> 2) ORDER BY r.rid LIMIT $3"
    ),
}


async def without_duty(record: Record, type_name: str) -> AsyncIterator[tuple[str, Json]]:
    """Id and body of each current resource of a type that has no open duty and was not imported."""
    system, after = record.seen_by(EVERYTHING), -1
    while rows := await system.ask("duty orphans", [type_number(type_name), after, AT_ONCE]):
        after = int(rows[-1][0])
        for _, id, body in rows:
            yield str(id), orjson.loads(body)
