"""The interactions of FHIR R4 http.html on both engines."""

import asyncio
import re
from typing import Any

import pytest

from tests.integration.conftest import Client

pytestmark = pytest.mark.anyio

PATIENT = {"resourceType": "Patient", "name": [{"family": "Moen", "given": ["Ola"]}], "birthDate": "1950-03-01"}


def observation(patient: str, value: str = "1.00") -> bytes:
    return (
        '{"resourceType":"Observation", "status":"final","code":{"coding":[{"system":"http://loinc.org","code":"4548-4"}]},'
        f'"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"2026-01-02T10:00:00+01:00",'
        f'"valueQuantity":{{"value":{value},"unit":"mmol/mol"}}}}'
    ).encode()


async def test_create_gives_id_version_and_headers(fhir: Client) -> None:
    answer = await fhir("POST", "Patient", {**PATIENT, "id": "mine", "meta": {"versionId": "9", "source": "urn:x"}})
    assert answer.status == 201
    created = answer.json
    assert created["id"] != "mine"
    assert created["meta"]["versionId"] == "1"
    assert created["meta"]["source"] == "urn:x"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["location"].endswith(f"/fhir/Patient/{created['id']}/_history/1")
    assert answer.headers["last-modified"].endswith("GMT")


async def test_read_gives_the_bytes_that_were_sent(fhir: Client) -> None:
    patient = await fhir.create(PATIENT)
    created = await fhir("POST", "Observation", observation(patient["id"], "1.00"))
    read = await fhir("GET", f"Observation/{created.json['id']}")
    assert read.status == 200
    assert b'"value":1.00,' in read.text
    assert read.text == created.text


async def test_never_existed_is_404_deleted_is_410(fhir: Client) -> None:
    assert (await fhir("GET", "Patient/none")).status == 404
    patient = await fhir.create(PATIENT)
    assert (await fhir("DELETE", f"Patient/{patient['id']}")).status == 204
    gone = await fhir("GET", f"Patient/{patient['id']}")
    assert gone.status == 410
    assert gone.json["issue"][0]["code"] == "deleted"
    assert (await fhir("DELETE", f"Patient/{patient['id']}")).status == 204


async def test_update_makes_versions_that_stay_readable(fhir: Client) -> None:
    patient = await fhir.create(PATIENT)
    url = f"Patient/{patient['id']}"
    second = await fhir("PUT", url, {**PATIENT, "id": patient["id"], "active": True})
    assert (second.status, second.json["meta"]["versionId"]) == (200, "2")
    first = await fhir("GET", f"{url}/_history/1")
    assert "active" not in first.json
    assert (await fhir("GET", f"{url}/_history/2")).json["active"] is True
    assert (await fhir("GET", f"{url}/_history/3")).status == 404
    assert (await fhir("GET", f"{url}/_history/x")).status == 404


async def test_update_creates_under_the_clients_id_and_revives_after_delete(fhir: Client) -> None:
    made = await fhir("PUT", "Patient/ola", {**PATIENT, "id": "ola"})
    assert made.status == 201
    await fhir("DELETE", "Patient/ola")
    back = await fhir("PUT", "Patient/ola", {**PATIENT, "id": "ola"})
    assert (back.status, back.json["meta"]["versionId"]) == (201, "3")
    assert (await fhir("GET", "Patient/ola/_history/2")).status == 410


async def test_update_refuses_another_id(fhir: Client) -> None:
    answer = await fhir("PUT", "Patient/a", {**PATIENT, "id": "b"})
    assert answer.status == 400
    assert answer.expressions == ["Patient.id"]


async def test_if_match_guards_against_lost_updates(fhir: Client) -> None:
    patient = await fhir.create(PATIENT)
    url = f"Patient/{patient['id']}"
    assert (await fhir("PUT", url, {**PATIENT, "id": patient["id"]}, if_match='W/"1"')).status == 200
    late = await fhir("PUT", url, {**PATIENT, "id": patient["id"]}, if_match='W/"1"')
    assert late.status == 412
    assert "version 2 is current" in late.diagnostics
    assert (await fhir("PUT", url, {**PATIENT, "id": patient["id"]}, if_match="rubbish")).status == 400


async def test_conditional_read(fhir: Client) -> None:
    patient = await fhir.create(PATIENT)
    url = f"Patient/{patient['id']}"
    assert (await fhir("GET", url, if_none_match='W/"1"')).status == 304
    assert (await fhir("GET", url, if_none_match='W/"7"')).status == 200
    modified = (await fhir("GET", url)).headers["last-modified"]
    assert (await fhir("GET", url, if_modified_since=modified)).status == 304


