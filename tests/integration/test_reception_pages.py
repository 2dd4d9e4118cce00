"""The pages of the reception: arrive in two steps, what went wrong is said, the receipt, the list, self check-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from felles import app
from felles.record.record import Record
from tests.integration import visiting
from tests.integration.test_reception import furnish

pytestmark = pytest.mark.anyio


@dataclass
class Place:
    record: Record
    house: visiting.House


@pytest.fixture
async def place(store_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    record = await Record.open(store_url, app.RULES, lines=app.LINES)
    await furnish(record)
    people = [*visiting.staff("clerk", "nurse", suffix="-role"), visiting.Made("anna", patient="Patient/anna")]
    async with visiting.house(record, people, tmp_path / "log") as house:
        yield Place(record, house)
    await record.close()


async def test_somebody_comes_pays_and_gets_a_receipt(place: Place) -> None:
    async with place.house.visit("clerk") as visitor:
        page = (await visitor.get("/reception")).text
        assert page.count("Har møtt</button>") == 2 and "Under 16 år: betaler ikke" in page
        assert "Felles kan ikke spørre frikortregisteret" in page and "Satsene er ikke bekreftet" in page
        done = await visitor.post("/reception/arrive/one", payment="card")
        assert done.status_code == 303 and "bill=" in done.headers["location"]
        bill = done.headers["location"].partition("bill=")[2].partition("#")[0]
        receipt = (await visitor.get(f"/reception/receipt/{bill}")).text
        assert "Egenandel, poliklinikk" in receipt and "403 kr" in receipt and "Kort" in receipt
        sheet = (await visitor.get("/reception/fees.csv")).text
        assert "15076500565" in sheet and bill in sheet
        late = await visitor.post("/reception/arrive/one", payment="card")
        assert late.status_code == 409 and "Andre kom først" in late.text


async def test_who_pays_later_stands_as_unpaid_until_then(place: Place) -> None:
    async with place.house.visit("clerk") as visitor:
        await visitor.get("/reception")
        done = await visitor.post("/reception/arrive/one", payment="invoice")
        bill = done.headers["location"].partition("bill=")[2].partition("#")[0]
        assert "ubetalt 403 kr" in (await visitor.get("/reception")).text
        assert (await visitor.post(f"/reception/pay/{bill}", method="cash")).status_code == 303
        assert "ubetalt 403 kr" not in (await visitor.get("/reception")).text


async def test_what_was_not_said_is_asked_for_at_its_row(place: Place) -> None:
    async with place.house.visit("clerk") as visitor:
        await visitor.get("/reception")
        wrong = await visitor.post("/reception/miss/one", why="")
        assert wrong.status_code == 422 and "Skriv hvorfor det ikke kreves gebyr" in wrong.text
        assert "reception-wrong" in wrong.text
        assert (await visitor.post("/reception/doubt/one", why="")).status_code == 422
        assert (await visitor.post("/reception/arrive/one", payment="")).status_code == 422
        assert (await visitor.post("/reception/miss/one", why="Syk, ga beskjed")).status_code == 303
        assert "Møtte ikke" in (await visitor.get("/reception")).text
        assert (await visitor.post("/reception/undo/one")).status_code == 303
        assert (await visitor.post("/reception/dance/one")).status_code == 404


async def test_others_are_not_let_in(place: Place) -> None:
    for person in ("nurse", "anna"):
        async with place.house.visit(person) as visitor:
            assert (await visitor.get("/reception")).status_code == 403


async def test_a_patient_says_that_she_is_there(place: Place) -> None:
    async with place.house.visit("anna") as visitor:
        page = (await visitor.get("/own/appointments")).text
        assert "Jeg er her" in page
        assert (await visitor.post("/own/appointments", id="one")).status_code == 303
        assert "Du har meldt at du er her" in (await visitor.get("/own/appointments")).text
        assert (await visitor.post("/own/appointments", id="one")).status_code == 409
        assert (await visitor.post("/own/appointments", id="two")).status_code in (403, 404)
    async with place.house.visit("clerk") as visitor:
        assert "Har meldt seg" in (await visitor.get("/reception")).text
