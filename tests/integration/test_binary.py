"""Binary, read and written as its own bytes (https://hl7.org/fhir/R4/binary.html#rest)."""

import base64
from dataclasses import replace

import pytest

from felles.access import decision
from felles.access.right import Rights
from felles.access.who import Who
from felles.record.record import Record
from tests.integration.conftest import Client
from tests.integration.region import People, build, encounter, patient

pytestmark = pytest.mark.anyio
PICTURE = b"\x89PNG\r\n\x1a\n\x00\xff not JSON"


async def test_content_goes_in_and_comes_out_as_it_is(fhir: Client) -> None:
    made = await fhir("POST", "Binary", PICTURE, content_type="image/png", accept="application/fhir+json")
    assert made.status == 201, made.text
    assert made.json["contentType"] == "image/png"
    assert base64.b64decode(made.json["data"]) == PICTURE
    url = f"Binary/{made.json['id']}"
    for accept in ("image/png", "image/*", "text/html,*/*;q=0.8"):
        raw = await fhir("GET", url, accept=accept)
        assert (raw.status, raw.text, raw.headers["content-type"]) == (200, PICTURE, "image/png")
        assert "sandbox" in raw.headers["content-security-policy"] and raw.headers["etag"] == 'W/"1"'
    for accept in ("application/fhir+json", "application/json", ""):
        assert (await fhir("GET", url, accept=accept)).json["contentType"] == "image/png"
    assert (await fhir("GET", f"{url}?_format=json", accept="image/png")).json["resourceType"] == "Binary"
    assert (await fhir("GET", url, accept="application/pdf")).status == 406
    assert (await fhir("GET", url, accept="*/*", if_none_match='W/"1"')).status == 304
    changed = await fhir("PUT", url, b"other", content_type="text/plain", x_security_context="Patient/p")
    assert changed.json["securityContext"] == {"reference": "Patient/p"}
    later = await fhir("GET", url, accept="*/*")
    assert (later.text, later.headers["x-security-context"]) == (b"other", "Patient/p")
    assert (await fhir("GET", f"{url}/_history/1", accept="*/*")).text == PICTURE


async def test_what_cannot_stand_in_a_header_does_not(fhir: Client) -> None:
    odd = {"resourceType": "Binary", "contentType": "text/html\nset-cookie: a=b", "data": "aGVp"}
    made = await fhir("POST", "Binary", odd)
    if made.status == 201:
        raw = await fhir("GET", f"Binary/{made.json['id']}", accept="*/*")
        assert raw.headers["content-type"] == "application/octet-stream"


async def test_a_binary_is_also_a_resource_like_others(fhir: Client) -> None:
    made = await fhir.create({"resourceType": "Binary", "contentType": "text/plain", "data": "aGVp"})
    assert (await fhir("GET", f"Binary/{made['id']}", accept="text/plain")).text == b"hei"
    assert (await fhir("GET", f"Binary?_id={made['id']}")).ids == [made["id"]]
    assert (await fhir("POST", "Binary", b"{}", content_type="application/fhir+json")).status == 400


@pytest.fixture
def contents_for_staff(monkeypatch: pytest.MonkeyPatch) -> None:
    """A house whose roles may read contents, too."""
    given = decision.rights

    def wider(who: Who) -> Rights:
        found, binary = given(who), frozenset({"Binary"})
        return replace(found, read=found.read | binary, loose=found.loose | binary)

    monkeypatch.setattr(decision, "rights", wider)
    monkeypatch.setattr("felles.access.frame.rights", wider)


@pytest.mark.usefixtures("contents_for_staff")
async def test_the_security_context_says_for_whom_it_is(record: Record) -> None:
    await build(record)
    for name in ("anna", "berit"):
        await record.update(patient(name))
    await record.update(encounter("stay", "anna", "ward"))
    for name in ("anna", "berit"):
        document = {
            "resourceType": "DocumentReference",
            "id": f"letter-{name}",
            "status": "current",
            "subject": {"reference": f"Patient/{name}"},
            "content": [{"attachment": {"url": f"Binary/{name}"}}],
        }
        await record.update(document)
        for id, context in ((name, f"DocumentReference/letter-{name}"), (f"own-{name}", f"Patient/{name}")):
            held = {"resourceType": "Binary", "id": id, "contentType": "text/plain", "data": "aGVp"}
            await record.update({**held, "securityContext": {"reference": context}})
    doctor = await People(record).staff("doctor")
    for id, status in (("anna", 200), ("own-anna", 200), ("berit", 404), ("own-berit", 404)):
        assert (await doctor("GET", f"Binary/{id}", accept="*/*")).status == status, id
        assert (await doctor("GET", f"Binary/{id}/_history/1", accept="*/*")).status == status, id
    for url in ("Binary", "Binary/_history", "_history?_count=100"):
        answer = await doctor("GET", url)
        found = {one["resource"]["id"] for one in answer.entries if one["resource"]["resourceType"] == "Binary"}
        assert found == {"anna", "own-anna"}, url
