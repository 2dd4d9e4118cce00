"""The pages from outside: headers, cookies, forms, hostile data, faults."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from felles.demo import people
from felles.record.outcome import problem
from felles.web import pages
from tests.ownstore import OwnTables

HOSTILE = '<script>alert(1)</script>{{7*7}}"><img src=x onerror=alert(1)>'
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": HOSTILE, "given": ["100 %(x)s"]}],
    "gender": HOSTILE,
    "birthDate": "1950-01-01",
    "address": [{"line": [HOSTILE], "city": HOSTILE}],
}
ALLERGY = {"resourceType": "AllergyIntolerance", "code": {"text": HOSTILE}, "criticality": "high"}
ENCOUNTER = {
    "resourceType": "Encounter",
    "id": "e",
    "status": HOSTILE,
    "class": {"code": HOSTILE, "display": "100 % " + HOSTILE},
    "period": {"start": "2026-01-01"},
}
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": HOSTILE},
    "valueQuantity": {"value": 1e308, "unit": HOSTILE},
    "effectiveDateTime": "tull",
    "referenceRange": [{"text": HOSTILE}],
}
NOTE = {
    "resourceType": "Composition",
    "id": HOSTILE,
    "title": HOSTILE,
    "section": [{"title": HOSTILE, "text": {"div": f"<div>{HOSTILE}<p onclick='x()'>Hei</p></div>"}}],
}


@dataclass
class Body:
    body: bytes


@dataclass
class Answer:
    matches: Sequence[Body]
    included: Sequence[Body] = ()


class Scripted(OwnTables):
    """A record with one patient whose every word is hostile; it can be told to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self.broken = False

    async def read(self, type: str, id: str) -> Body:
        if self.broken:
            raise RuntimeError(f"no luck with {HOSTILE}")
        if id != "p1":
            raise problem(404, "not-found", "there is no Patient with this id")
        return Body(orjson.dumps(PATIENT))

    async def search(self, type: str, parameters: Sequence[tuple[str, str]]) -> Answer:
        self.asked.append((type, parameters))
        resources = (PATIENT, ALLERGY, ENCOUNTER, OBSERVATION, NOTE)
        return Answer([Body(orjson.dumps(r)) for r in resources if r["resourceType"] == type])


@dataclass
class Sitting:
    """Somebody who may see the one patient."""

    record: Scripted
    finds: bool = True
    home: str = ""
    acting: None = None

    def writes(self, type_name: str) -> bool:
        return self.finds

    def sees(self, type_name: str) -> bool:
        return True

    async def told(self, act: Any, parameters: Any, status: int) -> None:
        """Nothing is kept of it here."""


@dataclass
class Desk:
    record: Scripted

    async def open(self, session: Any, now: float) -> Sitting:
        return Sitting(self.record)

    async def visits(self, who: Any, before: int | None) -> Any:
        raise NotImplementedError


@pytest.fixture
def record() -> Scripted:
    return Scripted()


def visitor(record: Scripted, *, demo: bool = True, host: str = "127.0.0.1", name: str = "localhost") -> TestClient:
    app = pages(record, demo=demo, people=people(), desk=Desk(record), origin=f"http://{name}")
    return TestClient(
        app, base_url=f"http://{name}", client=(host, 5000), follow_redirects=False, raise_server_exceptions=False
    )


