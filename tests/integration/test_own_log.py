"""The patient's log page: who, when, what and why, and that looking at it stands there too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from felles.access.audit.place import Place
from felles.access.audit.sealer import Sealer
from tests.audit import place_in
from tests.integration.consenting import FNR, person
from tests.integration.own_house import House, open_house
from tests.integration.test_own_powers import BEA

WHY = "Hjertestans på gaten, må kjenne legemidler"


@pytest.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(store_url, tmp_path) as opened:
        await opened.record.update(person("bea", "1980-01-02", identifier=[{"system": FNR, "value": BEA}]))
        yield opened


async def sealed(house: House) -> None:
    """What the pages have told the log stands in the store."""
    place = place_in(house.log.parent, house.record.store.address)
    await Sealer(house.record, Place(house.log, place.anchor)).settle()


async def test_an_emergency_stands_with_its_reason_and_never_its_text(house: House) -> None:
    other = await house.enter("other")
    await other.get("/patient/anna/emergency")
    await other.send("/patient/anna/emergency", reason="life", text=WHY)
    await sealed(house)
    anna = await house.enter("anna")
    await anna.get("/own/log")
    assert "Nødåpning" in anna.text and "Fare for liv eller alvorlig helseskade" in anna.text
    assert "Other" in anna.text and "Klinikken" in anna.text and WHY not in anna.page.text
    assert "grunnlaget er ikke oppgitt" not in anna.text
    assert 'href="/own/locks?block=other#blocks"' in anna.page.text


async def test_looking_at_the_log_stands_in_the_log(house: House) -> None:
    anna = await house.enter("anna")
    await anna.get("/own/log")
    assert "Ingen har åpnet journalen din ennå." in anna.text
    await sealed(house)
    await anna.get("/own/log")
    assert "Du selv" in anna.text and "leste loggen" in anna.text


async def test_a_power_of_attorney_is_told_of_in_both_logs(house: House) -> None:
    anna, bea = await house.enter("anna"), await house.enter("bea")
    await anna.get("/own/powers")
    given = {"number": BEA, "family": "Berg", "area-record": "on"}
    assert (await anna.send("/own/powers", **given)).status_code == 303
    await bea.get("/own/acting")
    await bea.client.post("/own/acting", data={"token": bea.token, "patient": "Patient/anna"})
    assert (await bea.get("/patient/anna")).status_code == 200
    await sealed(house)
    await anna.get("/own/log")
    assert "Bea Berg" in anna.text and "handlet på dine vegne" in anna.text
    await bea.get("/own/acting")
    await bea.send("/own/acting/end")
    await bea.get("/own/log")
    assert "Anna Berg" in bea.text and "skulle gi deg en fullmakt" in bea.text
