"""Processes that tell and processes that seal are killed at any moment: what was acknowledged is in the log once."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from felles.access.audit.row import decode
from felles.access.audit.sealer import Sealer
from tests.audit import bodies, faults, logged, place_in

TELLING = """
import asyncio, sys
from pathlib import Path
from felles.access.audit.log import Log
from tests.audit import row
async def one(log, number):
    await log.append(row(number, session=f"{sys.argv[2]}-{number}"))
    print(number, flush=True)
async def main():
    log = Log(Path(sys.argv[1]))
    for start in range(1, 100_000, 20):
        await asyncio.gather(*(one(log, number) for number in range(start, start + 20)))
asyncio.run(main())
"""
SEALING = """
import asyncio, sys
from pathlib import Path
from felles.access.audit.sealer import seal
from tests.audit import logged, place_in
async def main():
    async with logged(sys.argv[1]) as record:
        print("ready", flush=True)
        await seal(record, place_in(Path(sys.argv[2]), sys.argv[1]), 0.01)
asyncio.run(main())
"""


def started(program: str, *args: str) -> subprocess.Popen[str]:
    """A process that has said its first word."""
    process = subprocess.Popen([sys.executable, "-c", program, *args], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline()
    return process


def killed(process: subprocess.Popen[str]) -> list[str]:
    """What it had acknowledged when it was killed."""
    process.send_signal(signal.SIGKILL)
    said, _ = process.communicate()
    return said.split("\n")[:-1]


@pytest.mark.slow
def test_a_kill_loses_and_repeats_nothing(store_url: str, tmp_path: Path) -> None:
    chance, place = random.Random(3), place_in(tmp_path, store_url)
    asyncio.run(settled(store_url, tmp_path))
    acknowledged: set[str] = set()
    for life in range(4):
        telling = started(TELLING, str(place.folder), str(life))
        for _ in range(2):
            sealing = started(SEALING, store_url, str(tmp_path))
            time.sleep(0.2 + chance.random() / 2)
            killed(sealing)
        acknowledged |= {f"{life}-{number}" for number in killed(telling)}
    asyncio.run(settled(store_url, tmp_path))
    kept = Counter(decode(body).session for body in asyncio.run(bodies(store_url)))
    assert acknowledged and acknowledged <= kept.keys()
    assert set(kept.values()) == {1}
    assert asyncio.run(faults(store_url, place)) == []
    assert not list(place.folder.glob("*.rows"))


async def settled(store: str, folder: Path) -> None:
    async with logged(store) as record:
        await Sealer(record, place_in(folder, store)).settle()
