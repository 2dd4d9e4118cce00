"""The index anew from the bodies, while others write."""

from __future__ import annotations

import asyncio
from pathlib import Path

import apsw
import asyncpg

from felles.record import definition
from felles.record.bulk.rebuild import rebuild
from felles.record.record import Record
from tests.batch import findings, take, transaction, write

RUIN = (
    "DELETE FROM token_index WHERE rid % 2 = 0",
    "DELETE FROM patient_index",
    "UPDATE text_index SET value = 'gone'",
    "UPDATE resource SET date = 5 WHERE rid % 3 = 0",
    "UPDATE directory SET patient = patient + 1 WHERE rid % 3 = 0 AND patient <> 0",
    "UPDATE resource SET patient = patient + 1 WHERE rid % 3 = 0 AND patient <> 0",
)


async def ruin(store: str) -> None:
    if store.startswith("postgresql"):
        connection = await asyncpg.connect(store)
        for sql in RUIN:
            await connection.execute(sql)
        await connection.execute("INSERT INTO date_index SELECT * FROM date_index")
        await connection.close()
        return
    file = apsw.Connection(store)
    for sql in RUIN:
        file.execute(sql)
    file.close()


async def filled(store: str, tmp_path: Path) -> None:
    for number in range(1, 11):
        write(tmp_path / "in" / f"{number}.json", transaction(number, 20))
    await take(store, tmp_path / "in")


async def test_a_ruined_index_is_made_whole(store_url: str, tmp_path: Path) -> None:
    await filled(store_url, tmp_path)
    await ruin(store_url)
    assert await findings(store_url)
    record = await Record.open(store_url)
    first = await rebuild(record.store)
    second = await rebuild(record.store)
    found = await record.resources("Observation", [("code", "8867-4"), ("_count", "300")])
    await record.close()
    assert (first.left, second.changed, len(found)) == (0, 0, 200)
    assert first.changed > 100
    assert await findings(store_url) == []


async def test_what_is_written_meanwhile_stays_right(store_url: str, tmp_path: Path) -> None:
    await filled(store_url, tmp_path)
    await ruin(store_url)
    record = await Record.open(store_url)
    patient = definition.type_number("Patient")
    patients = await record.store.reading.rows("SELECT id FROM resource WHERE type = $1", (patient,))

    async def change(id: str) -> None:
        resource = await record.resource("Patient", id)
        for gender in ("male", "female", "other", "unknown"):
            await record.update({**resource, "gender": gender})

    await asyncio.gather(rebuild(record.store), *(change(id) for (id,) in patients))
    await rebuild(record.store)
    await record.close()
    assert await findings(store_url) == []
