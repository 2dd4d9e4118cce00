"""A server that people sign in to at two real OpenID providers, and somebody with a browser that only knows HTTP."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import orjson
from joserfc.jwk import ECKey

from felles.demo import number
from felles.record.prepare import prepare, receive
from felles.record.record import Record
from felles.record.store.write import Kind, Origin
from tests.absence import missing
from tests.server import serving

HERE = Path(__file__).resolve().parent
NODE = Path(sys.executable).with_name("node")
PID = number.personal_number(date(1948, 3, 5), "female", 3, set())
OTHER_PID = number.personal_number(date(1950, 7, 9), "male", 3, set())
HPR, TWO_ROLES, UNKNOWN = (number.hpr_number(one) for one in (1, 2, 3))
LEVELS = {"helseid://claims/identity/assurance_level": "high", "helseid://claims/identity/security_level": "4"}
PEOPLE: dict[str, dict[str, str]] = {
    "doctor": {"helseid://claims/hpr/hpr_number": HPR, "helseid://claims/identity/pid": PID, **LEVELS},
    "two-roles": {"helseid://claims/hpr/hpr_number": TWO_ROLES, **LEVELS},
    "unknown": {"helseid://claims/hpr/hpr_number": UNKNOWN, "helseid://claims/identity/pid": PID, **LEVELS},
    "no-number": LEVELS,
    "weak": {"helseid://claims/hpr/hpr_number": HPR, **LEVELS, "helseid://claims/identity/security_level": "3"},
    "patient": {"pid": PID, "acr": "idporten-loa-high"},
    "stranger": {"pid": OTHER_PID, "acr": "idporten-loa-high"},
    "substantial": {"pid": PID, "acr": "idporten-loa-substantial"},
}


def resources() -> list[dict[str, Any]]:
    """Two doctors, one of them with two roles and one that has ended, and a patient."""
    unit = [{"resourceType": "Organization", "id": one, "name": one.title()} for one in ("north", "south", "old")]
    doctors = [
        {"resourceType": "Practitioner", "id": id, "identifier": [{"system": number.HPR, "value": hpr}],
         "name": [{"family": "Fjell", "given": [id.title()]}]}
        for id, hpr in (("berit", HPR), ("bjarne", TWO_ROLES))
    ]  # fmt: skip
    held = (
        ("berit", "north", {}),
        ("bjarne", "north", {}),
        ("bjarne", "south", {}),
        ("bjarne", "old", {"end": "2020"}),
    )
    roles = [
        {"resourceType": "PractitionerRole", "id": f"{who}-{unit}", "active": True, "code": [{"text": "Lege"}],
         "practitioner": {"reference": f"Practitioner/{who}"}, "organization": {"reference": f"Organization/{unit}"},
         **({"period": period} if period else {})}
        for who, unit, period in held
    ]  # fmt: skip
    patient = {"resourceType": "Patient", "id": "kari", "identifier": [{"system": number.FNR, "value": PID}],
               "name": [{"family": "Tind", "given": ["Kari"]}], "birthDate": "1948-03-05"}  # fmt: skip
    return [*unit, *doctors, *roles, patient]


async def fill(store: str) -> None:
    """A store marked as demo, because its numbers are made up."""
    unmarked = await Record.open(store)
    await unmarked.store.set_note("demo", "yes")
    await unmarked.close()
    record = await Record.open(store)
    made = [prepare(receive(orjson.dumps(one), resource=one), one["id"], Kind.UPDATE, -1) for one in resources()]
    await record.commit(made, origin=Origin.DEMO)
    await record.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def providers(client: dict[str, Any], ended: str) -> Iterator[dict[str, str]]:
    """The issuers by name, running."""
    if not NODE.exists() or not (HERE.parents[1] / "node_modules" / "oidc-provider").exists():
        missing("oidc-provider is not installed: make test brings it")
    process = subprocess.Popen(
        [NODE, HERE / "provider.mjs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=HERE,
    )
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps({"client": client, "ended": ended, "alg": "ES256", "people": PEOPLE}).encode())
    process.stdin.close()
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@dataclass
class House:
    """A running server, its providers' issuers by name, and its store."""

    address: str
    issuers: dict[str, str]
    store: str

    def twist(self, provider: str, **how: Any) -> None:
        """The provider's next id_token is made anew so."""
        httpx.post(self.issuers[provider] + "/twist", json=how, trust_env=False).raise_for_status()


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """Everything running over a small store."""
    store, port, key = str(folder / "felles.db"), free_port(), ECKey.generate_key("P-256", {"kid": "felles-1"})
    with ThreadPoolExecutor(1) as thread:  # others may have a loop of their own in this one
        thread.submit(asyncio.run, fill(store)).result()
    home = f"http://localhost:{port}"
    client = {"client_id": "felles", "redirect_uris": [f"{home}/sign-in/return"],
              "post_logout_redirect_uris": [f"{home}/sign-in"],
              "jwks": {"keys": [key.as_dict(private=False)]}}  # fmt: skip
    (folder / "felles.jwk").write_text(json.dumps(key.as_dict(private=True)))
    with providers(client, f"{home}/sign-in/ended") as issuers:
        entries = [
            {"name": name, "kind": name, "title": {"helseid": "HelseID", "idporten": "ID-porten"}[name],
             "issuer": issuer, "client_id": "felles", "key": "felles.jwk",
             "acr_values": "idporten-loa-high" if name == "idporten" else ""}
            for name, issuer in issuers.items()
        ]  # fmt: skip
        (folder / "oidc.json").write_text(json.dumps({"provider": entries}))
        os.environ["FELLES_OIDC"] = str(folder / "oidc.json")
        try:
            with serving(store, port) as (address, _):
                yield House(address, issuers, store)
        finally:
            del os.environ["FELLES_OIDC"]


