"""Referrals: whoever writes one, it is on a list and owed; each outcome has all its consequences or none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from felles import app
from felles.clerical import act
from felles.clerical.act import Assessment
from felles.clerical.conservation import ASSESS, IDENTIFY, period_id
from felles.clerical.period import Status, of, over
from felles.clerical.promise import BOOK
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.duties.duty import Outcome, closed
from felles.duties.reckoning import faults
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import Remove, parted
from felles.record.store import Line
from tests.integration import consenting
from tests.integration.correspondence import FNR, appointment, fill

pytestmark = pytest.mark.anyio
Json = dict[str, Any]
NUMBER = {"identifier": [{"system": FNR, "value": "15076500565"}]}


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    yield made
    await made.close()


async def left(record: Record) -> list[str]:
    """What nobody owes although somebody should."""
    return [one.reference for room in app.ORPHANS async for one in room(record)]


def referral(id: str = "one", patient: str = "anna", unit: str = "Organization/ward", **more: Any) -> Json:
    return {
        "resourceType": "ServiceRequest", "id": id, "status": "active", "intent": "order",
        "category": [{"coding": [{"system": "urn:felles:category", "code": "referral"}]}],
        "code": {"text": "Vurdering av kne"}, "subject": {"reference": f"Patient/{patient}"},
        "requester": {"reference": "PractitionerRole/ute-role", "display": "Dr. Ute"},
        "performer": [{"reference": unit}], "authoredOn": "2026-11-01T10:00:00+01:00", **more,
    }  # fmt: skip


async def owed(record: Record, unit: str = "ward") -> list[int]:
    page = await worklist.open_of(record, f"Organization/{unit}", handling.now())
    return sorted(row.duty.kind for row in page.rows)


async def received(record: Record, **more: Any) -> str:
    made = referral(**more)
    await record.update(made)
    return period_id(f"ServiceRequest/{made['id']}")


async def assessed(record: Record, id: str, **more: Any) -> None:
    mine, who = await consenting.staff(record, "nurse")
    today = NORWAY.day(handling.now())
    said: Json = {"outcome": "right", "care": "examination", "field": "somatic",
                  "deadline": today + timedelta(days=60), **more}  # fmt: skip
    await act.assess(mine, who, id, Assessment(**said), handling.now())


async def test_a_referral_opens_a_period_and_is_owed_an_assessment_within_ten_working_days(record: Record) -> None:
    id = await received(record)
    one = of(await record.resource("EpisodeOfCare", id))
    today = NORWAY.day(handling.now())
    assert (one.status, one.unit, one.seniority, one.received) == (Status.RECEIVED, "Organization/ward", today, today)
    (row,) = (await worklist.open_of(record, "Organization/ward", handling.now())).rows
    assert row.duty.kind == ASSESS.number and row.subject == f"EpisodeOfCare/{id}"
    await record.update(referral(note=[{"text": "Tillegg"}]))
    assert await owed(record) == [ASSESS.number]
    assert await left(record) == []
    assert [str(one) async for one in faults(record.store.address)] == []


async def test_a_right_fixes_the_deadline_writes_the_letters_and_owes_an_appointment_together(record: Record) -> None:
    id = await received(record)
    await assessed(record, id)
    one = of(await record.resource("EpisodeOfCare", id))
    assert one.status is Status.WAITING and one.deadline is not None
    (letter,) = await record.resources("Composition", [("patient", "anna")])
    text = letter["section"][0]["text"]["div"]
    assert "rett til nødvendig helsehjelp" in letter["title"] and str(one.deadline.year) in text
    roles = {(one["recipient"][0]["reference"]) for one in await record.resources("Communication", [])}
    assert roles == {"Patient/anna", "PractitionerRole/ute-role", "PractitionerRole/inga-role"}
    assert await owed(record) == [BOOK.number, 200, 200, 200]


async def test_an_outcome_whose_letter_cannot_be_written_leaves_nothing_behind(record: Record) -> None:
    id = await received(record)
    with pytest.raises(Problem, match="Statsforvalteren"):
        await assessed(record, id, outcome="no-right", reason="")
    with pytest.raises(Problem, match="not before the receipt"):
        await assessed(record, id, deadline=date(2020, 1, 1))
    await record.update({**await record.resource("Patient", "anna"), "deceasedBoolean": True})
    with pytest.raises(Problem, match="deceased"):
        await assessed(record, id)
    assert of(await record.resource("EpisodeOfCare", id)).status is Status.RECEIVED
    assert await record.resources("Composition", []) == [] and await owed(record) == [ASSESS.number]


async def test_a_refusal_has_its_reason_in_the_letter_and_ends_what_is_owed(record: Record) -> None:
    id = await received(record)
    await assessed(record, id, outcome="no-right", reason="Plagene kan behandles hos fastlegen.")
    one = of(await record.resource("EpisodeOfCare", id))
    assert (one.status, one.complaint, one.deadline) == (Status.CANCELLED, True, None)
    (letter,) = await record.resources("Composition", [("patient", "anna")])
    assert "Plagene kan behandles" in str(letter["section"]) and "Statsforvalteren" in str(letter["section"])
    assert await owed(record) == [200, 200, 200]


async def test_forwarding_goes_on_with_the_clock_of_the_first_receipt(record: Record) -> None:
    id = await received(record)
    (before,) = (await worklist.open_of(record, "Organization/ward", handling.now())).rows
    mine, who = await consenting.staff(record, "nurse")
    with pytest.raises(Problem, match="unit that stands"):
        await act.forward(mine, who, id, "Organization/nowhere", "hører til en annen")
    await act.forward(mine, who, id, "Organization/clinic", "hører til klinikken")
    assert await owed(record) == []
    (after,) = (await worklist.open_of(record, "Organization/clinic", handling.now())).rows
    assert (after.duty.id, after.duty.due) == (before.duty.id, before.duty.due)
    with pytest.raises(Problem) as refused:
        await assessed(record, id)
    assert refused.value.status == 403


async def test_an_appointment_in_time_is_the_proof_and_calling_it_off_owes_it_again(record: Record) -> None:
    id = await received(record)
    await assessed(record, id)
    start = NORWAY.day(handling.now()) + timedelta(days=20)
    time = {"start": f"{start}T09:00:00+01:00", "end": f"{start}T09:30:00+01:00"}
    booked = appointment("kne", "anna", basedOn=[{"reference": "ServiceRequest/one"}]) | time
    await record.update(booked)
    assert BOOK.number not in await owed(record)
    assert (await record.ask("waiting of", [key64(f"EpisodeOfCare/{id}")]))[0][8] is not None
    await record.update({**booked, "status": "cancelled"})
    assert BOOK.number in await owed(record)
    late = NORWAY.day(handling.now()) + timedelta(days=90)
    await record.update(booked | {"start": f"{late}T09:00:00+01:00", "end": f"{late}T09:30:00+01:00"})
    assert BOOK.number in await owed(record)


async def test_the_wait_ends_by_a_code_and_a_patient_s_postponement_is_documented(record: Record) -> None:
    id = await received(record)
    await assessed(record, id)
    mine, who = await consenting.staff(record, "nurse")
    with pytest.raises(Problem, match="what the patient answered"):
        await act.postpone(mine, who, id, "22", "", handling.now())
    await act.postpone(mine, who, id, "22", "Tilbudt 3. desember, skal på ferie", handling.now())
    with pytest.raises(Problem, match="1 Helsehjelpen"):
        await act.end(mine, who, id, "6", NORWAY.day(handling.now()))
    with pytest.raises(Problem, match="with a reason"):
        await act.change_deadline(mine, who, id, NORWAY.day(handling.now()), "")
    await act.end(mine, who, id, "1", NORWAY.day(handling.now()))
    one = of(await record.resource("EpisodeOfCare", id))
    assert (one.status, one.end, len(one.postponed)) == (Status.ACTIVE, "1", 1)
    assert BOOK.number not in await owed(record)


@pytest.mark.parametrize("unit", ["Organization/nowhere", "Practitioner/nurse"])
async def test_what_no_unit_takes_is_told_to_who_refers(record: Record, unit: str) -> None:
    with pytest.raises(Problem, match="no unit takes this referral") as refused:
        await record.update(referral(unit=unit))
    assert refused.value.status == 422 and refused.value.issues[0].expression == "ServiceRequest.performer"
    assert await record.resources("ServiceRequest", []) == []


async def test_a_closed_unit_s_referral_is_the_unit_s_above_it(record: Record) -> None:
    await record.update({**await record.resource("Organization", "clinic"), "active": False})
    id = await received(record, unit="Organization/clinic")
    assert of(await record.resource("EpisodeOfCare", id)).unit == "Organization/hospital"


async def test_who_has_no_number_is_somebody_s_to_find_out(record: Record) -> None:
    await received(record, id="two", patient="bea")
    assert await owed(record) == [ASSESS.number, IDENTIFY.number]


async def test_no_client_says_what_cannot_be(record: Record) -> None:
    id = await received(record)
    episode = await record.resource("EpisodeOfCare", id)
    with pytest.raises(Problem, match="who waits has been assessed"):
        await record.update({**episode, "status": "waitlist"})
    with pytest.raises(Problem, match="does not become"):
        await record.update({**episode, "status": "finished"})
    with pytest.raises(Problem, match="ended, not deleted"):
        await record.commit(parted([Remove("EpisodeOfCare", id)])[0])
    assert over(episode, of(episode))["extension"] == episode["extension"]


async def test_a_parallel_referral_has_the_seniority_of_the_first(record: Record) -> None:
    first = await received(record)
    mine, who = await consenting.staff(record, "nurse")
    made = await act.refer_on(mine, who, first, "ServiceRequest/one", "Organization/clinic", handling.now())
    assert made.seniority == of(await record.resource("EpisodeOfCare", first)).seniority and made.id != first
    assert await owed(record, "clinic") == [ASSESS.number]


async def test_nothing_is_left_without_an_owner_and_what_is_left_is_found(record: Record) -> None:
    id = await received(record)
    await assessed(record, id)
    await received(record, id="two", patient="bea")
    assert await left(record) == []
    for kind in (ASSESS, BOOK, IDENTIFY):
        page = await worklist.open_of(record, "Organization/ward", handling.now())
        for row in [one for one in page.rows if one.duty.kind == kind.number]:
            await record.commit([], lines=[Line("duty turn", closed(row.duty, handling.now(), Outcome.OK).row())])
    two = period_id("ServiceRequest/two")
    assert sorted(await left(record)) == sorted([f"EpisodeOfCare/{id}", f"EpisodeOfCare/{two}"])
