"""Orders: signed at once, routed or refused on the spot, and owed an answer by whoever takes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clinical import order
from felles.clinical.order import CARRY_OUT, Basket, items
from felles.duties import handling
from felles.duties.duty import Duty
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill
from tests.integration.test_results_seen import report

pytestmark = pytest.mark.anyio
ANNA = "Patient/anna"
HOUR = 3_600_000_000
Json = dict[str, Any]


def service(unit: str, category: str = "laboratory") -> Json:
    return {
        "resourceType": "HealthcareService", "id": f"{unit}-{category}", "active": True,
        "category": [{"coding": [{"system": order.CATEGORY, "code": category}]}],
        "providedBy": {"reference": f"Organization/{unit}"},
    }  # fmt: skip


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update(consenting.role("doctor-role", "doctor", "ward", "LE"))
    await made.update(
        {"resourceType": "Practitioner", "id": "doctor", "active": True, "name": [{"text": "Doktor Lie"}]}
    )
    await made.update(service("clinic"))
    yield made
    await made.close()


async def owed(record: Record, id: str) -> list[Duty]:
    rows = await record.ask("duty to settle", [key64(f"ServiceRequest/{id}"), CARRY_OUT.number])
    return [Duty.of(row) for row in rows]


async def test_a_basket_is_signed_at_once_and_owed_by_who_takes_it(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    ids = await order.sign(mine, who, Basket(ANNA, ("basic", "inr"), "Feber", "stat"), now)
    made = [await record.resource("ServiceRequest", id) for id in ids]
    assert {one["performer"][0]["reference"] for one in made} == {"Organization/clinic"}
    assert len({one["requisition"]["value"] for one in made}) == 1
    (duty,) = await owed(record, ids[0])
    assert [one async for one in order.orphans(record)] == []
    assert duty.unit == key64("Organization/clinic") and duty.due <= now + 5 * HOUR
    await record.update(report("r", basedOn=[{"reference": f"ServiceRequest/{ids[0]}"}]))
    assert await owed(record, ids[0]) == [] and len(await owed(record, ids[1])) == 1
    await record.update(report("r", "entered-in-error", basedOn=[{"reference": f"ServiceRequest/{ids[0]}"}]))
    assert len(await owed(record, ids[0])) == 1


async def test_what_nobody_takes_is_refused_with_everything_else(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    with pytest.raises(Problem, match="no unit takes orders of imaging"):
        await order.sign(mine, who, Basket(ANNA, ("basic", "chest")), handling.now())
    for codes in ((), ("nothing",)):
        with pytest.raises(Problem, match="choose what is ordered"):
            await order.sign(mine, who, Basket(ANNA, codes), handling.now())
    assert not [one for one in await record.resources("ServiceRequest", []) if order.category_of(one)]
    loose = {
        "resourceType": "ServiceRequest", "id": "loose", "status": "active", "intent": "order",
        "category": [{"coding": [{"system": order.CATEGORY, "code": "laboratory"}]}], "subject": {"reference": ANNA},
    }  # fmt: skip
    with pytest.raises(Problem, match="no unit that stands"):
        await record.update(loose)
    await record.update({**await record.resource("Patient", "anna"), "deceasedBoolean": True})
    with pytest.raises(Problem, match="dead"):
        await order.sign(mine, who, Basket(ANNA, ("basic",)), handling.now())


async def test_the_nearest_that_stands_takes_it(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    await record.update(service("ward"))
    (first,) = await order.sign(mine, who, Basket(ANNA, ("basic",)), handling.now())
    assert (await record.resource("ServiceRequest", first))["performer"] == [{"reference": "Organization/ward"}]
    await record.update({**service("ward"), "active": False})
    (second,) = await order.sign(mine, who, Basket(ANNA, ("basic",)), handling.now())
    assert (await record.resource("ServiceRequest", second))["performer"] == [{"reference": "Organization/clinic"}]


async def test_the_page_orders_and_withdraws(record: Record, tmp_path: Path) -> None:
    people = visiting.staff("doctor", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("doctor") as visitor:
        here = "/patient/anna/orders"
        assert items()["basic"].names["nb"] in (await visitor.get(here)).text
        assert "Velg hva som skal" in (await visitor.post(here)).text
        refused = await visitor.post(here, **{"o-basic": "1", "o-chest": "1"}, why="Hoste")
        assert refused.status_code == 422 and "Ingen enhet tar imot" in refused.text and 'value="Hoste"' in refused.text
        assert (await visitor.post(here, **{"o-basic": "1"})).status_code == 303
        page = (await visitor.get(here)).text
        id = page.split('id="o-')[1].split('"')[0]
        assert "venter på svar" in page
        assert (await visitor.post(f"{here}/revoke", order=id, version="1", why="")).status_code == 422
        assert (await visitor.post(f"{here}/revoke", order=id, version="1", why="Feil pasient")).status_code == 303
        assert (await visitor.post(f"{here}/revoke", order=id, version="1", why="Igjen")).status_code == 409
    assert await owed(record, id) == []
