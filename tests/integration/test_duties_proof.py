"""`felles check balance` proves a ledger that adds up and names what does not; processes write and die side by side."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest
from click.testing import CliRunner, Result

from felles import duties
from felles.access.who import Kind as Of
from felles.access.who import Role, Who
from felles.cli import main
from felles.duties import balance, handling, timer
from felles.duties.calendar import NORWAY
from felles.duties.deadline import Minutes
from felles.duties.deed import Owe, Settle, deeds
from felles.duties.escalation import Level, Step
from felles.duties.kind import Kind, View, declare
from felles.duties.reading import Outside
from felles.duties.reckoning import Proof, faults
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.rule import parted
from felles.record.store.sqlite import connect

STEPS = tuple(Step(level, Minutes(level)) for level in (Level.SUBSTITUTE, Level.LEADER, Level.REGION))
KIND = declare(Kind(9_301, "test-proof", "Prøve", Minutes(1), STEPS, view=View.NONE))
WARD = "Organization/ward"


async def opened(address: str) -> Record:
    record = await Record.open(address, duties.rules(), lines=duties.LINES)
    await record.update({"resourceType": "Organization", "id": "ward", "name": "ward"})
    return record


async def owe(record: Record, *subjects: str) -> None:
    writes, lines = parted(await deeds([Owe(KIND, one, WARD) for one in subjects], Outside(record), handling.now()))
    await record.commit(writes, lines=lines)


async def settle(record: Record, subject: str) -> None:
    writes, lines = parted(await deeds([Settle(KIND, subject, subject)], Outside(record), handling.now()))
    await record.commit(writes, lines=lines)


async def filled(address: str) -> None:
    record = await opened(address)
    for n in range(6):
        await owe(record, f"Basic/{n}")
        if n == 2:
            await balance.fold(record)
    await settle(record, "Basic/1")
    await record.close()


async def proven(address: str) -> tuple[list[str], Proof]:
    proof = Proof()
    return [str(fault) async for fault in faults(address, proof)], proof


def check(address: str, *flags: str) -> Result:
    return CliRunner().invoke(main, ["check", "balance", "--store", address, *flags])


def test_a_ledger_that_adds_up(store_url: str) -> None:
    asyncio.run(filled(store_url))
    said = check(store_url)
    assert said.exit_code == 0, said.output
    assert "6 opened = 1 closed + 5 open, from 7 entries" in said.output
    told = json.loads(check(store_url, "--json").output)
    assert told == {
        "holds": True, "duties": 6, "entries": 7, "opened": 6, "closed": 1, "open": 5, "faults": [],
    }  # fmt: skip


WITHOUT = "DROP TRIGGER duty_entry_kept; DROP TRIGGER duty_entry_unchanged; DROP TRIGGER duty_kept; "
TAMPERED = {
    "an entry is gone": WITHOUT + "DELETE FROM duty_entry WHERE duty = (SELECT max(id) FROM duty)",
    "a duty is gone": WITHOUT + "DELETE FROM duty WHERE id = (SELECT max(id) FROM duty)",
    "an entry tells another day": WITHOUT + "UPDATE duty_entry SET day = day + 1 WHERE turn = 2",
    "an entry tells another unit": WITHOUT + "UPDATE duty_entry SET unit = 7 WHERE turn = 2",
    "a duty is closed behind the ledger": "UPDATE duty SET state = 1 WHERE id = (SELECT max(id) FROM duty)",
    "a duty is another unit's": "UPDATE duty SET unit = 7 WHERE id = (SELECT max(id) FROM duty)",
    "a fold counts too many": "UPDATE duty_fold SET opened = opened + 1",
    "a total counts too many": "UPDATE duty_total SET open = open + 1",
    "a delta is lost": "DELETE FROM duty_delta WHERE seq = (SELECT max(seq) FROM duty_delta); "
    "UPDATE duty_fold SET closed = closed - 1; UPDATE duty_total SET open = open + 1",
}


@pytest.mark.parametrize("how", TAMPERED)
def test_one_row_that_does_not_add_up_is_named(how: str, tmp_path: Path) -> None:
    address = str(tmp_path / "felles.db")
    asyncio.run(filled(address))
    connection = connect(Path(address))
    connection.execute(TAMPERED[how])
    number = connection.execute("SELECT max(id) FROM duty").fetchone()[0]  # type: ignore[index]
    connection.close()
    said = check(address)
    assert said.exit_code == 1
    if how.startswith("a duty is c"):
        assert f"{number:x}" in said.output
    told = json.loads(check(address, "--json").output)
    assert not told["holds"] and told["faults"]


@pytest.mark.parametrize("change", ["DELETE FROM duty", "DELETE FROM duty_entry", "UPDATE duty_entry SET closed = 1"])
def test_the_store_itself_refuses_to_forget(change: str, tmp_path: Path) -> None:
    address = str(tmp_path / "felles.db")
    asyncio.run(filled(address))
    connection = connect(Path(address))
    with pytest.raises(apsw.ConstraintError):
        connection.execute(change)
    connection.close()


@pytest.mark.anyio
async def test_two_processes_lose_no_delta(postgresql_url: str) -> None:
    """Two writers of one region open, settle and fold at once: every read balance holds, every count is there."""
    records = [await opened(postgresql_url) for _ in range(2)]

    async def work(record: Record, of: int) -> None:
        for n in range(30):
            await owe(record, f"Basic/{of}-{n}a", f"Basic/{of}-{n}b")
            await settle(record, f"Basic/{of}-{n}a")
            if n % 7 == 0:
                await balance.fold(record, 5)
            if n % 5 == 0:
                for count in await balance.balance(Outside(record), NORWAY.day_number(handling.now())):
                    assert count.holds and count.after == count.opened - count.closed

    await asyncio.gather(*(work(record, of) for of, record in enumerate(records * 2)))
    found, proof = await proven(postgresql_url)
    assert found == []
    assert (proof.opened, proof.closed, proof.open) == (240, 120, 120)
    for record in records:
        await record.close()


CLOCK = """
import asyncio, sys, time
sys.path[:0] = sys.argv[2:]
from felles import duties
from felles.access.who import Kind as Of
from felles.access.who import Role, Who
from felles.duties import balance, timer
from tests.integration import test_duties_proof
from felles.record.record import Record
async def run():
    record = await Record.open(sys.argv[1], duties.rules(), lines=duties.LINES)
    print("begun", flush=True)
    late = time.time_ns() // 1000 + 10**10
    while True:
        await timer.step(record, late, 3)
        await balance.fold(record, 2)