async def test_prefer_says_what_comes_back(fhir: Client) -> None:
    assert (await fhir("POST", "Patient", PATIENT, prefer="return=minimal")).text == b""
    outcome = await fhir("POST", "Patient", PATIENT, prefer="return=OperationOutcome")
    assert outcome.json["resourceType"] == "OperationOutcome"


async def test_conditional_create_update_delete(fhir: Client) -> None:
    person = {**PATIENT, "identifier": [{"system": "urn:x", "value": "1"}]}
    first = await fhir("POST", "Patient", person, if_none_exist="identifier=urn:x|1")
    again = await fhir("POST", "Patient", person, if_none_exist="identifier=urn:x|1")
    assert (first.status, again.status) == (201, 200)
    assert again.json["id"] == first.json["id"]
    changed = await fhir("PUT", "Patient?identifier=urn:x|1", {**person, "active": True})
    assert (changed.status, changed.json["id"]) == (200, first.json["id"])
    made = await fhir(
        "PUT", "Patient?identifier=urn:x|2", {**PATIENT, "identifier": [{"system": "urn:x", "value": "2"}]}
    )
    assert made.status == 201
    many = await fhir("DELETE", "Patient?family=Moen")
    assert many.status == 412
    assert (await fhir("DELETE", "Patient?identifier=urn:x|1")).status == 204
    assert (await fhir("GET", f"Patient/{first.json['id']}")).status == 410
    assert (await fhir("DELETE", "Patient?identifier=urn:x|1")).status == 204


async def test_concurrent_conditional_creates_make_exactly_one(fhir: Client) -> None:
    person = {**PATIENT, "identifier": [{"system": "urn:x", "value": "77"}]}
    answers = await asyncio.gather(
        *(fhir("POST", "Patient", person, if_none_exist="identifier=urn:x|77") for _ in range(24))
    )
    assert sorted(answer.status for answer in answers) == [200] * 23 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1


async def test_concurrent_updates_lose_nothing(fhir: Client) -> None:
    patient = await fhir.create(PATIENT)
    url = f"Patient/{patient['id']}"
    answers = await asyncio.gather(
        *(fhir("PUT", url, {**PATIENT, "id": patient["id"], "language": f"x-{n}"}) for n in range(20))
    )
    numbers = sorted(int(answer.json["meta"]["versionId"]) for answer in answers)
    assert numbers == list(range(2, 22))
    history = await fhir("GET", f"{url}/_history?_count=100")
    assert {e["resource"].get("language") for e in history.entries} == {None, *(f"x-{n}" for n in range(20))}


async def test_history_of_instance_type_and_system(fhir: Client) -> None:
    patient = await fhir.create(PATIENT)
    await fhir("PUT", f"Patient/{patient['id']}", {**PATIENT, "id": patient["id"]})
    await fhir("DELETE", f"Patient/{patient['id']}")
    other = await fhir.create(PATIENT)
    instance = await fhir("GET", f"Patient/{patient['id']}/_history")
    assert instance.json["type"] == "history"
    assert [e["request"]["method"] for e in instance.entries] == ["DELETE", "PUT", "POST"]
    assert [e["response"]["status"] for e in instance.entries] == ["204", "200", "201"]
    assert "resource" not in instance.entries[0]
    page = await fhir("GET", "Patient/_history?_count=3")
    assert len(page.entries) == 3
    following = next(link["url"] for link in page.json["link"] if link["relation"] == "next")
    rest = await fhir("GET", following.removeprefix(fhir.record.base + "/"))
    assert len(rest.entries) == 1
    system = await fhir("GET", "_history")
    assert system.entries[0]["resource"]["id"] == other["id"]
    assert (await fhir("GET", "_history?_since=2999-01-01T00:00:00Z")).entries == []
    assert (await fhir("GET", "_history?foo=1")).status == 400


async def test_json_patch_and_fhirpath_patch(fhir: Client) -> None:
    patient = await fhir.create(PATIENT)
    url = f"Patient/{patient['id']}"
    operations = [{"op": "add", "path": "/active", "value": True}]
    patched = await fhir("PATCH", url, operations, content_type="application/json-patch+json")
    assert (patched.status, patched.json["active"]) == (200, True)
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "operation",
                "part": [
                    {"name": "type", "valueCode": "replace"},
                    {"name": "path", "valueString": "Patient.birthDate"},
                    {"name": "value", "valueDate": "1951-01-01"},
                ],
            }
        ],
    }
    patched = await fhir("PATCH", url, parameters, content_type="application/fhir+json")
    assert (patched.status, patched.json["birthDate"]) == (200, "1951-01-01")
    assert patched.json["meta"]["versionId"] == "3"
    stale = await fhir("PATCH", url, operations, content_type="application/json-patch+json", if_match='W/"1"')
    assert stale.status == 412
    bad = await fhir(
        "PATCH", url, [{"op": "replace", "path": "/gender", "value": "x"}], content_type="application/json-patch+json"
    )
    assert bad.status in (400, 422)


