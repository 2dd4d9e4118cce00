"""A full disk: a clear error, nothing acknowledged is lost, nothing half kept, and it goes on when there is room."""

from __future__ import annotations

import resource
import subprocess
from pathlib import Path

import asyncpg

from felles.record.record import Record
from tests.batch import findings, held, take, transaction, write
from tests.integration.conftest import Client
from tests.server import FELLES

BIG = {"resourceType": "Basic", "code": {"text": "x" * 200_000}}
FULL_NOW = (
    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END $$",
    "CREATE TRIGGER full_disk BEFORE INSERT ON resource EXECUTE FUNCTION full_disk()",
)


async def refused_until_full(fhir: Client) -> set[str]:
    """Writes until the answer is 507. Gives the ids that were acknowledged before."""
    ids = set()
    for _ in range(200):
        answer = await fhir("POST", "Basic", BIG)
        if answer.status != 201:
            assert answer.status == 507 and "full" in answer.diagnostics
            return ids
        ids.add(answer.json["id"])
    raise AssertionError("the disk was never full")


async def test_a_file_that_cannot_grow(tmp_path: Path) -> None:
    record = await Record.open(tmp_path / "felles.db")
    fhir = Client(record)
    await fhir("POST", "Basic", BIG)
    connection = record.store._writer._writer._connection  # type: ignore[attr-defined]
    pages = connection.pragma("page_count")
    connection.pragma("max_page_count", pages + 200)
    kept = await refused_until_full(fhir)
    small = await fhir("POST", "Patient", {"resourceType": "Patient"})
    connection.pragma("max_page_count", 2**30)
    later = await fhir("POST", "Basic", BIG)
    await record.close()
    assert later.status == 201 and small.status in (201, 507)
    assert {f"Basic/{id}" for id in kept} <= (await held(record.store.address)).keys()
    assert await findings(record.store.address) == []


async def test_a_database_that_is_full(postgresql_url: str) -> None:
    record = await Record.open(postgresql_url)
    fhir = Client(record)
    first = await fhir.create(BIG)
    connection = await asyncpg.connect(postgresql_url)
    for sql in FULL_NOW:
        await connection.execute(sql)
    assert await refused_until_full(fhir) == set()
    await connection.execute("DROP TRIGGER full_disk ON resource")
    await connection.close()
    later = await fhir.create(BIG)
    await record.close()
    assert (await held(postgresql_url)).keys() == {f"Basic/{first['id']}", f"Basic/{later['id']}"}
    assert await findings(postgresql_url) == []


async def test_an_import_into_a_full_disk_stops_and_goes_on_later(tmp_path: Path) -> None:
    store = str(tmp_path / "felles.db")
    for number in range(1, 41):
        write(tmp_path / "in" / f"{number:02d}.json", transaction(number, 30))
    limit = 1_500_000
    said = subprocess.run(
        [FELLES, "import", "--store", store, str(tmp_path / "in")],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        check=False,
    )
    assert said.returncode == 1 and "full" in said.stderr
    before = len(await held(store))
    assert await findings(store) == []
    tally, faults = await take(store, tmp_path / "in")
    assert (faults, tally.failed) == ([], 0)
    assert tally.created == 40 * 31 + 1 - before
    assert await findings(store) == []
