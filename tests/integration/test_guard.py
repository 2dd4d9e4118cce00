"""What a guard lets through: each way to the same fact gives the same verdict, on both engines."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from felles.access.audit.statement import LINES
from felles.access.who import Kind, Purpose, Who
from felles.record.record import Record
from tests.integration.conftest import Client
from tests.integration.region import (
    People,
    build,
    consent,
    contract,
    encounter,
    observation,
    patient,
    ref,
    role,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    yield opened
    await opened.close()


@pytest.fixture
async def people(record: Record) -> People:
    """anna lies in the ward, berit was seen in the other ward years ago, and each has a pulse."""
    await build(record)
    for name in ("anna", "berit"):
        await record.update(patient(name))
        await record.update(observation(f"pulse-{name}", name))
    await record.update(encounter("stay", "anna", "ward"))
    await record.update(
        encounter("old", "berit", "ward", "finished", period={"start": "2019-01-01", "end": "2019-01-02"})
    )
    return People(record)


async def ways(client: Client, of: str, name: str, kind: str = "Observation") -> dict[str, bool]:
    """Whether each way leads to one resource of a patient."""
    found = {
        "read": (await client("GET", f"{kind}/{name}")).status == 200,
        "version": (await client("GET", f"{kind}/{name}/_history/1")).status == 200,
        "history": (await client("GET", f"{kind}/{name}/_history")).status == 200,
    }
    searches = {
        "search": f"{kind}?subject=Patient/{of}",
        "all": f"{kind}",
        "id": f"{kind}?_id={name}",
        "code": f"{kind}?code=http://loinc.org%7C8867-4",
        "chain": f"{kind}?subject:Patient.birthdate=1970-01-01",
        "compartment": f"Patient/{of}/{kind}",
        "type history": f"{kind}/_history",
        "history of all": "_history",
        "everything": f"Patient/{of}/$everything",
        "everything of all": "Patient/$everything",
        "revinclude": f"Patient?_id={of}&_revinclude={kind}:subject",
    }
    for way, url in searches.items():
        answer = await client("GET", url)
        found[way] = (
            any(one.get("resource", {}).get("id") == name for one in answer.entries)
            if (answer.status == 200)
            else False
        )
    counted = await client("GET", f"{kind}?_id={name}&_summary=count")
    found["count"] = counted.status == 200 and counted.json["total"] == 1
    has = await client("GET", f"Patient?_has:{kind}:subject:_id={name}")
    found["has"] = has.status == 200 and of in has.ids
    return found


async def test_a_care_relation_opens_every_way_and_its_absence_closes_every_way(people: People) -> None:
    nurse = await people.staff("nurse")
    assert set((await ways(nurse, "anna", "pulse-anna")).values()) == {True}
    assert set((await ways(nurse, "berit", "pulse-berit")).values()) == {False}
    other = await people.staff("other")
    assert set((await ways(other, "anna", "pulse-anna")).values()) == {False}


async def test_what_is_refused_looks_like_what_does_not_exist(people: People) -> None:
    other = await people.staff("other")
    refused, absent = await other("GET", "Observation/pulse-anna"), await other("GET", "Observation/nowhere")
    assert (refused.status, refused.diagnostics) == (absent.status, absent.diagnostics) == (404, refused.diagnostics)


async def test_a_unit_above_sees_what_lies_below_and_no_unit_beside(people: People) -> None:
    assert (await (await people.staff("chief"))("GET", "Patient/anna")).status == 200
    assert (await (await people.staff("zone"))("GET", "Patient/anna")).status == 404


async def test_people_without_a_role_in_care_see_the_house_and_no_patient(people: People) -> None:
    manager = await people.staff("manager")
    assert (await manager("GET", "Organization/ward")).status == 200
    assert (await manager("GET", "Patient/anna")).status in (403, 404)
    assert (await manager("GET", "Observation")).status == 403


async def test_a_role_sees_its_kinds_of_resource_alone(people: People) -> None:
    clerk = await people.staff("clerk")
    assert (await clerk("GET", "Encounter/stay")).status == 200
    assert (await clerk("GET", "Observation/pulse-anna")).status == 403
    assert set((await ways(clerk, "anna", "pulse-anna")).values()) == {False}


async def test_a_relation_that_ends_closes_at_once_for_whoever_has_read_before(people: People) -> None:
    nurse = await people.staff("nurse")
    assert (await nurse("GET", "Observation/pulse-anna")).status == 200
    ended = encounter("stay", "anna", "ward", "finished", period={"start": "2019-01-01", "end": "2019-01-02"})
    await people.record.update(ended)
    nurse = await people.staff("nurse")
    assert set((await ways(nurse, "anna", "pulse-anna")).values()) == {False}


async def test_a_relation_that_comes_opens_at_once(people: People) -> None:
    zone = await people.staff("zone")
    assert (await zone("GET", "Observation/pulse-anna")).status == 404
    task = {
        "resourceType": "Task", "id": "duty", "status": "requested", "intent": "order", "for": ref("Patient/anna"),
        "owner": ref("Organization/town"),
    }  # fmt: skip
    await people.record.update(task)
    assert set((await ways(await people.staff("zone"), "anna", "pulse-anna")).values()) == {True}


async def test_an_ended_employment_ends_access_at_once_under_the_same_guard(people: People) -> None:
    nurse = await people.staff("nurse")
    assert (await nurse("GET", "Observation/pulse-anna")).status == 200
    await people.record.update(role("nurse", "SP", "ward", period={"end": "2020-01-01"}))
    assert set((await ways(nurse, "anna", "pulse-anna")).values()) == {False}
    assert await people.who("nurse") is None


async def test_a_unit_that_is_closed_ends_the_roles_in_it(people: People) -> None:
    nurse = await people.staff("nurse")
    closed = {
        "resourceType": "Organization",
        "id": "clinic",
        "name": "clinic",
        "active": False,
        "partOf": ref("Organization/hospital"),
    }
    await people.record.update(closed)
    assert (await nurse("GET", "Observation/pulse-anna")).status == 404
    assert await people.who("nurse") is None


PARTS: dict[str, dict[str, Any]] = {
    "whole": {},
    "type": {"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]},
    "document": {"data": [{"meaning": "instance", "reference": ref("Observation/pulse-anna")}]},
    "label": {"securityLabel": [{"system": "urn:x", "code": "psych"}]},
    "period": {"dataPeriod": {"start": "2026-11-01", "end": "2026-11-30"}},
}


@pytest.mark.parametrize("part", PARTS)
async def test_a_lock_closes_every_way_and_an_emergency_opens_it(people: People, part: str) -> None:
    label = {"meta": {"security": [{"system": "urn:x", "code": "psych"}]}}
    await people.record.update(observation("pulse-anna", "anna", **label))
    await people.record.update(observation("earlier", "anna", effectiveDateTime="2026-10-01"))
    nurse = await people.staff("nurse")
    assert (await nurse("GET", "Observation/pulse-anna")).status == 200
    await people.record.update(consent("lock", "anna", "lock", **PARTS[part]))
    assert set((await ways(nurse, "anna", "pulse-anna")).values()) == {False}
    if part in ("document", "label", "period"):
        assert set((await ways(nurse, "anna", "earlier")).values()) == {True}
    await people.record.update(consent("open", "anna", "emergency", actor=["Practitioner/nurse"]))
    assert set((await ways(nurse, "anna", "pulse-anna")).values()) == {True}
    await people.record.update(consent("open", "anna", "emergency", "inactive", actor=["Practitioner/nurse"]))
    assert set((await ways(nurse, "anna", "pulse-anna")).values()) == {False}


@pytest.mark.parametrize("part", PARTS)
async def test_a_block_of_a_named_person_holds_in_an_emergency_too(people: People, part: str) -> None:
    label = {"meta": {"security": [{"system": "urn:x", "code": "psych"}]}}
    await people.record.update(observation("pulse-anna", "anna", **label))
    await people.record.update(consent("block", "anna", "block", actor=["Practitioner/nurse"], **PARTS[part]))
    await people.record.update(consent("open", "anna", "emergency", actor=["Practitioner/nurse"]))
    assert set((await ways(await people.staff("nurse"), "anna", "pulse-anna")).values()) == {False}
    assert set((await ways(await people.staff("doctor"), "anna", "pulse-anna")).values()) == {True}


async def test_an_emergency_opens_for_the_one_it_names_and_for_nobody_beside(people: People) -> None:
    await people.record.update(consent("open", "berit", "emergency", actor=["Practitioner/nurse"]))
    assert set((await ways(await people.staff("nurse"), "berit", "pulse-berit")).values()) == {True}
    assert set((await ways(await people.staff("doctor"), "berit", "pulse-berit")).values()) == {False}


async def test_wishes_of_the_patient_are_not_for_staff_to_read(people: People) -> None:
    await people.record.update(consent("lock", "anna", "lock", **PARTS["document"]))
    nurse = await people.staff("nurse")
    assert (await nurse("GET", "Consent/lock")).status == 404
    assert (await nurse("GET", "Consent?patient=Patient/anna")).ids == []
    assert (await people.patient("anna")("GET", "Consent/lock")).status == 200


async def test_a_patient_sees_the_own_record_and_no_other(people: People) -> None:
    await people.record.update(observation("kept", "anna", meta={"security": [
        {"system": "urn:felles:label", "code": "hidden-from-patient"}
    ]}))  # fmt: skip
    anna = people.patient("anna")
    assert set((await ways(anna, "anna", "pulse-anna")).values()) == {True}
    assert set((await ways(anna, "anna", "kept")).values()) == {False}
    assert set((await ways(anna, "berit", "pulse-berit")).values()) == {False}


async def test_who_has_no_agreement_sees_the_own_part_alone(people: People) -> None:
    await people.record.update(contract("hospital", "town"))
    await people.record.update(patient("anna", generalPractitioner=[ref("PractitionerRole/gp")]))
    own = observation("at-gp", "anna", performer=[ref("Practitioner/gp")])
    await people.record.update(own)
    gp = await people.staff("gp")
    assert set((await ways(gp, "anna", "at-gp")).values()) == {True}
    assert set((await ways(gp, "anna", "pulse-anna")).values()) == {False}
    await people.record.update(contract("hospital", "town", "office"))
    assert set((await ways(await people.staff("gp"), "anna", "pulse-anna")).values()) == {True}


async def test_writing_needs_the_same_as_reading_and_a_role_for_it(people: People) -> None:
    nurse = await people.staff("nurse")
    assert (await nurse("PUT", "Observation/new", observation("new", "anna"))).status == 201
    assert (await nurse("PUT", "Observation/new2", observation("new2", "berit"))).status == 403
    assert (await nurse("PUT", "Observation/pulse-berit", observation("pulse-berit", "anna"))).status == 404
    assert (await nurse("PUT", "Observation/new", observation("new", "berit"))).status == 403
    assert (await nurse("DELETE", "Observation/new")).status == 403
    opening = consent("mine", "anna", "emergency", actor=["Practitioner/nurse"])
    assert (await nurse("PUT", "Consent/mine", opening)).status == 403
    assert (await nurse("PUT", "PractitionerRole/nurse", role("nurse", "LE", "hospital"))).status == 403


async def test_a_new_patient_may_be_registered_with_the_unit_that_keeps_the_record(people: People) -> None:
    clerk = await people.staff("clerk")
    new = patient("cato", managingOrganization=ref("Organization/ward"))
    assert (await clerk("PUT", "Patient/cato", new)).status == 201
    assert (await clerk("GET", "Patient/cato")).status == 200


async def test_parties_of_another_agreement_keep_their_part_but_for_what_they_send(people: People) -> None:
    await people.record.update(contract("hospital", "town"))
    await people.record.update(contract("office", "practice") | {"id": "another"})
    own = observation("at-gp", "anna", performer=[ref("Practitioner/gp")])
    sent = observation("sent", "anna", performer=[ref("Practitioner/gp"), ref("Organization/ward")])
    for one in (own, sent):
        await people.record.update(one)
    nurse = await people.staff("nurse")
    assert set((await ways(nurse, "anna", "at-gp")).values()) == {False}
    assert set((await ways(nurse, "anna", "sent")).values()) == {True}
    assert set((await ways(nurse, "anna", "pulse-anna")).values()) == {True}


async def test_nothing_of_another_patient_comes_along(people: People) -> None:
    link = {"hasMember": [ref("Observation/pulse-berit")], "derivedFrom": [ref("Observation/pulse-anna")]}
    await people.record.update(observation("panel", "anna", **link))
    nurse = await people.staff("nurse")
    for url in (
        "Observation?_id=panel&_include=Observation:has-member&_include=Observation:derived-from",
        "Observation?_id=panel&_include=*",
    ):
        ids = {one["resource"]["id"] for one in (await nurse("GET", url)).entries}
        assert "pulse-berit" not in ids and {"panel", "pulse-anna"} <= ids
    assert (await nurse("GET", "Observation?has-member.code=http://loinc.org%7C8867-4")).ids == []
    assert (await nurse("GET", "Observation?derived-from.code=http://loinc.org%7C8867-4")).ids == ["panel"]
    assert (await nurse("GET", "Observation?has-member=Observation/pulse-berit")).ids == ["panel"]


async def test_what_concerns_two_patients_is_for_who_may_see_both(people: People) -> None:
    both = {
        "resourceType": "Appointment", "id": "both", "status": "booked", "start": "2026-11-20T08:00:00Z",
        "end": "2026-11-20T09:00:00Z",
        "participant": [
            {"actor": ref("Patient/anna"), "status": "accepted"}, {"actor": ref("Patient/berit"), "status": "accepted"}
        ],
    }  # fmt: skip
    await people.record.update(both)
    nurse = await people.staff("nurse")
    assert (await nurse("GET", "Appointment/both")).status == 404
    assert (await nurse("GET", "Appointment")).ids == []
    await people.record.update(encounter("stay2", "berit", "ward"))
    nurse = await people.staff("nurse")
    assert (await nurse("GET", "Appointment/both")).status == 200
    assert (await nurse("GET", "Appointment")).ids == ["both"]


async def test_a_search_before_and_after_a_lock_differs_by_what_is_behind_it(people: People) -> None:
    nurse = await people.staff("nurse")
    assert (await nurse("GET", "Observation?patient=Patient/anna&_summary=count")).json["total"] == 1
    await people.record.update(consent("lock", "anna", "lock", **PARTS["document"]))
    assert (await nurse("GET", "Observation?patient=Patient/anna&_summary=count")).json["total"] == 0
    assert (await nurse("GET", "Patient?_has:Observation:patient:code=http://loinc.org%7C8867-4")).ids == []
    update = observation("pulse-anna", "anna", valueQuantity={"value": 1})
    assert (await nurse("PUT", "Observation/pulse-anna", update)).status == 404


TASK = {
    "resourceType": "Task", "id": "task", "status": "requested", "intent": "order", "for": ref("Patient/anna"),
    "owner": ref("Organization/ward"), "authoredOn": "2026-11-20T08:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize("part", ["whole", "type", "document"])
async def test_a_lock_closes_what_lies_in_no_compartment_too(people: People, part: str) -> None:
    await people.record.update(TASK)
    nurse = await people.staff("nurse")
    assert (await nurse("GET", "Task/task")).status == 200
    said: dict[str, Any] = {
        "whole": {},
        "type": {"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Task"}]},
        "document": {"data": [{"meaning": "instance", "reference": ref("Task/task")}]},
    }[part]
    await people.record.update(consent("lock", "anna", "lock", **said))
    program = people.as_(Who("Device/export", "", Kind.SYSTEM, purpose=Purpose.SYSTEM))
    for client in (nurse, program):
        assert (await client("GET", "Task/task")).status == 404
        assert (await client("GET", "Task?subject=Patient/anna")).ids == []
        assert (await client("GET", "Task")).ids == []
        assert "task" not in (await client("GET", "Task/_history")).ids


async def test_many_locks_still_make_one_search(people: People) -> None:
    for number in range(24):
        name = f"p{number}"
        for one in (patient(name), encounter(f"stay{name}", name, "ward"), observation(f"pulse{name}", name)):
            await people.record.update(one)
        if number % 4:
            document = {"data": [{"meaning": "instance", "reference": ref(f"Observation/pulse{name}")}]}
            part = (document, PARTS["type"], PARTS["period"])[number % 4 - 1]
            await people.record.update(consent(f"lock{name}", name, "lock", **part))
    open_ = {f"pulsep{number}" for number in range(0, 24, 4)} | {"pulse-anna"}
    nurse, program = await people.staff("nurse"), people.as_(Who("Device/x", "", Kind.SYSTEM))
    assert set((await nurse("GET", "Observation?_count=100")).ids) == open_
    assert set((await program("GET", "Observation?_count=100")).ids) == open_ | {"pulse-berit"}
    assert (await program("GET", "Observation/pulsep1")).status == 404
