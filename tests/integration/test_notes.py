"""Notes: drafts that are not lost, several writers at once, signing, addenda, and notes in the wrong record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from felles import app
from felles.clinical import note
from felles.duties import handling
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill

pytestmark = pytest.mark.anyio
ANNA = "Patient/anna"


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update(consenting.role("doctor-role", "doctor", "ward", "LE"))
    await made.update(
        {"resourceType": "Practitioner", "id": "doctor", "active": True, "name": [{"text": "Doktor Lie"}]}
    )
    yield made
    await made.close()


async def test_a_draft_becomes_a_version_when_it_is_signed(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    now = handling.now()
    id = await note.begin(mine, who, ANNA, "note", now)
    await note.save(mine, who, ANNA, id, 0, 1, "", "Hoste i <3 dager>", now)
    held = await note.draft(mine, who, ANNA, id)
    assert [one.version for one in held.sections] == [2, 1, 1, 1] and await record.resources("Composition", []) == []
    with pytest.raises(Problem, match="others have written"):
        await note.sign(mine, who, ANNA, id, {**held.versions, 0: 1}, now)
    made = await record.resource("Composition", await note.sign(mine, who, ANNA, id, held.versions, now))
    assert made["section"] == [
        {"title": "Aktuelt", "text": {"status": "generated", "div": made["section"][0]["text"]["div"]}}
    ]
    assert "Hoste i &lt;3 dager&gt;" in made["section"][0]["text"]["div"] and made["status"] == "final"
    assert await note.drafts(mine, who, ANNA) == []
    with pytest.raises(Problem, match="may have been signed"):
        await note.save(mine, who, ANNA, id, 0, 2, "", "For sent", now)


async def test_of_twenty_who_write_at_once_nobody_is_blocked_and_nothing_is_lost(record: Record) -> None:
    doctor, nurse = await consenting.staff(record, "doctor"), await consenting.staff(record, "nurse")
    now = handling.now()
    id = await note.begin(*doctor, ANNA, "nursing", now)
    saves = [
        note.save(*(doctor, nurse)[n % 2], ANNA, id, 0, 1, "", f"Linje {n}", now) for n in range(20)
    ]  # fmt: skip
    ended: list[object] = []
    for start in range(0, 20, 5):
        ended += await asyncio.gather(*saves[start : start + 5])
    text = (await note.draft(*doctor, ANNA, id)).sections[0].text
    assert sorted(text.split("\n")) == sorted(f"Linje {n}" for n in range(20))
    assert all(isinstance(one, note.Saved) for one in ended)


async def test_an_epicrisis_begins_with_what_the_record_has(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    subject = {"subject": {"reference": ANNA}}
    condition = {"resourceType": "Condition", "id": "c", "clinicalStatus": active, "code": {"text": "Lungebetennelse"}}
    await record.update({**condition, **subject})
    order = {
        "resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
        "medicationCodeableConcept": {"text": "Amoksicillin"}, "dosageInstruction": [{"text": "1 kapsel daglig"}],
        **subject,
    }  # fmt: skip
    await record.update(order)
    id = await note.begin(mine, who, ANNA, "epicrisis", handling.now())
    texts = {one.title: one.text for one in (await note.draft(mine, who, ANNA, id)).sections}
    assert texts["Diagnoser"] == "Lungebetennelse"
    assert texts["Medisiner ved utskrivning"] == "Amoksicillin: 1 kapsel daglig" and texts["Forløp"] == ""


async def test_addendum_countersignature_and_the_wrong_record(record: Record) -> None:
    doctor, nurse = await consenting.staff(record, "doctor"), await consenting.staff(record, "nurse")
    now = handling.now()
    id = await note.begin(*nurse, ANNA, "nursing", now)
    await note.save(*nurse, ANNA, id, 0, 1, "", "Rolig natt", now)
    signed = await note.sign(*nurse, ANNA, id, (await note.draft(*nurse, ANNA, id)).versions, now)
    await note.countersign(*doctor, signed, 1, now)
    with pytest.raises(Problem, match="your signature already"):
        await note.countersign(*doctor, signed, 2, now)
    added = await note.begin(*doctor, ANNA, "addendum", now, f"Composition/{signed}")
    await note.save(*doctor, ANNA, added, 0, 1, "", "Feber om morgenen", now)
    made = await note.sign(*doctor, ANNA, added, (await note.draft(*doctor, ANNA, added)).versions, now)
    assert (await record.resource("Composition", made))["relatesTo"][0]["targetReference"]["reference"].endswith(signed)
    with pytest.raises(Problem, match="only who wrote"):
        await note.withdraw(*doctor, signed, 2, "Feil pasient")
    await note.withdraw(*nurse, signed, 2, "Feil pasient")
    held = await record.resource("Composition", signed)
    assert held["status"] == "entered-in-error" and held["extension"][0]["valueString"] == "Feil pasient"
    with pytest.raises(Problem, match="cannot be added to"):
        await note.begin(*doctor, ANNA, "addendum", now, f"Composition/{signed}")


async def test_another_units_draft_and_an_empty_note(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    id = await note.begin(mine, who, ANNA, "note", handling.now())
    with pytest.raises(Problem):
        await note.draft(*await consenting.staff(record, "other"), ANNA, id)
    with pytest.raises(Problem, match="no such draft"):
        await note.draft(mine, who, "Patient/bea", id)
    with pytest.raises(Problem, match="says nothing"):
        await note.sign(mine, who, ANNA, id, (await note.draft(mine, who, ANNA, id)).versions, handling.now())
    with pytest.raises(Problem, match="at most"):
        await note.save(mine, who, ANNA, id, 0, 1, "", "x" * 40_001, handling.now())
    await note.discard(mine, who, ANNA, id)
    assert await note.drafts(mine, who, ANNA) == []


async def test_the_pages_write_save_merge_and_sign(record: Record, tmp_path: Path) -> None:
    people = visiting.staff("doctor", "nurse", suffix="-role")
    async with (
        visiting.house(record, people, tmp_path / "log") as house,
        house.visit("doctor") as doctor,
        house.visit("nurse") as nurse,
    ):
        await doctor.get("/patient/anna/notes")
        begun = await doctor.post("/patient/anna/notes", template="note")
        here = begun.headers["location"]
        page = (await doctor.get(here)).text
        assert page.count("data-place=") == 4 and "Journalnotat" in page
        await nurse.get(here)
        theirs = (await nurse.post(f"{here}/save", place="0", version="1", base="", text="Sover godt")).json()
        assert theirs["version"] == 2 and not theirs["others"]
        mine = (await doctor.post(f"{here}/save", place="0", version="1", base="", text="Hoster")).json()
        assert mine["others"] and mine["text"] == "Sover godt\nHoster" and mine["version"] == 3
        rest = {f"{name}{place}": "1" if name == "v" else "" for name in "vbs" for place in (1, 2, 3)}
        late = {"v0": "2", "b0": "Sover godt", "s0": "Sover godt\nspiser", "sign": "1"}
        stale = await doctor.post(f"{here}/sign", **late, **rest)
        assert stale.status_code == 409 and "Hoster" in stale.text and "spiser" in stale.text
        assert (await doctor.post(f"{here}/sign", **late)).status_code == 422
        done = {"v0": "4", "b0": "", "s0": "Ferdig", "sign": "1"}
        signed = await doctor.post(f"{here}/sign", **done, **rest)
        assert signed.status_code == 303, signed.text
        shown = (await doctor.get("/patient/anna/notes")).text
        assert "Ferdig" in shown and "Tillegg" in shown
        assert (await doctor.get(here)).status_code == 404
