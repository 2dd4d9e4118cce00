"""Where one can go: whatever is offered opens, whatever opens is offered, in every role there is."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from felles.access.right import OF_ROLE
from felles.access.role import PROFESSION
from felles.app import LINES, RULES
from felles.record.record import Record
from felles.web.site import PLACES, ROUTES
from tests.integration import visiting
from tests.integration.region import build, patient, ref

pytestmark = pytest.mark.anyio
WAY_IN = ("/sign-in", "/invitation")
SHOWN = {route.path for route in ROUTES if "GET" in (route.methods or ()) and "{" not in route.path}
PAGES = {path for path in SHOWN if not path.startswith(WAY_IN)} - {"/"}
"""Without those on the way in, and FRONT."""
FRONT = {"/"}
"""Leads on to where somebody works."""
FILES = {path for path in PAGES if path.endswith((".csv", "/live"))}
"""Sheets, and parts of pages."""


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, RULES, lines=LINES)
    await build(opened)
    await opened.update(patient("anna"))
    for code in OF_ROLE:
        await opened.update({"resourceType": "Practitioner", "id": f"p-{code}", "active": True})
        own = "urn:felles:role" if len(code) > 2 else PROFESSION
        await opened.update(
            {
                "resourceType": "PractitionerRole", "id": f"p-{code}", "active": True,
                "practitioner": ref(f"Practitioner/p-{code}"), "organization": ref("Organization/ward"),
                "code": [{"coding": [{"system": own, "code": code}]}],
            }
        )  # fmt: skip
    yield opened
    await opened.close()


def offered(page: str) -> set[str]:
    """The addresses of the navigation."""
    found = re.search(r'<nav class="places".*?</nav>', page, re.S)
    assert found
    return set(re.findall(r'href="([^"]+)"', found[0]))


async def test_what_is_offered_opens_and_what_opens_is_offered(record: Record, tmp_path: Path) -> None:
    people = [*visiting.staff(*(f"p-{code}" for code in OF_ROLE)), visiting.Made("anna", patient="Patient/anna")]
    async with visiting.house(record, people, tmp_path) as house:
        for person in people:
            async with house.visit(person.id) as visitor:
                shown = offered((await visitor.get("/account")).text)
                landing = (await visitor.get("/start")).text
                assert all(f'href="{path}"' in landing for path in shown)
                opened = {path for path in PAGES - FILES if (await visitor.get(path)).status_code == 200}
                assert opened == shown - FRONT, person.id
                refused = {
                    (await visitor.get(place.href)).status_code for place in PLACES if place.href not in shown | FRONT
                }
                assert refused <= {403, 404}, person.id


async def test_the_palette_offers_the_same(record: Record, tmp_path: Path) -> None:
    people = visiting.staff("doctor", "manager")
    async with visiting.house(record, people, tmp_path) as house:
        for person in people:
            async with house.visit(person.id) as visitor:
                shown = offered((await visitor.get("/account")).text)
                listed = (await visitor.post("/palette", text="", **{"from": "/account"})).text
                assert set(re.findall(r'href="([^"]+)"', listed)) == shown


OPEN = ("/sign-in", "/invitation", "/static/", "/sign-out", "/language", "/step-up")
"""What somebody who has not signed in may send: the way in, and the language of its page."""


async def test_a_stranger_opens_nothing_but_the_way_in(record: Record, tmp_path: Path) -> None:
    async with visiting.house(record, [], tmp_path) as house:
        for route in ROUTES:
            path = re.sub(r"\{[^}]+\}", "x", route.path)
            if path == "/" or path.startswith(OPEN):
                continue
            for method in sorted((route.methods or set()) - {"HEAD"}):
                async with house.client() as client:
                    assert (await client.request(method, path)).status_code == 401, f"{method} {path} has no rule"


def test_every_place_is_a_page_and_has_other_words() -> None:
    assert {place.href for place in PLACES} <= PAGES | FRONT
    assert len({place.href for place in PLACES}) == len(PLACES) and all(place.keywords for place in PLACES)
