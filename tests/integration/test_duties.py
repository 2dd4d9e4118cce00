"""The ledger of duties on both engines: opened with the fact, closed by proof or a name, shown as Task, never lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from felles import duties
from felles.access.who import Kind as Of
from felles.access.who import Role, Who
from felles.duties import balance, handling, owing, timer, unusual, worklist
from felles.duties.calendar import NORWAY
from felles.duties.deadline import HOUR, WorkingDays, due
from felles.duties.deed import HandOn, Owe, Reopen, Said, Settle, deeds
from felles.duties.duty import Outcome
from felles.duties.escalation import Level, Step
from felles.duties.kind import Kind, declare
from felles.duties.reading import Outside
from felles.duties.reckoning import Proof, faults
from felles.duties.serial import task_id
from felles.record.guard import Epochs, Sight, System
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.prepare import removal
from felles.record.record import Record
from felles.record.rule import Deed, Inside, Put, Rule, Woken, parted, write_of
from felles.record.store import Line, Sql

pytestmark = pytest.mark.anyio

ASSESS = declare(
    Kind(
        9_001,
        "test-assess",
        "Vurder henvisning",
        WorkingDays(10),
        (
            Step(Level.SUBSTITUTE, WorkingDays(1)),
            Step(Level.LEADER, WorkingDays(2)),
            Step(Level.REGION, WorkingDays(3)),
        ),
        proof="an assessment",
    )
)
WARD, CLINIC, REGION = "Organization/ward", "Organization/clinic", "Organization/region"
ANNE, BO = "Practitioner/anne", "Practitioner/bo"


async def referrals(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    """A referral owes an assessment; what becomes of it is said by its status."""
    now, was = woken.after or {}, (woken.before or {}).get("status")
    subject = f"ServiceRequest/{woken.id}"
    if was is None and now.get("status") == "active":
        performers = [one["reference"] for one in now["performer"]]
        person = next((one for one in performers if one.startswith("Practitioner")), None)
        patient = now["subject"]["reference"]
        return [Owe(ASSESS, subject, performers[0], person, patient, substitute=BO if person else None)]
    if was != now.get("status"):
        changes: dict[str, Said] = {
            "completed": Settle(ASSESS, subject, subject),
            "active": Reopen(ASSESS, subject, subject),
            "on-hold": HandOn(ASSESS, subject, CLINIC),
        }
        return [changes[now["status"]]] if now.get("status") in changes else []
    return []


RULES = (*duties.rules(), Rule("assessment", frozenset({"ServiceRequest"}), owing(referrals)))


def referral(id: str, *performers: str, status: str = "active") -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": id,
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/kari"},
        "performer": [{"reference": one} for one in performers or (WARD,)],
    }


def unit(reference: str, above: str | None = None) -> dict[str, Any]:
    id = reference.partition("/")[2]
    part = {"partOf": {"reference": above}} if above else {}
    return {"resourceType": "Organization", "id": id, "name": id, **part}


def person(reference: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": "Practitioner", "id": reference.partition("/")[2], **members}


def role(reference: str, place: str = WARD, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": f"{reference.partition('/')[2]}-{place.partition('/')[2]}",
        "practitioner": {"reference": reference},
        "organization": {"reference": place},
        **members,
    }


def who(reference: str = ANNE, place: str = WARD, code: str = "LE") -> Who:
    keys = frozenset(map(key64, (reference, place)))
    return Who(reference, reference, Of.STAFF, Role("PractitionerRole/x", place, code), keys)


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    forget = Sql("UPDATE resource SET deleted = 1 WHERE id = $1")
    opened = await Record.open(store_url, RULES, lines={**duties.LINES, "test forget": forget})
    for one in (unit(REGION), unit(CLINIC, REGION), unit(WARD, CLINIC), person(ANNE), person(BO), role(ANNE), role(BO)):
        await opened.update(one)
    await opened.update({"resourceType": "Patient", "id": "kari"})
    yield opened
    await opened.close()


async def only(record: Record, subject: str) -> worklist.Row:
    found = await worklist.of_subject(record, subject, handling.now())
    assert len(found) == 1
    return found[0]


async def whole(record: Record) -> Proof:
    """The ledger adds up, and says what it counted."""
    proof = Proof()
    assert [str(fault) async for fault in faults(record.store.address, proof)] == []
    return proof


async def test_a_duty_comes_with_its_cause_and_goes_with_its_proof(record: Record) -> None:
    await record.update(referral("r", WARD, ANNE))
    row = await only(record, "ServiceRequest/r")
    assert (row.unit, row.person, row.patient, row.pool) == (WARD, ANNE, "Patient/kari", False)
    assert row.duty.due == due(WorkingDays(10), row.duty.opened)
    task = await record.resource("Task", task_id(row.duty.id))
    assert (task["status"], task["owner"]["reference"], task["focus"]["reference"]) == (
        "accepted",
        ANNE,
        "ServiceRequest/r",
    )
    await record.update(referral("r", status="completed"))
    row = await only(record, "ServiceRequest/r")
    assert (row.duty.open, row.duty.outcome, row.duty.proof) == (False, Outcome.PROVED, key64("ServiceRequest/r"))
    assert row.duty.steps is None and row.duty.next is None
    task = await record.resource("Task", task_id(row.duty.id))
    assert task["status"] == "completed" and task["output"][0]["valueReference"]["reference"] == "ServiceRequest/r"
    await record.update(referral("r"))
    assert (await only(record, "ServiceRequest/r")).duty.open
    proof = await whole(record)
    assert (proof.duties, proof.opened, proof.closed, proof.open) == (1, 1, 0, 1)


async def test_a_cause_and_its_proof_in_one_transaction(record: Record) -> None:
    await record.commit([write_of(Put(referral("r"))), write_of(Put(referral("r", status="completed")))])
    assert not (await only(record, "ServiceRequest/r")).duty.open
    await whole(record)


async def test_nothing_is_owed_by_nobody(record: Record) -> None:
    with pytest.raises(Problem) as refused:
        await record.update(referral("r", "Organization/nowhere"))
    assert refused.value.status == 422
    with pytest.raises(Problem, match="404"):
        await record.read("ServiceRequest", "r")
    await whole(record)


async def test_nobody_else_writes_the_tasks_of_the_ledger(record: Record) -> None:
    await record.update(referral("r"))
    id = task_id((await only(record, "ServiceRequest/r")).duty.id)
    task = await record.resource("Task", id)
    for forged in (
        {**task, "status": "completed"},
        {**task, "id": "another"},
        {**task, "id": "duty-1"},
        {**task, "for": {"reference": "Patient/other"}},
    ):
        with pytest.raises(Problem) as refused:
            await record.update(forged)
        assert refused.value.status == 403
    with pytest.raises(Problem) as refused:
        await record.commit([removal("Task", id)])
    assert refused.value.status == 403
    await record.update({"resourceType": "Task", "id": "mine", "status": "requested", "intent": "order"})


async def test_a_task_that_shows_something_else_is_found(record: Record) -> None:
    await record.update(referral("r"))
    number = (await only(record, "ServiceRequest/r")).duty.id
    await record.commit([], lines=[Line("test forget", [f"duty-{number:x}"])])
    assert [str(one) async for one in faults(record.store.address)] == [f"duty {number:x}: its Task is not there"]


async def test_a_person_closes_with_a_reason_and_takes_it_back(record: Record) -> None:
    await record.update(referral("r"))
    number = (await only(record, "ServiceRequest/r")).duty.id
    with pytest.raises(Problem) as refused:
        await handling.close(record, who(), number, Outcome.NEEDLESS, "  ")
    assert refused.value.status == 422
    with pytest.raises(Problem) as refused:
        await handling.close(record, who(place="Organization/other"), number, Outcome.NEEDLESS, "why")
    assert refused.value.status == 403
    done = await handling.close(record, who(), number, Outcome.NEEDLESS, "the patient wants none", turn=1)
    task = await record.resource("Task", task_id(number))
    assert (task["status"], task["statusReason"]["text"]) == ("cancelled", "the patient wants none")
    with pytest.raises(Problem) as refused:
        await handling.close(record, who(), number, Outcome.OK, "again", turn=1)
    assert refused.value.status == 409
    again = await handling.undo(record, who(), number, "a slip", turn=done.turn)
    assert again.open and again.next is not None
    await handling.undo(record, who(), number, "never meant to be")
    assert (await record.resource("Task", task_id(number)))["status"] == "entered-in-error"
    with pytest.raises(Problem) as refused:
        await handling.undo(record, who(), number, "too far")
    assert refused.value.status == 409
    proof = await whole(record)
    assert (proof.opened, proof.closed, proof.open) == (0, 0, 0)


async def test_handing_on_is_an_entry_on_both_sides(record: Record) -> None:
    await record.update(referral("r", WARD, ANNE))
    number = (await only(record, "ServiceRequest/r")).duty.id
    today = NORWAY.day_number(handling.now())
    handed = await handling.hand_on(record, who(), number, CLINIC, None, "belongs there")
    assert handed.due == (await only(record, "ServiceRequest/r")).duty.due
    for _ in range(2):  # before and after folding
        ward, clinic = [(await balance.balance(Outside(record), today, key64(one)))[0] for one in (WARD, CLINIC)]
        assert (ward.opened, ward.handed, ward.after) == (1, 1, 0)
        assert (clinic.received, clinic.after) == (1, 1)
        assert ward.holds and clinic.holds
        await balance.fold(record)
    tomorrow = (await balance.balance(Outside(record), today + 1))[0]
    assert (tomorrow.unit, tomorrow.before, tomorrow.after) == (key64(CLINIC), 1, 1)
    with pytest.raises(Problem) as refused:
        await handling.hand_on(record, who(), number, CLINIC, "Practitioner/nobody", "x")
    assert refused.value.status == 403
    await handling.undo(record, who(), number, "it was ours")
    row = await only(record, "ServiceRequest/r")
    assert (row.unit, row.person) == (WARD, ANNE)
    ward = (await balance.balance(Outside(record), today, key64(WARD)))[0]
    assert (ward.opened, ward.received, ward.handed, ward.after) == (1, 0, 0, 1)
    behind = await balance.behind(Outside(record), today, key64(WARD), ASSESS.number, balance.Column.AFTER)
    assert [one.id for one in behind] == [number]
    opened = await balance.behind(Outside(record), today, key64(WARD), ASSESS.number, balance.Column.OPENED)
    assert [one.id for one in opened] == [number]
    await record.update(referral("r", status="on-hold"))
    assert (await only(record, "ServiceRequest/r")).unit == CLINIC
    await whole(record)


async def test_steps_are_taken_in_order_and_once(record: Record) -> None:
    await record.update(referral("r", WARD, ANNE))
    number = (await only(record, "ServiceRequest/r")).duty.id
    late = due(WorkingDays(30), handling.now())
    assert await timer.step(record, handling.now()) == 0
    levels = []
    while await timer.step(record, late):
        row = (await only(record, "ServiceRequest/r")).duty
        levels.append((Level(row.level), row.person, row.watch))
    assert levels == [
        (Level.SUBSTITUTE, key64(BO), None),
        (Level.LEADER, key64(BO), key64(WARD)),
        (Level.REGION, key64(BO), key64(REGION)),
    ]
    assert [row.duty.id for row in (await worklist.told(record, REGION, late)).rows] == [number]
    task = await record.resource("Task", task_id(number))
    assert (task["priority"], task["owner"]["reference"]) == ("stat", BO)
    await whole(record)


async def test_many_clocks_take_each_step_once(record: Record) -> None:
    for n in range(12):
        await record.update(referral(f"r{n}"))
    late = due(WorkingDays(30), handling.now())
    taken = 0
    while got := sum(await asyncio.gather(*(timer.step(record, late, 5) for _ in range(3)))):
        taken += got
    assert taken == 12 * 3
    await whole(record)


async def test_what_somebody_who_leaves_owed_is_the_units(record: Record) -> None:
    for n in range(3):
        await record.update(referral(f"r{n}", WARD, ANNE))
    await record.update(role(ANNE, active=False))
    for n in range(3):
        row = await only(record, f"ServiceRequest/r{n}")
        assert (row.unit, row.person, row.pool) == (WARD, None, True)
        assert (await record.resource("Task", task_id(row.duty.id)))["owner"]["reference"] == WARD
    await record.update(referral("late", WARD, ANNE))
    assert (await only(record, "ServiceRequest/late")).person is None
    await whole(record)


async def test_somebody_who_leaves_with_very_much_undone(record: Record) -> None:
    owed = [Owe(ASSESS, f"ServiceRequest/{n}", WARD, ANNE) for n in range(450)]
    for part in (owed[:225], owed[225:]):
        writes, lines = parted(await deeds(part, Outside(record), handling.now()))
        await record.commit(writes, lines=lines)
    await record.update(person(ANNE, active=False))
    assert (await worklist.open_of_person(record, ANNE, handling.now())).rows == []
    assert (await worklist.count_of(record, WARD, handling.now()))[0].pool == 450
    while await timer.refresh(record):
        pass
    assert len(await record.resources("Task", [("owner", WARD), ("status", "requested"), ("_count", "1000")])) == 450
    await whole(record)


async def test_a_unit_that_closes_hands_on_what_it_owes(record: Record) -> None:
    await record.update(referral("r", WARD, ANNE))
    with pytest.raises(Problem) as refused:
        await record.commit([removal("Organization", "ward")])
    assert refused.value.status == 409
    await record.update({**unit(WARD, CLINIC), "active": False})
    row = await only(record, "ServiceRequest/r")
    assert (row.unit, row.person) == (CLINIC, None)
    await record.update({**unit(CLINIC, REGION), "active": False})
    with pytest.raises(Problem) as refused:
        await record.update({**unit(REGION), "active": False})
    assert refused.value.status == 409
    today = NORWAY.day_number(handling.now())
    counts = {one.unit: one for one in await balance.balance(Outside(record), today)}
    assert [counts[key64(one)].after for one in (WARD, CLINIC, REGION)] == [0, 0, 1]
    await whole(record)


async def test_an_end_by_date_counts_for_lists_before_any_clock(record: Record) -> None:
    await record.update(referral("r", WARD, ANNE))
    await record.update(role(ANNE, period={"end": "2031-03-31"}))
    row = await only(record, "ServiceRequest/r")
    end = row.duty.until
    assert end is not None and row.person == ANNE
    assert [one.pool for one in (await worklist.open_of(record, WARD, end - 1)).rows] == [False]
    assert [one.pool for one in (await worklist.open_of(record, WARD, end)).rows] == [True]
    assert len((await worklist.open_of_person(record, ANNE, end - 1)).rows) == 1
    assert len((await worklist.open_of_person(record, ANNE, end)).rows) == 0
    assert [one.pool for one in await worklist.count_of(record, WARD, end)] == [1]
    await record.update(role(ANNE, period={"end": "2031-04-30"}))
    later = (await only(record, "ServiceRequest/r")).duty.until
    assert later is not None and later > end
    await record.update(role(ANNE))
    assert (await only(record, "ServiceRequest/r")).duty.until is None


async def test_the_clock_moves_what_is_left_to_the_pool(record: Record) -> None:
    tomorrow = NORWAY.day(handling.now()) + timedelta(days=1)
    await record.update(role(ANNE, period={"end": tomorrow.isoformat()}))
    await record.update(referral("r", WARD, ANNE))
    duty = (await only(record, "ServiceRequest/r")).duty
    assert duty.until is not None and duty.next == duty.until
    while await timer.step(record, duty.until + HOUR):
        pass
    assert (await only(record, "ServiceRequest/r")).person is None
    await whole(record)


async def test_lists_page_and_count_alike(record: Record) -> None:
    for n in range(7):
        await record.update(referral(f"r{n}"))
    now, seen, after = handling.now(), [], worklist.START
    while True:
        page = await worklist.open_of(record, WARD, now, after, 3)
        seen += [row.subject for row in page.rows]
        if page.next is None:
            break
        after = page.next
    assert sorted(seen) == [f"ServiceRequest/r{n}" for n in range(7)]
    tally = (await worklist.count_of(record, WARD, now))[0]
    assert (tally.kind, tally.open, tally.late, tally.pool) == (ASSESS.number, 7, 0, 7)
    duty = (await only(record, "ServiceRequest/r3")).duty
    await handling.take(record, who(), duty.id)
    assert [row.subject for row in (await worklist.open_of_person(record, ANNE, now)).rows] == ["ServiceRequest/r3"]
    assert (await worklist.count_of(record, WARD, now))[0].pool == 6


def consent() -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": "e",
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "urn:felles:consent", "code": "emergency"}]}],
        "patient": {"reference": "Patient/kari"},
        "performer": [{"reference": ANNE}],
        "organization": [{"reference": WARD}],
        "policyRule": {"text": "emergency"},
        "provision": {"type": "permit"},
    }


async def test_an_emergency_opening_owes_a_review_by_somebody_else(record: Record) -> None:
    await record.update(consent())
    row = await only(record, "Consent/e")
    assert (row.duty.level, row.duty.watch) == (Level.LEADER, key64(WARD))
    assert row.duty.due == due(WorkingDays(3), row.duty.opened)
    assert len((await worklist.told(record, WARD, handling.now())).rows) == 1
    assert "owner" not in await record.resource("Task", task_id(row.duty.id))  # no ground for the unit to read
    with pytest.raises(Problem) as refused:
        await handling.close(record, who(ANNE), row.duty.id, Outcome.OK, "fine")
    assert refused.value.status == 403
    await record.update(role(BO, code=[{"coding": [{"system": "urn:felles:role", "code": "leder"}]}]))
    with pytest.raises(Problem) as refused:
        await handling.close(record, who("Practitioner/carl"), row.duty.id, Outcome.OK, "fine")
    assert refused.value.status == 403
    (seen,) = (await worklist.told(record.seen_by(Blind()), WARD, handling.now(), who=who(BO, code="leder"))).rows
    assert (seen.shown, seen.subject) == (True, "Consent/e")
    await handling.close(
        record.seen_by(Blind()), who(BO, code="leder"), row.duty.id, Outcome.NOT_OK, "no need was found"
    )
    assert (await record.resource("Task", task_id(row.duty.id)))["status"] == "failed"
    await whole(record)


async def test_often_opening_is_reviewed_at_once(record: Record) -> None:
    alarm = {"tag": [{"system": "urn:felles:alarm", "code": "frequent"}]}
    await record.update({**consent(), "meta": alarm})
    row = await only(record, "Consent/e")
    assert row.duty.due == due(WorkingDays(1), row.duty.opened)


class Blind(System):
    """A guard to whom no patient's record is open."""

    everything = False

    async def sight(self, patients: frozenset[int] | None = None, epochs: Epochs | None = None) -> Sight:
        return Sight(patients=frozenset())


