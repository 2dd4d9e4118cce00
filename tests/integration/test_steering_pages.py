"""The page of figures: what it says are the rows behind it, of one's own units alone."""

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clerical.period import Period, Status, resource
from felles.duties import handling
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from felles.web.chart.trend import FOOT, TOP, trend
from tests.integration import visiting
from tests.integration.region import build, encounter, patient

pytestmark = pytest.mark.anyio
WARD, WARD2 = "Organization/ward", "Organization/ward2"


def begun(id: str, waited: int, ended: date, unit: str = WARD) -> dict[str, Any]:
    seniority = ended - timedelta(days=waited)
    return resource(Period(
        id, "Patient/anna", unit, ("ServiceRequest/old",), Status.ACTIVE, seniority, seniority, assessed=seniority,
        outcome="right", deadline=ended, field="somatic", ended=ended, end="1",
    ))  # fmt: skip


@dataclass
class Place:
    record: Record
    house: visiting.House
    today: date


@pytest.fixture
async def place(store_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    record = await Record.open(store_url, app.RULES, lines=app.LINES)
    await build(record)
    await record.update({**patient("anna"), "name": [{"family": "Berg", "given": ["Anna"]}]})
    await record.update(encounter("stay", "anna", "ward"))
    today = NORWAY.day(handling.now())
    for number in range(60):
        await record.update(begun(f"p{number}", 30 + number % 2 * 20, today.replace(day=1)))
    await record.update(begun("before", 100, today.replace(day=1) - timedelta(days=40)))
    await record.update(begun("others", 9, today, WARD2))
    async with visiting.house(record, visiting.staff("nurse", "other", "manager"), tmp_path / "log") as house:
        yield Place(record, house, today)
    await record.close()


async def test_a_number_is_the_rows_behind_it(place: Place) -> None:
    async with place.house.visit("nurse") as visitor:
        page = (await visitor.get("/steering")).text
        assert "<strong>41 d</strong>" in page and "61 rader" in page and "Mål 61 d: nådd" in page
        month = f"{place.today:%Y-%m}"
        address = re.search(rf'href="(/steering/waited\?[^"]*month={month})">60<', page)
        assert address is not None
        first = (await visitor.get(address[1].replace("&amp;", "&"))).text
        onward = re.search(r'rel="next" href="(\?[^"]+)"', first)
        assert onward is not None
        second = (await visitor.get(f"/steering/waited{onward[1].replace('&amp;', '&')}")).text
        assert first.count("innen fristen") + second.count("innen fristen") == 60
        assert "Berg, Anna" in first and "Neste side" not in second


async def test_others_see_their_own_units(place: Place) -> None:
    async with place.house.visit("other") as visitor:
        page = (await visitor.get("/steering?months=36")).text
        assert "<strong>9 d</strong>" in page
        assert (await visitor.get("/steering?unit=ward")).status_code == 404
        assert (await visitor.get("/steering/waited?unit=ward")).status_code == 404


async def test_the_sheet_has_every_month(place: Place) -> None:
    async with place.house.visit("nurse") as visitor:
        text = (await visitor.get("/steering.csv?months=24")).text.removeprefix("\ufeff")
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=";") if row[1].startswith("Ventetid")]
    assert len(rows) == 2 * 24
    assert next(row for row in rows if row[3] == "60" and row[2] == "somatic")[4:] == ["40,00", "61,00"]


@pytest.mark.parametrize("address", ["/steering/nothing", "/steering/waited?month=2026-13", "/steering?field=x",
                                     "/steering/waited?after=1.x", "/steering/waited?month=20%C2%B2-01-1"])  # fmt: skip
async def test_what_is_not_there_is_not_there(place: Place, address: str) -> None:
    async with place.house.visit("nurse") as visitor:
        assert (await visitor.get(address)).status_code == 404


async def test_a_line_is_broken_where_nothing_happened_and_stays_in_its_frame() -> None:
    drawn = trend([1, 2, None, 4, 900], goal=3)
    assert drawn is not None and len(drawn.lines) == 2 and len(drawn.dots) == 4
    assert all(TOP <= y <= FOOT for _, y, _ in drawn.dots) and drawn.goal is not None
    assert trend([None, None]) is None
