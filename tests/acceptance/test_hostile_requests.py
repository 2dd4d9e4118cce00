"""Addresses, headers and connections that no honest client makes. Nothing is a 5xx, nothing reaches the log."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from tests.wire import Wire, fresh, received

SECRET = "Hemmelig-Pasient-Navn"


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PROPFIND", "PATCH", "DELETE", "PUT", "POST", "HEAD"])
@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("", {"GET", "HEAD", "POST"}),
        ("/metadata", {"GET", "HEAD"}),
        ("/_history", {"GET", "HEAD"}),
        ("/_search", {"POST"}),
        ("/Patient", {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}),
        ("/Patient/_search", {"POST"}),
        ("/Patient/none", {"GET", "HEAD", "PUT", "PATCH", "DELETE"}),
        ("/Patient/none/_history", {"GET", "HEAD"}),
        ("/Patient/none/_history/1", {"GET", "HEAD"}),
        ("/Patient/none/Observation", {"GET", "HEAD"}),
    ],
)
def test_methods_that_are_not_offered_are_405_with_allow(
    service: Wire, method: str, url: str, allowed: set[str]
) -> None:
    answer = service(method, url)
    assert (answer.status == 405) == (method not in allowed)
    assert answer.status < 500
    if answer.status == 405:
        assert set(answer.headers["allow"].split(", ")) == allowed
        assert method == "HEAD" or answer.diagnostics


@pytest.mark.parametrize(
    "url",
    [
        "/nonsense",
        "/Nonsense/1",
        "/patient/1",
        "/Parameters",
        "/../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/Patient/%2e%2e%2f%2e%2e%2fetc",
        "/Patient/%00",
        "/Patient/a%00b",
        "/Patient/a%0d%0aSet-Cookie:a=b",
        "/Patient/%ff%fe",
        "/Patient/a b".replace(" ", "%20"),
        "/Patient/" + "x" * 10_000,
        "/Patient/" + "x" * 65,
        "/Patient//_history/1",
        "/Patient/none/_history/" + "9" * 5_000,
        "/Patient/none/_history/-1",
        "/Patient/none/_history/1/2/3",
        "/" + "Patient/" * 1_000,
        "/Patient/a'%20OR%20'1'='1",
        "/Patient/none/$nonsense",
        "/$nonsense",
        "/Patient/none/Nonsense",
    ],
)
def test_odd_addresses_are_404(service: Wire, url: str) -> None:
    answer = service("GET", url)
    assert answer.status == 404, answer.body
    assert answer.diagnostics
    assert len(answer.body) < 2_000
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost.evil.example"},
        {"host": "127.0.0.1.evil.example:80"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
    ],
)
def test_other_sites_and_names_are_403(service: Wire, headers: dict[str, str]) -> None:
    system = fresh()
    body = {"resourceType": "Patient", "identifier": [{"system": system, "value": "1"}]}
    assert service("POST", "/Patient", body, **headers).status == 403
    assert service("GET", f"/Patient?identifier={system}|1").json["total"] == 0


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("accept", "application/fhir+xml", 406),
        ("accept", "text/html", 406),
        ("accept", "application/fhir+json; fhirVersion=1.0", 406),
        ("accept", "rubbish", 406),
        ("accept", "", 200),
        ("accept", "*/*", 200),
        ("accept", "text/html, */*;q=0.1", 200),
        ("accept", "application/fhir+json; fhirVersion=4.0", 200),
        ("accept", "application/fhir+xml, application/json", 200),
        ("if-none-match", "rubbish", 200),
        ("if-none-match", 'W/"' + "9" * 5_000 + '"', 200),
        ("if-modified-since", "rubbish", 200),
        ("if-modified-since", "Fri, 31 Dec 9999 23:59:59 -2359", 200),
        ("prefer", "return=rubbish, ;;=,handling", 200),
        ("accept-encoding", "rubbish;q=x", 200),
        ("x-long", "a" * 20_000, 200),
    ],
)
def test_odd_headers_of_a_read(service: Wire, name: str, value: str, status: int) -> None:
    patient = service.create({"resourceType": "Patient"})
    answer = service("GET", f"/Patient/{patient['id']}", **{name: value})
    assert answer.status == (304 if "9999" in value and name == "if-modified-since" else status), answer.body


@pytest.mark.parametrize("value", ["rubbish", "9" * 5_000, 'W/"x"', 'W/"-1"', 'W/"1", W/"2"', ""])
def test_odd_if_match_is_400(service: Wire, value: str) -> None:
    patient = service.create({"resourceType": "Patient"})
    answer = service("PUT", f"/Patient/{patient['id']}", patient, if_match=value)
    assert answer.status == 400
    assert answer.diagnostics


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("", 412),
        ("rubbish", 400),
        ("nonsense=1", 400),
        ("?", 400),
        ("_count=1", 412),
        ("identifier=%ff", 400),
        ("identifier=" + "x" * 10_000, 403),
        ("birthdate=rubbish", 400),
        ("&".join(["identifier=1"] * 10_000), 400),
        ("identifier=1&identifier:nonsense=2", 400),
    ],
)
def test_odd_conditions_are_refused(service: Wire, value: str, status: int) -> None:
    answer = service("POST", "/Patient", {"resourceType": "Patient"}, if_none_exist=value)
    assert answer.status == status, answer.body
    assert answer.diagnostics
    if status != 412:
        for method in ("PUT", "DELETE", "PATCH"):
            body = None if method == "DELETE" else {"resourceType": "Patient"}
            assert service(method, f"/Patient?{value.lstrip('?') or 'x'}", body).status == status


def test_no_header_is_made_from_what_was_sent(service: Wire) -> None:
    evil = quote("a\r\nX-Evil: 1")
    for url in (f"/Patient?identifier={evil}", f"/Patient?{evil}=1", f"/Patient/{evil}", f"/?_page={evil}"):
        assert "x-evil" not in service("GET", url).headers


@pytest.mark.parametrize(
    "data",
    [
        b"rubbish\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /fhir/Patient HTTP/9.9\r\n\r\n",
        b"GET /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        b"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"GET /fhir/Patient?name=\xc3\x28 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_hardly_http_is_refused(service: Wire, data: bytes) -> None:
    answer = service.raw(data, patience=1)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer
    assert service("GET", "/metadata").status == 200


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\nX: ", b"a" * 2**16),
        (b"GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\n", b"X: aaaaaaaaaaaa\r\n" * 2**12),
        (b"GET /", b"a" * 2**16),
        (b"", b"GET /fhir/Patient/none HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2**10),
    ],
    ids=["a header", "headers", "an address", "requests"],
)
def test_what_never_ends_is_cut_off(service: Wire, start: bytes, piece: bytes) -> None:
    before = service.resident()
    with (
        socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection,
        pytest.raises(ConnectionError),
    ):
        connection.sendall(start)
        for _ in range(1_000):
            connection.sendall(piece)
    assert service.resident() - before < 100 * 2**20
    assert service("GET", "/metadata").status == 200


def test_slow_clients_keep_nobody_waiting(service: Wire) -> None:
    slow = [socket.create_connection(("127.0.0.1", service.port), timeout=10) for _ in range(100)]
    try:
        for number, connection in enumerate(slow):
            half = number % 2
            connection.sendall(b"GET /fhir/metadata HTTP/1.1\r\nHost: local"[: 20 + 20 * half])
        before = time.monotonic()
        for _ in range(10):
            assert service.alone()("POST", "/Patient", {"resourceType": "Patient"}).status == 201
        assert time.monotonic() - before < 5
        slow[1].sendall(b"host\r\n\r\n")
        assert received(slow[1]).startswith(b"HTTP/1.1 200")
    finally:
        for connection in slow:
            connection.close()


def test_clients_that_leave_take_nothing_along(service: Wire) -> None:
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
            connection.sendall(
                b"POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\n"
                b'Content-Length: 1000\r\n\r\n{"resourceType":'
            )
    assert service("GET", "/metadata").status == 200


def test_concurrent_conditional_creates_make_exactly_one(service: Wire) -> None:
    """Over many connections, so that both reading processes take part."""
    system = fresh()
    person: dict[str, Any] = {"resourceType": "Patient", "identifier": [{"system": system, "value": "1"}]}
    clients = [service.alone() for _ in range(24)]
    with ThreadPoolExecutor(24) as threads:
        answers = list(
            threads.map(lambda c: c("POST", "/Patient", person, if_none_exist=f"identifier={system}|1"), clients)
        )
    assert sorted(answer.status for answer in answers) == [200] * 23 + [201]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert service("GET", f"/Patient?identifier={system}|1").json["total"] == 1


def test_concurrent_conditional_transactions_make_exactly_one(service: Wire) -> None:
    system = fresh()
    entry = {
        "request": {"method": "POST", "url": "Patient", "ifNoneExist": f"identifier={system}|1"},
        "resource": {"resourceType": "Patient", "identifier": [{"system": system, "value": "1"}]},
    }
    put = {
        "request": {"method": "PUT", "url": f"Organization?identifier={system}|1"},
        "resource": {"resourceType": "Organization", "identifier": [{"system": system, "value": "1"}], "name": "a"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry, put]}
    clients = [service.alone() for _ in range(16)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda c: c("POST", "", bundle), clients))
    assert {answer.status for answer in answers} == {200}
    assert service("GET", f"/Patient?identifier={system}|1").json["total"] == 1
    assert service("GET", f"/Organization?identifier={system}|1").json["total"] == 1
    made = [answer for answer in answers if answer.entries[0]["response"]["status"].startswith("201")]
    assert len(made) == 1


def test_values_stay_out_of_the_log(service: Wire) -> None:
    service("POST", "/Patient", {"resourceType": "Patient", "name": [{"family": SECRET}], "x": SECRET})
    service("GET", f"/Patient?family={SECRET}&nonsense={SECRET}")
    service("GET", f"/{SECRET}/{SECRET}?_pretty=%ff")
    service("POST", "", f'{{"resourceType":"Bundle","type":"{SECRET}"'.encode())
    service.raw(f"GET /fhir/Patient?family={SECRET} HTTP/1.1\r\nHost: localhost\r\nBroken {SECRET}\r\n\r\n".encode(), 1)
    assert SECRET not in service.log.read_text()


def test_a_flood_without_a_token_is_told_to_wait_and_holds_up_nobody_who_has_one(service: Wire) -> None:
    stranger = service.alone()
    answers = [stranger("GET", "/Patient/x", authorization="Bearer guess") for _ in range(120)]
    assert 429 in {answer.status for answer in answers} <= {401, 429}
    refused = next(answer for answer in answers if answer.status == 429)
    assert int(refused.headers["retry-after"]) > 0 and "token" in refused.diagnostics
    assert service("GET", "/Patient?_count=1").status == 200
