"""What a unit has sent and not brought through, as its ledger says: one row for each duty to deliver, and not one more.

Of a patient whose record is not open to the reader a row says where the letter is, and neither for whom nor what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.access.who import Who
from felles.delivery.conservation import DELIVER, READ
from felles.delivery.letter import LETTER, channel_of, coded, state_of
from felles.delivery.recovery import Lost, still
from felles.duties.kind import Kind
from felles.duties.listing import Box, Order, Wanted, count, found
from felles.duties.reading import Outside, names
from felles.duties.worklist import rows
from felles.record.index.value import key64
from felles.record.record import Record

Json = dict[str, Any]
MOST = 2_000
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Open:
    """A delivery that a unit still owes, or has to read; `opened` and `due` of its duty, in microseconds."""

    delivery: Json
    opened: int
    due: int
    shown: bool

    @property
    def template(self) -> str:
        return coded(self.delivery.get("category"), LETTER)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which of them; empty is any. `before`: letters older than this, in microseconds."""

    template: str = ""
    state: str = ""
    channel: str = ""
    before: int = 0

    def takes(self, one: Open) -> bool:
        """Whether a delivery is among those that are asked for."""
        return (
            self.template in ("", one.template)
            and self.state in ("", state_of(one.delivery).value)
            and self.channel in ("", channel_of(one.delivery).value)
            and (not self.before or one.opened < self.before)
        )


async def owed(record: Record, who: Who, unit: str, now: int) -> tuple[list[Open], int]:
    """The deliveries that a unit owes, the oldest first, and how many the ledger counts."""
    return await _of(record, who, unit, DELIVER, now)


async def to_read(record: Record, who: Who, unit: str, now: int) -> tuple[list[Open], int]:
    """The letters that have come to a unit and nobody has opened, and how many the ledger counts."""
    return await _of(record, who, unit, READ, now)


async def _of(record: Record, who: Who, unit: str, kind: Kind, now: int) -> tuple[list[Open], int]:
    keys = frozenset((key64(unit),)) & who.keys
    want = Wanted(Box.UNIT, now, keys, kind=kind.number, order=Order.OPENED)
    if not keys:
        return [], 0
    duties = await found(record, want, limit=MOST)
    read = Outside(record)
    known = await names(read, [one.subject for one in duties])
    bodies = await _bodies(read, [known[one.subject].partition("/")[2] for one in duties if one.subject in known])
    listed = await rows(record, duties, now, who)
    made = [
        Open(bodies[known[duty.subject]], duty.opened, duty.due, row.shown)
        for duty, row in zip(duties, listed, strict=True)
        if known.get(duty.subject) in bodies
    ]
    return made, await count(record, want)


async def _bodies(read: Outside, ids: Sequence[str]) -> dict[str, Json]:
    made: dict[str, Json] = {}
    for start in range(0, len(ids), AT_ONCE):
        asked = [("_id", ",".join(ids[start : start + AT_ONCE]))]
        made |= {f"Communication/{one['id']}": one for one in await read.search("Communication", asked, AT_ONCE)}
    return made


async def looked_through(record: Record, chosen: Sequence[Open], now: int) -> list[Lost]:
    """Whether each of them still matters."""
    read = Outside(record)
    return [Lost(one.delivery, await still(read, one.delivery, now)) for one in chosen]
