"""Backups under writing, and stores made of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from felles.record import feed
from felles.record.bulk.backup import Unfit, backup, restore
from felles.record.bulk.export import Wanted, export
from felles.record.record import Record
from felles.record.rule import Deed
from felles.record.store import StoreLocked
from tests.batch import findings, held, take, transaction, write
from tests.cluster import Cluster


@pytest.fixture
async def empty_url(store_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """Another empty store of the same engine."""
    if not store_url.startswith("postgresql"):
        yield str(tmp_path / "other" / "felles.db")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    name = await asyncio.to_thread(cluster.create)
    yield cluster.url(name)
    await asyncio.to_thread(cluster.drop, name)


async def test_a_backup_under_writing_is_one_moment(store_url: str, empty_url: str, tmp_path: Path) -> None:
    for number in range(1, 11):
        write(tmp_path / "in" / f"{number}.json", transaction(number, 20))
    await take(store_url, tmp_path / "in")
    record = await Record.open(store_url)
    writing = asyncio.create_task(_write(record))
    try:
        await asyncio.sleep(0.05)
        at_least = len(await held(store_url))
        await backup(store_url, tmp_path / "copy")
    finally:
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await record.close()
    await restore(tmp_path / "copy", empty_url)
    found, whole = await held(empty_url), await held(store_url)
    assert await findings(empty_url) == []
    assert at_least <= len(found) and found.keys() <= whole.keys()
    assert (tmp_path / "copy").stat().st_mode & 0o77 == 0


async def _write(record: Record) -> None:
    number = 0
    while True:
        number += 1
        await record.create({"resourceType": "Basic", "code": {"text": "x"}, "id": f"w{number}"}, f"w{number}")
        await asyncio.sleep(0.001)


async def test_a_store_that_holds_something_is_not_overwritten(store_url: str, tmp_path: Path) -> None:
    await take(store_url, write(tmp_path / "a.json", transaction(1)))
    await backup(store_url, tmp_path / "copy")
    await take(store_url, write(tmp_path / "b.json", transaction(2)))
    with pytest.raises(Unfit, match="already"):
        await restore(tmp_path / "copy", store_url)
    assert len(await held(store_url)) == 9
    await restore(tmp_path / "copy", store_url, replace=True)
    assert len(await held(store_url)) == 5
    assert await findings(store_url) == []
    await take(store_url, tmp_path / "b.json")
    assert await findings(store_url) == []


async def test_the_feed_goes_on_in_the_restored_store(store_url: str, empty_url: str, tmp_path: Path) -> None:
    """No worker skips or repeats, though the numbers of transactions begin anew elsewhere."""
    seen: list[str] = []

    async def handler(events: list[feed.Event], _: Record) -> list[Deed]:
        seen.extend(event.id for event in events)
        return []

    record = await Record.open(store_url)
    for number in range(6):
        await record.create({"resourceType": "Basic", "code": {"text": "x"}, "id": f"b{number}"}, f"b{number}")
    assert await feed.step(record, "worker", handler, 4) == 4
    await record.close()
    await backup(store_url, tmp_path / "copy")
    await restore(tmp_path / "copy", empty_url)
    restored = await Record.open(empty_url)
    await restored.create({"resourceType": "Basic", "code": {"text": "x"}, "id": "late"}, "late")
    while await feed.step(restored, "worker", handler, 2):
        pass
    await restored.close()
    assert seen == ["b0", "b1", "b2", "b3", "b4", "b5", "late"]


@pytest.mark.parametrize("to_region", [True, False])
async def test_a_backup_of_the_other_engine_says_how_it_is_carried_over(
    to_region: bool, postgresql_url: str, tmp_path: Path
) -> None:
    """And the way it tells leads there."""
    embedded = str(tmp_path / "felles.db")
    source, target = (embedded, postgresql_url) if to_region else (postgresql_url, embedded)
    await take(source, write(tmp_path / "a.json", transaction(1)))
    await backup(source, tmp_path / "copy")
    with pytest.raises(Unfit, match=r"felles restore .* felles export .* felles import") as told:
        await restore(tmp_path / "copy", target)
    assert "Earlier versions" in str(told.value)
    assert to_region or not Path(embedded).exists()
    await export(source, tmp_path / "out", Wanted())
    _, faults = await take(target, tmp_path / "out")
    assert (faults, (await held(target)).keys()) == ([], (await held(source)).keys())
    assert await findings(target) == []


async def test_a_damaged_copy_is_refused(tmp_path: Path) -> None:
    store, copy = str(tmp_path / "felles.db"), tmp_path / "copy"
    await take(store, write(tmp_path / "a.json", transaction(1)))
    await backup(store, copy)
    with pytest.raises(Unfit, match="exists already"):
        await backup(store, copy)
    data = bytearray(copy.read_bytes())
    data[len(data) // 2] ^= 0xFF
    copy.write_bytes(data)
    with pytest.raises(Unfit, match="checksum"):
        await restore(copy, str(tmp_path / "new.db"))
    (tmp_path / "copy.sha256").unlink()
    copy.write_bytes(b"no database at all")
    with pytest.raises(Unfit, match="no backup"):
        await restore(copy, str(tmp_path / "new.db"))
    assert not (tmp_path / "new.db").exists()


async def test_a_store_in_use_is_not_replaced(tmp_path: Path) -> None:
    store = str(tmp_path / "felles.db")
    record = await Record.open(store)
    await record.create({"resourceType": "Basic", "code": {"text": "x"}}, "a")
    await backup(store, tmp_path / "copy")
    with pytest.raises(StoreLocked):
        await restore(tmp_path / "copy", store, replace=True)
    await record.close()
