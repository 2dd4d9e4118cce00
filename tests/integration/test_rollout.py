"""The roll-out's journal and what is counted from a record, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import msgspec
import pytest

from felles import app
from felles.record.guard import EVERYTHING
from felles.record.record import Record
from felles.record.store import Line
from felles.rollout import journal
from felles.rollout.exercise import midt
from felles.rollout.gathering import gathered, organizations
from felles.rollout.journal import Entry, Kind, NewerError, broken, head, last, of_kind, write
from felles.rollout.plan import Plan, decoded

pytestmark = pytest.mark.anyio
NOON = 1_672_916_400_000_000
ON = date(2023, 1, 5)


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    yield made
    await made.close()


async def entries(record: Record) -> list[Entry]:
    return [entry async for entry in journal.after(record)]


async def test_what_is_written_is_read_in_order_and_its_seals_hold(record: Record) -> None:
    plan = midt().plan()
    await write(record, [(Kind.PLAN, "midt", plan)], "Utrullingsleder", NOON)
    await write(record, [(Kind.RECORD, "molde", {"n": n}) for n in range(3)], "Utrullingsleder", NOON)
    found = await entries(record)
    assert [entry.number for entry in found] == [1, 2, 3, 4]
    assert broken(found) is None
    assert decoded(found[0].body) == plan
    assert [entry.told()["n"] async for entry in of_kind(record, Kind.RECORD)] == [0, 1, 2]
    newest = await last(record, Kind.RECORD, "molde")
    assert newest == await head(record) == found[-1]
    assert await last(record, Kind.DECISION, "molde") is None


async def test_edited_and_removed_history_is_found(record: Record) -> None:
    await write(record, [(Kind.RECORD, "molde", {"n": n}) for n in range(4)], "a", NOON)
    found = await entries(record)
    edited = [msgspec.structs.replace(found[1], body='{"n":9}') if n == 1 else entry for n, entry in enumerate(found)]
    assert broken(edited) == 2
    assert broken([*found[:2], *found[3:]]) == 3
    assert broken(found[:1] + found[2:]) == 2


async def test_who_has_not_seen_the_newest_is_told(record: Record) -> None:
    await write(record, [(Kind.PLAN, "midt", {"version": 1})], "a", NOON, expected=0)
    with pytest.raises(NewerError):
        await write(record, [(Kind.PLAN, "midt", {"version": 2})], "b", NOON, expected=0)
    assert len(await entries(record)) == 1


async def test_two_who_edit_one_plan_at_once_do_not_overwrite_each_other(record: Record) -> None:
    async def edit(name: str, count: int) -> bool:
        try:
            await write(
                record, [(Kind.PLAN, "midt", {"by": name, "n": n}) for n in range(count)], name, NOON, expected=0
            )
        except NewerError:
            return False
        return True

    won = await asyncio.gather(edit("a", 1), edit("b", 3), edit("c", 2))
    found = await entries(record)
    assert sum(won) == 1
    assert broken(found) is None
    assert len({entry.author for entry in found}) == 1


async def test_a_row_that_does_not_follow_its_forerunner_is_not_taken(record: Record) -> None:
    await write(record, [(Kind.RECORD, "molde", {"n": 1})], "a", NOON)
    row = [2, NOON, "record", "molde", "x", "{}", "seal", "not the seal before"]
    await record.seen_by(EVERYTHING).commit([], lines=[Line("rollout put", row)])
    assert len(await entries(record)) == 1


def organization(id: str, parent: str = "") -> dict[str, Any]:
    above = {"partOf": {"reference": f"Organization/{parent}"}} if parent else {}
    return {"resourceType": "Organization", "id": id, "active": True, "name": id, **above}


def order(id: str, performer: str, status: str = "active", authored: str = "2022-12-01") -> dict[str, Any]:
    return {"resourceType": "ServiceRequest", "id": id, "status": status, "intent": "order", "authoredOn": authored,
            "subject": {"reference": "Patient/p"}, "performer": [{"reference": f"Organization/{performer}"}],
            "category": [{"coding": [{"system": "urn:felles:category", "code": "imaging"}]}]}  # fmt: skip


async def test_evidence_is_counted_in_the_unit_and_below_it_and_nowhere_else(store_url: str) -> None:
    plan = midt().plan()
    record = await Record.open(store_url, lines=app.LINES)
    await record.update(organization("stolav"))
    await record.update(organization("xray", "stolav"))
    await record.update(organization("elsewhere"))
    await record.update({"resourceType": "Patient", "id": "p"})
    for one in (order("a", "xray"), order("b", "stolav", "completed"), order("c", "elsewhere"),
                order("d", "xray", authored="2022-11-01"), order("e", "xray", authored="2023-01-06")):  # fmt: skip
        await record.update(one)
    await record.update({"resourceType": "Task", "id": "t", "status": "requested", "intent": "order",
                         "focus": {"reference": "ServiceRequest/a"}})  # fmt: skip
    assert await organizations(record, "stolav") == {"Organization/stolav", "Organization/xray"}
    found = await reading(record, plan)
    assert (found.part, found.whole, found.sample) == (1, 2, ("ServiceRequest/a",))
    owner = {"reference": "Organization/xray"}
    await record.update({"resourceType": "Task", "id": "t", "status": "requested", "intent": "order", "owner": owner,
                         "focus": {"reference": "ServiceRequest/a"}})  # fmt: skip
    assert (await reading(record, plan)).part == 0
    await record.close()


async def reading(record: Record, plan: Plan) -> Any:
    found = await gathered(record, plan, "stolav", ["levanger"], ON)
    return next(each for each in found if each.criterion == "imaging-orders")
