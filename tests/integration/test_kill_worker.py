"""A feed worker that is killed at any point neither skips nor repeats what it does in the store."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from felles.record import definition, feed
from felles.record.record import Record
from felles.record.rule import Deed, Put
from felles.record.store.snapshot import snapshot
from tests.batch import findings

POINTS = ("none", "before handler", "after handler", "before commit", "after commit", "lost race")
names = itertools.count()


class Killed(Exception):
    """Stands for the end of the process."""


class Dying:
    """A record whose commits die at a chosen point."""

    def __init__(self, record: Record, point: str) -> None:
        self._record, self._point = record, point
        self.store = record.store

    async def commit(self, *args: Any, **kwargs: Any) -> Any:
        if self._point == "before commit":
            raise Killed
        if self._point == "lost race":
            await feed.step(self._record, kwargs["advance"].name, effects("before"), 2)
        written = await self._record.commit(*args, **kwargs)
        if self._point == "after commit":
            raise Killed
        return written


def effects(point: str) -> feed.Handler:
    """One Basic with a new id for each Patient that was written: doing it twice would show."""

    async def handler(events: list[feed.Event], _: Record) -> list[Deed]:
        if point == "before handler":
            raise Killed
        deeds: list[Deed] = [
            Put({"resourceType": "Basic", "code": {"text": f"{event.id}/{event.number}"}})
            for event in events
            if event.type == "Patient"
        ]
        if point == "after handler":
            raise Killed
        return deeds

    return handler


async def one_life(record: Record, name: str, point: str, limit: int) -> int:
    try:
        return await feed.step(Dying(record, point), name, effects(point), limit)  # type: ignore[arg-type]
    except Killed:
        return 1


async def done(record: Record) -> Counter[str]:
    rows = await record.store.reading.rows("SELECT body FROM resource WHERE id IS NOT NULL")
    bodies = [orjson.loads(body) for (body,) in rows]
    return Counter(one["code"]["text"] for one in bodies if one["resourceType"] == "Basic")


async def live(store: str, lives: list[tuple[str, int, int]]) -> None:
    record = await Record.open(store)
    try:
        run = next(names)
        name, expected = f"worker{run}", Counter[str]()
        while await feed.step(record, name, nothing, 1_000):
            pass
        for place, (point, limit, writes) in enumerate(lives):
            for number in range(writes):
                id = f"p{run}-{place}-{number}"
                await record.create({"resourceType": "Patient", "id": id}, id)
                expected[f"{id}/1"] += 1
            await one_life(record, name, point, limit)
        while await one_life(record, name, "none", 50):
            pass
        found = await done(record)
        assert Counter({text: n for text, n in found.items() if text.startswith(f"p{run}-")}) == expected
    finally:
        await record.close()


async def nothing(events: list[feed.Event], _: Record) -> list[Deed]:
    return []


LIVES = st.lists(st.tuples(st.sampled_from(POINTS), st.integers(1, 5), st.integers(0, 4)), max_size=12)


def test_a_worker_killed_at_any_point_does_everything_once(store_url: str) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(LIVES)
    def lives_of(lives: list[tuple[str, int, int]]) -> None:
        asyncio.run(live(store_url, lives))

    lives_of()
    assert asyncio.run(findings(store_url)) == []


PROGRAM = """
import asyncio, sys
from felles.record import feed
from felles.record.record import Record
from tests.integration.test_kill_worker import effects
async def main():
    record = await Record.open(sys.argv[1])
    while await feed.step(record, "worker", effects("none"), 3):
        pass
    await record.close()
asyncio.run(main())
"""


def work(store: str, until: int) -> int:
    """A worker's exit code; it is killed once that many effects are in the store."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, store])
    while process.poll() is None:
        if asyncio.run(count(store)) >= until:
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.005)
    return process.wait()


async def count(store: str) -> int:
    async with snapshot(store) as moment:
        kind = definition.type_number("Basic")
        return int((await moment.rows("SELECT count(*) FROM resource WHERE type = $1", (kind,)))[0][0])


@pytest.mark.slow
def test_a_killed_process_neither_skips_nor_repeats(store_url: str) -> None:
    async def fill() -> None:
        record = await Record.open(store_url)
        for number in range(300):
            await record.create({"resourceType": "Patient", "id": f"k{number}"}, f"k{number}")
        await record.close()

    async def found() -> Counter[str]:
        record = await Record.open(store_url)
        try:
            return await done(record)
        finally:
            await record.close()

    asyncio.run(fill())
    for until in (1, 100, 200, 1_000):
        code = work(store_url, until)
    assert code == 0
    assert asyncio.run(found()) == Counter(f"k{number}/1" for number in range(300))
    assert asyncio.run(findings(store_url)) == []
