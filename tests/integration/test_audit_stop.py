"""Whatever a sealer is stopped in, the verification says what is left and the next sealer mends it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from felles.access.audit import anchor
from felles.access.audit.log import lines
from felles.access.audit.place import Place
from felles.access.audit.row import Act
from felles.access.audit.seal import Seal
from felles.access.audit.sealer import Sealer
from felles.access.audit.verify import Verification
from felles.cli import main
from felles.record.record import Record
from tests.audit import faults, logged, place_in, row, verified


@pytest.fixture
def place(store_url: str, tmp_path: Path) -> Place:
    return place_in(tmp_path, store_url)


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    async with logged(store_url) as opened:
        yield opened


async def tell(record: Record, count: int = 3) -> None:
    for _ in range(count):
        await record.commit((), lines=lines(row(act=Act.UPDATE)))


async def stopped(store: str, place: Place) -> Verification:
    found = await verified(store, place)
    assert found.faults == [], "a stop is no fault"
    return found


async def test_a_stop_between_seal_and_anchor_is_told_and_mended(record: Record, store_url: str, place: Place) -> None:
    sealer = Sealer(record, place)
    await tell(record)
    await sealer.settle()
    await tell(record)
    assert await sealer.step() == 3
    (note,) = (await stopped(store_url, place)).notes
    assert "seals 2 to 2" in note and "felles audit seal" in note
    await tell(record)
    await Sealer(record, place).settle()
    found = await stopped(store_url, place)
    assert (found.seals, found.anchors, found.notes) == (3, 3, [])


async def test_a_stop_before_the_first_anchor_is_told_and_mended(record: Record, store_url: str, place: Place) -> None:
    await tell(record)
    await Sealer(record, place).step()
    asked = ["audit", "verify", "--store", store_url, "--log", str(place.folder)]
    said = await asyncio.to_thread(CliRunner().invoke, main, asked)
    assert said.exit_code == 1 and "stopped before its first anchor" in said.output
    await Sealer(record, place).settle()
    said = await asyncio.to_thread(CliRunner().invoke, main, [*asked, "--json"])
    assert said.exit_code == 0 and json.loads(said.output)["notes"] == []


async def test_a_stop_within_an_anchor_is_told_and_mended(record: Record, store_url: str, place: Place) -> None:
    sealer = Sealer(record, place)
    for _ in range(2):
        await tell(record)
        await sealer.settle()
    place.anchor.write_bytes(place.anchor.read_bytes()[:-40])
    cut, waiting = (await stopped(store_url, place)).notes
    assert "line 2" in cut and "next sealing ends it" in cut and "seals 2 to 2" in waiting
    await Sealer(record, place).settle()
    found = await stopped(store_url, place)
    (note,) = found.notes
    assert "line 2" in note and "the whole line follows" in note and found.anchors == 3


async def test_what_no_stop_leaves_is_a_fault(record: Record, store_url: str, place: Place) -> None:
    sealer = Sealer(record, place)
    for _ in range(4):
        await tell(record)
        await sealer.settle()
    whole = place.anchor.read_bytes().splitlines(keepends=True)
    place.anchor.write_bytes(b"".join([whole[0], whole[3]]))
    assert any("seals 2 to 3: their anchors were taken out" in one for one in await faults(store_url, place))
    place.anchor.write_bytes(b"".join([whole[0], whole[1][:50] + b"\n", whole[2], whole[3]]))
    assert any("line 2 of the anchors cannot be read" in one for one in await faults(store_url, place))


async def test_who_is_stopped_ends_what_is_under_way(
    record: Record, store_url: str, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealer, loop, begun, append = Sealer(record, place), asyncio.get_running_loop(), asyncio.Event(), anchor.append

    def slow(path: Path, seals: list[Seal]) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run(asyncio.sleep(0.2))
        append(path, seals)

    monkeypatch.setattr(anchor, "append", slow)
    await tell(record)
    running = asyncio.create_task(sealer.run(0.05))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    found = await stopped(store_url, place)
    assert (found.seals, found.anchors, found.notes) == (1, 1, [])
