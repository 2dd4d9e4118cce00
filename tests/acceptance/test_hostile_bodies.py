"""Bodies that no honest client sends: each is refused with a reason, and the server stays as it was."""

from __future__ import annotations

import gzip
import json
import socket
import time
from typing import Any

import pytest

from tests.wire import Wire, fresh, received

PATIENT = b'{"resourceType":"Patient","active":true}'
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'
MB = 1024 * 1024


def narrative(inside: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "text": {"status": "generated", "div": DIV % inside}}


def batch(*entries: Any, kind: str = "batch") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def patching(resource: Any) -> dict[str, Any]:
    return batch({"request": {"method": "PATCH", "url": "Patient/1"}, "resource": resource})


BODIES: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "a list": (b"[]", 400),
    "null": (b"null", 400),
    "half": (PATIENT[:-1], 400),
    "two": (PATIENT * 2, 400),
    "invalid UTF-8": (b'{"resourceType":"Patient","language":"\xc3\x28"}', 400),
    "UTF-16": (PATIENT.decode().encode("utf-16"), 400),
    "a lone surrogate": (b'{"resourceType":"Patient","language":"\\ud800"}', 400),
    "NUL": (b'{"resourceType":"Patient","language":"a\\u0000"}', 400),
    "a name twice": (b'{"resourceType":"Patient","active":true,"active":false}', 400),
    "a name twice, escaped": (b'{"resourceType":"Patient","active":true,"\\u0061ctive":false}', 400),
    "a name twice, deep": (b'{"resourceType":"Patient","name":[{"family":"a","family":"b"}]}', 400),
    "NaN": (b'{"resourceType":"Patient","multipleBirthInteger":NaN}', 400),
    "deep": (b'{"resourceType":"Patient","extension":' + b'[{"extension":' * 5_000, 400),
    "deep and whole": (b'{"resourceType":"Patient","name":' + b"[" * 200 + b"]" * 200 + b"}", 400),
    "no type": (b'{"active":true}', 400),
    "another type": (b'{"resourceType":"Observation","status":"final","code":{"text":"a"}}', 400),
    "a wrong kind": (b'{"resourceType":"Patient","active":"true"}', 422),
    "an unknown element": (b'{"resourceType":"Patient","colour":"red"}', 422),
    "an id with a blank": (b'{"resourceType":"Patient","id":"a b"}', 422),
    "a huge number": (b'{"resourceType":"Patient","multipleBirthInteger":1' + b"0" * 400 + b"}", 400),
    "a script": (json.dumps(narrative("<script>alert(1)</script>")).encode(), 422),
    "a handler": (json.dumps(narrative('<p onclick="alert(1)">a</p>')).encode(), 422),
    "a scripted link": (json.dumps(narrative('<a href="javascript:alert(1)">a</a>')).encode(), 422),
    "an entity": (json.dumps(narrative("<!DOCTYPE d [<!ENTITY a 'b'>]>&a;")).encode(), 422),
}


@pytest.mark.parametrize("name", BODIES)
def test_bad_bodies_are_refused_with_a_reason(service: Wire, name: str) -> None:
    body, status = BODIES[name]
    for method, url in (("POST", "/Patient"), ("PUT", "/Patient/a")):
        answer = service(method, url, body)
        assert answer.status == status, answer.body
        assert answer.diagnostics


BUNDLES: dict[str, bytes] = {
    "entries twice": b'{"resourceType":"Bundle","type":"batch","entry":[],"entry":[]}',
    "entries of null": b'{"resourceType":"Bundle","type":"batch","entry":null}',
    "numbers as entries": b'{"resourceType":"Bundle","type":"batch","entry":[1]}',
    "deep entries": b'{"resourceType":"Bundle","type":"batch","entry":' + b"[" * 100_000,
    "a deep resource": b'{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"POST","url":"Patient"},'
    b'"resource":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}]}",
    "no request": json.dumps(batch({"resource": {"resourceType": "Patient"}})).encode(),
    "no type": b'{"resourceType":"Bundle","entry":[]}',
    "a history": json.dumps(batch(kind="history")).encode(),
    "too many entries": json.dumps(batch(*[{"request": {"method": "GET", "url": "Patient"}}] * 20_001)).encode(),
    "a dangling urn": json.dumps(
        batch(
            {
                "request": {"method": "POST", "url": "Condition"},
                "resource": {"resourceType": "Condition", "subject": {"reference": fresh()}},
            },
            kind="transaction",
        )
    ).encode(),
    "a number to write": b'{"resourceType":"Bundle","type":"transaction","entry":'
    b'[{"request":{"method":"PUT","url":"Patient?identifier=none-has-this"},"resource":[5]}]}',
    "an operation": json.dumps(
        batch({"request": {"method": "POST", "url": "Patient/$merge"}}, kind="transaction")
    ).encode(),
}


