"""A record on each engine, and a client that speaks FHIR to it without a network."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response, refusal
from felles.record.rest.route import route


@dataclass
class Answer:
    """An answer, its body parsed."""

    status: int
    headers: dict[str, str]
    text: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def diagnostics(self) -> str:
        return " | ".join(issue.get("diagnostics", "") for issue in self.json["issue"])

    @property
    def expressions(self) -> list[str]:
        return [e for issue in self.json["issue"] for e in issue.get("expression", [])]

    @property
    def entries(self) -> list[dict[str, Any]]:
        return list(self.json.get("entry", []))

    @property
    def ids(self) -> list[str]:
        return [e["resource"]["id"] for e in self.entries if e.get("search", {}).get("mode") != "include"]


class Client:
    """Speaks FHIR to a record: `await client("POST", "Patient", {...}, if_none_exist="identifier=1")`."""

    def __init__(self, record: Record) -> None:
        self.record = record

    async def __call__(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        path, _, query = url.partition("?")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, path, query, named, data, self.record.base)
        try:
            answer: Response = await route(self.record, request)
        except Problem as error:
            answer = refusal(error)
        return Answer(answer.status, answer.headers, answer.body)

    async def create(self, resource: dict[str, Any]) -> dict[str, Any]:
        """The created resource as the server gave it back."""
        answer = await self("POST", resource["resourceType"], resource)
        assert answer.status == 201, answer.text
        created: dict[str, Any] = answer.json
        return created


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def fhir(record: Record) -> Client:
    return Client(record)
