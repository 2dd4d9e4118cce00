"""Identifiers of test series are for stores that are marked as demo: refused everywhere else, whichever way in."""

import json
from time import perf_counter

import pytest

from felles.demo import number
from felles.record.authenticity import refuse_made_up
from felles.record.bulk.preparation import Preparation
from felles.record.bulk.source import Piece
from felles.record.prepare import prepare, receive
from felles.record.record import Record
from felles.record.store import Kind, Origin
from tests.integration.conftest import Client

OID = "urn:oid:2.16.578.1.12.4.1."


def organization(system: str, value: str) -> dict[str, object]:
    return {"resourceType": "Organization", "identifier": [{"system": f"{OID}{system}", "value": value}]}


MADE_UP = organization("2", "99000001")
REAL = organization("2", "88")


def bundle(kind: str, *resources: object) -> dict[str, object]:
    entries = [{"resource": one, "request": {"method": "POST", "url": "Organization"}} for one in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


async def marked(record: Record) -> Client:
    await record.store.set_note("demo", "yes")
    record.demo = True
    return Client(record)


@pytest.mark.anyio
async def test_create_and_update(fhir: Client) -> None:
    refused = await fhir("POST", "Organization", MADE_UP)
    assert (refused.status, refused.expressions) == (422, ["Organization.identifier[0].value"])
    assert "demo" in refused.diagnostics
    created = await fhir.create(REAL)
    refused = await fhir("PUT", f"Organization/{created['id']}", {**MADE_UP, "id": created["id"]})
    assert refused.status == 422
    patch = [{"op": "replace", "path": "/identifier/0/value", "value": "99000001"}]
    kind = "application/json-patch+json"
    assert (await fhir("PATCH", f"Organization/{created['id']}", patch, content_type=kind)).status == 422


@pytest.mark.anyio
async def test_help_numbers(fhir: Client) -> None:
    def helped(value: str) -> dict[str, object]:
        return {"resourceType": "Patient", "identifier": [{"system": f"{OID}4.3", "value": value}]}

    assert (await fhir("POST", "Patient", helped(number.help_number(3)))).status == 422
    await fhir.create(helped("80000000268"))
    await (await marked(fhir.record)).create(helped(number.help_number(3)))


@pytest.mark.anyio
async def test_wherever_it_stands_and_however_it_is_written(fhir: Client) -> None:
    inside = {"resourceType": "Patient", "contained": [{**MADE_UP, "id": "o"}]}
    inside["managingOrganization"] = {"reference": "#o"}
    refused = await fhir("POST", "Patient", inside)
    assert refused.expressions == ["Patient.contained[0].identifier[0].value"]
    escaped = json.dumps(MADE_UP).replace("urn:oid:2.", "urn:oid:\\u0032.")
    assert (await fhir("POST", "Organization", escaped.encode())).status == 422


@pytest.mark.anyio
async def test_transaction_names_the_entry_and_batch_takes_the_others(fhir: Client) -> None:
    refused = await fhir("POST", "", bundle("transaction", REAL, MADE_UP))
    assert (refused.status, refused.expressions) == (422, ["Bundle.entry[1].resource.identifier[0].value"])
    answers = await fhir("POST", "", bundle("batch", REAL, MADE_UP))
    assert [entry["response"]["status"][:3] for entry in answers.entries] == ["201", "422"]


@pytest.mark.anyio
async def test_a_demo_store_takes_them(record: Record) -> None:
    fhir = await marked(record)
    await fhir.create(MADE_UP)
    assert (await fhir("POST", "", bundle("transaction", MADE_UP))).status == 200


@pytest.mark.anyio
async def test_import(record: Record) -> None:
    raw = b"\n".join(json.dumps({**one, "id": id}).encode() for id, one in (("a", REAL), ("b", MADE_UP)))
    piece = Piece("x.ndjson", "", None, 0, 1, raw)
    prepared = await Preparation(record, Origin.IMPORT).prepare(piece)
    assert [(fault.at, "demo" in fault.reason) for fault in prepared.faults] == [("line 2", True)]
    await marked(record)
    assert not (await Preparation(record, Origin.IMPORT).prepare(piece)).faults


def test_it_costs_nothing() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Nordmann"}] * 40}
    write = prepare(receive(json.dumps(patient).encode()), "a", Kind.CREATE)
    rounds = []
    for _ in range(20):
        begun = perf_counter()
        for _ in range(100):
            refuse_made_up(write)
        rounds.append(perf_counter() - begun)
    assert min(rounds) / 100 < 3e-6
