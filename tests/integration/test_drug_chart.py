"""The drug chart: each time of an order has one dose; what is given late, twice or to another patient is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clinical import drug_chart, giving, medication
from felles.clinical.barcode import Band, Package, scanned
from felles.clinical.dose_reading import parsed
from felles.clinical.drug_chart import Found, State
from felles.clinical.giving import Handed
from felles.clinical.medication import Script
from felles.clinical.product import SOURCE, Product
from felles.clinical.workspace import stays
from felles.duties import handling
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill
from tests.integration.test_referral import NUMBER

pytestmark = pytest.mark.anyio
HOUR = giving.HOUR
ANNA = "Patient/anna"
MORNING = NORWAY.moment(NORWAY.day(consenting.NOW)) + 7 * HOUR
"""Seven in the morning, of the house's day."""


def product(key: str) -> Product:
    found = SOURCE.product(key)
    assert found is not None
    return found


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    await made.update(consenting.role("doctor-role", "doctor", "ward", "LE"))
    await made.update({"resourceType": "Practitioner", "id": "doctor", "active": True})
    yield made
    await made.close()


async def ordered(record: Record, key: str, dose: str, now: int = MORNING) -> str:
    mine, who = await consenting.staff(record, "doctor")
    return await medication.prescribe(mine, who, Script(ANNA, product(key), parsed(dose)), now)


async def states(record: Record, now: int) -> list[str]:
    (row,) = await drug_chart.chart(record, ANNA, NORWAY.day(now), now)
    return [one.state.value for one in row.planned]


async def test_a_day_of_an_order_from_coming_to_given_withheld_and_missed(record: Record) -> None:
    mine, who = await consenting.staff(record, "nurse")
    id = await ordered(record, "metformin-500", "1 tablett 3 ganger daglig")
    assert await states(mine, MORNING - HOUR) == ["coming"] * 3
    assert await states(mine, MORNING) == ["due", "coming", "coming"]
    assert await states(mine, MORNING + 3 * HOUR) == ["late", "coming", "coming"]
    one = Handed(ANNA, product("metformin-500"), parsed("1 tablett daglig"), id)
    made = await giving.give(mine, who, one, MORNING + 3 * HOUR)
    assert await states(mine, MORNING + 3 * HOUR) == ["given", "coming", "coming"]
    two = MORNING + 7 * HOUR
    await giving.withhold(mine, who, id, two, "Faster", two)
    assert await states(mine, MORNING + 8 * HOUR) == ["given", "withheld", "coming"]
    await giving.give(mine, who, one, MORNING + 8 * HOUR)
    assert await states(mine, MORNING + 8 * HOUR) == ["given", "given", "coming"]
    await giving.take_back(mine, who, made)
    assert await states(mine, MORNING + 8 * HOUR) == ["missed", "given", "coming"]


async def test_each_time_has_one_dose_however_many_give_it(record: Record) -> None:
    mine, who = await consenting.staff(record, "nurse")
    id = await ordered(record, "metformin-500", "1 tablett 3 ganger daglig")
    one = Handed(ANNA, product("metformin-500"), parsed("1 tablett daglig"), id)
    ended = await asyncio.gather(*(giving.give(mine, who, one, MORNING) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in ended) == 1
    assert {each.status for each in ended if isinstance(each, Problem)} == {409}
    assert len(await record.resources("MedicationAdministration", [])) == 1
    with pytest.raises(Problem, match="not-due"):
        await giving.give(mine, who, one, MORNING + 2 * HOUR)
    with pytest.raises(Problem, match="no dose at this time"):
        await giving.withhold(mine, who, id, MORNING + 17, "Faster", MORNING)
    with pytest.raises(Problem, match="say why"):
        await giving.withhold(mine, who, id, MORNING + 7 * HOUR, " ", MORNING)
    with pytest.raises(Problem, match="not what is ordered"):
        other = Handed(ANNA, product("losartan-50"), parsed("1 tablett daglig"), id)
        await giving.give(mine, who, other, MORNING + 7 * HOUR)


async def test_the_first_dose_may_be_given_before_the_wards_hour(record: Record) -> None:
    mine, who = await consenting.staff(record, "nurse")
    id = await ordered(record, "metformin-500", "1 tablett daglig", MORNING + 3 * HOUR)
    one = Handed(ANNA, product("metformin-500"), parsed("1 tablett daglig"), id)
    await giving.give(mine, who, one, MORNING + 4 * HOUR)
    with pytest.raises(Problem, match="not-due"):
        await giving.give(mine, who, one, MORNING + 9 * HOUR)


async def test_what_is_late_at_midnight_stands_on_the_next_day_too(record: Record) -> None:
    await ordered(record, "simvastatin-40", "1 tablett kl. 22")
    night = MORNING + 18 * HOUR
    assert await states(record, night) == ["late", "coming"]
    (row,) = await drug_chart.chart(record, ANNA, NORWAY.day(MORNING), night)
    assert [one.state for one in row.planned] == [State.LATE]


async def test_the_scanner_finds_the_right_dose_for_the_right_patient(record: Record) -> None:
    mine, _ = await consenting.staff(record, "nurse")
    await ordered(record, "paracetamol-1g", "1 tablett 4 ganger daglig")
    rows = await drug_chart.chart(mine, ANNA, NORWAY.day(MORNING), MORNING)
    anna, today = await record.resource("Patient", "anna"), NORWAY.day(MORNING)
    band = scanned(NUMBER["identifier"][0]["value"], today)
    assert isinstance(band, Band)
    half = product("paracetamol-500")
    package = Package(half.gtin.zfill(14), today, "L1")

    def match(*args: Any) -> Any:
        return drug_chart.matched(rows, anna, *args, today)

    made = match(band, package, half)
    assert made.found is Found.READY and (made.dose.amount, made.dose.unit) == (2, "tablett")
    assert made.planned.at == MORNING + HOUR
    assert match(None, package, half).found is Found.NO_BAND
    unknown = {"identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.3", "value": "80000000085"}]}
    own = drug_chart.matched(rows, unknown, Band("80000000085"), package, half, today)
    assert own is not None and own.found is Found.READY
    assert match(Band("13116900216"), package, half).found is Found.OTHER_PATIENT
    assert match(band, Package(half.gtin.zfill(14), today - timedelta(days=1)), half).found is Found.EXPIRED
    assert match(band, package, None).found is Found.UNKNOWN
    assert match(band, package, product("losartan-50")).found is Found.NOT_DUE


