"""The national number of an employee is for signing in and for who keeps the register of staff, not for whoever looks
up a colleague."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from felles.access.audit.statement import LINES
from felles.access.subject import practitioner_of_pid
from felles.record.record import Record
from tests.integration.region import People, build, patient, ref, role

NUMBER, HPR = "13116900216", "7654321"
FNR, HPR_SYSTEM = "urn:oid:2.16.578.1.12.4.1.4.1", "urn:oid:2.16.578.1.12.4.1.4.4"


@pytest.fixture
async def people(store_url: str) -> AsyncIterator[People]:
    record = await Record.open(store_url, lines=LINES)
    await build(record)
    numbers = [{"system": FNR, "value": NUMBER}, {"system": HPR_SYSTEM, "value": HPR}]
    for name in ("nurse", "zone"):
        given = numbers if name == "nurse" else numbers[:1]
        person = {"resourceType": "Practitioner", "id": name, "active": True, "identifier": given}
        await record.update(person | {"name": [{"text": name}]})
    await record.update({"resourceType": "Practitioner", "id": "keeper", "active": True})
    code = [{"coding": [{"system": "urn:felles:role", "code": "administrator"}]}]
    await record.update(role("keeper", "XX", "hospital") | {"code": code})
    await record.update(patient("anna"))
    yield People(record)
    await record.close()


async def test_whoever_looks_up_a_colleague_gets_the_hpr_number_alone(people: People) -> None:
    asked = ["Practitioner/nurse", "Practitioner?_id=nurse", "Practitioner/nurse/_history", "Practitioner?_id=zone"]
    asked.append("PractitionerRole?_id=nurse&_include=PractitionerRole:practitioner")
    for client in (await people.staff("doctor"), await people.staff("manager"), people.patient("anna")):
        for url in asked:
            answer = await client("GET", url)
            assert answer.status == 200 and NUMBER.encode() not in answer.text
    shown = (await (await people.staff("doctor"))("GET", "Practitioner/nurse")).json
    assert [one["value"] for one in shown["identifier"]] == [HPR] and shown["name"] == [{"text": "nurse"}]
    assert "identifier" not in (await (await people.staff("doctor"))("GET", "Practitioner/zone")).json


async def test_who_keeps_the_register_and_the_sign_in_have_it(people: People) -> None:
    keeper = await people.staff("keeper")
    shown = (await keeper("GET", "Practitioner/nurse")).json
    assert {one["value"] for one in shown["identifier"]} == {NUMBER, HPR}
    assert (await keeper("PUT", "Practitioner/nurse", shown)).status == 200
    await people.record.update({"resourceType": "Practitioner", "id": "zone", "active": False})
    assert await practitioner_of_pid(people.record, NUMBER) == "Practitioner/nurse"


async def test_no_number_finds_a_patient_for_who_keeps_the_register(people: People) -> None:
    number = [{"system": FNR, "value": NUMBER}]
    await people.record.update(patient("anna", identifier=number, generalPractitioner=[ref("Practitioner/nurse")]))
    keeper = await people.staff("keeper")
    for url in (
        f"Patient?identifier={FNR}|{NUMBER}",
        "Patient/anna",
        f"Person?identifier={NUMBER}",
        "Patient?_id=anna",
    ):
        answer = await keeper("GET", url)
        assert answer.status in (403, 404) and b"anna" not in answer.text
    for url in (
        "Practitioner?_has:Patient:general-practitioner:_id=anna",
        f"Practitioner?_has:Patient:general-practitioner:identifier={NUMBER}",
        "Practitioner?_id=zone&_revinclude=Patient:general-practitioner",
    ):
        answer = await keeper("GET", url)
        found = [] if answer.status != 200 else [one["resource"]["id"] for one in answer.entries]
        assert not {"anna", "nurse"} & set(found), url
