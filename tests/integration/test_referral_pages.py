"""The pages of referrals: lists and counts agree with the ledger, what is not open has no name, acts say who was
faster."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clerical import act, waiting
from felles.clerical.act import Assessment
from felles.clerical.conservation import ASSESS, BOOK, period_id
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import appointment, fill
from tests.integration.region import consent
from tests.integration.test_referral import NUMBER, referral

pytestmark = pytest.mark.anyio
WARD = "Organization/ward"
Json = dict[str, Any]


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    yield made
    await made.close()


@dataclass
class Place:
    """The record, its pages and who may come."""

    record: Record
    house: visiting.House


@pytest.fixture
async def place(record: Record, tmp_path: Path) -> AsyncIterator[Place]:
    people = [*visiting.staff("nurse", "other", suffix="-role"), visiting.Made("anna", patient="Patient/anna")]
    async with visiting.house(record, people, tmp_path / "log") as house:
        yield Place(record, house)


def day(days: int) -> Any:
    return NORWAY.day(handling.now()) + timedelta(days=days)


async def received(record: Record, id: str, patient: str = "anna") -> str:
    await record.update(referral(id=id, patient=patient))
    return period_id(f"ServiceRequest/{id}")


async def waits(record: Record, id: str, patient: str, days: int) -> str:
    made = await received(record, id, patient)
    mine, who = await consenting.staff(record, "nurse")
    await act.assess(mine, who, made, Assessment("right", "examination", "somatic", day(days)), handling.now())
    return made


def tabs(text: str) -> dict[str, int]:
    return {
        box: int(count) for box, count in re.findall(r'\?box=([\w-]+)[^"]*"[^>]*>[^<]+<span[^>]*>(\d+)</span>', text)
    }


def rows(text: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/referrals/([\w-]+)"', text)


async def owed(record: Record) -> list[int]:
    return [row.duty.kind for row in (await worklist.open_of(record, WARD, handling.now())).rows]


async def test_the_tabs_count_what_the_ledger_owes(place: Place) -> None:
    await received(place.record, "new", "bea")
    await received(place.record, "newer", "cato")
    far, near = await waits(place.record, "far", "anna", 60), await waits(place.record, "near", "cato", 5)
    start = day(3)
    time = {"start": f"{start}T09:00:00+01:00", "end": f"{start}T09:30:00+01:00"}
    await place.record.update(appointment("t", "anna", basedOn=[{"reference": "ServiceRequest/far"}]) | time)
    async with place.house.visit("nurse") as nurse:
        page = (await nurse.get("/referrals")).text
        kinds = await owed(place.record)
        assert tabs(page) == {"to-assess": 2, "to-book": 1, "with-time": 1}
        assert (kinds.count(ASSESS.number), kinds.count(BOOK.number)) == (2, 1)
        for box, count in tabs(page).items():
            assert len(rows((await nurse.get(f"/referrals?box={box}")).text)) == count
        assert rows((await nurse.get("/referrals?box=to-book&state=near")).text) == [near]
        assert rows((await nurse.get("/referrals?box=to-book&state=late")).text) == []
        timed = (await nurse.get("/referrals?box=with-time&order=time&field=somatic")).text
        assert rows(timed) == [far] and "Berg, Anna" in timed and f"{start:%d.%m.%Y} 09:00" in timed
        assert rows((await nurse.get("/referrals?box=with-time&field=addiction")).text) == []


async def test_the_list_is_paged_in_every_order_and_taken_out_whole(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PAGE", 2)
    ids = {await received(place.record, f"r{number}", "bea") for number in range(5)}
    async with place.house.visit("nurse") as nurse:
        for order in ("due", "waited", "newest"):
            seen: list[str] = []
            path = f"/referrals?order={order}"
            while path:
                page = (await nurse.get(path)).text
                seen += rows(page)
                found = re.search(r'rel="next" href="([^"]+)"', page)
                path = found[1].replace("&amp;", "&") if found else ""
            assert len(seen) == 5 and set(seen) == ids
        sheet = await nurse.get("/referrals.csv")
        lines = list(csv.reader(io.StringIO(sheet.text.lstrip("\ufeff")), delimiter=";"))
        assert len(lines) == 6 and {line[-1] for line in lines[1:]} == ids and lines[1][0] == "Berg, Bea"
        for wrong in (
            "box=x",
            "order=x",
            "state=x",
            "field=x",
            "unit=clinic",
            "after=x",
            "after=1.99999999999999999999",
        ):
            assert (await nurse.get(f"/referrals?{wrong}")).status_code == 404, wrong


async def test_a_row_that_is_not_open_has_no_name_and_leads_nowhere(place: Place) -> None:
    id = await received(place.record, "one", "anna")
    await place.record.update(consent("shut", "anna", "lock"))
    async with place.house.visit("nurse") as nurse:
        page = (await nurse.get("/referrals")).text
        assert tabs(page)["to-assess"] == 1 and rows(page) == []
        assert "Ikke åpen for deg" in page and "Berg" not in page
        assert (await nurse.get(f"/referrals/{id}")).status_code == 404
    async with place.house.visit("other") as other:
        assert tabs((await other.get("/referrals")).text)["to-assess"] == 0
