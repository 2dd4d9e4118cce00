"""Who could do what, on which day, granted by whom; scopes only narrow; a parent's and a program's view."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from felles.access.audit.statement import LINES
from felles.access.register import Register
from felles.access.who import Kind, Purpose, Who
from felles.record.record import Record
from tests.integration.region import People, build, consent, encounter, observation, patient, ref, role

pytestmark = pytest.mark.anyio


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    yield opened
    await opened.close()


@pytest.fixture
async def people(record: Record) -> People:
    await build(record)
    await record.update(patient("anna"))
    await record.update(observation("pulse-anna", "anna"))
    await record.update(encounter("stay", "anna", "ward"))
    return People(record)


def now() -> int:
    return time.time_ns() // 1_000


async def test_the_register_answers_for_any_day_with_who_granted_it(people: People) -> None:
    register = Register(people.record.store.reading, people.access.house)
    before = now()
    admin = {**role("nurse", "SP", "ward"), "id": "admin", "practitioner": ref("Practitioner/chief"),
             "organization": ref("Organization/hospital"),
             "code": [{"coding": [{"system": "urn:felles:role", "code": "administrator"}]}]}  # fmt: skip
    await people.record.update(admin)
    who = await people.access.house.who_of("Practitioner/chief", "PractitionerRole/admin", now())
    assert who is not None
    answer = await people.as_(who)("PUT", "PractitionerRole/nurse", role("nurse", "LE", "ward2"))
    assert answer.status == 200, answer.text
    (then,) = await register.at(before, "Practitioner/nurse")
    (today,) = await register.at(now(), "Practitioner/nurse")
    assert (then.code, then.unit, then.number, then.granted_by) == ("SP", "Organization/ward", 1, None)
    assert (today.code, today.unit, today.number) == ("LE", "Organization/ward2", 2)
    assert today.granted_by == "Practitioner/chief"
    assert "MedicationRequest" in today.rights.create and "MedicationRequest" not in then.rights.create
    clinic = {one.person for one in await register.at(now(), unit="Organization/clinic")}
    assert {"Practitioner/nurse", "Practitioner/doctor"} <= clinic and "Practitioner/zone" not in clinic
    assert await register.at(0) == []


async def test_a_provenance_names_the_granter_of_a_role_that_came_otherwise(people: People) -> None:
    await people.record.update({
        "resourceType": "Provenance", "id": "p", "target": [ref("PractitionerRole/doctor")],
        "recorded": "2026-01-01T00:00:00Z", "agent": [{"who": ref("Practitioner/chief")}],
    })  # fmt: skip
    register = Register(people.record.store.reading, people.access.house)
    (found,) = await register.at(now(), "Practitioner/doctor")
    assert found.granted_by == "Practitioner/chief"


SCOPES = [
    ("user/*.cruds",),
    ("user/*.rs",),
    ("user/Observation.rs",),
    ("user/Patient.rs",),
    ("patient/*.rs",),
    ("user/Observation.r",),
    (),
]


@pytest.mark.parametrize("scopes", SCOPES)
async def test_scopes_never_widen(people: People, scopes: tuple[str, ...]) -> None:
    for name in ("nurse", "other", "manager"):
        who = await people.who(name)
        assert who is not None
        plain, narrow = people.as_(who), people.as_(replace(who, scopes=scopes), context="anna")
        for url in ("Observation/pulse-anna", "Patient/anna", "Encounter/stay", "Observation?_id=pulse-anna"):
            wide, thin = await plain("GET", url), await narrow("GET", url)
            if "?" in url:
                assert set(thin.ids if thin.status == 200 else ()) <= set(wide.ids if wide.status == 200 else ())
            else:
                assert wide.status == 200 or thin.status != 200


async def test_a_scope_s_query_narrows_what_is_seen(people: People) -> None:
    await people.record.update(observation("lab", "anna", category=[{"coding": [{"system": "urn:c", "code": "lab"}]}]))
    who = await people.who("nurse")
    assert who is not None
    client = people.as_(replace(who, scopes=("user/Observation.rs?category=urn:c|lab",)))
    assert (await client("GET", "Observation/lab")).status == 200
    assert (await client("GET", "Observation/pulse-anna")).status == 404
    assert (await client("GET", "Observation?patient=Patient/anna")).ids == ["lab"]


async def test_a_program_sees_everybody_but_what_is_locked(people: People) -> None:
    await people.record.update(patient("berit"))
    await people.record.update(observation("pulse-berit", "berit"))
    await people.record.update(consent("lock", "anna", "lock"))
    program = Who("Device/export", "", Kind.SYSTEM, purpose=Purpose.SYSTEM, scopes=("system/*.rs",))
    client = people.as_(program)
    assert (await client("GET", "Observation")).ids == ["pulse-berit"]
    assert (await client("GET", "Observation/pulse-anna")).status == 404
    assert (await client("GET", "Observation/pulse-berit")).status == 200
    assert (await client("PUT", "Observation/pulse-berit", observation("pulse-berit", "berit"))).status == 403


HOME = [{"use": "home", "line": ["Gata 1"], "postalCode": "7004", "city": "Trondheim"}]


async def family(people: People, birth: str, **mother: Any) -> None:
    await people.record.update(patient("child", birthDate=birth, address=HOME))
    parent = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}
    await people.record.update(
        {"resourceType": "RelatedPerson", "id": "rel", "active": True, "patient": ref("Patient/child"),
         "relationship": [parent]}
    )  # fmt: skip
    link = [{"other": ref("RelatedPerson/rel"), "type": "seealso"}]
    await people.record.update(patient("mother", address=HOME, link=link, **mother))
    await people.record.update(observation("pulse-child", "child"))
    label = {"security": [{"system": "urn:felles:label", "code": "hidden-from-parents"}]}
    await people.record.update(observation("secret", "child", meta=label))


async def test_a_parent_sees_a_young_child_but_not_what_the_child_keeps(people: People) -> None:
    await family(people, time.strftime("%Y-01-01"))
    mother = people.patient("mother", acts_for="child")
    assert (await mother("GET", "Observation?patient=Patient/child")).ids == ["pulse-child"]
    assert (await mother("GET", "Observation/secret")).status == 404
    assert (await people.patient("anna", acts_for="child")("GET", "Observation/pulse-child")).status == 404
    assert (await mother("GET", "Patient/mother")).status == 404


async def test_a_parent_of_a_youth_sees_little_and_of_an_adult_nothing(people: People) -> None:
    year = int(time.strftime("%Y"))
    await family(people, f"{year - 14}-01-01")
    mother = people.patient("mother", acts_for="child")
    assert (await mother("GET", "Patient/child")).status == 200
    assert (await mother("GET", "Observation/pulse-child")).status == 404
    await people.record.update(patient("child", birthDate=f"{year - 17}-01-01", address=HOME))
    assert (await mother("GET", "Patient/child")).status == 404


async def test_a_protected_address_ends_representation(people: People) -> None:
    label = {"security": [{"system": "urn:felles:protection", "code": "6"}]}
    await family(people, time.strftime("%Y-01-01"), meta=label)
    mother = people.patient("mother", acts_for="child")
    assert (await mother("GET", "Observation/pulse-child")).status == 404
