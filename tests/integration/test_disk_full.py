"""A full disk: a clear error, nothing acknowledged is lost, nothing half kept, and it goes on when there is room."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from felles.record.bulk.rebuild import rebuild
from felles.record.outcome import Problem
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


async def test_no_room_for_the_pages_of_a_search(tmp_path: Path) -> None:
    record = await Record.open(tmp_path / "felles.db")
    fhir = Client(record)
    for _ in range(3):
        await fhir.create({"resourceType": "Patient"})
    pages = record.pages._connection  # type: ignore[attr-defined]
    pages.pragma("max_page_count", pages.pragma("page_count"))
    while (answer := await fhir("GET", "Patient?_count=1")).status == 200:
        pass
    assert answer.status == 507 and "full" in answer.diagnostics
    assert len((await fhir("GET", "Patient")).ids) == 3
    assert (await fhir("GET", "Patient/$everything?_count=1")).status == 507
    pages.pragma("max_page_count", 2**30)
    assert (await fhir("GET", "Patient?_count=1")).status == 200
    await record.close()


async def test_a_database_without_room_for_the_pages_of_a_search(postgresql_url: str) -> None:
    record = await Record.open(postgresql_url)
    fhir = Client(record)
    for _ in range(2):
        await fhir.create({"resourceType": "Patient"})
    connection = await asyncpg.connect(postgresql_url)
    for sql in FULL_NOW:
        await connection.execute(sql.replace("ON resource", "ON page"))
    answer = await fhir("GET", "Patient?_count=1")
    await connection.execute("DROP TRIGGER full_disk ON page")
    await connection.close()
    later = await fhir("GET", "Patient?_count=1")
    await record.close()
    assert answer.status == 507 and "full" in answer.diagnostics
    assert later.status == 200


async def test_an_index_that_cannot_grow_stays_as_it_was_and_is_made_later(tmp_path: Path) -> None:
    record = await Record.open(tmp_path / "felles.db")
    fhir = Client(record)
    for _ in range(50):
        await fhir.create({"resourceType": "Patient", "name": [{"family": "x" * 400, "given": ["y" * 400] * 20}]})
    connection = record.store._writer._writer._connection  # type: ignore[attr-defined]
    connection.execute("DELETE FROM text_index; VACUUM")
    connection.pragma("max_page_count", connection.pragma("page_count"))
    with pytest.raises(Problem, match="full"):
        await rebuild(record.store)
    assert (await fhir("GET", "Patient?family=x")).ids == []
    connection.pragma("max_page_count", 2**30)
    assert (await rebuild(record.store)).left == 0
    assert len((await fhir("GET", "Patient?family=x")).ids) == 50
    await record.close()
    assert await findings(str(tmp_path / "felles.db")) == []


def bundles(folder: Path) -> Path:
    for number in range(1, 41):
        write(folder / f"{number:02d}.json", transaction(number, 100))
    return folder


async def goes_on(store: str, folder: Path) -> None:
    """What is there is whole; with room the rest comes."""
    before = len(await held(store))
    assert await findings(store) == []
    tally, faults = await take(store, folder)
    assert (faults, tally.failed) == ([], 0)
    assert tally.created == 40 * 101 + 1 - before
    assert await findings(store) == []


def imported(store: str, folder: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FELLES, "import", "--store", store, str(folder)], capture_output=True, text=True, check=False, **how
    )


async def test_an_import_that_may_write_no_more_stops_and_goes_on_later(tmp_path: Path) -> None:
    store, folder, limit = str(tmp_path / "felles.db"), bundles(tmp_path / "in"), 2_500_000
    said = imported(store, folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert said.returncode == 1 and "full" in said.stderr
    await goes_on(store, folder)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes, where this user may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if (
        os.geteuid()
        or not shutil.which("mount")
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("a small file system needs the right to mount one")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


async def test_an_import_onto_a_full_disk_stops_and_goes_on_later(small_disk: Path, tmp_path: Path) -> None:
    store, folder = str(small_disk / "felles.db"), bundles(tmp_path / "in")
    said = imported(store, folder)
    assert said.returncode == 1 and "full" in said.stderr
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    await goes_on(store, folder)
