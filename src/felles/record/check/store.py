"""The whole store, or a sample of it."""

import random
from collections.abc import AsyncIterator, Callable

from felles.record.check.body import bodies
from felles.record.check.difference import Difference, differences, missing, ranges, rows_of
from felles.record.check.finding import Finding, named
from felles.record.check.table import tables
from felles.record.store.snapshot import Snapshot, snapshot
from felles.record.store.table import INDEXES

Moved = Callable[[str], None]
_ONE = "SELECT rid, patient, type, key, number, date, body FROM resource WHERE rid >= $1 ORDER BY rid LIMIT 1"
_STRAY = (
    "SELECT t.rid FROM {table} t LEFT JOIN resource r ON r.rid = t.rid WHERE r.rid IS NULL OR r.deleted = 1 LIMIT 100"
)


async def check(address: str, sample: int = 0, moved: Moved = lambda _: None) -> AsyncIterator[Finding]:
    """Everything that does not hold at this moment. `sample`: the index of so many resources instead of all."""
    async with snapshot(address) as moment:
        moved("the database")
        async for finding in _engine(moment, quick=bool(sample)):
            yield finding
        moved("directory, versions, feed")
        async for finding in tables(moment):
            yield finding
        moved("bodies")
        async for finding in bodies(moment):
            yield finding
        moved("index")
        async for finding in _sampled(moment, sample) if sample else _index(moment):
            yield finding


async def _engine(moment: Snapshot, *, quick: bool) -> AsyncIterator[Finding]:
    """SQLite's own check of its file; PostgreSQL has checksums of its own (initdb --data-checksums)."""
    if moment.dialect == "sqlite":
        for (said,) in await moment.rows("PRAGMA quick_check" if quick else "PRAGMA integrity_check"):
            if said != "ok":
                yield Finding("", f"SQLite: {said}")


async def _index(moment: Snapshot) -> AsyncIterator[Finding]:
    for table in INDEXES:
        for (rid,) in await moment.rows(_STRAY.format(table=table.name)):
            yield Finding(named(None, rid), f"{table.name} has rows of it, but it is deleted or not there")
    for first, last in await ranges(moment):
        for one in await differences(moment, first, last):
            for what in _said(one):
                yield Finding(named(one.type, one.rid), what)


def _said(one: Difference) -> list[str]:
    said = ["its patient or date is not what its body gives"] if one.shared else []
    for table in INDEXES:
        if one.gone.get(table):
            said.append(f"{table.name} has {len(one.gone[table])} rows that its body does not give")
        if one.come.get(table):
            said.append(f"{table.name} lacks {len(one.come[table])} rows that its body gives")
    return said


async def _sampled(moment: Snapshot, count: int) -> AsyncIterator[Finding]:
    low, high = (await moment.rows("SELECT min(rid), max(rid) FROM resource"))[0]
    for start in sorted(random.randint(low, high) for _ in range(count if low is not None else 0)):  # noqa: S311
        one, rows = rows_of((await moment.rows(_ONE, (start,)))[0])
        if one.shared:
            yield Finding(named(one.type, one.rid), "its patient or date is not what its body gives")
        for table, whole in rows.items():
            lacking = [row for row in whole if await missing(moment, table, row)]
            if lacking:
                yield Finding(named(one.type, one.rid), f"{table.name} lacks {len(lacking)} rows that its body gives")
