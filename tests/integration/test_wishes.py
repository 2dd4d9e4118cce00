"""Locks, blocks, openings and powers of attorney as they are put down and withdrawn, and what they do to readings."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from felles.access import block, lock, power, representation
from felles.access.extent import Extent
from felles.access.lock import Wish
from felles.access.power import Power
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration.consenting import LINES, NOW, SECOND, fill, patient, staff

SAID = "Pasienten sa dette på rommet i dag"
DAY = 24 * 3600 * SECOND


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    await fill(opened)
    yield opened
    await opened.close()


async def note(record: Record, **more: Any) -> None:
    await record.update({
        "resourceType": "Observation", "id": "note", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient/anna"}, **more,
    })  # fmt: skip


async def refused(record: Record, type_name: str, id: str) -> bool:
    try:
        await record.read(type_name, id)
    except Problem as error:
        assert error.status == 404
        return True
    return False


async def test_a_patient_locks_the_record_and_opens_it_again(record: Record) -> None:
    mine, me = patient(record, "anna")
    id = await lock.put(mine, me, "Patient/anna", Wish(), NOW)
    assert await refused((await staff(record, "nurse"))[0], "Patient", "anna")
    assert [one["id"] for one in await lock.standing(mine, "Patient/anna")] == [id]
    await lock.lift(mine, me, "Patient/anna", id, NOW)
    assert not await refused((await staff(record, "nurse"))[0], "Patient", "anna")
    kept = await record.resource("Consent", id)
    assert kept["status"] == "inactive" and kept["provision"]["period"]["end"].startswith("2026-11-")
    with pytest.raises(Problem) as again:
        await lock.lift(mine, me, "Patient/anna", id, NOW)
    assert again.value.status == 409


async def test_staff_lock_and_open_on_the_patients_word_and_note_it(record: Record) -> None:
    ward, nurse = await staff(record, "nurse")
    with pytest.raises(Problem) as silent:
        await lock.put(ward, nurse, "Patient/anna", Wish(), NOW, "ja")
    assert silent.value.status == 422
    id = await lock.put(ward, nurse, "Patient/anna", Wish(), NOW, SAID)
    made = await record.resource("Consent", id)
    assert made["extension"][0]["valueCodeableConcept"]["text"] == SAID
    assert made["verification"][0]["verifiedWith"]["reference"] == "Patient/anna"
    assert made["organization"][0]["reference"] == "Organization/ward"
    locked, nurse = await staff(record, "nurse")
    assert await refused(locked, "Patient", "anna")
    await lock.open_(locked, nurse, "Patient/anna", Wish(named=(nurse.id,), until=NOW + DAY), NOW, SAID)
    assert not await refused((await staff(record, "nurse"))[0], "Patient", "anna")


async def test_a_lock_on_a_part_closes_that_part(record: Record) -> None:
    await note(record, meta={"security": [{"system": "urn:x", "code": "PSY"}]})
    mine, me = patient(record, "anna")
    await lock.put(mine, me, "Patient/anna", Wish(Extent(labels=(("urn:x", "PSY"),))), NOW)
    ward, _ = await staff(record, "nurse")
    assert await refused(ward, "Observation", "note")
    assert not await refused(ward, "Patient", "anna")


async def test_a_lock_on_one_document_closes_that_one(record: Record) -> None:
    await note(record)
    mine, me = patient(record, "anna")
    await lock.put(mine, me, "Patient/anna", Wish(Extent(resources=("Observation/note",))), NOW)
    ward, _ = await staff(record, "nurse")
    assert await refused(ward, "Observation", "note")


async def test_who_has_no_business_with_the_record_sets_nothing(record: Record) -> None:
    clinic, other = await staff(record, "other")
    with pytest.raises(Problem) as closed:
        await lock.put(clinic, other, "Patient/anna", Wish(), NOW, SAID)
    assert closed.value.status == 404
    mine, bea = patient(record, "bea")
    with pytest.raises(Problem) as foreign:
        await lock.put(mine, bea, "Patient/anna", Wish(), NOW)
    assert foreign.value.status == 403


@pytest.mark.parametrize(
    "wish",
    [
        Wish(until=NOW),
        Wish(Extent(types=("Organization",))),
        Wish(Extent(types=("Consent",))),
        Wish(Extent(resources=("Patient/bea",))),
        Wish(Extent(labels=(("", "x"),))),
        Wish(named=("Patient/bea",)),
    ],
)
async def test_what_makes_no_sense_is_refused_with_words(record: Record, wish: Wish) -> None:
    mine, me = patient(record, "anna")
    with pytest.raises(Problem) as refusal:
        await lock.put(mine, me, "Patient/anna", wish, NOW)
    assert refusal.value.status == 422 and refusal.value.issues[0].diagnostics


async def test_a_resource_of_somebody_else_is_no_part(record: Record) -> None:
    await note(record)
    mine, bea = patient(record, "bea")
    with pytest.raises(Problem) as refusal:
        await lock.put(mine, bea, "Patient/bea", Wish(Extent(resources=("Observation/note",))), NOW)
    assert refusal.value.status == 404


async def test_a_block_names_persons_and_they_do_not_lift_it(record: Record) -> None:
    mine, me = patient(record, "anna")
    with pytest.raises(Problem) as nobody:
        await block.put(mine, me, "Patient/anna", Wish(named=("Organization/ward",)), NOW)
    assert nobody.value.status == 422
    await note(record)
    part = Extent(types=("Observation",))
    id = await block.put(mine, me, "Patient/anna", Wish(part, ("Practitioner/nurse",)), NOW)
    ward, nurse = await staff(record, "nurse")
    assert await refused(ward, "Observation", "note")
    with pytest.raises(Problem) as own:
        await block.lift(ward, nurse, "Patient/anna", id, NOW, SAID)
    assert own.value.status == 403
    await block.lift(mine, me, "Patient/anna", id, NOW)
    assert not await refused((await staff(record, "nurse"))[0], "Observation", "note")


async def test_a_power_of_attorney_opens_its_areas_until_it_is_revoked(record: Record) -> None:
    await note(record)
    mine, me = patient(record, "anna")
    given = Power("Patient/bea", ("results",), until=NOW + 10 * DAY)
    id = await power.give(mine, me, "Patient/anna", given, NOW)
    (found,) = await representation.represented(record, "Patient/bea", NOW)
    assert (found.patient, found.name) == ("Patient/anna", "Anna Berg")
    assert representation.reads(found.mandates, "Observation") and not representation.acts(
        found.mandates, "Observation"
    )
    assert not representation.reads(found.mandates, "DocumentReference")
    assert await representation.represented(record, "Patient/bea", NOW + 10 * DAY + SECOND) == []
    assert not await refused(patient(record, "bea", "anna")[0], "Observation", "note")
    theirs, bea = patient(record, "bea")
    await power.revoke(theirs, bea, "Patient/anna", id, NOW)
    assert await representation.represented(record, "Patient/bea", NOW + 1) == []
    assert await refused(patient(record, "bea", "anna")[0], "Observation", "note")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (Power("Patient/anna", ("record",)), 422),
        (Power("Patient/bea", ()), 422),
        (Power("Patient/bea", ("everything",)), 422),
        (Power("Patient/child", ("record",)), 422),
        (Power("Patient/secret", ("record",)), 422),
        (Power("Patient/bea", ("record",), until=NOW), 422),
        (Power("Patient/nobody", ("record",)), 404),
    ],
)
async def test_powers_of_attorney_that_cannot_be_given(record: Record, given: Power, status: int) -> None:
    mine, me = patient(record, "anna")
    with pytest.raises(Problem) as refusal:
        await power.give(mine, me, "Patient/anna", given, NOW)
    assert refusal.value.status == status


async def test_nobody_passes_a_power_of_attorney_on(record: Record) -> None:
    mine, me = patient(record, "anna")
    await power.give(mine, me, "Patient/anna", Power("Patient/bea", ("record",), acting=True), NOW)
    theirs, bea = patient(record, "bea", "anna")
    with pytest.raises(Problem) as refusal:
        await power.give(theirs, bea, "Patient/anna", Power("Patient/mother", ("record",)), NOW)
    assert refusal.value.status == 403
    await lock.put(theirs, bea, "Patient/anna", Wish(until=NOW + DAY), NOW)
    reading = Power("Patient/mother", ("record",))
    await power.give(mine, me, "Patient/anna", reading, NOW)
    only_reads, mother = patient(record, "mother", "anna")
    with pytest.raises(Problem) as unable:
        await lock.put(only_reads, mother, "Patient/anna", Wish(), NOW)
    assert unable.value.status == 403


async def test_a_mother_represents_her_child_by_its_age(record: Record) -> None:
    (found,) = await representation.represented(record, "Patient/mother", NOW)
    assert found.patient == "Patient/child"
    assert [one.last_day.isoformat() for one in found.mandates if one.last_day] == ["2028-02-28"]
    child, _ = patient(record, "mother", "child")
    assert not await refused(child, "Patient", "child")


async def test_what_a_child_wants_kept_is_kept_from_the_mother(record: Record) -> None:
    body = {
        "resourceType": "Observation", "id": "told", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient/child"},
    }  # fmt: skip
    await record.update(body)
    assert not await refused(patient(record, "mother", "child")[0], "Observation", "told")
    await record.update(representation.hidden(body))
    assert await refused(patient(record, "mother", "child")[0], "Observation", "told")
    assert representation.is_hidden(await record.resource("Observation", "told"))
