"""Every route × every role: who is let in, who is refused, and nothing that a refusal gives away (tests/matrix.py)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from felles.access.right import TERMINOLOGY
from felles.access.who import Kind, Purpose, Who
from felles.app import LINES, RULES
from felles.record.interaction import operation
from felles.record.record import Record
from felles.record.rest import route as rest
from felles.web.site import ROUTES
from tests import matrix
from tests.integration import visiting
from tests.integration.conftest import Client
from tests.integration.region import STAFF, People, build, encounter, observation, patient, role

pytestmark = pytest.mark.anyio
OFFICES = ("leder", "administrator", "personvernombud")
ADDED = "add its row to tests/matrix.py: who may?"


@pytest.fixture
async def record(tmp_path: Path) -> AsyncIterator[Record]:
    opened = await Record.open(tmp_path / "felles.db", RULES, lines=LINES)
    await build(opened)
    for name in matrix.PATIENTS:
        await opened.update(patient(name))
    await opened.update(encounter("stay", "anna", "ward"))
    for name in ("pulse", "spare"):
        await opened.update(observation(name, "anna"))
    for number in ("1", "2"):
        await opened.update(observation(f"o{number}", "anna", identifier=[{"system": "urn:x", "value": number}]))
    for office in OFFICES:
        await opened.update({"resourceType": "Practitioner", "id": office, "active": True})
        coded = [{"coding": [{"system": "urn:felles:role", "code": office}]}]
        await opened.update({**role(office, "XX", "ward"), "code": coded})
    yield opened
    await opened.close()


def row(path: str) -> frozenset[str] | None:
    """Who is let in at a page; None where the table has no row."""
    rows = [
        name for name in matrix.PAGES if path == name or (name.endswith("/") and path.startswith(name) and path != name)
    ]
    return matrix.PAGES[max(rows, key=len)] if rows else None


def asked(route: Route) -> Iterator[tuple[str, str]]:
    """Method and address of each way to a page, of the patient whose record this is about."""
    path = re.sub(r"\{[^}]+\}", "x", route.path.replace("/patient/{id}", "/patient/anna"))
    for method in sorted((route.methods or set()) - {"HEAD"}):
        yield method, path


def people() -> list[visiting.Made]:
    return [
        *visiting.staff(*matrix.STAFF), *(visiting.Made(name, patient=f"Patient/{name}") for name in matrix.PATIENTS)
    ]  # fmt: skip


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_page_has_a_row(route: Route) -> None:
    assert route.path == "/" or row(route.path) is not None, f"{route.path} is new: {ADDED}"


@pytest.mark.parametrize("name", [*matrix.STAFF, *matrix.PATIENTS])
async def test_each_page_lets_in_whom_the_table_says_and_refuses_the_rest(
    record: Record, tmp_path: Path, name: str
) -> None:
    async with visiting.house(record, people(), tmp_path / "log") as house, house.visit(name) as visitor:
        for route in ROUTES:
            allowed = name in (row(route.path) or ())
            for method, path in asked(route):
                if method == "POST":
                    continue
                status = (await visitor.client.get(path)).status_code
                if allowed:
                    assert status in (200, 303, 404) or (path, status) == ("/sign-in/return", 403), f"{path} {status}"
                else:
                    assert status in (403, 404), f"{name} got {status} at {path}"


@pytest.mark.parametrize("name", [*matrix.STAFF, *matrix.PATIENTS])
async def test_no_form_is_taken_from_whom_the_page_is_not_for_nor_without_its_token(
    record: Record, tmp_path: Path, name: str
) -> None:
    async with visiting.house(record, people(), tmp_path / "log") as house, house.visit(name) as visitor:
        for route in ROUTES:
            for method, path in asked(route):
                if method != "POST" or path in ("/palette",):
                    continue
                bare = (await visitor.client.post(path)).status_code
                assert bare in (400, 403, 404), f"{path} took a form without its token: {bare}"
                if name not in (row(route.path) or ()):
                    told = (await visitor.client.post(path, data={"token": visitor.token})).status_code
                    assert told in (403, 404), f"{name} got {told} at {path}"


async def test_a_stranger_is_let_in_nowhere_but_at_the_way_in(record: Record, tmp_path: Path) -> None:
    async with visiting.house(record, [], tmp_path / "log") as house, house.client() as client:
        for route in ROUTES:
            if route.path == "/" or route.path.startswith(matrix.IN[1:]):
                continue
            for method, path in asked(route):
                assert (await client.request(method, path)).status_code == 401, f"{method} {path} has no rule"


class Callers:
    """Everybody who asks the API, by name."""

    def __init__(self, record: Record) -> None:
        self._people = People(record)

    async def client(self, name: str) -> Client:
        if name in matrix.PATIENTS:
            return self._people.patient(name)
        if name == "SYSTEM":
            return self._people.as_(
                Who("Device/x", "x", Kind.SYSTEM, purpose=Purpose.SYSTEM, scopes=("system/*.cruds",))
            )
        return await self._people.staff(name)


CALLERS = [*matrix.STAFF, "gp", *matrix.PATIENTS, "SYSTEM"]
PATCH = b'[{"op": "replace", "path": "/status", "value": "amended"}]'


def sent(method: str, url: str) -> tuple[Any, dict[str, str]]:
    """Body and headers that go with an interaction."""
    if url.endswith("_search"):
        kind = "application/x-www-form-urlencoded"
        return (b"_type=Observation&_id=pulse" if url == "_search" else b"_id=pulse"), {"content_type": kind}
    if method == "PATCH":
        return PATCH, {"content_type": "application/json-patch+json"}
    if (method, url) == ("POST", ""):
        entry = [{"request": {"method": "GET", "url": "Observation/pulse"}}]
        return {"resourceType": "Bundle", "type": "batch", "entry": entry}, {}
    if method in ("POST", "PUT"):
        id = "pulse" if url.endswith("/pulse") else "new"
        made = observation(id, "anna", identifier=[{"system": "urn:x", "value": "1"}] if "?" in url else [])
        return {name: value for name, value in made.items() if value and (name != "id" or "/" in url)}, {}
    return None, {}


def expected(rows: dict[str, set[int]], name: str) -> set[int]:
    return next((right for names, right in rows.items() if name in names.split()), rows[""])


@pytest.mark.parametrize("name", CALLERS)
async def test_each_interaction_answers_whom_the_table_says(record: Record, name: str) -> None:
    client = await Callers(record).client(name)
    wrong = {}
    for key, rows in matrix.API.items():
        method, _, url = key.partition(" ")
        body, headers = sent(method, url)
        answer = await client(method, url, body, **headers)
        if answer.status not in expected(rows, name):
            wrong[key] = (answer.status, expected(rows, name))
    assert wrong == {}


@pytest.mark.parametrize("name", CALLERS)
async def test_what_answers_with_a_list_holds_only_what_a_read_would_give(record: Record, name: str) -> None:
    client = await Callers(record).client(name)
    for key, names in matrix.LISTS.items():
        method, _, url = key.partition(" ")
        body, headers = sent(method, url)
        answer = await client(method, url, body, **headers)
        told = b"8867-4" in answer.text
        assert told == (name in names.split()), (
            f"{name} {'sees' if told else 'does not see'} it by {key}: {answer.status}"
        )
        assert told or b"pulse" not in answer.text.replace(b"_id=pulse", b""), f"{name} learns of it by {key}"


def test_every_interaction_of_the_api_has_a_row() -> None:
    offered = {(method, name) for name, handlers in rest._SYSTEM.items() for method in handlers}
    offered |= {(method, "Observation") for method in rest._TYPE} | {
        (method, "Observation/pulse") for method in rest._INSTANCE
    }
    rowed = {tuple(key.split(" ", 1)) for key in (*matrix.API, *matrix.LISTS)}
    bare = {(method, url.partition("?")[0]) for method, url in rowed} | {
        ("DELETE", "Observation/pulse"),
        ("GET", "metadata"),
    }
    assert offered <= bare, f"{sorted(offered - bare)}: {ADDED}"


def test_every_operation_has_a_row() -> None:
    offered = {name for kind in operation.TYPES.values() for name in kind}
    rowed = matrix.OPERATIONS | {call.rpartition("$")[2] for call in matrix.CALLS}
    assert offered <= TERMINOLOGY | rowed, f"{sorted(offered - TERMINOLOGY - rowed)}: {ADDED}"


@pytest.mark.parametrize("name", [*STAFF, *OFFICES, *matrix.PATIENTS])
async def test_operations_on_people_are_called_by_whom_the_table_says(record: Record, name: str) -> None:
    client = await Callers(record).client(name)
    for call, names in matrix.CALLS.items():
        answer = await client("POST", call, {"resourceType": "Parameters"})
        assert (answer.status != 403) == (name in names.split()), f"{name} {call} {answer.status}"
        assert answer.status in (400, 403, 404, 422) or "unknown" in call, f"{name} {call} {answer.status}"
