"""Beginning to sign in is counted by address, and what came back to nothing is told in the reader's language."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from felles.access.oidc.provider import Provider
from felles.demo import people
from felles.web import pages
from felles.web.turn import BEGIN
from tests.ownstore import OwnTables

PROVIDER = Provider("helseid", "helseid", "HelseID", "http://127.0.0.1:1", "felles", ECKey.generate_key("P-256"))


class Empty(OwnTables):
    """A record without anything in it."""

    async def search(self, type: str, parameters: Any) -> Any:
        raise AssertionError("nobody has signed in")

    read = search


class NoDesk:
    """Nobody sits down to work here."""

    async def open(self, session: Any, now: float) -> None:
        return None


@pytest.fixture
def client() -> TestClient:
    app = pages(Empty(), demo=False, people=people(), desk=NoDesk(), origin="http://localhost", providers=[PROVIDER])
    return TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5000), follow_redirects=False)


def token(text: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', text)
    assert found
    return found[1]


def alert(text: str) -> str:
    found = re.search(r'role="alert">([^<]*)<', text)
    return html.unescape(found[1]) if found else ""


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nb", "Innloggingstjenesten svarer ikke nå. Prøv igjen om litt."),
        ("nn", "Innloggingstenesta svarar ikkje no. Prøv igjen om litt."),
        ("en", "The sign-in service does not answer now. Try again in a while."),
    ],
)
def test_a_provider_that_is_down_is_said_to_be(client: TestClient, language: str, words: str) -> None:
    client.headers["accept-language"] = language
    form = {"token": token(client.get("/sign-in").text), "provider": "helseid"}
    answer = client.post("/sign-in/provider", data=form)
    assert answer.status_code == 502 and alert(answer.text) == words


@pytest.mark.parametrize("path", ["/sign-in/return?state=x&code=y", "/sign-in/passkey"])
def test_who_comes_too_often_with_nothing_is_told_to_wait(client: TestClient, path: str) -> None:
    form = {"token": token(client.get("/sign-in").text), "answer": "{}"}

    def ask() -> int:
        return client.get(path).status_code if "return" in path else client.post(path, data=form).status_code

    assert [ask() for _ in range(BEGIN.turns)] == [403] * BEGIN.turns
    assert 429 in [ask() for _ in range(20)]


def test_a_store_that_is_no_demo_offers_its_providers_and_local_accounts(client: TestClient) -> None:
    text = client.get("/sign-in").text
    assert "Logg inn med HelseID" in text and "Lokal konto" in text and "Tindeland" not in text


def test_cookies_are_bound_to_host_and_tls_where_people_come_over_tls() -> None:
    app = pages(Empty(), demo=False, people=[], desk=NoDesk(), origin="https://felles.example")
    answer = TestClient(app, base_url="https://felles.example").get("/sign-in")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-felles_visitor=") and "secure" in cookie and "path=/" in cookie
    assert "domain" not in cookie and "httponly" in cookie
