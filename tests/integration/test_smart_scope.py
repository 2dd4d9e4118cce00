"""An app in somebody's name, under the guard: its scopes end where they are said to end, on every way to a resource."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from felles.access.audit.statement import LINES
from felles.record.record import Record
from tests.integration.conftest import Client
from tests.integration.region import People, build, encounter, observation, patient

LAB = {"category": [{"coding": [{"system": "urn:c", "code": "lab"}]}]}


@pytest.fixture
async def people(store_url: str) -> AsyncIterator[People]:
    record = await Record.open(store_url, lines=LINES)
    await build(record)
    for name in ("anna", "berit"):
        await record.update(patient(name))
        await record.update(encounter(f"stay-{name}", name, "ward"))
        await record.update(observation(f"pulse-{name}", name))
        await record.update(observation(f"lab-{name}", name, **LAB))
    yield People(record)
    await record.close()


async def app(people: People, *scopes: str, context: str | None = "anna") -> Client:
    who = await people.who("doctor")
    assert who is not None
    return people.as_(replace(who, scopes=scopes), context=context)


async def test_the_doctor_alone_may_all_of_this(people: People) -> None:
    who = await people.who("doctor")
    assert who is not None
    client = people.as_(who)
    for name in ("anna", "berit"):
        assert (await client("GET", f"Observation/pulse-{name}")).status == 200
        assert (await client("PUT", f"Observation/pulse-{name}", observation(f"pulse-{name}", name))).status == 200


async def test_a_patients_scope_reaches_nobody_else_on_any_way(people: People) -> None:
    client = await app(people, "patient/*.cruds")
    assert (await client("GET", "Observation/pulse-anna")).status == 200
    for url in ("Observation/pulse-berit", "Patient/berit", "Observation/pulse-berit/_history",
                "Patient/berit/$everything", "Observation/pulse-berit/_history/1"):  # fmt: skip
        assert (await client("GET", url)).status == 404, url
    for url in ("Observation?patient=berit", "Patient?_id=berit", "Observation?subject:Patient._id=berit",
                "Patient?_has:Observation:patient:_id=pulse-berit",
                "Encounter?_has:Observation:encounter:_id=pulse-berit",
                "Patient?_id=berit&_revinclude=Observation:patient"):  # fmt: skip
        found = await client("GET", url)
        assert found.status == 200, (url, found.text)
        assert not [one for one in found.ids if "berit" in one], url
    everything = await client("GET", "?_type=Patient,Observation,Encounter")
    assert not [one for one in everything.ids if "berit" in one]


async def test_a_patients_scope_writes_about_nobody_else(people: People) -> None:
    client = await app(people, "patient/*.cruds")
    assert (await client("PUT", "Observation/pulse-anna", observation("pulse-anna", "anna"))).status == 200
    assert (await client("PUT", "Observation/new-anna", observation("new-anna", "anna"))).status == 201
    for url, body in (
        ("Observation/pulse-anna", observation("pulse-anna", "berit")),
        ("Observation/pulse-berit", observation("pulse-berit", "berit")),
        ("Observation/pulse-berit", observation("pulse-berit", "anna")),
        ("Observation/new-berit", observation("new-berit", "berit")),
        ("Patient/new", patient("new")),
        ("Organization/new", {"resourceType": "Organization", "id": "new", "name": "Ny"}),
    ):
        assert (await client("PUT", url, body)).status in (403, 404), url
    assert (await client("DELETE", "Observation/pulse-berit")).status in (403, 404)


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("user/Observation.r", {"GET"}),
        ("user/Observation.s", {"search"}),
        ("user/Observation.u", set()),
        ("user/Observation.ru", {"GET", "PUT"}),
        ("user/Observation.rs", {"GET", "search"}),
        ("user/Patient.cruds", set()),
        ("user/Observation.read", {"GET", "search"}),
        ("system/Condition.cruds", set()),
    ],
)
async def test_each_letter_allows_its_own_act_alone(people: People, scope: str, allowed: set[str]) -> None:
    client = await app(people, scope, context=None)
    done = {
        "GET": (await client("GET", "Observation/pulse-anna")).status == 200,
        "search": (await client("GET", "Observation?_id=pulse-anna")).status == 200,
        "PUT": (await client("PUT", "Observation/pulse-anna", observation("pulse-anna", "anna"))).status == 200,
    }
    assert {name for name, succeeded in done.items() if succeeded} == allowed


async def test_a_scopes_query_holds_on_every_way(people: People) -> None:
    client = await app(
        people, "patient/Observation.rs?category=urn:c|lab", "patient/Patient.rs", "patient/Encounter.rs"
    )
    assert (await client("GET", "Observation")).ids == ["lab-anna"]
    assert (await client("GET", "Observation/pulse-anna")).status == 404
    found = await client("GET", "Patient?_id=anna&_revinclude=Observation:patient")
    assert set(found.ids) <= {"anna", "lab-anna"}
    assert (await client("GET", "Patient?_has:Observation:patient:_id=pulse-anna")).ids == []
    everything = await client("GET", "Patient/anna/$everything")
    assert b"pulse-anna" not in everything.text


async def test_a_user_and_a_patient_scope_stand_side_by_side(people: People) -> None:
    client = await app(people, "patient/Observation.rs", "user/Encounter.rs", "user/Practitioner.rs")
    assert set((await client("GET", "Observation")).ids) == {"pulse-anna", "lab-anna"}
    assert set((await client("GET", "Encounter")).ids) == {"stay-anna", "stay-berit"}
    assert (await client("GET", "Practitioner/doctor")).status == 200
    assert (await client("GET", "Patient/anna")).status in (403, 404)


async def test_without_a_patient_in_context_a_patients_scope_is_empty(people: People) -> None:
    client = await app(people, "patient/*.cruds", context=None)
    assert (await client("GET", "Observation/pulse-anna")).status in (403, 404)
    assert (await client("PUT", "Observation/pulse-anna", observation("pulse-anna", "anna"))).status in (403, 404)


@pytest.mark.parametrize("name", ["match", "merge", "newborn"])
async def test_what_works_on_whole_records_is_past_a_patients_scope(people: People, name: str) -> None:
    client = await app(people, "patient/*.cruds")
    body = {"resourceType": "Parameters", "parameter": []}
    where = "Patient/anna" if name == "newborn" else "Patient"
    assert (await client("POST", f"{where}/${name}", body)).status == 403
