"""Other people's FHIR clients do their work against a running server, on each engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fhirclient import client as smart
from fhirclient.models.humanname import HumanName
from fhirclient.models.patient import Patient
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import ResourceNotFound

from tests.absence import missing
from tests.server import serving

HERE = Path(__file__).resolve().parent
NODE = Path(sys.executable).with_name("node")


@pytest.fixture
def fhir(store_url: str) -> Iterator[str]:
    """The FHIR address of a server over an empty store."""
    with serving(store_url) as (address, _):
        yield f"{address}/fhir"


async def test_fhirpy_creates_searches_and_deletes(fhir: str) -> None:
    client = AsyncFHIRClient(fhir)
    patient = client.resource("Patient", name=[{"family": "Li", "given": ["Aud"]}], birthDate="1961-03-04")
    await patient.save()
    condition = client.resource("Condition", subject=patient.to_reference(), code={"text": "Astma"})
    await condition.save()
    found = await client.resources("Condition").search(patient=patient.id).include("Condition", "subject").fetch_raw()
    assert [entry["resource"]["resourceType"] for entry in found["entry"]] == ["Condition", "Patient"]
    assert (await client.resources("Patient").search(birthdate__lt="1970").first())["name"][0]["family"] == "Li"
    assert (await client.resources("Patient").search(_total="accurate").fetch_raw())["total"] == 1
    patient["gender"] = "female"
    await patient.save()
    assert (await client.reference("Patient", patient.id).to_resource())["gender"] == "female"
    await condition.delete()
    with pytest.raises(ResourceNotFound):
        await condition.refresh()


async def test_fhirpy_pages_through_everything(fhir: str) -> None:
    client = AsyncFHIRClient(fhir)
    for number in range(7):
        await client.resource("Organization", name=f"Kontor {number}").save()
    named = [one["name"] async for one in client.resources("Organization").sort("name").limit(3)]
    assert named == [f"Kontor {number}" for number in range(7)]


def test_fhirclient_reads_and_writes_its_own_models(fhir: str) -> None:
    server = smart.FHIRClient(settings={"app_id": "test", "api_base": fhir}).server
    name = HumanName({"family": "Nygård", "given": ["Ola"]})
    patient = Patient({"birthDate": "1999-12-31"})
    patient.name = [name]
    assert patient.create(server) is not None
    found = list(Patient.where({"family": "nygård"}).perform_resources_iter(server))
    assert [one.birthDate.isostring for one in found] == ["1999-12-31"]
    again = Patient.read(found[0].id, server)
    again.gender = "male"
    again.update(server)
    assert Patient.read(found[0].id, server).meta.versionId == "2"


def test_fhir_kit_client_does_every_interaction(fhir: str) -> None:
    if not NODE.exists() or not (HERE.parents[1] / "node_modules" / "fhir-kit-client").exists():
        missing("fhir-kit-client is not installed: make test brings it")
    said = subprocess.run(
        [NODE, HERE / "clients.mjs", fhir], capture_output=True, text=True, check=False, cwd=HERE, timeout=60
    )
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == {
        "version": "4.0.1",
        "gender": "female",
        "birthDate": "1950-05-18",
        "found": 1,
        "pages": [1, 1],
        "history": 3,
        "transaction": "201",
        "gone": 410,
    }