@pytest.mark.parametrize("name", BUNDLES)
def test_bad_bundles_are_refused_whole(service: Wire, name: str) -> None:
    answer = service("POST", "", BUNDLES[name])
    assert answer.status in (400, 413, 422), answer.body
    assert answer.diagnostics


@pytest.mark.parametrize(
    "resource",
    [
        [1],
        {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": "a"},
        {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": 1},
        {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": "eA=="},
        {"resourceType": "Parameters", "parameter": 5},
        {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [1]}]},
    ],
)
def test_bad_patches_in_a_batch_fail_alone(service: Wire, resource: Any) -> None:
    good = {"request": {"method": "POST", "url": "Patient"}, "resource": json.loads(PATIENT)}
    answer = service("POST", "", {**patching(resource), "entry": [*patching(resource)["entry"], good]})
    assert answer.status == 200
    bad, done = (entry["response"] for entry in answer.entries)
    assert bad["status"][:3] in ("400", "404", "422"), bad
    assert bad["outcome"]["issue"][0]["diagnostics"]
    assert done["status"].startswith("201")


def test_a_bundle_in_a_bundle_is_not_processed(service: Wire) -> None:
    inner = batch({"request": {"method": "POST", "url": "Patient"}, "resource": json.loads(PATIENT)})
    for url in ("/", f"{service.base}/"):
        answer = service("POST", "", batch({"request": {"method": "POST", "url": url}, "resource": inner}))
        assert answer.entries[0]["response"]["status"].startswith("422")


@pytest.mark.parametrize(
    "body", [{"resourceType": "Parameters", "parameter": [1]}, {"resourceType": "Parameters", "parameter": 5}, [1], "x"]
)
def test_bad_parameters_of_operations_are_refused(service: Wire, body: Any) -> None:
    patient = service.create({"resourceType": "Patient"})
    for url in ("/Patient/$validate", f"/Patient/{patient['id']}/$everything"):
        assert service("POST", url, body).status == 400


def test_circular_references_in_a_transaction_resolve(service: Wire) -> None:
    one, other = fresh(), fresh()

    def linked(full_url: str, to: str) -> dict[str, Any]:
        link = {"other": {"reference": to}, "type": "seealso"}
        return {
            "fullUrl": full_url,
            "request": {"method": "POST", "url": "Patient"},
            "resource": {"resourceType": "Patient", "link": [link]},
        }

    answer = service("POST", "", batch(linked(one, other), linked(other, one), kind="transaction"))
    first, second = (entry["response"]["location"].split("/")[-3] for entry in answer.entries)
    assert service("GET", f"/Patient/{first}").json["link"][0]["other"]["reference"] == f"Patient/{second}"
    assert service("GET", f"/Patient/{second}").json["link"][0]["other"]["reference"] == f"Patient/{first}"


def test_a_transaction_of_many_entries_is_done_at_once(service: Wire) -> None:
    system = fresh()
    many = [
        {
            "request": {"method": "POST", "url": "Basic"},
            "resource": {
                "resourceType": "Basic",
                "code": {"text": "a"},
                "identifier": [{"system": system, "value": "1"}],
            },
        }
    ] * 2_000
    answer = service("POST", "", batch(*many, kind="transaction"))
    assert [entry["response"]["status"][:3] for entry in answer.entries] == ["201"] * 2_000
    found = service("GET", f"/Basic?identifier={system}|&_summary=count")
    assert found.json["total"] == 2_000


def announced(service: Wire, size: int, head: str = "") -> bytes:
    """What the server says to a body that is announced and of which nothing comes."""
    return service.raw(
        f"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n{head}"
        f"Authorization: {service.bearer}\r\n"
        f"Content-Length: {size}\r\n\r\n".encode()
    )


def test_200_megabytes_are_refused_when_they_are_announced(service: Wire) -> None:
    before = time.monotonic()
    assert announced(service, 200 * MB).startswith(b"HTTP/1.1 413")
    assert announced(service, 200 * MB, "Expect: 100-continue\r\n").startswith(b"HTTP/1.1 413")
    assert time.monotonic() - before < 2


def test_200_megabytes_in_chunks_are_refused_without_being_kept(service: Wire) -> None:
    before = service.resident()
    chunk = b"100000\r\n" + b" " * MB + b"\r\n"
    peak, got = 0, b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(
            b"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"
            b"Authorization: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % service.bearer.encode()
        )
        for number in range(200):
            connection.sendall(chunk)
            if number % 20 == 0:
                peak = max(peak, service.resident())
        connection.sendall(b"0\r\n\r\n")
        got = received(connection)
    assert got.startswith(b"HTTP/1.1 413")
    assert peak - before < 300 * MB


def test_a_gzip_bomb_is_refused_without_being_unpacked_whole(service: Wire) -> None:
    before = service.resident()
    bomb = gzip.compress(b" " * (400 * MB), 1)
    answer = service("POST", "/Patient", bomb, content_encoding="gzip")
    assert answer.status == 413
    assert service.resident() - before < 400 * MB


@pytest.mark.parametrize("piece", [b"{},", b"[],", b'{"request":{"method":"GET","url":"a"}},'])
def test_a_body_that_is_all_structure_is_refused_unparsed(service: Wire, piece: bytes) -> None:
    """A few megabytes of it would take gigabytes."""
    before = service.resident()
    body = b'{"resourceType":"Bundle","type":"batch","entry":[' + piece * (24 * MB // len(piece)) + b"{}]}"
    assert service("POST", "", gzip.compress(body, 1), content_encoding="gzip").status == 413
    assert service.resident() - before < 200 * MB


@pytest.mark.parametrize("kept", [None, -6, 20], ids=["none", "without its end", "its beginning"])
def test_broken_gzip_is_refused(service: Wire, kept: int | None) -> None:
    data = gzip.compress(PATIENT)[:kept] if kept else b"no gzip"
    answer = service("POST", "/Patient", data, content_encoding="gzip")
    assert answer.status == 400
    assert "gzip" in answer.diagnostics


def test_gzip_and_chunks_are_taken(service: Wire) -> None:
    assert service("POST", "/Patient", gzip.compress(PATIENT), content_encoding="gzip").status == 201
    sent = b"".join(b"1\r\n%c\r\n" % byte for byte in PATIENT)
    head = (
        b"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"
        b"Authorization: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % service.bearer.encode()
    )
    assert service.raw(head + sent + b"0\r\n\r\n").startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "application/fhir+xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/json-patch+json",
        "application/fhir+json; charset=iso-8859-1",
        "application/fhir+json; fhirVersion=3.0",
        "rubbish",
    ],
)
def test_other_content_types_are_415(service: Wire, kind: str) -> None:
    answer = service("POST", "/Patient", PATIENT, content_type=kind)
    assert answer.status == 415
    assert answer.diagnostics
    assert service("POST", "/Patient", PATIENT, content_encoding="br").status == 415


LONG = "a" * 60_000
SLOW = {
    "code": {"resourceType": "Patient", "gender": "a " * 30_000 + "\t"},
    "base64": {"resourceType": "Binary", "contentType": "a/b", "data": "AAAA" * 15_000 + "!"},
    "uri": {"resourceType": "Patient", "implicitRules": LONG + " "},
    "oid": {"resourceType": "Patient", "identifier": [{"system": "urn:oid:1" + ".1" * 30_000 + "x"}]},
    "date": {"resourceType": "Patient", "birthDate": "1" * 60_000},
    "id": {"resourceType": "Patient", "id": LONG},
    "language": {"resourceType": "Patient", "language": "a-" * 30_000},
    "narrative": narrative("<p>" * 2_000 + "&amp;" * 10_000),
    "spaces": {"resourceType": "Patient", "name": [{"family": " " * 60_000}]},
}


@pytest.mark.parametrize("name", SLOW)
def test_values_made_to_take_long_do_not(service: Wire, name: str) -> None:
    before = time.monotonic()
    answer = service("POST", f"/{SLOW[name]['resourceType']}", SLOW[name])
    assert answer.status in (201, 400, 422), answer.body[:500]
    assert time.monotonic() - before < 2