def token(text: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', text)
    assert found
    return found[1]


@pytest.fixture
def doctor(record: Scripted) -> TestClient:
    client = visitor(record)
    form = {"token": token(client.get("/sign-in").text), "person": "lege"}
    assert client.post("/sign-in", data=form).headers["location"] == "/"
    return client


@pytest.mark.parametrize("path", ["/patient/p1", "/patient/p1/results", "/patient/p1/print", "/find"])
def test_hostile_words_are_only_words(doctor: TestClient, path: str) -> None:
    answer = doctor.get(path)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text and "<img" not in answer.text and "onclick" not in answer.text
    assert " style=" not in answer.text


@pytest.mark.parametrize("path", ["/sign-in", "/patient/p1", "/patient/none", "/nowhere", "/static/felles.css"])
def test_headers_on_every_answer(doctor: TestClient, path: str) -> None:
    headers = doctor.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    kept = "immutable" if "static" in path else "no-store"
    assert kept in headers["cache-control"]


def test_a_fault_tells_nothing_but_that_it_was_ours(doctor: TestClient, record: Scripted) -> None:
    record.broken = True
    answer = doctor.get("/patient/p1")
    assert answer.status_code == 500
    assert "Noe gikk galt hos oss" in answer.text and "luck" not in answer.text
    assert answer.headers["content-security-policy"] and answer.headers["cache-control"] == "no-store"


def test_cookies_are_out_of_reach(record: Scripted) -> None:
    client = visitor(record)
    form = {"token": token(client.get("/sign-in").text), "person": "lege"}
    cookie = client.post("/sign-in", data=form).headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/sign-in", {"person": "lege"}),
        ("/sign-out", {}),
        ("/language", {"language": "nn"}),
        ("/find", {"text": "kari"}),
        ("/palette", {"text": "kari"}),
    ],
)
def test_no_form_without_its_token(doctor: TestClient, record: Scripted, path: str, form: dict[str, str]) -> None:
    record.asked.clear()
    answer = doctor.post(path, data={**form, "token": "x"})
    assert answer.status_code == (200 if path == "/palette" else 403)
    assert record.asked == []
    if "text" in form and path == "/find":
        assert 'value="kari"' in answer.text


def test_a_token_of_another_session_is_worth_nothing(doctor: TestClient, record: Scripted) -> None:
    stranger = token(visitor(record).get("/sign-in").text)
    assert doctor.post("/find", data={"text": "kari", "token": stranger}).status_code == 403


@pytest.mark.parametrize(
    ("demo", "host", "name"),
    [
        (False, "127.0.0.1", "localhost"),
        (True, "10.0.0.7", "localhost"),
        (True, "127.0.0.1", "felles.attacker.example"),
    ],
)
def test_nobody_signs_in_elsewhere_or_without_a_demo_store(record: Scripted, demo: bool, host: str, name: str) -> None:
    client = visitor(record, demo=demo, host=host, name=name)
    page = client.get("/sign-in")
    assert "Tindvoll" not in page.text and ("Øvingsdata" in page.text) == demo
    assert client.post("/sign-in", data={"token": token(page.text), "person": "lege"}).status_code == 403


@pytest.mark.parametrize(
    "onward", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\nb"]
)
def test_signing_in_leads_nowhere_else(record: Scripted, onward: str) -> None:
    client = visitor(record)
    form = {"token": token(client.get("/sign-in").text), "person": "lege", "onward": onward}
    assert client.post("/sign-in", data=form).headers["location"] == "/"


def test_a_stranger_meets_the_sign_in_page(record: Scripted) -> None:
    client = visitor(record)
    for path in ("/find", "/patient/p1", "/patient/p1/print", "/start"):
        answer = client.get(path)
        assert answer.status_code == 401 and "Hvem er du i dag?" in answer.text
    assert record.asked == []


def test_a_form_too_large_is_refused_before_it_is_read(doctor: TestClient) -> None:
    assert doctor.post("/find", content=b"text=" + b"x" * 20_000).status_code == 413


@pytest.mark.parametrize("name", ["../site.py", "%2e%2e/site.py", "vendor/.stamp", "", "felles.css/x", "x" * 5000])
def test_only_assets_are_sent(doctor: TestClient, name: str) -> None:
    assert doctor.get(f"/static/{name}").status_code == 404


def test_searching_asks_the_record_and_keeps_the_words_out_of_the_address(doctor: TestClient, record: Scripted) -> None:
    page = doctor.get("/find")
    answer = doctor.post("/find", data={"text": "kari 1950", "token": token(page.text)}, headers={"hx-request": "true"})
    assert answer.status_code == 200 and "1 treff" in answer.text
    assert record.asked[-1] == ("Patient", [("name", "kari"), ("birthdate", "1950"), ("_count", "21")])
    assert "kari" not in str(answer.url)


def test_the_one_hit_opens_at_once_on_enter(doctor: TestClient) -> None:
    answer = doctor.post("/find", data={"text": "kari", "token": token(doctor.get("/find").text)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/patient/p1")


def test_the_palette_offers_actions_in_the_reader_s_language(doctor: TestClient) -> None:
    form = {"text": "logg", "token": token(doctor.get("/find").text), "from": "/find"}
    assert 'form="sign-out"' in doctor.post("/palette", data=form).text
    own = doctor.post("/palette", data={**form, "text": "tids", "from": "/patient/p1"}).text
    assert 'href="/patient/p1#timeline"' in own
