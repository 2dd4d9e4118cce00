"""Staff write, sign and follow letters: what is signed is what was shown, and no state is said before it is true."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from felles import app
from felles.delivery.letter import state_of
from felles.delivery.state import State
from felles.record.record import Record
from tests.integration import visiting
from tests.integration.correspondence import fill

pytestmark = pytest.mark.anyio


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


@pytest.fixture
async def house(record: Record, tmp_path: Path) -> AsyncIterator[visiting.House]:
    people = [visiting.Made(name, patient=f"Patient/{name}") for name in ("anna", "bea")]
    everybody = [*people, *visiting.staff("nurse", "other", "inga", suffix="-role")]
    async with visiting.house(record, everybody, tmp_path / "log") as found:
        yield found


def seal(text: str) -> str:
    found = re.search(r'name="seal" form="letter" value="([^"]*)"', text)
    assert found is not None
    return found[1]


async def signed(nurse: visiting.Visitor, patient: str, what: str, **fields: str) -> str:
    """Writes, looks and signs. Returns the page of the patient's letters."""
    address = f"/patient/{patient}/letters/new"
    shown = await nurse.post(address, what=what, look="1", **fields)
    assert shown.status_code == 200, shown.text
    done = await nurse.post(address, what=what, sign="1", seal=seal(shown.text), **fields)
    assert done.status_code == 303, done.text
    return (await nurse.get(done.headers["location"])).text


async def test_a_letter_is_shown_signed_and_followed(record: Record, house: visiting.House) -> None:
    async with house.visit("nurse") as nurse:
        page = (await nurse.get("/patient/anna/letters")).text
        assert "Innkalling til time" in page and "Undersøkelse av kneet" in page
        page = (
            await nurse.post(
                "/patient/anna/letters/new", what="appointment Appointment/anna-time", text="Ta med sokker."
            )
        ).text
        assert "Ta med sokker." in page and "Digital postkasse" in page and "har e-post" in page and "Fastlegen" in page
        assert "01.01.1980" in page
        page = await signed(nurse, "anna", "appointment Appointment/anna-time", text="Ta med sokker.")
        assert "Brevet er signert" in page and "På vei til postkassen" in page and "ikke åpnet ennå" in page
    assert len(await record.resources("Composition", [])) == 1


async def test_what_is_signed_is_what_was_shown(record: Record, house: visiting.House) -> None:
    async with house.visit("nurse") as nurse:
        shown = (await nurse.get("/patient/anna/letters/new?what=letter+Patient/anna")).text
        given = {"what": "letter Patient/anna", "sign": "1", "seal": seal(shown)}
        other = await nurse.post("/patient/anna/letters/new", text="Noe annet.", **given)
        assert other.status_code == 409 and "slik de er nå" in other.text and "Noe annet." in other.text
        assert await record.resources("Composition", []) == []
        anna = await record.resource("Patient", "anna")
        await record.update({name: value for name, value in anna.items() if name != "telecom"})
        again = await nurse.post(
            "/patient/anna/letters/new", **{**given, "text": "Noe annet.", "seal": seal(other.text)}
        )
        assert again.status_code == 409 and "e-post" in again.text


async def test_what_is_missing_is_named_and_can_be_corrected(record: Record, house: visiting.House) -> None:
    ward = await record.resource("Organization", "ward")
    await record.update({name: value for name, value in ward.items() if name != "telecom"})
    async with house.visit("nurse") as nurse:
        what = "letter Patient/anna"
        page = await nurse.post("/patient/anna/letters/new", what=what, text="Hei.", sign="1")
        assert page.status_code == 422 and "Enhetens telefonnummer" in page.text and seal(page.text) == ""
        await signed(
            nurse, "anna", what, text="Hei.", **{"field-unit.phone": "73 99 99 99", "field-patient.name": "En annen"}
        )
    (letter,) = await record.resources("Composition", [])
    assert "73 99 99 99" in letter["section"][0]["text"]["div"] and "En annen" not in str(letter)


async def test_nothing_to_the_deceased_and_who_is_left_out_has_a_reason(record: Record, house: visiting.House) -> None:
    async with house.visit("nurse") as nurse:
        what = "appointment Appointment/eva-time"
        page = (await nurse.post("/patient/eva/letters/new", what=what)).text
        assert "Pasienten er død" in page and seal(page) == ""
        page = await signed(nurse, "eva", what, **{"without-patient": "pasienten er død"})
        assert (
            "utelatt" in page and "pasienten er død" in page and "Kan ikke sendes ennå" in page and "sendt" not in page
        )


async def test_a_delivery_is_seen_to_with_a_reason(record: Record, house: visiting.House) -> None:
    async with house.visit("nurse") as nurse:
        await signed(nurse, "bea", "letter Patient/bea", text="Hei.")
        (one,) = await record.resources("Communication", [("recipient", "Patient/bea")])
        where = f"/patient/bea/letters/{one['id']}"
        page = await nurse.post(f"{where}/settle", reason="ja")
        assert page.status_code == 422 and "Skriv i noen ord" in page.text and 'value="ja"' in page.text
        assert (await nurse.post(f"{where}/settle", reason="levert i hånden")).status_code == 303
        page = await nurse.get("/patient/bea/letters")
        assert "Ordnet på annen måte" in page.text and "levert i hånden" in page.text
        assert (await nurse.post(f"{where}/void", reason="skal ikke dit")).status_code == 409
        assert (await nurse.post(f"{where}/take", reason="skal ikke dit")).status_code == 404
    assert state_of(await record.resource("Communication", one["id"])) is State.SETTLED


async def test_whose_record_is_not_open_has_no_letters_here(record: Record, house: visiting.House) -> None:
    async with house.visit("other") as other:
        for path in ("/patient/anna/letters", "/patient/anna/letters/new"):
            assert (await other.get(path)).status_code == 404
    async with house.visit("nurse") as nurse:
        assert (await nurse.get("/patient/anna/letters/new?what=appointment+Appointment/bea-time")).status_code == 404
    async with house.visit("anna") as anna:
        assert (await anna.get("/patient/anna/letters")).status_code == 403
