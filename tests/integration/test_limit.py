"""Turns are counted across processes, on each engine."""

from collections.abc import AsyncIterator

import anyio
import pytest

from felles.access.limit import LINES, SECOND, Limit, require, take
from felles.record.outcome import Problem
from felles.record.record import Record

LIMIT = Limit("test", 3, 10)
NOW = 1_800_000_000 * SECOND


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    yield opened
    await opened.close()


async def test_the_turns_run_out_and_come_back(record: Record) -> None:
    assert [await take(record, LIMIT, "Practitioner/a", NOW) for _ in range(4)] == [0, 0, 0, 10]
    assert await take(record, LIMIT, "Practitioner/b", NOW) == 0
    assert await take(record, LIMIT, "Practitioner/a", NOW + 9 * SECOND) == 1
    assert await take(record, LIMIT, "Practitioner/a", NOW + 10 * SECOND) == 0


async def test_many_at_once_count_as_many(record: Record) -> None:
    waits: list[int] = []

    async def one() -> None:
        waits.append(await take(record, LIMIT, "Practitioner/a", NOW))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(one)
    assert waits.count(0) == LIMIT.turns


async def test_who_asks_too_often_is_told_when_to_come_back(record: Record) -> None:
    for _ in range(3):
        await require(record, LIMIT, "Practitioner/a", NOW)
    with pytest.raises(Problem) as refused:
        await require(record, LIMIT, "Practitioner/a", NOW)
    assert refused.value.status == 429 and refused.value.headers["retry-after"] == "10"


async def test_what_no_longer_weighs_is_forgotten(record: Record) -> None:
    await take(record, LIMIT, "Practitioner/a", NOW)
    await take(record, LIMIT, "Practitioner/b", NOW + 2 * 24 * 3600 * SECOND)
    rows = await record.store.reading.rows("SELECT count(*) FROM bucket", [])
    assert rows[0][0] == 1
