"""An upgrade keeps everything: stores that earlier versions left are opened, read, searched and written by this one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from felles.record.bulk.rebuild import catch_up, is_behind
from felles.record.check import check
from felles.record.record import Record
from felles.record.store import migration
from felles.record.store.migration import Migration, migrations
from felles.record.store.snapshot import snapshot
from tests.migration import kept

ENGINES = ("sqlite", "postgresql")
RELEASED = (1, 8)
"""The newest migration of each earlier version."""
ADDITION = Migration(9_000, "9000_addition", "ALTER TABLE version ADD COLUMN reason TEXT; CREATE TABLE extra (a TEXT)")


def later(*added: Migration) -> object:
    """A program that knows more migrations than this one."""

    def known(engine: str) -> tuple[Migration, ...]:
        return (*migrations(engine), *added)

    return known


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next version of the program, with one more migration."""
    monkeypatch.setattr(migration, "migrations", later(ADDITION))
    monkeypatch.setattr("felles.record.store.store.migrations", later(ADDITION))


async def filled(address: str) -> list[list[str]]:
    """A store with the small content; returns what it answers."""
    record = await Record.open(address)
    await kept.fill(record)
    found = await kept.answers(record)
    await record.close()
    return found


@pytest.mark.parametrize("place", sorted(kept.STORES.glob("*.json.gz")), ids=lambda place: place.name[:4])
async def test_a_store_of_an_earlier_version_keeps_all_of_its_data(place: Path, store_url: str) -> None:
    earlier = kept.read(place)
    await kept.rebuild(earlier, store_url)
    record = await Record.open(store_url)
    try:
        assert await kept.answers(record, earlier["questions"]) == earlier["answers"]
        await every_row_is_there(earlier, record)
        await catch_up(record.store)
        assert not await is_behind(record.store)
        again = orjson.loads((await record.read("Observation", "hemoglobin")).body or b"")
        written = await record.update({**again, "status": "amended"})
        assert written.number == 3
    finally:
        await record.close()
    assert [str(finding) async for finding in check(store_url, 0, lambda _: None)] == []


async def every_row_is_there(earlier: dict[str, object], record: Record) -> None:
    """Current bodies, superseded versions and tombstones, as they were."""
    hemoglobin = await record.read("Observation", "hemoglobin")
    first = await record.version("Observation", "hemoglobin", 1)
    assert (orjson.loads(hemoglobin.body or b"")["status"], hemoglobin.number) == ("final", 2)
    assert orjson.loads(first.body or b"")["status"] == "preliminary"
    for table, held in earlier["tables"].items():  # type: ignore[attr-defined]
        if table == "store":  # a migration may leave a note there
            continue
        rows = await record.store.reading.rows(f"SELECT count(*) FROM {table}")
        assert (table, rows[0][0]) == (table, len(held["rows"]))


def test_every_version_that_was_given_out_has_a_kept_store() -> None:
    numbers = [step.number for step in migrations("sqlite")]
    assert numbers == [step.number for step in migrations("postgresql")] == sorted(set(numbers))
    there = {int(place.name[:4]) for place in kept.STORES.glob("*.json.gz")}
    assert set(RELEASED) <= there <= set(numbers)


@pytest.mark.parametrize("engine", ENGINES)
def test_migrations_only_add_so_that_two_versions_run_side_by_side(engine: str) -> None:
    for step in migrations(engine)[1:]:
        assert not re.search(r"\b(DROP (TABLE|COLUMN)|RENAME|ALTER COLUMN \w+ TYPE)\b", step.script, re.IGNORECASE)


async def test_the_next_version_takes_over_a_filled_store(store_url: str, request: pytest.FixtureRequest) -> None:
    before = await filled(store_url)
    request.getfixturevalue("newer")
    record = await Record.open(store_url)
    try:
        assert await kept.answers(record) == before
        assert await record.store.reading.rows("SELECT count(*) FROM extra") == [(0,)]
        assert (await record.update(kept.content()[0])).number == 2
    finally:
        await record.close()


async def test_an_older_program_refuses_a_newer_store(store_url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migration, "migrations", later(ADDITION))
        patch.setattr("felles.record.store.store.migrations", later(ADDITION))
        await filled(store_url)
    with pytest.raises(ValueError, match="migration 9000"):
        await Record.open(store_url)
    with pytest.raises(ValueError, match="run the newer felles"):
        async with snapshot(store_url):
            pass


async def test_a_migration_that_fails_leaves_the_store_as_it_was(store_url: str) -> None:
    before = await filled(store_url)
    broken = replace(ADDITION, script="CREATE TABLE extra (a TEXT); INSERT INTO nowhere VALUES (1)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migration, "migrations", later(broken))
        patch.setattr("felles.record.store.store.migrations", later(broken))
        with pytest.raises(Exception, match="nowhere"):
            await Record.open(store_url)
    record = await Record.open(store_url)
    try:
        assert await kept.answers(record) == before
        with pytest.raises(Exception, match="extra"):
            await record.store.reading.rows("SELECT * FROM extra")
        assert (await record.update(kept.content()[0])).number == 2
    finally:
        await record.close()
