"""Other people's FHIR clients do their work against a running server, on each engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fhirclient import client as smart
from fhirclient.models.bundle import Bundle
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.humanname import HumanName
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import ForbiddenError, MultipleResourcesFound, OperationOutcome, ResourceNotFound
from requests import HTTPError

from tests.absence import missing
from tests.wire import Wire, fresh

HERE = Path(__file__).resolve().parent
NODE = Path(sys.executable).with_name("node")


@pytest.fixture
def family() -> str:
    """A name that nobody else has, with letters that are not ASCII."""
    return f"Ås{fresh()[9:17]}"


async def test_fhirpy_creates_searches_and_deletes(service: Wire, family: str) -> None:
    client = AsyncFHIRClient(service.base, authorization=service.bearer)
    patient = client.resource("Patient", name=[{"family": family, "given": ["Aud"]}], birthDate="1961-03-04")
    await patient.save()
    condition = client.resource("Condition", subject=patient.to_reference(), code={"text": "Astma"})
    await condition.save()
    found = await client.resources("Condition").search(patient=patient.id).include("Condition", "subject").fetch_raw()
    assert [entry["resource"]["resourceType"] for entry in found["entry"]] == ["Condition", "Patient"]
    people = client.resources("Patient").search(family=family)
    assert (await people.search(birthdate__lt="1970").first())["id"] == patient.id
    assert (await people.search(_total="accurate").fetch_raw())["total"] == 1
    assert await people.count() == 1
    assert (await people.has("Condition", "patient", code__text="astma").get())["id"] == patient.id
    chained = client.resources("Condition").search(patient__Patient__family=family)
    assert [one.id for one in await chained.fetch()] == [condition.id]
    around = await people.revinclude("Condition", "patient").fetch_raw()
    assert [entry["search"]["mode"] for entry in around["entry"]] == ["match", "include"]
    partly = await people.elements("birthDate").fetch()
    assert "name" not in partly[0]
    patient["gender"] = "female"
    await patient.save()
    assert (await client.reference("Patient", patient.id).to_resource())["gender"] == "female"
    history = await patient.execute("_history", method="get")
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]
    assert await patient.is_valid()
    everything = await patient.execute("$everything", method="get")
    assert len(everything["entry"]) == 2
    await condition.delete()
    with pytest.raises(ResourceNotFound):
        await condition.refresh()


async def test_fhirpy_writes_under_conditions(service: Wire, family: str) -> None:
    client = AsyncFHIRClient(service.base, authorization=service.bearer)
    people = client.resources("Patient").search(family=family)
    one = client.resource("Patient", name=[{"family": family}])
    first, created = await people.get_or_create(one)
    second, again = await people.get_or_create(one)
    assert (created, again, second.id) == (True, False, first.id)
    changed, made = await people.update(client.resource("Patient", name=[{"family": family}], gender="other"))
    assert (made, changed.id, changed["gender"]) == (False, first.id, "other")
    await client.resource("Patient", name=[{"family": family}]).save()
    with pytest.raises(MultipleResourcesFound):
        await people.update(one)
    with pytest.raises(MultipleResourcesFound):
        await people.get()


async def test_fhirpy_sends_bundles(service: Wire, family: str) -> None:
    client = AsyncFHIRClient(service.base, authorization=service.bearer)
    urn = fresh()
    entries: list[dict[str, Any]] = [
        {
            "fullUrl": urn,
            "resource": {"resourceType": "Patient", "name": [{"family": family}]},
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "resource": {"resourceType": "Condition", "subject": {"reference": urn}},
            "request": {"method": "POST", "url": "Condition"},
        },
    ]
    await client.resource("Bundle", type="transaction", entry=entries).save()
    found = await client.resources("Condition").search(patient__Patient__family=family).fetch()
    assert len(found) == 1


async def test_fhirpy_understands_refusals(service: Wire) -> None:
    client = AsyncFHIRClient(service.base, authorization=service.bearer)
    with pytest.raises(OperationOutcome) as invalid:
        await client.resource("Patient", gender="x").save()
    assert invalid.value.resource["issue"][0]["expression"] == ["Patient.gender"]
    with pytest.raises(OperationOutcome) as unknown:
        await client.resources("Patient").search(nonsense="1").fetch()
    assert "birthdate" in unknown.value.resource["issue"][0]["diagnostics"]
    with pytest.raises(ResourceNotFound):
        await client.reference("Patient", "never-was").to_resource()
    with pytest.raises(ForbiddenError):
        await client.resources("Patient").search(family="x" * 9_000).fetch()
    patient = client.resource("Patient", active=True)
    await patient.save()
    with pytest.raises(OperationOutcome) as merge:
        await patient.patch(active=False)
    assert "json-patch" in merge.value.resource["issue"][0]["diagnostics"].lower()


async def test_fhirpy_pages_through_everything(service: Wire, family: str) -> None:
    client = AsyncFHIRClient(service.base, authorization=service.bearer)
    for number in range(7):
        await client.resource("Organization", name=f"{family} {number}").save()
    offices = client.resources("Organization").search(name=family)
    named = [one["name"] async for one in offices.sort("name").limit(3)]
    assert named == [f"{family} {number}" for number in range(7)]
    assert len(await offices.limit(2).fetch_all()) == 7


def test_fhirpy_without_a_loop(service: Wire, family: str) -> None:
    client = SyncFHIRClient(service.base, authorization=service.bearer)
    patient = client.resource("Patient", name=[{"family": family}])
    patient.save()
    people = client.resources("Patient").search(family=family)
    assert [one.id for one in people] == [patient.id]
    assert people.count() == 1
    patient["active"] = False
    patient.save()
    assert people.get()["active"] is False
    patient.delete()
    assert people.first() is None
    with pytest.raises(ResourceNotFound):
        patient.refresh()


def test_fhirclient_reads_and_writes_its_own_models(service: Wire, family: str) -> None:
    server = smart.FHIRClient(settings={"app_id": "test", "api_base": service.base}).server
    server.session.headers["Authorization"] = service.bearer
    assert server.capabilityStatement.fhirVersion == "4.0.1"
    patient = Patient({"birthDate": "1999-12-31"})
    patient.name = [HumanName({"family": family, "given": ["Ola"]})]
    assert patient.create(server)["id"]
    found = list(Patient.where({"family": family}).perform_resources_iter(server))
    assert [one.birthDate.isostring for one in found] == ["1999-12-31"]
    again = Patient.read(found[0].id, server)
    assert again.name[0].family == family
    again.gender = "male"
    again.update(server)
    assert Patient.read(found[0].id, server).meta.versionId == "2"
    for number in range(3):
        observation = Observation({"status": "final", "code": {"text": f"n{number}"}})
        observation.subject = FHIRReference({"reference": f"Patient/{again.id}"})
        observation.create(server)
    search = Observation.where({"patient": again.id, "_count": "2"})
    assert len(list(search.perform_resources_iter(server))) == 3
    bundle = next(search.include("subject").perform_iter(server))
    assert isinstance(bundle, Bundle)
    assert (bundle.total, [entry.search.mode for entry in bundle.entry]) == (3, ["match", "match", "include"])
    assert bundle.entry[0].resource.subject.resolved(Patient).id == again.id
    again.delete(server)
    with pytest.raises(HTTPError) as gone:
        Patient.read(again.id, server)
    assert gone.value.response.status_code == 410
    with pytest.raises(FHIRNotFoundException):
        Patient.read("never-was", server)


def test_fhir_kit_client_does_every_interaction(service: Wire, family: str) -> None:
    if not NODE.exists() or not (HERE.parents[1] / "node_modules" / "fhir-kit-client").exists():
        missing("fhir-kit-client is not installed: make test brings it")
    words = [NODE, HERE / "clients.mjs", service.base, family, service.token]
    said = subprocess.run(words, capture_output=True, text=True, check=False, cwd=HERE, timeout=60)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == {
        "version": "4.0.1",
        "can": [True, True, True],
        "gender": "female",
        "birthDate": "1950-05-18",
        "old": "1",
        "found": 1,
        "pages": [1, 1, True],
        "posted": 2,
        "history": 3,
        "types": "history",
        "everywhere": "history",
        "transaction": "201",
        "batch": ["201", "422"],
        "inside": 2,
        "included": ["match", "match", "include"],
        "systemwide": 1,
        "resolved": True,
        "everything": 3,
        "conditional": True,
        "matched": [True, "other"],
        "gone": [410, "OperationOutcome"],
        "missing": [404, "OperationOutcome"],
        "invalid": [422, "OperationOutcome"],
        "unknown": [400, "OperationOutcome"],
        "stale": [412, "OperationOutcome"],
        "whole": [422, "OperationOutcome"],
    }
