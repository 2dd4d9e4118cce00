"""Batches and transactions (FHIR R4 http.html#transaction) on both engines."""

from typing import Any

import pytest

from tests.integration.conftest import Client

pytestmark = pytest.mark.anyio

A, B = "urn:uuid:11111111-1111-4111-8111-111111111111", "urn:uuid:22222222-2222-4222-8222-222222222222"


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def post(resource: dict[str, Any], full_url: str | None = None, **request: str) -> dict[str, Any]:
    entry = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"], **request}}
    return {**entry, "fullUrl": full_url} if full_url else entry


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def condition(subject: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "subject": {"reference": subject}, "code": {"text": "x"}}


async def test_links_become_ids_also_in_circles(fhir: Client) -> None:
    first = patient(link=[{"type": "seealso", "other": {"reference": B}}])
    second = patient(link=[{"type": "seealso", "other": {"reference": A}}])
    answer = await fhir("POST", "", bundle(post(first, A), post(second, B), post(condition(A))))
    assert answer.status == 200, answer.text
    assert [e["response"]["status"] for e in answer.entries] == ["201"] * 3
    ids = [e["response"]["location"].split("/")[-3] for e in answer.entries]
    read = (await fhir("GET", f"Patient/{ids[0]}")).json
    assert read["link"][0]["other"]["reference"] == f"Patient/{ids[1]}"
    found = await fhir("GET", f"Condition?subject=Patient/{ids[0]}")
    assert found.ids == [ids[2]]


async def test_all_or_nothing_and_the_entry_is_named(fhir: Client) -> None:
    answer = await fhir("POST", "", bundle(post(patient(), A), post({**condition(A), "nonsense": 1})))
    assert answer.status == 422
    assert answer.expressions[0].startswith("Bundle.entry[1].resource")
    assert (await fhir("GET", "_history")).entries == []


async def test_unknown_urn_and_doubled_full_url_are_refused(fhir: Client) -> None:
    lost = await fhir("POST", "", bundle(post(condition(A))))
    assert (lost.status, lost.expressions) == (422, ["Bundle.entry[0].resource"])
    twice = await fhir("POST", "", bundle(post(patient(), A), post(patient(), A)))
    assert (twice.status, twice.expressions) == (400, ["Bundle.entry[1]"])


async def test_conditional_create_and_reference_inside(fhir: Client) -> None:
    known = await fhir.create(patient(identifier=[{"system": "urn:x", "value": "1"}]))
    entries = [
        post(patient(identifier=[{"system": "urn:x", "value": "1"}]), A, ifNoneExist="identifier=urn:x|1"),
        post(condition(A)),
        post(condition("Patient?identifier=urn:x|1")),
    ]
    answer = await fhir("POST", "", bundle(*entries))
    assert [e["response"]["status"] for e in answer.entries] == ["200", "201", "201"]
    found = await fhir("GET", f"Condition?patient={known['id']}")
    assert len(found.ids) == 2
    missing = await fhir("POST", "", bundle(post(condition("Patient?identifier=urn:x|9"))))
    assert missing.status == 412


async def test_methods_in_the_order_of_the_standard(fhir: Client) -> None:
    old = await fhir.create(patient(active=True))
    entries = [
        {"request": {"method": "GET", "url": "Patient?active=true"}},
        {"resource": {**patient(active=True), "id": "p1"}, "request": {"method": "PUT", "url": "Patient/p1"}},
        {"request": {"method": "DELETE", "url": f"Patient/{old['id']}"}},
    ]
    answer = await fhir("POST", "", bundle(*entries))
    assert [e["response"]["status"] for e in answer.entries] == ["200", "201", "204"]
    assert [e["resource"]["id"] for e in answer.entries[0]["resource"]["entry"]] == ["p1"]


async def test_same_resource_twice_is_refused(fhir: Client) -> None:
    put = {"resource": {**patient(), "id": "p1"}, "request": {"method": "PUT", "url": "Patient/p1"}}
    answer = await fhir("POST", "", bundle(put, put))
    assert answer.status == 400
    assert answer.expressions == ["Bundle.entry[1]"]


async def test_if_match_in_a_transaction(fhir: Client) -> None:
    made = await fhir.create(patient())
    put = {
        "resource": {**patient(), "id": made["id"]},
        "request": {"method": "PUT", "url": f"Patient/{made['id']}", "ifMatch": 'W/"7"'},
    }
    answer = await fhir("POST", "", bundle(post(patient(), A), put))
    assert answer.status == 412
    assert len((await fhir("GET", "_history")).entries) == 1


async def test_batch_entries_stand_alone(fhir: Client) -> None:
    entries = [
        post(patient()),
        post({**patient(), "nonsense": 1}),
        {"request": {"method": "GET", "url": "Patient/none"}},
    ]
    answer = await fhir("POST", "", bundle(*entries, kind="batch"))
    assert answer.json["type"] == "batch-response"
    assert [e["response"]["status"] for e in answer.entries] == ["201", "422", "404"]
    assert answer.entries[1]["response"]["outcome"]["issue"][0]["expression"]


@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_entries_tell_version_and_moment(fhir: Client, kind: str) -> None:
    await fhir("PUT", "Patient/gone", {**patient(), "id": "gone"})
    entries = [
        post(patient()),
        {"resource": {**patient(), "id": "b"}, "request": {"method": "PUT", "url": "Patient/b"}},
        {"request": {"method": "DELETE", "url": "Patient/gone"}},
    ]
    answer = await fhir("POST", "", bundle(*entries, kind=kind), prefer="return=minimal")
    told = [entry["response"] for entry in answer.entries]
    assert [one["status"][:3] for one in told] == ["201", "201", "204"]
    assert [one["etag"] for one in told] == ['W/"1"', 'W/"1"', 'W/"2"']
    assert all(one["lastModified"] for one in told)
    assert not any("resource" in entry for entry in answer.entries)
    whole = await fhir("POST", "", bundle(post(patient()), kind=kind), prefer="return=representation")
    assert whole.entries[0]["resource"]["resourceType"] == "Patient"


@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_entries_answer_with_the_outcome_that_prefer_asks_for(fhir: Client, kind: str) -> None:
    answer = await fhir("POST", "", bundle(post(patient()), kind=kind), prefer="return=OperationOutcome")
    entry = answer.entries[0]
    assert "resource" not in entry
    assert entry["response"]["outcome"]["issue"][0]["diagnostics"] == "Patient created as version 1"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"resourceType": "Bundle", "type": "collection"}, 400),
        ({"resourceType": "Bundle", "type": "transaction", "entry": [{}]}, 400),
        (
            {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "JUMP", "url": "x"}}]},
            400,
        ),
        ({"resourceType": "Bundle", "type": "transaction", "nonsense": 1}, 400),
        ({"resourceType": "Patient"}, 400),
    ],
)
async def test_broken_bundles_are_refused(fhir: Client, body: dict[str, Any], status: int) -> None:
    answer = await fhir("POST", "", body)
    assert answer.status == status
    assert answer.json["resourceType"] == "OperationOutcome"
