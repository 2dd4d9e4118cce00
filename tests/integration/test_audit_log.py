"""The log on both engines: rows of readings and of writes, sealed once each, found by whom they concern."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from pathlib import Path

import apsw
import asyncpg
import pytest

from felles.access.audit import segment
from felles.access.audit.anchor import anchored
from felles.access.audit.log import Log, lines
from felles.access.audit.row import Act, decode, encode
from felles.access.audit.sealer import Sealer, seal
from felles.record.outcome import Problem
from felles.record.store.snapshot import is_region
from tests.audit import bodies, by_hand, faults, logged, numbers, patient, place_in, row, verified


async def told(store: str, folder: Path, count: int = 20) -> None:
    """Rows of readings and of writes, sealed in two portions."""
    place = place_in(folder, store)
    async with logged(store) as record:
        log, sealer = Log(place.folder), Sealer(record, place)
        for _ in range(2):
            await asyncio.gather(*(log.append(row()) for _ in range(count // 4)))
            for _ in range(count // 4):
                await record.commit((), lines=lines(row(act=Act.UPDATE)))
            await sealer.settle()
        await log.close()
        await sealer.settle()


async def test_every_row_is_sealed_once_and_in_the_order_of_its_moment(store_url: str, tmp_path: Path) -> None:
    await told(store_url, tmp_path)
    kept = [decode(body) for body in await bodies(store_url)]
    moments = [one.moment for one in kept]
    assert len({*moments}) == 20 and moments == sorted(moments)
    assert [one.act for one in kept] == 2 * (5 * [Act.READ] + 5 * [Act.UPDATE])
    place = place_in(tmp_path, store_url)
    found = await verified(store_url, place)
    assert (found.rows, found.seals, found.anchors, found.faults) == (20, 2, 2, [])
    assert not segment.segments(place.folder)


async def test_rows_are_found_by_patient(store_url: str, tmp_path: Path) -> None:
    place = place_in(tmp_path, store_url)
    async with logged(store_url) as record:
        log = Log(place.folder)
        await log.append(row(patients=[patient(1), patient(2)]))
        await log.append(row(patients=[patient(2)]))
        await log.append(row(patients=[]))
        await Sealer(record, place).settle()
        sql = "SELECT seq FROM log_patient WHERE patient = $1 ORDER BY seq"
        found = [await record.store.reading.rows(sql, (patient(number),)) for number in (1, 2, 3)]
        await log.close()
    assert found == [[(1,)], [(1,), (2,)], []]


async def test_nothing_of_the_log_can_be_changed_by_a_plain_statement(store_url: str, tmp_path: Path) -> None:
    await told(store_url, tmp_path, 4)
    for table in ("log", "log_patient", "log_seal"):
        for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET {'number = 9' if table == 'log_seal' else 'seq = 9'}"):
            with pytest.raises((apsw.ConstraintError, asyncpg.PostgresError)):
                await plainly(store_url, sql)
    assert await faults(store_url, place_in(tmp_path, store_url)) == []


async def plainly(store: str, sql: str) -> None:
    if is_region(store):
        connection = await asyncpg.connect(store)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()
    else:
        apsw.Connection(store).execute(sql)


async def test_one_row_altered_by_hand_is_found(store_url: str, tmp_path: Path) -> None:
    await told(store_url, tmp_path)
    other = encode(row(7, person="Practitioner/somebody-else"))
    await by_hand(store_url, ("UPDATE log SET body = $1 WHERE seq = $2", (other, 7)))
    said = await faults(store_url, place_in(tmp_path, store_url))
    assert said[0] == "row 7: altered, or not the row that was told here"
    assert all(one.startswith("row 7: ") for one in said)


async def test_a_row_taken_out_by_hand_is_found(store_url: str, tmp_path: Path) -> None:
    await told(store_url, tmp_path)
    await by_hand(store_url, ("DELETE FROM log WHERE seq = $1", (4,)), ("DELETE FROM log_patient WHERE seq = $1", (4,)))
    assert await faults(store_url, place_in(tmp_path, store_url)) == ["row 5: row 4 before it: gone"]


async def test_a_row_hidden_from_its_patient_is_found(store_url: str, tmp_path: Path) -> None:
    await told(store_url, tmp_path)
    await by_hand(store_url, ("DELETE FROM log_patient WHERE seq = $1", (4,)))
    said = await faults(store_url, place_in(tmp_path, store_url))
    assert said == ["row 4: is not found under a patient whom it names"]


async def test_a_tail_cut_with_its_seals_is_missed_by_the_anchors(store_url: str, tmp_path: Path) -> None:
    await told(store_url, tmp_path)
    root = (await verified(store_url, place_in(tmp_path, store_url))).seals
    assert root == 2
    await by_hand(
        store_url,
        ("DELETE FROM log WHERE seq > $1", (10,)),
        ("DELETE FROM log_patient WHERE seq > $1", (10,)),
        ("UPDATE log_head SET seq = $1, seal = 1, hash = (SELECT root FROM log_seal WHERE number = 1)", (10,)),
        ("DELETE FROM log_seal WHERE number > $1", (1,)),
    )
    said = await faults(store_url, place_in(tmp_path, store_url))
    assert said == ["seal 2: it is anchored but gone, with rows 11 to 20"]


async def test_a_period_is_verified_alone(store_url: str, tmp_path: Path) -> None:
    await told(store_url, tmp_path)
    place = place_in(tmp_path, store_url)
    async with logged(store_url) as record:
        second = (await record.ask("log.seals", [1, 1]))[0][3]
    await by_hand(store_url, ("UPDATE log SET act = 9 WHERE seq = $1", (3,)))
    assert len((await verified(store_url, place)).faults) == 1
    later = await verified(store_url, place, begin=second)
    assert (later.rows, later.faults) == (10, [])


async def test_two_sealers_take_each_row_once(store_url: str, tmp_path: Path) -> None:
    place = place_in(tmp_path, store_url)
    async with logged(store_url) as record:
        log = Log(place.folder)
        await asyncio.gather(*(log.append(row()) for _ in range(50)))
        await asyncio.gather(*(Sealer(record, place).step() for _ in range(3)))
        await Sealer(record, place).settle()
        await log.close()
    assert len(await bodies(store_url)) == 50
    assert await faults(store_url, place) == []


async def test_only_one_process_seals_a_folder(tmp_path: Path) -> None:
    store = str(tmp_path / "felles.db")
    place = place_in(tmp_path, store)
    async with logged(store) as record:
        tasks = [asyncio.create_task(seal(record, place, 0.01)) for _ in range(2)]
        log = Log(place.folder)
        for _ in range(5):
            await log.append(row())
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await log.close()
    assert len(await bodies(store)) == 5 and anchored(place.anchor) >= 1
    assert await faults(store, place) == []


async def test_an_anchor_that_was_missed_is_written_later(tmp_path: Path) -> None:
    store = str(tmp_path / "felles.db")
    place = place_in(tmp_path, store)
    async with logged(store) as record:
        sealer = Sealer(record, place)
        for _ in range(3):
            await record.commit((), lines=lines(row()))
            await sealer.step()
        assert anchored(place.anchor) == 0
        await sealer.anchor()
    assert anchored(place.anchor) == 3
    with place.anchor.open("ab") as file:
        file.write(b'{"number":4,"fir\n{"num')
    assert anchored(place.anchor) == 3
    async with logged(store) as record:
        await record.commit((), lines=lines(row()))
        await Sealer(record, place).settle()
    assert anchored(place.anchor) == 4
    said = await verified(store, place)
    assert said.faults == []
    assert [note.partition(" was cut")[0] for note in said.notes] == [f"line {n} of the anchors" for n in (4, 5)]


async def test_an_older_store_put_in_its_place_is_told_by_the_anchors(tmp_path: Path) -> None:
    store, older = str(tmp_path / "felles.db"), tmp_path / "older.db"
    place = place_in(tmp_path, store)
    await told(store, tmp_path, 8)
    shutil.copyfile(store, older)
    await told(store, tmp_path, 8)
    for end in ("", "-wal", "-shm"):
        Path(f"{store}{end}").unlink(missing_ok=True)
    shutil.copyfile(older, store)
    await told(store, tmp_path, 4)
    said = await faults(store, place)
    assert said == ["seal 3: differs from its anchor", "seal 4: differs from its anchor"]


async def test_a_full_disk_lets_no_answer_go_and_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = str(tmp_path / "felles.db")
    place = place_in(tmp_path, store)
    async with logged(store) as record:
        log, real = Log(place.folder), os.pwrite
        await log.append(row(1))

        def full(*_: object) -> int:
            raise OSError(errno.ENOSPC, "no space left")

        monkeypatch.setattr(os, "pwrite", full)
        refused = await asyncio.gather(*(log.append(row()) for _ in range(3)), return_exceptions=True)
        monkeypatch.setattr(os, "pwrite", real)
        await log.append(row(2))
        await log.close()
        await Sealer(record, place).settle()
    assert [one.status for one in refused if isinstance(one, Problem)] == [507, 507, 507]
    moments = {decode(body).moment for body in await bodies(store)}
    assert {row(1).moment, row(2).moment} <= moments
    assert await faults(store, place) == []


async def test_an_answer_that_shows_many_patients_is_told_in_several_rows(tmp_path: Path) -> None:
    store = str(tmp_path / "felles.db")
    place = place_in(tmp_path, store)
    async with logged(store) as record:
        log = Log(place.folder)
        await log.append(row(next(numbers), patients=list(range(2_500))))
        await log.close()
        await Sealer(record, place).settle()
    assert [len(decode(body).patients) for body in await bodies(store)] == [1_000, 1_000, 500]


async def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    with pytest.raises(PermissionError):
        Log(folder)
