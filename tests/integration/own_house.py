"""The pages over the small house of `consenting`, and people with browsers that only know HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from felles.access import limit, statement
from felles.access.audit import statement as audit
from felles.access.audit.log import Log
from felles.access.desk import Desk
from felles.access.guard import Access
from felles.record.record import Record
from felles.web import pages
from tests.integration.consenting import fill

LINES = {**statement.LINES, **limit.LINES, **audit.LINES}


@dataclass(frozen=True)
class Somebody:
    """A made-up person to sign in as."""

    id: str
    practitioner: str | None = None
    practitioner_role: str | None = None
    patient: str | None = None
    name: str = "Noen"
    role: str = ""
    description: str = ""
    unit: str = ""
    group: str = ""


PATIENTS = ("anna", "bea", "child", "mother", "secret")
PEOPLE = [
    *(Somebody(one, patient=f"Patient/{one}", name=one.capitalize()) for one in PATIENTS),
    *(Somebody(one, f"Practitioner/{one}", f"PractitionerRole/{one}-role") for one in ("nurse", "other")),
]


@dataclass
class Browser:
    """Somebody's browser: keeps cookies, and sends the forms of the page it is at."""

    client: httpx.AsyncClient
    page: httpx.Response

    async def get(self, path: str) -> httpx.Response:
        self.page = await self.client.get(path)
        return self.page

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """A form of the page, with its token; a redirect is followed."""
        answer = await self.client.post(path, data={"token": self.token, **fields})
        self.page = await self.client.get(answer.headers["location"]) if answer.status_code == 303 else answer
        return answer

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.page.text)
        assert found, self.page.text[:400]
        return found[1]

    @property
    def text(self) -> str:
        """The words of the page, without tags."""
        body = self.page.text.partition("<main")[2] or self.page.text
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())

    def values(self, name: str) -> list[str]:
        """The values of the fields of this name."""
        return re.findall(rf'name="{re.escape(name)}" value="([^"]*)"', self.page.text)


@dataclass
class House:
    """The pages, the record below them, and the log."""

    app: Any
    record: Record
    log: Path

    async def enter(self, person: str) -> Browser:
        """Signed in as one of PEOPLE."""
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 5000))
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8080")
        browser = Browser(client, await client.get("/sign-in"))
        answer = await client.post("/sign-in", data={"token": browser.token, "person": person})
        assert answer.status_code == 303, answer.text
        await browser.get("/start")
        return browser


@asynccontextmanager
async def open_house(store: str, folder: Path) -> AsyncIterator[House]:
    """A store with the house in it, marked as demo so that people may be picked."""
    record = await Record.open(store, lines=LINES)
    await fill(record)
    log = Log(folder / "log")
    desk = Desk(record, Access.of(record.store.reading), log)
    yield House(pages(record, demo=True, people=PEOPLE, desk=desk), record, folder / "log")
    await log.close()
    await record.close()
