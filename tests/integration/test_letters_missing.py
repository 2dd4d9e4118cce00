"""The letters of 2022 again: a template that no longer reaches the GPs is refused; where somebody forces it, the unit
owes an explanation the next morning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from felles import app
from felles.delivery import volume
from felles.delivery.act import sign
from felles.delivery.volume import ALL, MISSING
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.record.index.value import key64
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.correspondence import fill, order

pytestmark = pytest.mark.anyio
WARD = "Organization/ward"
DAY = 86_400_000_000


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


async def owed(record: Record) -> list[str | None]:
    page = await worklist.open_of(record, WARD, handling.now())
    return [row.duty.reason for row in page.rows if row.duty.kind == MISSING.number]


async def test_each_letter_and_each_receiver_is_counted_in_its_transaction(record: Record) -> None:
    mine, who = await consenting.staff(record, "nurse")
    for _ in range(2):
        await sign(mine, who, order("anna"), handling.now())
    assert await volume.look(record, handling.now() + DAY) == 0
    today = NORWAY.day_number(handling.now())
    rows = await record.ask("letter days", [today, today])
    unit = key64(WARD)
    assert sorted(tuple(row) for row in rows) == [
        (unit, "appointment", role, today, 2) for role in (ALL, "gp", "patient")
    ]  # fmt: skip


async def test_copies_that_stop_are_owed_the_next_morning_and_only_once(record: Record) -> None:
    unit, now = key64(WARD), handling.now()
    tomorrow = NORWAY.day(now)
    while not NORWAY.works_on(tomorrow):
        tomorrow += timedelta(days=1)
    last = NORWAY.day_number(NORWAY.moment(tomorrow))
    lines = []
    for back in range(1, 41):
        if NORWAY.works_on(tomorrow - timedelta(days=back)):
            for role, count in ((ALL, 30), ("patient", 30), ("gp", 27)):
                lines += [volume.told(unit, last - back, "appointment", role)] * count
    for role, count in ((ALL, 30), ("patient", 30)):
        lines += [volume.told(unit, last, "appointment", role)] * count
    await record.commit([], lines=lines)
    morning = NORWAY.moment(tomorrow + timedelta(days=1)) + DAY // 96
    assert await volume.look(record, morning) == 1
    assert await volume.look(record, morning) == 0
    (why,) = await owed(record)
    assert why is not None and "appointment til gp: 0, det vanlige er 27" in why
