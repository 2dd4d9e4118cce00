"""What FHIR R4 asks of HTTP (https://hl7.org/fhir/R4/http.html), seen from outside."""

from __future__ import annotations

import gzip
import json
import re
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.wire import Answer, Wire, fresh

JSON = "application/fhir+json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def patient(service: Wire) -> dict[str, Any]:
    """A patient of this test's own."""
    system = fresh()
    names = [{"family": "Ås", "given": ["Bjørg"]}]
    return service.create({"resourceType": "Patient", "identifier": [{"system": system, "value": "1"}], "name": names})


def where(patient: dict[str, Any]) -> str:
    identifier = patient["identifier"][0]
    return f"identifier={identifier['system']}|{identifier['value']}"


def headed(service: Wire, answer: Answer, id: str, number: int) -> None:
    """The answer to a write has all the headers it should."""
    assert answer.headers["location"] == f"{service.base}/Patient/{id}/_history/{number}"
    assert answer.headers["etag"] == f'W/"{number}"'
    assert parsedate_to_datetime(answer.headers["last-modified"]).year >= 2026


def test_headers_of_writes_and_reads(service: Wire, patient: dict[str, Any]) -> None:
    url = f"/Patient/{patient['id']}"
    made = service("POST", "/Patient", {"resourceType": "Patient"})
    headed(service, made, made.json["id"], 1)
    changed = service("PUT", url, patient)
    headed(service, changed, patient["id"], 2)
    patched = service("PATCH", url, [{"op": "add", "path": "/active", "value": True}], content_type=PATCH)
    headed(service, patched, patient["id"], 3)
    again = service("POST", "/Patient", patient, if_none_exist=where(patient))
    assert again.status == 200
    headed(service, again, patient["id"], 3)
    read = service("GET", url)
    assert read.headers["content-type"] == JSON
    assert (read.headers["etag"], read.headers["last-modified"]) == ('W/"3"', patched.headers["last-modified"])
    assert read.json["meta"]["versionId"] == "3"
    assert service("GET", made.headers["location"]).body == made.body


PATCH = "application/json-patch+json"


def test_letters_of_every_language_come_back(service: Wire, patient: dict[str, Any]) -> None:
    body = service("GET", f"/Patient/{patient['id']}").body
    assert "Bjørg" in body.decode("utf-8")


def test_head_is_a_read_without_its_body(service: Wire, patient: dict[str, Any]) -> None:
    for url in (f"/Patient/{patient['id']}", "/metadata", f"/Patient?{where(patient)}"):
        full, head = service("GET", url), service("HEAD", url)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-type"] == JSON
        assert head.headers.get("etag") == full.headers.get("etag")
    assert service("HEAD", "/Patient/none").status == 404


def test_prefer(service: Wire, patient: dict[str, Any]) -> None:
    url = f"/Patient/{patient['id']}"
    for method, target in (("POST", "/Patient"), ("PUT", url)):
        assert service(method, target, patient).json["resourceType"] == "Patient"
        assert service(method, target, patient, prefer="return=representation").json["resourceType"] == "Patient"
        minimal = service(method, target, patient, prefer="return=minimal")
        assert minimal.body == b""
        assert minimal.headers["location"]
        outcome = service(method, target, patient, prefer="return=OperationOutcome")
        assert outcome.issues[0]["severity"] == "information"
        assert outcome.headers["etag"]


def test_pretty(service: Wire, patient: dict[str, Any]) -> None:
    made = service("POST", "/Observation", b'{"resourceType":"Observation","status":"final","code":{"text":"a"},'
                   b'"valueQuantity":{"value":1.50}}')  # fmt: skip
    plain = service("GET", f"/Observation/{made.json['id']}")
    pretty = service("GET", f"/Observation/{made.json['id']}?_pretty=true")
    assert b"\n" not in plain.body
    assert b'\n  "status": "final"' in pretty.body
    assert b"1.50" in pretty.body
    assert pretty.json == plain.json
    assert b"\n" in service("GET", "/Patient/none?_pretty=true").body
    assert b"\n" not in service("GET", f"/Patient/{patient['id']}?_pretty=false").body


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("json", 200),
        ("application/json", 200),
        ("application/fhir%2Bjson", 200),
        ("application/fhir+json", 200),
        ("text/json", 200),
        ("xml", 406),
        ("application/fhir%2Bxml", 406),
        ("ttl", 406),
        ("html", 406),
    ],
)
def test_format(service: Wire, patient: dict[str, Any], asked: str, status: int) -> None:
    """_format stands above Accept (http.html#parameters)."""
    for accept in ("application/fhir+json", "application/fhir+xml"):
        answer = service("GET", f"/Patient/{patient['id']}?_format={asked}", accept=accept)
        assert answer.status == status
        assert answer.headers["content-type"] == JSON


def test_conditional_read(service: Wire, patient: dict[str, Any]) -> None:
    url = f"/Patient/{patient['id']}"
    read = service("GET", url)
    for etag in ('W/"1"', '"1"', "*", 'W/"7", W/"1"'):
        same = service("GET", url, if_none_match=etag)
        assert (same.status, same.body) == (304, b"")
        assert same.headers["etag"] == 'W/"1"'
    assert service("GET", url, if_none_match='W/"2"').status == 200
    assert service("GET", url, if_modified_since=read.headers["last-modified"]).status == 304
    assert service("GET", url, if_modified_since="Tue, 01 Jan 2019 00:00:00 GMT").status == 200
    both = service("GET", url, if_none_match='W/"2"', if_modified_since=read.headers["last-modified"])
    assert both.status == 200


