"""References to the record's own address are what Type/id is (https://hl7.org/fhir/R4/references.html#literal)."""

from typing import Any

import pytest

from tests.integration.conftest import Client

pytestmark = pytest.mark.anyio


async def observed(fhir: Client, reference: str) -> dict[str, Any]:
    body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "a"},
        "subject": {"reference": reference},
    }
    return await fhir.create(body)


async def test_an_absolute_reference_to_this_record_is_stored_relative_and_found(fhir: Client) -> None:
    own = f"{fhir.record.base}/Patient/p1"
    made = await observed(fhir, own)
    assert made["subject"]["reference"] == "Patient/p1"
    for url in (f"Observation?subject={own}", "Observation?patient=p1", "Patient/p1/Observation"):
        assert (await fhir("GET", url)).ids == [made["id"]], url
    updated = await fhir("PUT", f"Observation/{made['id']}", {**made, "subject": {"reference": f"{own}/_history/1"}})
    assert updated.json["subject"]["reference"] == "Patient/p1/_history/1"
    change = [{"op": "replace", "path": "/subject/reference", "value": f"{fhir.record.base}/Patient/p2"}]
    patched = await fhir("PATCH", f"Observation/{made['id']}", change, content_type="application/json-patch+json")
    assert patched.json["subject"]["reference"] == "Patient/p2"


async def test_an_address_elsewhere_stays_as_it_is(fhir: Client) -> None:
    for other in ("https://other.example/fhir/Patient/p1", f"{fhir.record.base}2/Patient/p1"):
        made = await observed(fhir, other)
        assert made["subject"]["reference"] == other
        assert (await fhir("GET", f"Observation?subject={other}")).ids == [made["id"]]
    assert (await fhir("GET", "Observation?subject=Patient/p1")).ids == []


async def test_a_condition_may_name_the_own_address(fhir: Client) -> None:
    made = await observed(fhir, "Patient/p3")
    body = {key: made[key] for key in ("resourceType", "status", "code", "subject")}
    condition = f"subject={fhir.record.base}/Patient/p3"
    again = await fhir("POST", "Observation", body, if_none_exist=condition)
    assert (again.status, again.json["id"]) == (200, made["id"])
