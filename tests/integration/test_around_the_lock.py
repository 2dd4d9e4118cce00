"""Ways around the lock that look like something else: each gives what a direct read gives."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from felles.access.audit.statement import LINES
from felles.access.who import Kind, Purpose, Who
from felles.record.prepare import removal
from felles.record.record import Record
from tests.integration.conftest import Client
from tests.integration.region import People, build, consent, encounter, observation, patient, ref, role

pytestmark = pytest.mark.anyio
SECRET = "told in confidence"
HOUSE = "urn:felles:role"


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    yield opened
    await opened.close()


@pytest.fixture
async def people(record: Record) -> People:
    """anna lies in the ward, berit in none; each has a pulse."""
    await build(record)
    for name in ("anna", "berit"):
        await record.update(patient(name))
        await record.update(observation(f"pulse-{name}", name))
    await record.update(encounter("stay", "anna", "ward"))
    return People(record)


async def _remove(record: Record, address: str) -> None:
    kind, _, id = address.partition("/")
    await record.commit([removal(kind, id)])


async def _texts(client: Client, address: str) -> str:
    kind = address.partition("/")[0]
    urls = (address, f"{address}/_history", f"{address}/_history/1", f"{kind}/_history", "_history")
    return b"".join([(await client("GET", url)).text for url in urls]).decode()


@pytest.mark.parametrize("part", ["label", "document", "type"])
async def test_what_was_locked_stays_closed_when_it_is_deleted(people: People, part: str) -> None:
    parts: dict[str, dict[str, Any]] = {
        "label": {"securityLabel": [{"system": "urn:x", "code": "psych"}]},
        "document": {"data": [{"meaning": "instance", "reference": ref("Observation/note")}]},
        "type": {"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}]},
    }
    label = {"meta": {"security": [{"system": "urn:x", "code": "psych"}]}}
    await people.record.update(observation("note", "anna", valueQuantity={"value": 1, "unit": SECRET}, **label))
    nurse = await people.staff("nurse")
    assert SECRET in await _texts(nurse, "Observation/note")
    await people.record.update(consent("lock", "anna", "lock", **parts[part]))
    assert SECRET not in await _texts(nurse, "Observation/note")
    await _remove(people.record, "Observation/note")
    assert SECRET not in await _texts(nurse, "Observation/note")
    assert (await nurse("GET", "Observation/note")).status == 404


async def test_a_wish_that_is_deleted_tells_staff_as_little_as_before(people: People) -> None:
    await people.record.update(consent("lock", "anna", "lock", code=[{"text": SECRET}]))
    await _remove(people.record, "Consent/lock")
    assert SECRET not in await _texts(await people.staff("nurse"), "Consent/lock")


async def test_a_scope_reaches_nothing_more_when_it_is_deleted(people: People) -> None:
    await people.record.update(observation("note", "anna", valueQuantity={"value": 1, "unit": SECRET}))
    await _remove(people.record, "Observation/note")
    category = "http://terminology.hl7.org/CodeSystem/observation-category%7Cvital-signs"
    who = Who("Patient/anna", "", Kind.PATIENT, purpose=Purpose.OWN,
              scopes=(f"patient/Observation.rs?category={category.replace('%7C', '|')}",))  # fmt: skip
    assert SECRET not in await _texts(people.as_(who, context="anna"), "Observation/note")


def _meeting(*patients: str) -> dict[str, Any]:
    return {
        "resourceType": "Appointment", "id": "meeting", "status": "booked", "comment": " ".join(patients),
        "start": "2026-11-20T08:00:00Z", "end": "2026-11-20T09:00:00Z",
        "participant": [{"actor": ref(f"Patient/{one}"), "status": "accepted"} for one in patients],
    }  # fmt: skip


async def test_an_older_version_about_others_as_well_is_for_who_may_see_them_all(people: People) -> None:
    await people.record.update(_meeting("anna", "berit"))
    nurse = await people.staff("nurse")
    assert "berit" not in await _texts(nurse, "Appointment/meeting")
    await people.record.update(_meeting("anna"))
    assert "anna" in await _texts(nurse, "Appointment/meeting")
    assert "berit" not in await _texts(nurse, "Appointment/meeting")


def _parameters(**values: Any) -> dict[str, Any]:
    parts = []
    for name, value in values.items():
        kind = "valueBoolean" if value is True else "valueReference" if "reference" in value else "valueIdentifier"
        kind = "valueString" if isinstance(value, str) else kind
        parts.append({"name": name.replace("_", "-"), kind: value})
    return {"resourceType": "Parameters", "parameter": parts}


NUMBER = {"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "15076500565"}


@pytest.mark.parametrize("who", ["nurse", "clerk"])
async def test_an_operation_on_whole_records_begins_with_a_record_that_is_open(people: People, who: str) -> None:
    await people.record.update(patient("berit", gender="female", contact=[{"name": {"text": SECRET}}]))
    holder = await people.staff(who)
    for of in ("berit", "nobody"):
        born = await holder("POST", f"Patient/{of}/$newborn", _parameters(birth="2026-11-01"))
        named = await holder("POST", f"Patient/{of}/$identify", _parameters(identifier=NUMBER))
        assert (born.status, named.status) == (404, 404), (of, born.text, named.text)
    assert (await holder("POST", "Patient/anna/$newborn", _parameters(birth="2026-11-01"))).status == 201


async def test_records_that_are_closed_are_not_merged_and_not_shown_by_a_preview(people: People) -> None:
    identifier = {"system": "urn:x", "value": "77"}
    await people.record.update(
        patient("berit", gender="female", identifier=[identifier], contact=[{"name": {"text": SECRET}}])
    )
    clerk = await people.staff("clerk")
    ways = (
        {"source_patient": ref("Patient/anna"), "target_patient": ref("Patient/berit")},
        {"source_patient": ref("Patient/berit"), "target_patient": ref("Patient/anna")},
        {"source_patient": ref("Patient/anna"), "target_patient_identifier": identifier},
    )
    for way in ways:
        closed = await clerk("POST", "Patient/$merge", _parameters(preview=True, **way))
        absent = await clerk("POST", "Patient/$merge", _parameters(
            preview=True, **{name: ref("Patient/nobody") if one == ref("Patient/berit")
                             else {"system": "urn:x", "value": "78"} if one == identifier else one
                             for name, one in way.items()}))  # fmt: skip
        assert closed.status in (404, 422), closed.text
        assert (closed.status, closed.diagnostics) == (absent.status, absent.diagnostics)
        assert SECRET not in closed.text.decode()
    moved = await clerk("POST", "Patient/berit/$move-facts", _parameters(
        preview=True, target_patient=ref("Patient/anna"), fact=ref("Observation/pulse-berit")))  # fmt: skip
    assert moved.status == 404
    moved = await clerk("POST", "Patient/anna/$move-facts", _parameters(
        preview=True, target_patient=ref("Patient/berit"), fact=ref("Observation/pulse-anna")))  # fmt: skip
    assert moved.status == 404


async def test_deleting_what_is_closed_is_answered_as_what_does_not_exist(people: People) -> None:
    other = await people.staff("other")
    answers = [await other("DELETE", f"Condition/{one}") for one in ("closed", "nowhere")]
    await people.record.update({"resourceType": "Condition", "id": "closed", "subject": ref("Patient/anna")})
    answers += [await other("DELETE", f"Condition/{one}") for one in ("closed", "nowhere")]
    assert len({(one.status, one.diagnostics) for one in answers}) == 1
    bundles = [
        await other("POST", "", {"resourceType": "Bundle", "type": "transaction",
                                 "entry": [{"request": {"method": "DELETE", "url": f"Condition/{one}"}}]})
        for one in ("closed", "nowhere")
    ]  # fmt: skip
    assert len({one.status for one in bundles}) == 1
    assert (await Client(people.record)("GET", "Condition/closed")).status == 200


async def test_a_write_that_asks_whether_something_is_there_is_refused_as_any_other(people: People) -> None:
    nurse = await people.staff("nurse")
    for body in (patient("berit"), observation("pulse-berit", "anna")):
        address = f"{body['resourceType']}/{body['id']}"
        plain = await nurse("PUT", address, body)
        asked = await nurse("PUT", address, body, if_none_match="*")
        assert (plain.status, plain.diagnostics) == (asked.status, asked.diagnostics)
        assert plain.status == 404
    by = await nurse(
        "PUT", "Patient?identifier=urn:x%7C1", patient("berit", identifier=[{"system": "urn:x", "value": "1"}])
    )
    assert by.status == 404


async def test_nobody_brings_a_deleted_patient_back_to_read_what_is_left(people: People) -> None:
    await _remove(people.record, "Patient/berit")
    nurse = await people.staff("nurse")
    mine = patient("berit", generalPractitioner=[ref("Practitioner/nurse")])
    answers = [await nurse("PUT", "Patient/berit", mine), await nurse("PUT", "Patient/berit", mine, if_none_match="*")]
    assert {one.status for one in answers} <= {403, 404}
    assert (await nurse("GET", "Observation/pulse-berit")).status == 404


async def test_a_representative_and_the_own_record_do_not_stand_in_for_each_other(people: People) -> None:
    await people.record.update(patient("berit", birthDate="1970-01-01"))
    given = consent("power", "berit", "representation", actor=["Patient/anna"])
    await people.record.update(given)
    for _ in range(2):
        assert (await people.patient("anna")("GET", "Patient/anna")).status == 200
        acting = people.patient("anna", acts_for="berit")
        own = people.patient("anna")
        assert (await own("GET", "Patient/berit")).status == 404
        assert (await acting("GET", "Patient/anna")).status == 404


async def test_nobody_writes_a_relation_into_a_record_that_is_closed(people: People) -> None:
    nurse = await people.staff("nurse")
    mine = ref("Practitioner/nurse")
    tries: list[dict[str, Any]] = [
        encounter("mine", "berit", "ward"),
        {"resourceType": "Task", "id": "mine", "status": "requested", "intent": "order", "for": ref("Patient/berit"),
         "owner": mine},
        {"resourceType": "CareTeam", "id": "mine", "status": "active", "subject": ref("Patient/berit"),
         "participant": [{"member": mine}]},
        _meeting("anna", "berit"),
        _meeting("berit"),
        {"resourceType": "CarePlan", "id": "mine", "status": "active", "intent": "plan", "author": mine,
         "subject": ref("Patient/berit")},
        encounter("stay", "berit", "ward"),
        encounter("versioned", "berit/_history/1", "ward"),
        consent("mine", "berit", "opening", actor=["Practitioner/nurse"]),
        consent("mine", "anna", "opening", actor=["Practitioner/nurse"]),
        role("nurse", "LE", "hospital"),
    ]  # fmt: skip
    for one in tries:
        kind, id = one["resourceType"], one["id"]
        assert (await nurse("PUT", f"{kind}/{id}", one)).status == 403, one
        many = {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": one, "request": {"method": "PUT", "url": f"{kind}/{id}"}}]}  # fmt: skip
        assert (await nurse("POST", "", many)).status == 403, one
        entry = {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [
                {"resource": {k: v for k, v in one.items() if k != "id"}, "request": {"method": "POST", "url": kind}}
            ],
        }
        assert (await nurse("POST", "", entry)).json["entry"][0]["response"]["status"] == "403", one
        assert (await nurse("GET", "Observation/pulse-berit")).status == 404


async def test_whoever_grants_roles_grants_none_to_himself(people: People) -> None:
    await people.record.update({"resourceType": "Practitioner", "id": "keeper", "active": True})
    keeping = role("keeper", "x", "hospital") | {"code": [{"coding": [{"system": HOUSE, "code": "administrator"}]}]}
    await people.record.update(keeping)
    keeper = await people.staff("keeper")
    assert (await keeper("PUT", "PractitionerRole/new", role("nurse", "SP", "ward2") | {"id": "new"})).status == 201
    own = role("keeper", "LE", "ward")
    assert (await keeper("PUT", "PractitionerRole/keeper", own)).status == 403
    assert (await keeper("PUT", "PractitionerRole/second", own | {"id": "second"})).status == 403
    patch = [{"op": "replace", "path": "/practitioner/reference", "value": "Practitioner/keeper"}]
    answer = await keeper("PATCH", "PractitionerRole/new", patch, content_type="application/json-patch+json")
    assert answer.status == 403


def _named(body: Any) -> set[tuple[str, str]]:
    """All resources in an answer that have an id."""
    if isinstance(body, list):
        return {one for part in body for one in _named(part)}
    if not isinstance(body, dict):
        return set()
    own = {(body["resourceType"], body["id"])} if "resourceType" in body and "id" in body else set()
    return own | {one for part in body.values() for one in _named(part)}


async def test_every_answer_that_holds_a_resource_tells_the_log_so(people: People) -> None:
    known: dict[str, Any] = {"gender": "female"} | {"name": [{"family": "Hansen", "given": ["Anna"]}]}
    await people.record.update(patient("anna") | known)
    await people.record.update(_meeting("anna"))
    nurse = await people.staff("nurse")
    asked = patient("x") | known
    calls: list[tuple[str, str, Any]] = [
        ("GET", "Patient/anna", None),
        ("GET", "Patient/anna?_summary=true", None),
        ("GET", "Patient/anna/_history/1", None),
        ("GET", "Patient/anna/_history", None),
        ("GET", "Patient/_history", None),
        ("GET", "_history", None),
        ("GET", "Patient", None),
        ("GET", "?_type=Patient,Observation", None),
        ("GET", "Patient?_elements=id&_revinclude=Observation:subject", None),
        ("GET", "Observation?_include=Observation:subject", None),
        ("GET", "Patient/anna/Observation", None),
        ("GET", "Patient/anna/*", None),
        ("GET", "Patient/anna/$everything", None),
        ("GET", "Patient/anna/$everything?_count=1", None),
        ("POST", "Patient/$match", asked),
        ("POST", "Patient/anna/$newborn", _parameters(birth="2026-11-01")),
        ("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": one}} for one in ("Patient/anna", "Appointment")]}),
        ("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"request": {"method": "GET", "url": "Patient/anna"}}]}),
    ]  # fmt: skip
    watch: Any = nurse.record.guard
    for method, url, body in calls:
        watch.shown.clear()
        answer = await nurse(method, url, body)
        assert answer.status in (200, 201), (url, answer.text)
        named = _named(answer.json)
        told = {(one.type, one.id) for one in watch.shown}
        assert any(kind != "Bundle" for kind, _ in named), url
        assert {one for one in named if one[0] != "Bundle"} <= told, url


async def test_a_protected_address_stays_protected_past_a_deletion(people: People) -> None:
    home = {"address": [{"line": [SECRET]}]}
    code = {"meta": {"security": [{"system": "urn:felles:protection", "code": "6"}]}}
    await people.record.update(patient("anna", **home))
    await people.record.update(patient("anna", **home, **code))
    nurse = await people.staff("nurse")
    assert SECRET not in await _texts(nurse, "Patient/anna")
    await _remove(people.record, "Patient/anna")
    assert SECRET not in await _texts(nurse, "Patient/anna")
    assert SECRET not in (await nurse("GET", "Patient/anna/_history/2")).text.decode()
    await nurse("PUT", "Patient/anna", patient("anna"))
    assert SECRET not in await _texts(nurse, "Patient/anna")
    assert SECRET not in (await nurse("GET", "Patient/anna/_history/2")).text.decode()


@pytest.mark.parametrize("name", ["Practitioner/keeper/_history/1", "http://localhost:8080/fhir/Practitioner/keeper"])
async def test_nobody_grants_himself_a_role_by_another_name_for_himself(people: People, name: str) -> None:
    await people.record.update({"resourceType": "Practitioner", "id": "keeper", "active": True})
    keeping = role("keeper", "x", "hospital") | {"code": [{"coding": [{"system": HOUSE, "code": "administrator"}]}]}
    await people.record.update(keeping)
    keeper = await people.staff("keeper")
    own = role("keeper", "LE", "ward") | {"id": "second", "practitioner": ref(name)}
    assert (await keeper("PUT", "PractitionerRole/second", own)).status == 403


async def test_a_page_that_was_kept_shows_what_is_open_now(people: People) -> None:
    for number in range(3):
        await people.record.update(observation(f"note-{number}", "anna"))
    nurse = await people.staff("nurse")
    for url in ("Observation?_count=1", "Patient/anna/$everything?_count=1"):
        first = await nurse("GET", url)
        onward = next(one["url"] for one in first.json["link"] if one["relation"] == "next").partition("/fhir")[2]
        assert (await nurse("GET", onward)).entries
        assert not (await (await people.staff("other"))("GET", onward)).entries
        await people.record.update(consent("lock", "anna", "lock"))
        assert not (await nurse("GET", onward)).entries
        await people.record.update(consent("lock", "anna", "lock", "inactive"))


async def test_records_that_are_open_are_merged_and_parted_again(people: People) -> None:
    await people.record.update(encounter("visit", "berit", "ward"))
    clerk = await people.staff("clerk")
    pair = {"source_patient": ref("Patient/berit"), "target_patient": ref("Patient/anna")}
    merged = await clerk("POST", "Patient/$merge", _parameters(force=True, reason="the same person", **pair))
    assert merged.status == 200, merged.text
    assert (await (await people.staff("other"))("POST", "Patient/berit/$unmerge", _parameters())).status == 403
    parted = await clerk("POST", "Patient/berit/$unmerge", _parameters(reason="they are two"))
    assert parted.status == 200, parted.text
