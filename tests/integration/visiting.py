"""People of the small made-up region at its pages, over HTTP but without a network: sign in, look, send forms."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from felles.access.audit.log import Log
from felles.access.desk import Desk
from felles.access.guard import Access
from felles.record.record import Record
from felles.web import pages

HOST = "http://localhost"


@dataclass(frozen=True)
class Made:
    """A made-up person to sign in as."""

    id: str
    practitioner: str | None = None
    practitioner_role: str | None = None
    patient: str | None = None
    name: str = "Somebody"
    role: str = ""
    unit: str = ""
    description: str = ""
    group: str = ""


def staff(*names: str, suffix: str = "") -> list[Made]:
    """Practitioners with a role whose id is the name and `suffix`."""
    return [Made(name, f"Practitioner/{name}", f"PractitionerRole/{name}{suffix}", name=name.title()) for name in names]


class Visitor:
    """A browser that knows HTTP alone; a form is sent with the token of the page that was shown last."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.token = ""

    async def get(self, path: str) -> httpx.Response:
        return self._kept(await self.client.get(path))

    async def post(self, path: str, **fields: str | list[str]) -> httpx.Response:
        return self._kept(await self.client.post(path, data={"token": self.token, **fields}))

    def _kept(self, answer: httpx.Response) -> httpx.Response:
        found = re.search(r'name="token" value="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer


@dataclass
class House:
    """The pages of one record and those who may come."""

    app: object
    log: Path

    def client(self) -> httpx.AsyncClient:
        """A stranger's browser on this machine."""
        transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 5000), raise_app_exceptions=False)  # type: ignore[arg-type]
        return httpx.AsyncClient(transport=transport, base_url=HOST)

    @asynccontextmanager
    async def visit(self, person: str) -> AsyncIterator[Visitor]:
        """Somebody signed in."""
        async with self.client() as client:
            visitor = Visitor(client)
            await visitor.get("/sign-in")
            answer = await visitor.post("/sign-in", person=person)
            assert answer.status_code == 303, answer.status_code
            await visitor.get("/account")
            yield visitor


@asynccontextmanager
async def house(record: Record, people: Sequence[Made], folder: Path) -> AsyncIterator[House]:
    """The pages of a record, its log in `folder`."""
    log = Log(folder)
    desk = Desk(record, Access.of(record.store.reading), log)
    yield House(pages(record, demo=True, people=people, desk=desk, origin=HOST), folder)
    await log.close()
