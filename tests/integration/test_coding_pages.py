"""The page on which a contact is coded: what it lacks, written once, closes what is owed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clerical.conservation import period_id
from felles.record.record import Record
from tests.integration import visiting
from tests.integration.test_coding import encounter, house, owed

pytestmark = pytest.mark.anyio
Json = dict[str, Any]


@dataclass
class Place:
    record: Record
    house: visiting.House


@pytest.fixture
async def place(store_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    record = await Record.open(store_url, app.RULES, lines=app.LINES)
    await house(record)
    await record.update(encounter("visit", basedOn=[], type=[{"text": "Kontroll av kne"}]))
    done: Json = {"resourceType": "Procedure", "id": "done", "status": "completed", "code": {"text": "Kneprotese"},
                  "subject": {"reference": "Patient/anna"}, "encounter": {"reference": "Encounter/visit"}}  # fmt: skip
    await record.update(done)
    people = [*visiting.staff("nurse", "other", suffix="-role"), visiting.Made("anna", patient="Patient/anna")]
    async with visiting.house(record, people, tmp_path / "log") as house_:
        yield Place(record, house_)
    await record.close()


async def test_what_a_contact_lacks_is_written_at_once_and_no_longer_owed(place: Place) -> None:
    period = period_id("ServiceRequest/one")
    async with place.house.visit("nurse") as visitor:
        listed = await visitor.get("/duties?unit=ward&kind=complete-codes")
        duty = listed.text.partition('<th scope="row"><a href="')[2].partition('"')[0]
        assert 'href="/coding/visit"' in (await visitor.get(duty)).text
        page = (await visitor.get("/coding/visit")).text
        assert "mangler diagnose, mangler prosedyrekode, mangler henvisningsperiode" in page and "Kneprotese" in page
        version = page.partition('name="version" value="')[2].partition('"')[0]
        given = {"diagnosis": "m17.1", "words": "Kneartrose", "p-done": "NGB20", "period": period, "version": version}
        assert (await visitor.post("/coding/visit", **given)).status_code == 303
        assert "Kontakten mangler ingenting" in (await visitor.get("/coding/visit")).text
        assert await owed(place.record) == []
        stale = await visitor.post("/coding/visit", diagnosis="M17.0", version=version)
        assert stale.status_code == 412 and "Andre har endret kontakten" in stale.text
    held = await place.record.resource("Encounter", "visit")
    condition = await place.record.resource("Condition", held["diagnosis"][0]["condition"]["reference"].split("/")[1])
    assert condition["code"]["coding"][0]["code"] == "M17.1" and condition["code"]["text"] == "Kneartrose"


async def test_each_fault_stands_at_its_field_and_nothing_is_written(place: Place) -> None:
    async with place.house.visit("nurse") as visitor:
        await visitor.get("/coding/visit")
        wrong = await visitor.post("/coding/visit", diagnosis="knee", **{"p-done": "7"}, period="nobody")
        assert wrong.status_code == 422 and wrong.text.count("field-wrong") == 3 and 'value="knee"' in wrong.text
        empty = await visitor.post("/coding/visit", diagnosis="")
        assert empty.status_code == 422 and "Skriv det som mangler" in empty.text
    assert len(await owed(place.record)) == 1


async def test_contacts_of_other_units_are_not_coded_here(place: Place) -> None:
    async with place.house.visit("other") as visitor:
        assert (await visitor.get("/coding/visit")).status_code in (403, 404)
    async with place.house.visit("anna") as visitor:
        assert (await visitor.get("/coding/visit")).status_code == 403