FIELD = re.compile(r"<(?:input|button)[^>]*?\bname=\"([^\"]*)\"[^>]*?\bvalue=\"([^\"]*)\"")


@dataclass
class Somebody:
    """A visitor whose browser keeps cookies, reads forms and goes where a page says, step by step."""

    house: House
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.house.address, trust_env=False, timeout=20)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, page: httpx.Response, **fields: str) -> httpx.Response:
        """A form of `page` with the hidden fields it has."""
        return self.client.post(path, data={**hidden(page.text), **fields})

    def away(self, provider: str, page: httpx.Response | None = None) -> httpx.Response:
        """From the sign-in page to the provider's own."""
        left = self.post("/sign-in/provider", page or self.get("/sign-in"), provider=provider)
        assert left.status_code == 200, left.text
        return self.follow(left)

    def follow(self, page: httpx.Response) -> httpx.Response:
        """Where a page or a redirect leads, as far as it leads by itself; stops before it comes back to Felles."""
        place = page.headers.get("location") or page.headers["refresh"].partition("url=")[2]
        while True:
            place = urljoin(str(page.url), place)
            if place.startswith(self.house.address):
                return page
            page = self.client.get(place)
            if "location" not in page.headers:
                return page
            place = page.headers["location"]

    def answered(self, login_page: httpx.Response, **fields: str) -> str:
        """What the provider sends the browser back to after its form: an address of Felles."""
        action = re.search(r'action="([^"]+)"', login_page.text)
        assert action, login_page.text
        done = self.client.post(urljoin(str(login_page.url), action[1]), data=fields)
        back = self.follow(done)
        return back.headers["location"]

    def back(self, provider: str, login: str) -> str:
        """The address at Felles that the provider answers to, for somebody who signs in as `login`."""
        return self.answered(self.away(provider), login=login)

    def sign_in(self, provider: str, login: str) -> httpx.Response:
        """The whole way."""
        return self.get(self.back(provider, login))

    @property
    def me(self) -> str:
        """Who the page says is signed in; empty for nobody."""
        page = self.get("/account").text
        found = re.search(r'class="me"[^>]*><strong>([^<]*)</strong><span>([^<]*)', page)
        return html.unescape(f"{found[1]}, {found[2]}") if found else ""


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of the forms of a page."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', text)
    return {name: html.unescape(value) for name, value in found}


def alert(page: httpx.Response) -> str:
    """What a page says went wrong."""
    found = re.search(r'role="alert">([^<]*)<', page.text)
    return html.unescape(found[1]) if found else ""