asyncio.run(run())
"""


def test_clocks_that_are_killed_take_every_step_once(postgresql_url: str) -> None:
    """Three clocks, killed at random instants and started again: each duty goes up its three steps, each once."""
    root = Path(__file__).parents[2]

    async def begin() -> None:
        record = await opened(postgresql_url)
        for n in range(0, 60, 10):
            await owe(record, *(f"Basic/{n + m}" for m in range(10)))
        await record.close()

    def start() -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", CLOCK, postgresql_url, str(root)]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert running.stdout is not None and running.stdout.readline() == "begun\n"
        return running

    asyncio.run(begin())
    chance = random.Random(1)
    clocks = [start() for _ in range(2)]
    for _ in range(4):
        time.sleep(chance.uniform(0.02, 0.3))
        clocks[0].send_signal(signal.SIGKILL)
        clocks[0].wait()
        clocks = [*clocks[1:], start()]
    for one in clocks:
        one.kill()
        one.wait()

    async def end() -> list[tuple[int, int, int]]:
        record = await opened(postgresql_url)
        while await timer.step(record, handling.now() + 10**10):
            pass
        rows = await record.store.reading.rows("SELECT level, step, turn FROM duty")
        await record.close()
        return [(int(row[0]), int(row[1]), int(row[2])) for row in rows]

    assert asyncio.run(end()) == [(Level.REGION, 3, 4)] * 60
    assert asyncio.run(proven(postgresql_url))[0] == []


@pytest.mark.anyio
async def test_nobody_who_has_left_is_given_anything(postgresql_url: str) -> None:
    """Somebody is handed duties, takes some, and leaves, all at once from two processes: nothing stays with the one
    who has left, whoever comes first."""
    first, second = [await opened(postgresql_url) for _ in range(2)]
    anne, role = {"resourceType": "Practitioner", "id": "anne"}, {
        "resourceType": "PractitionerRole",
        "id": "anne",
        "practitioner": {"reference": "Practitioner/anne"},
        "organization": {"reference": WARD},
    }  # fmt: skip
    await first.update(anne)
    who = Who("Practitioner/anne", "Anne", Of.STAFF, Role("x", WARD, "LE"), frozenset((key64(WARD),)))
    chance = random.Random(2)
    for n in range(12):
        await first.update(role)
        await owe(first, f"Basic/{n}a", f"Basic/{n}b")
        numbers = [row[0] for row in await first.store.reading.rows("SELECT id FROM duty WHERE person IS NULL")]

        async def leave() -> None:
            await asyncio.sleep(chance.uniform(0, 0.02))
            await second.update({**role, "active": False})

        acts = [handling.take(first, who, number) for number in numbers]
        acts += [handling.hand_on(first, who, number, WARD, who.id, "yours") for number in numbers]
        done = await asyncio.gather(leave(), *acts, return_exceptions=True)
        assert all(not isinstance(one, BaseException) or getattr(one, "status", 0) in (409, 422) for one in done), done
        held = await first.store.reading.rows("SELECT id FROM duty WHERE person IS NOT NULL AND state = 0")
        assert held == []
    assert (await proven(postgresql_url))[0] == []
    for record in (first, second):
        await record.close()