def test_gzip_both_ways(service: Wire, patient: dict[str, Any]) -> None:
    body = {**patient, "extension": [{"url": "http://example.org/a", "valueString": "long " * 1_000}]}
    sent = gzip.compress(json.dumps(body).encode())
    assert service("PUT", f"/Patient/{patient['id']}", sent, content_encoding="gzip").status == 200
    packed = service("GET", f"/Patient/{patient['id']}", accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    plain = service("GET", f"/Patient/{patient['id']}")
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed.body) == plain.body
    refused = service("GET", f"/Patient/{patient['id']}", accept_encoding="gzip;q=0, identity")
    assert "content-encoding" not in refused.headers


def test_posted_searches_take_address_and_form_together(service: Wire, patient: dict[str, Any]) -> None:
    found = service("POST", f"/Patient/_search?{where(patient)}", b"family=%C3%A5s&_pretty=true", content_type=FORM)
    assert [entry["resource"]["id"] for entry in found.entries] == [patient["id"]]
    none = service("POST", f"/Patient/_search?{where(patient)}", b"family=other", content_type=FORM)
    assert none.entries == []
    system = service("POST", "/_search?_type=Patient", f"_id={patient['id']}".encode(), content_type=FORM)
    assert len(system.entries) == 1
    empty = service("POST", f"/Patient/_search?{where(patient)}")
    assert len(empty.entries) == 1
    inside = service("POST", f"/Patient/{patient['id']}/Condition/_search", b"code=a", content_type=FORM)
    assert inside.json["total"] == 0


def test_the_self_link_holds_what_was_applied_and_nothing_else(service: Wire, patient: dict[str, Any]) -> None:
    query = f"{where(patient)}&colour=red&birthdate=rubbish&_count=5&_format=json&_pretty=true"
    assert service("GET", f"/Patient?{query}").status == 400
    answer = service("GET", f"/Patient?{query}", prefer="handling=lenient")
    link = answer.link("self") or ""
    assert link.startswith(f"{service.base}/Patient?")
    asked = parse_qsl(urlsplit(link).query)
    assert {name for name, _ in asked} == {"identifier", "_count"}
    outcome = [entry for entry in answer.entries if entry["search"]["mode"] == "outcome"]
    told = json.dumps(outcome)
    assert "colour" in told and "birthdate" in told
    again = service("GET", link)
    assert [entry["resource"]["id"] for entry in again.entries] == [patient["id"]]


def test_links_keep_letters_and_signs(service: Wire) -> None:
    system = fresh()
    for _ in range(3):
        identifier = [{"system": system, "value": "a&b=c+d|é"}]
        service.create({"resourceType": "Basic", "code": {"text": "a"}, "identifier": identifier})
    url = f"/Basic?identifier={system}%7Ca%26b%3Dc%2Bd%5C%7C%C3%A9&_count=2"
    first = service("GET", url)
    assert (first.json["total"], len(first.entries)) == (3, 2)
    same = service("GET", first.link("self") or "")
    assert [entry["fullUrl"] for entry in same.entries] == [entry["fullUrl"] for entry in first.entries]
    rest = service("GET", first.link("next") or "")
    assert len(rest.entries) == 1


def test_errors_are_outcomes_wherever_they_arise(service: Wire) -> None:
    for method, url, body in (
        ("GET", "/Patient/none", None),
        ("GET", "/Patient?x=1", None),
        ("POST", "/Patient", b"{"),
        ("PUT", "/Patient/a", {"resourceType": "Patient", "id": "b"}),
        ("DELETE", "/Patient", None),
        ("GET", "/Patient/none/$everything", None),
    ):
        answer = service(method, url, body)
        assert answer.headers["content-type"] == JSON
        for issue in answer.issues:
            assert issue["severity"] in ("error", "fatal")
            assert re.fullmatch(r"[a-z-]+", issue["code"])
        outcome = service("POST", "/OperationOutcome/$validate", answer.json)
        assert {issue["severity"] for issue in outcome.issues} <= {"information", "warning"}, outcome.body


def test_the_content_of_a_binary_is_sent_and_read_as_it_is(service: Wire) -> None:
    made = service("POST", "/Binary", b"%PDF-1.7 \xff", content_type="application/pdf")
    assert (made.status, made.headers["content-type"]) == (201, JSON)
    url = f"/Binary/{made.json['id']}"
    raw = service("GET", url, accept="application/pdf")
    assert (raw.status, raw.body, raw.headers["content-type"]) == (200, b"%PDF-1.7 \xff", "application/pdf")
    assert raw.headers["x-content-type-options"] == "nosniff"
    assert service("HEAD", url, accept="*/*").headers["content-type"] == "application/pdf"
    assert service("GET", url, accept="application/fhir+json").json["contentType"] == "application/pdf"
    assert service("GET", url, accept="image/png").status == 406
    assert service("POST", "/Patient", b"x", content_type="application/pdf").status == 415
