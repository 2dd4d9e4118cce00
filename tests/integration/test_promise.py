"""The promise of an appointment before the deadline: owed whenever nothing in time stands, and never besides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from felles import app
from felles.clerical import act
from felles.clerical.act import Assessment
from felles.clerical.conservation import period_id
from felles.clerical.promise import BOOK
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.correspondence import appointment, fill
from tests.integration.test_referral import referral

pytestmark = pytest.mark.anyio
PERIOD = period_id("ServiceRequest/one")


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update(referral())
    yield made
    await made.close()
    proof = await made_whole(store_url)
    assert proof == []


async def made_whole(address: str) -> list[str]:
    """What nobody owes although somebody should, at the end of every test."""
    again = await Record.open(address, app.RULES, lines=app.LINES)
    found = [str(one) for room in app.ORPHANS async for one in room(again)]
    await again.close()
    return found


def time(id: str, days: int, **more: Any) -> dict[str, Any]:
    day = NORWAY.day(handling.now()) + timedelta(days=days)
    based = [{"reference": "ServiceRequest/one"}]
    at = {"start": f"{day}T09:00:00+01:00", "end": f"{day}T09:30:00+01:00"}
    return appointment(id, "anna", basedOn=based) | at | more


async def assess(record: Record, days: int = 60) -> None:
    mine, who = await consenting.staff(record, "nurse")
    deadline = NORWAY.day(handling.now()) + timedelta(days=days)
    await act.assess(mine, who, PERIOD, Assessment("right", "examination", "somatic", deadline), handling.now())


async def owed(record: Record) -> int:
    page = await worklist.open_of(record, "Organization/ward", handling.now())
    return sum(row.duty.kind == BOOK.number for row in page.rows)


async def test_an_appointment_given_before_the_assessment_keeps_it(record: Record) -> None:
    await record.update(time("early", 10))
    await assess(record)
    assert await owed(record) == 0
    await record.update(time("early", 10, status="cancelled"))
    assert await owed(record) == 1


async def test_one_after_the_deadline_does_not_keep_it(record: Record) -> None:
    await assess(record, 30)
    await record.update(time("in-time", 10))
    await record.update(time("too-late", 50))
    assert await owed(record) == 0
    await record.update(time("in-time", 10, status="cancelled"))
    assert await owed(record) == 1


async def test_another_deadline_is_another_promise(record: Record) -> None:
    await assess(record, 60)
    await record.update(time("one", 40))
    mine, who = await consenting.staff(record, "nurse")
    today = NORWAY.day(handling.now())
    await act.change_deadline(mine, who, PERIOD, today + timedelta(days=30), "Ny vurdering av hast")
    assert await owed(record) == 1
    (row,) = [row for row in (await worklist.open_of(record, "Organization/ward", handling.now())).rows
              if row.duty.kind == BOOK.number]  # fmt: skip
    assert NORWAY.day(row.duty.due - 1) == today + timedelta(days=30)
    await act.change_deadline(mine, who, PERIOD, today + timedelta(days=45), "Bedring, kan vente")
    assert await owed(record) == 0


async def test_two_who_call_off_the_last_two_at_once_leave_it_owed(record: Record) -> None:
    await assess(record)
    for turn in range(5):
        await record.update(time("a", 10 + turn))
        await record.update(time("b", 20 + turn))
        assert await owed(record) == 0
        await asyncio.gather(*(record.update(time(id, 10, status="cancelled")) for id in "ab"))
        assert await owed(record) == 1