async def test_patch_keeps_decimals(fhir: Client) -> None:
    patient = await fhir.create(PATIENT)
    made = await fhir("POST", "Observation", observation(patient["id"], "7.500"))
    operations = [{"op": "replace", "path": "/status", "value": "amended"}]
    url = f"Observation/{made.json['id']}"
    patched = await fhir("PATCH", url, operations, content_type="application/json-patch+json")
    assert b"7.500" in patched.text


async def test_summary_and_elements(fhir: Client) -> None:
    patient = await fhir.create(
        {**PATIENT, "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}}
    )
    url = f"Patient/{patient['id']}"
    assert "text" not in (await fhir("GET", f"{url}?_summary=true")).json
    assert "name" not in (await fhir("GET", f"{url}?_summary=text")).json
    part = (await fhir("GET", f"{url}?_elements=birthDate")).json
    assert set(part) == {"resourceType", "id", "meta", "birthDate"}
    assert part["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert (await fhir("GET", f"{url}?_summary=some")).status == 400


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "Nonsense/1", 404),
        ("GET", "Patient/" + "x" * 10_000, 404),
        ("GET", "Patient/a'; DROP TABLE resource; --", 404),
        ("PUT", "_history", 405),
        ("GET", "nonsense", 404),
        ("POST", "Patient/1/$nonsense", 404),
    ],
)
async def test_unknown_addresses_are_refused_with_an_outcome(fhir: Client, method: str, url: str, status: int) -> None:
    answer = await fhir(method, url, PATIENT if method != "GET" else None)
    assert answer.status == status
    assert answer.json["resourceType"] == "OperationOutcome"
    assert answer.diagnostics


BAD: list[tuple[bytes, int, str]] = [
    (b"{", 400, "JSON"),
    (b"[]", 400, "object"),
    (b'{"resourceType":"Patient","active":true,"active":false}', 400, "active"),
    (b'{"resourceType":"Patient","x":"\xff"}', 400, "JSON"),
    (b'{"resourceType":"Patient","name":' + b"[" * 500 + b"]" * 500 + b"}", 400, ""),
    (b'{"resourceType":"Observation"}', 400, "Patient"),
    (b'{"resourceType":"Patient","nonsense":1}', 422, "nonsense"),
    (b'{"resourceType":"Patient","gender":"x"}', 422, "gender"),
    (b'{"resourceType":"Patient","birthDate":"tomorrow"}', 422, "birthDate"),
    (
        b'{"resourceType":"Patient","text":{"status":"generated","div":'
        b'"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><script>alert(1)</script></div>"}}',
        422,
        "script",
    ),
]


@pytest.mark.parametrize(("body", "status", "word"), BAD)
async def test_bad_bodies_are_refused_and_nothing_is_kept(fhir: Client, body: bytes, status: int, word: str) -> None:
    answer = await fhir("POST", "Patient", body)
    assert answer.status == status, answer.text
    told = answer.diagnostics + " ".join(answer.expressions)
    assert re.search(re.escape(word), told, re.IGNORECASE)
    assert (await fhir("GET", "_history")).entries == []


async def test_capability_statement_tells_what_is_offered(fhir: Client) -> None:
    statement: dict[str, Any] = (await fhir("GET", "metadata")).json
    types = {r["type"]: r for r in statement["rest"][0]["resource"]}
    assert len(types) > 140
    names = {p["name"] for p in types["Observation"]["searchParam"]}
    assert {"code", "patient", "date", "value-quantity", "component-code-value-quantity"} <= names
    for name in sorted(names)[:5]:
        assert (await fhir("GET", f"Observation?{name}:missing=true")).status in (200, 400)


async def test_the_statement_asks_for_no_if_match_where_none_is_needed(fhir: Client) -> None:
    """`versioned-update` would say that an update must name the version (valueset-versioning-policy.html)."""
    statement = (await fhir("GET", "metadata")).json
    assert {one["versioning"] for one in statement["rest"][0]["resource"]} == {"versioned"}
    patient = await fhir.create(PATIENT)
    assert (await fhir("PUT", f"Patient/{patient['id']}", {**patient, "active": True})).status == 200