async def test_a_list_is_whole_but_tells_nothing_of_closed_records(record: Record) -> None:
    await record.update(referral("r"))
    number = (await only(record, "ServiceRequest/r")).duty.id
    blind = record.seen_by(Blind())
    (row,) = (await worklist.open_of(blind, WARD, handling.now())).rows
    assert (row.shown, row.subject, row.patient, row.duty.subject, row.duty.patient) == (False, None, None, 0, None)
    assert (row.unit, row.duty.kind) == (WARD, ASSESS.number)
    assert (await worklist.count_of(blind, WARD, handling.now()))[0].open == 1
    with pytest.raises(Problem, match="404"):
        await handling.close(blind, who(), number, Outcome.OK, "why")


async def test_unusual_reading_is_the_privacy_officers_once(record: Record) -> None:
    officer = role(BO, CLINIC, code=[{"coding": [{"system": "urn:felles:role", "code": unusual.OFFICER}]}])
    await record.update(officer)
    now = handling.now()
    key = unusual.key_of(ANNE, "same-surname", now)
    say = {"reader": ANNE, "unit": WARD, "key": key, "reason": "three of the same surname", "now": now}
    assert await unusual.found(record, **say)
    assert not await unusual.found(record, **say)
    row = await only(record, ANNE)
    assert (row.unit, row.duty.reason) == (CLINIC, "three of the same surname")
    blind, privacy = record.seen_by(Blind()), who(BO, CLINIC, unusual.OFFICER)
    for asker, shown in ((who(ANNE, CLINIC), False), (privacy, True)):
        (seen,) = (await worklist.open_of(blind, CLINIC, now, who=asker)).rows
        assert (seen.shown, seen.subject) == (shown, ANNE if shown else None)
    with pytest.raises(Problem, match="404"):
        await handling.close(blind, who(ANNE, CLINIC), row.duty.id, Outcome.OK, "nothing")
    assert not (await handling.close(blind, privacy, row.duty.id, Outcome.OK, "talked to, lawful")).open
    assert await record.resources("Task", []) == []
    await whole(record)


async def test_unusual_reading_in_a_house_without_an_officer(record: Record) -> None:
    say = {"reader": ANNE, "key": "k", "reason": "r", "now": handling.now()}
    assert not await unusual.found(record, unit="Organization/nowhere", **say)
    assert await unusual.found(record, unit=WARD, **say)
    assert (await only(record, ANNE)).unit == REGION
    await whole(record)


async def test_identities_merge_and_the_duty_follows(record: Record) -> None:
    await record.update({"resourceType": "Patient", "id": "kari2"})
    await record.update(referral("r"))
    id = task_id((await only(record, "ServiceRequest/r")).duty.id)
    task = await record.resource("Task", id)
    other = {"reference": "Patient/kari2"}
    moved = [write_of(Put({**referral("r"), "subject": other})), write_of(Put({**task, "for": other}))]
    await record.commit(moved)
    row = await only(record, "ServiceRequest/r")
    assert row.patient == "Patient/kari2"
    assert (await record.resource("Task", id))["for"] == other
    await whole(record)
