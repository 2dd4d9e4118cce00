"""The ledger under the real guard: an emergency opening is reviewed by the unit's leader, who learns no more than that,
and the review opens the record to nobody."""

from collections.abc import AsyncIterator

import pytest

from felles import app
from felles.access.emergency import open_emergency
from felles.duties import emergency, handling, worklist
from felles.duties.duty import Outcome
from felles.duties.reckoning import faults
from felles.duties.serial import task_id
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting

pytestmark = pytest.mark.anyio
WHY = "Found on the ground, does not answer"


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, app.RULES, lines=app.LINES)
    await consenting.fill(opened)
    for id, code in (("leader", "leder"), ("officer", "personvernombud")):
        coded = [{"coding": [{"system": "urn:felles:role", "code": code}]}]
        await opened.update({"resourceType": "Practitioner", "id": id})
        await opened.update({**consenting.role(f"{id}-role", id, "ward", "XX"), "code": coded})
    yield opened
    await opened.close()


async def reviewed(record: Record) -> worklist.Row:
    found = await worklist.open_of(record, "Organization/ward", handling.now())
    assert [row.duty.kind for row in found.rows] == [emergency.REVIEW.number]
    return found.rows[0]


async def test_an_emergency_opening_is_reviewed_by_the_leader(record: Record) -> None:
    nurse, who = await consenting.staff(record, "nurse")
    opened = await open_emergency(nurse, who, "Patient/bea", "life", WHY, consenting.NOW)
    row = await reviewed(record)
    assert (row.subject, row.patient) == (f"Consent/{opened.id}", "Patient/bea")

    leader, boss = await consenting.staff(record, "leader")
    (seen,) = (await worklist.told(leader, "Organization/ward", handling.now(), who=boss)).rows
    assert (seen.shown, seen.patient) == (True, "Patient/bea")
    assert [(one.type, one.patient) for one in leader.guard.shown] == [("Task", key64("Patient/bea"))]
    with pytest.raises(Problem, match="404"):
        await leader.read("Patient", "bea")

    with pytest.raises(Problem) as refused:
        await handling.close(nurse, who, row.duty.id, Outcome.OK, "I say so")
    assert refused.value.status in (403, 404)
    done = await handling.close(leader, boss, row.duty.id, Outcome.OK, "The need is documented", turn=seen.duty.turn)
    assert not done.open and (await worklist.open_of(record, "Organization/ward", handling.now())).rows == []
    assert [str(one) async for one in faults(record.store.address)] == []


async def test_the_review_is_no_ground_for_colleagues(record: Record) -> None:
    nurse, who = await consenting.staff(record, "nurse")
    await open_emergency(nurse, who, "Patient/bea", "life", WHY, consenting.NOW)
    number = (await reviewed(record)).duty.id
    await record.update({"resourceType": "Practitioner", "id": "second"})
    await record.update(consenting.role("second-role", "second", "ward", "SP"))
    second, colleague = await consenting.staff(record, "second")
    for address in (("Patient", "bea"), ("Task", task_id(number))):
        with pytest.raises(Problem, match="404"):
            await second.read(*address)
    (seen,) = (await worklist.open_of(second, "Organization/ward", handling.now(), who=colleague)).rows
    assert (seen.shown, seen.patient, seen.subject) == (False, None, None)
    assert second.guard.shown == []
    with pytest.raises(Problem) as refused:
        await handling.close(second, colleague, number, Outcome.OK, "why not")
    assert refused.value.status in (403, 404)


async def test_no_role_writes_the_tasks_of_the_ledger(record: Record) -> None:
    nurse, who = await consenting.staff(record, "nurse")
    await open_emergency(nurse, who, "Patient/bea", "life", WHY, consenting.NOW)
    task = await record.resource("Task", task_id((await reviewed(record)).duty.id))
    for id in ("nurse", "leader", "officer"):
        seen, _ = await consenting.staff(record, id)
        with pytest.raises(Problem) as refused:
            await seen.update({**task, "status": "completed"})
        assert refused.value.status in (403, 404)
