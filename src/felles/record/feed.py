"""The change feed: every version in the order of commit, read by workers with durable cursors.

On SQLite a position is the sequence number. On PostgreSQL sequences commit out of order, so a position is
(transaction, sequence) and nothing at or above the oldest open transaction is read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import structlog

from felles.record import definition
from felles.record.record import Changed, Record
from felles.record.rule import Deed, parted
from felles.record.store import Advance, Kind, Origin

_SQLITE = (
    "SELECT c.seq, c.type, r.id, c.number, c.kind, c.origin, c.updated FROM change c JOIN resource r ON r.rid = c.rid "
    "WHERE c.seq > $1 ORDER BY c.seq LIMIT $2"
)
_POSTGRESQL = (
    "SELECT c.xid::text, c.seq, c.type, r.id, c.number, c.kind, c.origin, c.updated FROM change c "
    "JOIN resource r ON r.rid = c.rid WHERE (c.xid, c.seq) > ($1::text::xid8, $2) "
    "AND c.xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY c.xid, c.seq LIMIT $3"
)

Position = list[int]
log = structlog.get_logger("felles.feed")


@dataclass(frozen=True, slots=True)
class Event:
    """One version that was written; `position` orders it and is a stable key for effects outside."""

    position: tuple[int, ...]
    type: str
    id: str
    number: int
    kind: Kind
    origin: Origin
    updated: int


def start_of(record: Record) -> Position:
    """The position before the first change."""
    return [0, 0] if record.store.dialect == "postgresql" else [0]


async def after(record: Record, position: Position, limit: int = 100) -> list[Event]:
    """The next changes after `position`, oldest first."""
    if record.store.dialect == "postgresql":
        rows = await record.store.reading.rows(_POSTGRESQL, (str(position[0]), position[1], limit))
        return [_event((int(row[0]), row[1]), row[2:]) for row in rows]
    rows = await record.store.reading.rows(_SQLITE, (position[0], limit))
    return [_event((row[0],), row[1:]) for row in rows]


def _event(position: tuple[int, ...], row: tuple[int, str, int, int, int, int]) -> Event:
    type_number, id, number, kind, origin, updated = row
    return Event(position, definition.type_name(type_number), id, number, Kind(kind), Origin(origin), updated)


async def position_of(record: Record, name: str) -> Position:
    """Where the worker `name` stands."""
    columns = "xid::text, position" if record.store.dialect == "postgresql" else "position"
    rows = await record.store.reading.rows(f"SELECT {columns} FROM cursor WHERE name = $1", (name,))  # noqa: S608
    return [int(value) for value in rows[0]] if rows else start_of(record)


Handler = Callable[[list[Event], Record], Awaitable[Iterable[Deed]]]
"""What a worker does with events. What it returns is written in the transaction that advances its cursor; effects
outside must be idempotent under the key (worker name, event.position): they may happen again after a crash."""


async def step(record: Record, name: str, handler: Handler, limit: int = 100) -> int:
    """Handles the next events of worker `name` once. Returns how many; 0 also when another process was faster."""
    begin = await position_of(record, name)
    events = await after(record, begin, limit)
    if not events:
        return 0
    writes, lines = parted(await handler(events, record))
    try:
        await record.commit(writes, advance=Advance(name, begin, list(events[-1].position)), lines=lines)
    except Changed:
        return 0
    return len(events)


async def follow(record: Record, name: str, handler: Handler, *, pause: float = 1.0, limit: int = 1_000) -> None:
    """Runs a worker until it is cancelled. Any number of processes may run the same one: each event is for one of
    them. A failing handler is tried again on the same events, later and later."""
    waits = 0
    while True:
        try:
            done = await step(record, name, handler, limit)
        except Exception as error:
            waits = min(waits + 1, 6)
            log.warning("a feed worker failed and tries again", worker=name, error=type(error).__name__)
            await asyncio.sleep(pause * 2**waits)
            continue
        waits = 0
        if not done:
            await asyncio.sleep(pause)
