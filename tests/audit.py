"""A log to look at: rows, a record with the log's tables, and a hand that changes what nobody may change."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from felles.access.audit.anchor import anchors
from felles.access.audit.key import trusted_keys
from felles.access.audit.place import Place, place_of
from felles.access.audit.row import Act, Row
from felles.access.audit.statement import LINES
from felles.access.audit.verify import Verification, verify
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.store.snapshot import is_region, snapshot
from felles.record.store.sqlite import connect

START = 1_790_000_000_000_000
numbers = itertools.count(1)


def patient(number: int) -> int:
    return key64(f"Patient/p{number}")


def row(number: int = 0, **given: Any) -> Row:
    """A reading of one result, each a second after the one before."""
    number = number or next(numbers)
    plain: dict[str, Any] = {
        "moment": START + number * 1_000_000,
        "act": Act.READ,
        "person": f"Practitioner/d{number % 3}",
        "patients": [patient(number % 5)],
        "type": "Observation",
        "ids": [f"o{number}"],
        "count": 1,
        "ground": "encounter",
        "purpose": "TREAT",
    }
    return Row(**{**plain, **given})


def place_in(folder: Path, store: str) -> Place:
    return place_of(store, str(folder / "log"))


@asynccontextmanager
async def logged(store: str) -> AsyncIterator[Record]:
    """The record at a store, with the log's tables."""
    record = await Record.open(store, lines=LINES)
    try:
        yield record
    finally:
        await record.close()


async def verified(store: str, place: Place, **period: int) -> Verification:
    async with snapshot(store) as moment:
        known = anchors(place.anchor) if place.anchor.exists() else ()
        return await verify(moment, trusted_keys(place.folder), known, **period)


async def faults(store: str, place: Place) -> list[str]:
    return [str(fault) for fault in (await verified(store, place)).faults]


async def bodies(store: str) -> list[bytes]:
    async with snapshot(store) as moment:
        return [body for (body,) in await moment.rows("SELECT body FROM log ORDER BY seq")]


LOCKED = ("log", "log_patient", "log_seal")
TRIGGERS = [f"{table}_{end}" for table in LOCKED for end in ("unchanged", "kept")]


async def by_hand(store: str, *statements: tuple[str, Sequence[Any]]) -> None:
    """What somebody with the database's password does: takes the locks off, and writes."""
    if not is_region(store):
        file = connect(Path(store))
        for trigger in TRIGGERS:
            file.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for sql, args in statements:
            file.execute(sql.replace("$", "?"), tuple(args))
        file.close()
        return
    connection = await asyncpg.connect(store)
    for table in LOCKED:
        await connection.execute(f"DROP TRIGGER IF EXISTS log_kept ON {table}; GRANT ALL ON {table} TO CURRENT_USER")
    for sql, args in statements:
        await connection.execute(sql, *args)
    await connection.close()
