"""The waiting list: rows and counts agree, nobody is named who is not open, and a breach is owed before it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import apsw
import asyncpg
import pytest

from felles import app, clerical
from felles.clerical import act, forecast, waiting
from felles.clerical.act import Assessment
from felles.clerical.conservation import period_id
from felles.clerical.promise import BOOK, BREACH
from felles.clerical.waiting import Box
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.correspondence import appointment, fill
from tests.integration.test_referral import NUMBER, referral

pytestmark = pytest.mark.anyio
WARD = "Organization/ward"
DAY = 86_400_000_000


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    yield made
    await made.close()


async def waits(record: Record, id: str, patient: str, days: int) -> str:
    """Somebody who has been assessed, with a deadline so many days ahead. Returns the period's id."""
    await record.update(referral(id=id, patient=patient))
    mine, who = await consenting.staff(record, "nurse")
    deadline = NORWAY.day(handling.now()) + timedelta(days=days)
    made = period_id(f"ServiceRequest/{id}")
    await act.assess(mine, who, made, Assessment("right", "examination", "somatic", deadline), handling.now())
    return made


async def breaches(record: Record) -> int:
    page = await worklist.open_of(record, WARD, handling.now())
    return sum(row.duty.kind == BREACH.number for row in page.rows)


async def test_rows_and_counts_agree_in_every_box(record: Record) -> None:
    await record.update(referral(id="new", patient="bea"))
    far, near = await waits(record, "far", "anna", 60), await waits(record, "near", "cato", 5)
    start = NORWAY.day(handling.now()) + timedelta(days=3)
    time = {"start": f"{start}T09:00:00+01:00", "end": f"{start}T09:30:00+01:00"}
    await record.update(appointment("t", "anna", basedOn=[{"reference": "ServiceRequest/far"}]) | time)
    pages = {box: (await waiting.page(record, WARD, box, handling.now())).rows for box in Box}
    counts = await waiting.counts(record, WARD, handling.now())
    assert {box: len(rows) for box, rows in pages.items()} == dict(counts.boxes) == dict.fromkeys(Box, 1)
    assert [pages[Box.TO_BOOK][0].id, pages[Box.WITH_TIME][0].id] == [near, far]
    assert (counts.broken, counts.near, counts.mean) == (0, 1, 0) and pages[Box.TO_BOOK][0].near
    assert pages[Box.WITH_TIME][0].booked is not None and pages[Box.TO_ASSESS][0].due is not None


async def test_a_list_is_paged_in_order_without_gap_or_double(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PAGE", 2)
    for place in range(5):
        await record.update(referral(id=f"r{place}", patient="bea"))
    seen, after = [], waiting.START
    while True:
        page = await waiting.page(record, WARD, Box.TO_ASSESS, handling.now(), after)
        seen += [row.id for row in page.rows]
        if page.next is None:
            break
        after = page.next
    assert sorted(seen) == sorted(period_id(f"ServiceRequest/r{place}") for place in range(5))


async def test_what_is_not_open_to_the_reader_stays_a_row_without_a_name(record: Record) -> None:
    id = await waits(record, "one", "anna", 60)
    mine, _ = await consenting.staff(record, "nurse")
    theirs, _ = await consenting.staff(record, "other")
    known = (await waiting.people(mine, [id]))[id]
    assert known.patient["id"] == "anna" and known.reason == "Vurdering av kne"
    assert await waiting.people(theirs, [id]) == {}


async def test_a_probable_breach_is_owed_once_with_a_draft_to_helfo(record: Record) -> None:
    await waits(record, "near", "anna", 10)
    await waits(record, "far", "cato", 60)
    now = handling.now()
    assert await forecast.foresee(record, now) == 1
    assert await forecast.foresee(record, now) == 0
    assert await breaches(record) == 1
    drafts = await record.resources("Communication", [("category", f"{forecast.HELFO}|breach")])
    assert [one["status"] for one in drafts] == ["preparation"] and "Anna" not in str(drafts[0]["payload"])


async def test_a_time_after_the_deadline_is_a_probable_breach_and_one_in_time_ends_it(record: Record) -> None:
    await waits(record, "near", "anna", 10)
    start = NORWAY.day(handling.now()) + timedelta(days=12)
    late = appointment("t", "anna", basedOn=[{"reference": "ServiceRequest/near"}])
    late |= {"start": f"{start}T09:00:00+01:00", "end": f"{start}T09:30:00+01:00"}
    await record.update(late)
    assert await forecast.foresee(record, handling.now()) == 1 and await breaches(record) == 1
    sooner = start - timedelta(days=6)
    await record.update(late | {"start": f"{sooner}T09:00:00+01:00", "end": f"{sooner}T09:30:00+01:00"})
    assert await breaches(record) == 0 and await forecast.foresee(record, handling.now()) == 0


async def test_the_last_time_that_is_called_off_is_owed_again_and_the_first_one_stands_in_the_list(
    record: Record,
) -> None:
    await waits(record, "one", "anna", 60)
    early, late = (NORWAY.day(handling.now()) + timedelta(days=days) for days in (10, 20))
    times = [
        appointment(str(day), "anna", basedOn=[{"reference": "ServiceRequest/one"}])
        | {"start": f"{day}T09:00:00+01:00", "end": f"{day}T09:30:00+01:00"}
        for day in (early, late)
    ]
    for time in times:
        await record.update(time)
    (row,) = (await waiting.page(record, WARD, Box.WITH_TIME, handling.now())).rows
    assert row.booked is not None and row.booked.date() == early
    await record.update({**times[0], "status": "cancelled"})
    (row,) = (await waiting.page(record, WARD, Box.WITH_TIME, handling.now())).rows
    assert row.booked is not None and row.booked.date() == late and await owes_a_time(record) == 0
    await record.update({**times[1], "status": "cancelled"})
    assert await owes_a_time(record) == 1
    assert len((await waiting.page(record, WARD, Box.TO_BOOK, handling.now())).rows) == 1


async def owes_a_time(record: Record) -> int:
    page = await worklist.open_of(record, WARD, handling.now())
    return sum(row.duty.kind == BOOK.number for row in page.rows)


async def test_a_list_that_was_lost_is_built_anew_from_the_resources(record: Record) -> None:
    await record.update(referral(id="new", patient="bea"))
    await waits(record, "near", "cato", 5)
    day = NORWAY.day(handling.now()) + timedelta(days=3)
    time = appointment("t", "cato", basedOn=[{"reference": "ServiceRequest/near"}])
    await record.update(time | {"start": f"{day}T09:00:00+01:00", "end": f"{day}T09:30:00+01:00"})
    before = [await waiting.page(record, WARD, box, handling.now()) for box in Box]
    assert await clerical.renew(record) == 0
    await lose(record.store.address)
    assert (await waiting.counts(record, WARD, handling.now())).mean == 0
    assert await clerical.renew(record) == 2 and await clerical.renew(record) == 0
    assert [await waiting.page(record, WARD, box, handling.now()) for box in Box] == before


async def lose(store: str) -> None:
    """One row gone, the other one wrong."""
    spoilt = ("DELETE FROM waiting WHERE status = 0", "UPDATE waiting SET deadline = 1, booked = NULL")
    if not store.startswith("postgresql"):
        for sql in (*spoilt, "DELETE FROM waiting_referral"):
            with apsw.Connection(store) as file:
                file.execute(sql)
        return
    connection = await asyncpg.connect(store)
    for sql in (*spoilt, "DELETE FROM waiting_referral"):
        await connection.execute(sql)
    await connection.close()
