"""The page of reports: the reader's units alone, the same numbers as the extract, links to what is owed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from felles.clerical.npr.answer import read
from felles.clerical.npr.obligation import kept
from felles.clerical.npr.taking import receive
from felles.duties import handling
from felles.record.record import Record
from tests.integration import visiting
from tests.integration.test_npr import ERRORS, HOSPITAL, NOVEMBER, opened, taken

pytestmark = pytest.mark.anyio


@dataclass
class Place:
    record: Record
    house: visiting.House


@pytest.fixture
async def place(store_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    record = await opened(store_url)
    people = [*visiting.staff("nurse", "other", suffix="-role"), visiting.Made("anna", patient="Patient/anna")]
    async with visiting.house(record, people, tmp_path / "log") as house:
        yield Place(record, house)
    await record.close()


async def test_before_the_first_extract_the_page_says_so_and_what_lacks_codes(place: Place) -> None:
    async with place.house.visit("nurse") as visitor:
        page = (await visitor.get("/reports")).text
    assert "ikke tatt noe uttrekk ennå" in page
    assert '/duties?unit=ward&amp;kind=complete-codes">Sengeposten</a> <span class="duty-count">3</span>' in page


async def test_the_reconciliation_of_one_s_units_stands_on_the_page_and_in_the_sheet(
    place: Place, tmp_path: Path
) -> None:
    async with place.house.visit("nurse") as visitor:
        await taken(place.record, tmp_path / "out")
        page = (await visitor.get("/reports?month=2026-11")).text
        sheet = (await visitor.get("/reports.csv?month=2026-11")).text
    assert "går opp" in page and "mangler start eller slutt, mangler diagnose" in page and "05.12.2026" in page
    assert "Sengeposten;5;1;4;2;2;0;2;2;ja" in sheet.replace(",", ";").replace('"', "")


async def test_units_of_others_are_not_shown(place: Place, tmp_path: Path) -> None:
    await taken(place.record, tmp_path / "out")
    async with place.house.visit("other") as visitor:
        page = (await visitor.get("/reports")).text
    assert "Sengeposten" not in page


async def test_errors_of_npr_lead_to_what_is_owed(place: Place, tmp_path: Path) -> None:
    await taken(place.record, tmp_path / "out")
    error = '<Episode episodeID="whole"><Feil feilkode="1201"/></Episode>'
    await receive(place.record, read(ERRORS.format(error).encode()), handling.now())
    assert (await kept(place.record, HOSPITAL, NOVEMBER)) is not None
    async with place.house.visit("nurse") as visitor:
        page = (await visitor.get("/reports?month=2026-11")).text
        assert "kind=npr-error" in page and "1 feil fra NPR" in page
        assert (await visitor.get("/reports?month=soon")).status_code == 404


async def test_patients_do_not_see_it(place: Place) -> None:
    async with place.house.visit("anna") as visitor:
        assert (await visitor.get("/reports")).status_code == 403