async def test_the_round_has_everybody_who_lies_there_the_latest_first(record: Record) -> None:
    stay = {
        "resourceType": "Encounter", "status": "in-progress", "class": {"code": "IMP"},
        "serviceProvider": {"reference": "Organization/ward"},
    }  # fmt: skip
    for id in ("anna", "bea"):
        await record.update({**stay, "id": id, "subject": {"reference": f"Patient/{id}"}})
    await ordered(record, "metformin-500", "1 tablett 3 ganger daglig")
    mine, _ = await consenting.staff(record, "nurse")
    found = await drug_chart.beds(
        mine, [one.patient for one in await stays(mine, "Organization/ward")], 2 * HOUR, MORNING + 4 * HOUR
    )
    assert found[0].patient == ANNA and found[0].late == 1 and len(found[0].rows) == 1
    assert [one.rows for one in found[1:]] == [[]] * (len(found) - 1)
    assert [one.state for one in found[0].rows[0].planned if one.given is None] == [State.LATE]


async def test_the_pages_give_by_hand_and_by_scanner(record: Record, tmp_path: Path) -> None:
    people = visiting.staff("nurse", suffix="-role")
    here, number = "/patient/anna/drug-chart", NUMBER["identifier"][0]["value"]
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("nurse") as visitor:
        began = handling.now() - 9 * HOUR
        often = "1 tablett hver 4. time"
        by_hand, skipped = (
            await ordered(record, "losartan-50", often, began),
            await ordered(record, "amlodipin-5", often, began),
        )
        await ordered(record, "metoprolol-50", often, began)
        page = (await visitor.get(here)).text
        at = {
            id: page.split(f'id="m-{id}"')[1].split('name="planned" value="')[1].split('"')[0]
            for id in (by_hand, skipped)
        }
        bad = await visitor.post(f"{here}/withhold", line=skipped, planned=at[skipped], reason="")
        assert bad.status_code == 422 and "Skriv hvorfor den ikke ble gitt" in bad.text
        assert (
            await visitor.post(f"{here}/withhold", line=skipped, planned=at[skipped], reason="Faster")
        ).status_code == 303
        dose = {"line": by_hand, "planned": at[by_hand], "unit": "tablett"}
        assert (await visitor.post(f"{here}/give", **dose, amount="to")).status_code == 422
        assert (await visitor.post(f"{here}/give", **dose, amount="1")).status_code == 303
        twice = await visitor.post(f"{here}/give", **dose, amount="1")
        assert twice.status_code == 409 and "er ført" in twice.text
        pack = product("metoprolol-50").gtin
        assert "Skann armbåndet" in (await visitor.post(f"{here}/scan", code=pack)).text
        wrong = await visitor.post(f"{here}/scan", code="13116900216", codes=pack)
        assert wrong.status_code == 422 and "Feil pasient" in wrong.text and "Gi 1 tablett nå" not in wrong.text
        assert "verken en pakning" in (await visitor.post(f"{here}/scan", code="paracet")).text
        codes = f"{number}\n(01){pack.zfill(14)}(10)L7"
        ready = (await visitor.post(f"{here}/scan", code=codes.splitlines()[1], codes=number)).text
        assert "Gi 1 tablett nå" in ready and "Riktig pasient" in ready
        line = ready.split("chart-found-ready")[1].split('name="line" value="')[1].split('"')[0]
        given = await visitor.post(f"{here}/give", line=line, codes=codes)
        assert given.status_code == 200 and "Gitt og ført" in given.text and "skannet" in given.text
        assert (await visitor.post(f"{here}/give", line=line, codes=codes)).status_code == 409
        assert number not in str(given.url)
        assert "Ingenting er forordnet" in (await visitor.get(f"{here}?day=2020-01-01")).text
        for day in ("9999-12-31", "0001-01-01", "2026-02-30", "x"):
            assert (await visitor.get(f"{here}?day={day}")).status_code == 200
        assert "Ingen ligger i enheten" in (await visitor.get("/round")).text
    made = await record.resources("MedicationAdministration", [("status", "completed")])
    assert len(made) == 2 and sum("L7" in str(one) for one in made) == 1
