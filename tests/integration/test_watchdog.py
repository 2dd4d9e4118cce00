"""What the watchdogs find is owed by the leaders of the unit, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from felles import app
from felles.duties import balance, handling, watchdog, worklist
from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Owe, opened
from felles.duties.kind import Kind, View, declare
from felles.duties.reading import Outside
from felles.record.record import Record
from felles.record.rule import parted
from tests.integration import consenting

pytestmark = pytest.mark.anyio
WARD = "Organization/ward"
WORK = declare(Kind(9_501, "test-watched", "Prøvd arbeid", WorkingDays(2), view=View.NONE))


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await consenting.fill(made)
    yield made
    await made.close()


async def owe(record: Record, moment: int, count: int) -> None:
    """So many duties that were opened at a moment."""
    for number in range(count):
        said = Owe(WORK, "Patient/bea", WARD, once=f"{moment}:{number}", opened=moment)
        writes, lines = parted(await opened(said, Outside(record), moment))
        await record.commit(writes, lines=lines)


async def found(record: Record) -> list[str]:
    page = await worklist.open_of(record, WARD, handling.now(), limit=2_000)
    return sorted(f"{row.duty.kind} {row.duty.reason}" for row in page.rows if row.duty.kind in watchdog.OWN)


async def test_silence_and_old_work_are_owed_once(record: Record) -> None:
    day = NORWAY.day(handling.now())
    while not (NORWAY.works_on(day) and NORWAY.works_on(day - timedelta(days=1))):
        day -= timedelta(days=1)
    now = NORWAY.moment(day) + 9 * 3_600_000_000
    for week in range(1, 9):
        for offset in (0, 1):
            past = day - timedelta(days=1 + 7 * week - offset)
            if NORWAY.works_on(past):
                await owe(record, NORWAY.moment(past) + 36_000_000_000, 24)
    while await balance.fold(record):
        pass
    assert await watchdog.look(record, now) == 2
    said = await found(record)
    assert said[0].startswith("3 ") and "«Prøvd arbeid» kom inn 0, det vanlige er 24" in said[0]
    assert said[1].startswith("4 ") and "mer enn 30 dager over fristen" in said[1]
    assert await watchdog.look(record, now) == 0
