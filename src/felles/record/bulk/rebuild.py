"""The index built anew from the bodies, in batches, while others write (`felles reindex`).

What differs is computed beside the writer from one moment of the store; the writer puts it right only where the
version of that moment is still current. What was written meanwhile is looked at again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import asyncpg

from felles.record.check.difference import Difference, differences, ranges
from felles.record.outcome import problem
from felles.record.store import Reindex, Request, Store
from felles.record.store.snapshot import is_region, snapshot
from felles.record.store.table import INDEXES

AT_ONCE = 500
ROUNDS = 10
LOCK = 0x46454C4C4559
WANTED, DONE = "reindex", "done"
"""The note by which a migration asks for it."""
Moved = Callable[[float, int], None]
"""Told the share that is done (0 to 1) and how many resources were put right."""


@dataclass(slots=True)
class Rebuilt:
    """How many resources were put right, and how many kept changing under it."""

    changed: int = 0
    left: int = 0


async def rebuild(store: Store, moved: Moved = lambda _share, _count: None) -> Rebuilt:
    """Makes the index what the bodies give. Raises Problem when the store refuses or another one is at it."""
    lock = await _lock(store.address)
    try:
        return await _rebuild(store, moved)
    finally:
        if lock is not None:
            await lock.close()


async def is_behind(store: Store) -> bool:
    """Whether a migration has asked for index rows that the resources do not have yet."""
    return await store.note(WANTED) not in (None, DONE)


async def catch_up(store: Store, moved: Moved = lambda _share, _count: None) -> int:
    """After an upgrade whose index has rows that the resources do not have yet: makes them, once. Returns how many
    resources got some. Until then nobody but the system sees what lacks them."""
    if not await is_behind(store):
        return 0
    done = await rebuild(store, moved)
    if not done.left:
        await store.set_note(WANTED, DONE)
    return done.changed


async def _lock(address: str) -> "asyncpg.Connection | None":
    """On PostgreSQL two of them would put rows in twice; SQLite's keys refuse that."""
    if not is_region(address):
        return None
    connection = await asyncpg.connect(address)
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
        await connection.close()
        raise problem(409, "conflict", "the index is being built anew already")
    return connection


async def _rebuild(store: Store, moved: Moved) -> Rebuilt:
    done = Rebuilt()
    async with snapshot(store.address) as moment:
        parts = await ranges(moment)
    for place, part in enumerate(parts, 1):
        for _ in range(ROUNDS):
            left = await _one_range(store, part, done)
            if not left:
                break
        done.left += left
        moved(place / len(parts), done.changed)
    return done


async def _one_range(store: Store, part: tuple[int, int], done: Rebuilt) -> int:
    async with snapshot(store.address) as moment:
        found = await differences(moment, *part)
    left = 0
    for start in range(0, len(found), AT_ONCE):
        wanted = list(_wanted(found[start : start + AT_ONCE]))
        reply = await store.submit(Request([], reindex=wanted))
        if reply.refused is not None:
            raise problem(reply.refused.status, "exception", reply.refused.text)
        kept = sum(one.kept for one in reply.written)
        done.changed += len(wanted) - kept
        left += kept
    return left


def _wanted(found: Iterable[Difference]) -> Iterable[Reindex]:
    for one in found:
        gone, come = (tuple(rows.get(table, []) for table in INDEXES) for rows in (one.gone, one.come))
        yield Reindex(one.key, one.number, one.patient, one.date, gone, come)
