"""The balance: per kind, unit and day, open before + opened + received = closed + handed on + open after.

Over all units opened = closed + open, since what one hands on another receives. Counts are appended as deltas by the
transaction that makes them; a worker folds them, and a reading adds what is not folded yet: one statement sees both.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import structlog

from felles.duties.duty import Duty
from felles.duties.reading import Reading
from felles.record.record import Record
from felles.record.store import Line

FOLDED_AT_ONCE = 5_000
log = structlog.get_logger("felles.duties")


@dataclass(frozen=True, slots=True)
class Count:
    """One kind at one unit on one day (or a sum of such)."""

    kind: int
    unit: int
    before: int
    opened: int
    received: int
    closed: int
    handed: int
    after: int

    @property
    def holds(self) -> bool:
        """Whether both sides are equal."""
        return self.before + self.opened + self.received == self.closed + self.handed + self.after


def summed(counts: Iterable[Count], kind: int = 0, unit: int = 0) -> Count:
    """The sum of counts, as one."""
    rows = [(c.before, c.opened, c.received, c.closed, c.handed, c.after) for c in counts]
    return Count(kind, unit, *(map(sum, zip(*rows, strict=True)) if rows else (0,) * 6))


async def balance(read: Reading, day: int, unit: int | None = None, kind: int | None = None) -> list[Count]:
    """The counts of a day (days since 1970) where anything stands or happened, by unit and kind."""
    if unit is None:
        rows = await read.ask("duty balance", [day])
    else:
        rows = await read.ask("duty balance of unit", [day, unit])
    found = (Count(row[0], row[1], *map(int, row[2:])) for row in rows if any(row[2:]))
    return [count for count in found if kind is None or count.kind == kind]


class Column(IntEnum):
    """What a row of the balance can be opened to."""

    AFTER = 0
    OPENED = 1
    RECEIVED = 2
    CLOSED = 3
    HANDED = 4
    BEFORE = 5


async def behind(
    read: Reading, day: int, unit: int, kind: int, column: Column, after: int = -1, limit: int = 50
) -> Sequence[Duty]:
    """The duties that a number of the balance counts, by number, from the one after `after` on."""
    if column in (Column.BEFORE, Column.AFTER):
        last = day if column is Column.AFTER else day - 1
        rows = await read.ask("duty standing on", [unit, last, kind, after, limit])
    else:
        rows = await read.ask("duty moved on", [unit, day, kind, after, int(column), limit])
    return [Duty.of(row) for row in rows]


async def fold(record: Record, limit: int = FOLDED_AT_ONCE) -> bool:
    """Folds what has been appended, so much at once. Returns whether there was anything."""
    if not await record.ask("duty deltas"):
        return False
    await record.commit([], lines=[Line("duty fold", [limit])])
    return True


async def watch(record: Record, pause: float = 2.0) -> None:
    """Folds until it is cancelled. A failure waits: what is not folded is counted all the same."""
    while True:
        busy = False
        try:
            busy = await fold(record)
        except Exception as error:
            log.warning("counts could not be folded", error=type(error).__name__)
        if not busy:
            await asyncio.sleep(pause)
