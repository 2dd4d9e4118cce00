"""Clerical work killed in the midst of it, again and again: what was acknowledged stands, the ledger adds up, nothing
is without somebody who owes it, and the lists are what the resources say.

FELLES_CRASH_EVENTS=100000 makes the stream as long as that; without it, it is short.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from felles import app
from felles.clerical.period import Status, of
from felles.duties.reckoning import Proof, faults
from felles.record.record import Record
from tests import stream

EVENTS = int(os.environ.get("FELLES_CRASH_EVENTS", "1500"))
LONGEST = max(120, EVENTS // 50)
ROOT = Path(__file__).parents[2]


def killed(store: str, seed: int, seconds: float) -> list[str]:
    """What one stream had acknowledged when it was killed."""
    command = [sys.executable, "-m", "tests.stream", store, str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        first = process.stdout.readline()
        time.sleep(seconds)
        gone = process.poll()
        process.send_signal(signal.SIGKILL)
        told = [first, *process.stdout.readlines()]
        assert gone is None, process.stderr.read()
    return [line.strip() for line in told if line.startswith("done ") and line.endswith("\n")]


async def prepared(store: str) -> None:
    record = await Record.open(store, app.RULES, lines=app.LINES)
    await stream.prepare(record)
    await record.close()


async def counted(store: str) -> int:
    """Versions that stand in the store: every event wrote at least one."""
    record = await Record.open(store, app.RULES, lines=app.LINES)
    rows = await record.store.reading.rows("SELECT count(*) FROM version")
    await record.close()
    return int(rows[0][0])


async def examined(store: str, told: list[str]) -> None:
    """The store after all the crashes."""
    record = await Record.open(store, app.RULES, lines=app.LINES)
    for line in told:
        _, what, id = line.split()
        one = of(await record.resource("EpisodeOfCare", id))
        assert what == "referred" or one.status is not Status.RECEIVED, line
        assert what != "ended" or one.status in (Status.ACTIVE, Status.CANCELLED), line
    assert [one.reference for room in app.ORPHANS async for one in room(record)] == []
    assert [await renew(record) for renew in app.RENEWALS] == [0] * len(app.RENEWALS)
    await record.close()
    proof = Proof()
    assert [str(one) async for one in faults(store, proof)] == []
    assert proof.opened == proof.closed + proof.open
    assert proof.opened > EVENTS / 10


@pytest.mark.timeout(LONGEST + 300)
def test_crashes_lose_nothing_and_leave_nothing_half_done(store_url: str) -> None:
    asyncio.run(prepared(store_url))
    draw, told, seed, until = Random(20_230_105), list[str](), 0, time.monotonic() + LONGEST
    while asyncio.run(counted(store_url)) < EVENTS and time.monotonic() < until:
        seed += 1
        told += killed(store_url, seed, draw.uniform(0.3, 1.5) if EVENTS < 10_000 else draw.uniform(0.3, 20))
    assert seed >= 2 and len(told) > EVENTS / 20
    asyncio.run(examined(store_url, told))
