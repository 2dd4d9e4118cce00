"""The page on which a patient closes the record, a part, one document, or keeps an employee out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.integration.own_house import House, open_house

TOMORROW = (date.today() + timedelta(days=1)).isoformat()
NOTE = {
    "resourceType": "DocumentReference", "id": "letter", "status": "current", "description": "Epikrise fra posten",
    "date": "2026-10-01T10:00:00Z", "subject": {"reference": "Patient/anna"},
    "content": [{"attachment": {"contentType": "text/plain", "data": "SGVp"}}],
}  # fmt: skip


@pytest.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(store_url, tmp_path) as opened:
        await opened.record.update(NOTE)
        yield opened


async def opens(house: House, person: str, path: str = "/patient/anna") -> int:
    return (await (await house.enter(person)).get(path)).status_code


async def test_a_patient_locks_the_whole_record_and_lifts_it_again(house: House) -> None:
    anna = await house.enter("anna")
    await anna.get("/own/locks")
    assert "Ingenting er sperret." in anna.text and "Ingen er stengt ute." in anna.text
    assert await opens(house, "nurse") == 200
    assert (await anna.send("/own/locks", extent="whole")).headers["location"] == "/own/locks"
    assert "Ingenting er sperret." not in anna.text and "til du opphever det" in anna.text
    assert await opens(house, "nurse") == 404
    assert await opens(house, "anna") == 200
    (lock,) = anna.values("id") or [""]
    await anna.send("/own/locks/lift", kind="lock", id=lock)
    assert "Ingenting er sperret." in anna.text
    assert await opens(house, "nurse") == 200
    again = await anna.send("/own/locks/lift", kind="lock", id=lock)
    assert again.status_code == 303


async def test_a_lock_on_parts_and_on_one_document(house: House) -> None:
    anna = await house.enter("anna")
    await anna.get("/own/locks")
    assert "Epikrise fra posten" in anna.text
    await anna.send("/own/locks", extent="document", document="DocumentReference/letter")
    await anna.send("/own/locks", extent="part", **{"part-medicines": "on", "part-results": "on", "until": TOMORROW})
    assert "Legemidler og allergier" in anna.text and "Prøvesvar, målinger og bilder" in anna.text
    day = date.fromisoformat(TOMORROW).strftime("%d.%m.%Y")
    assert f"til og med {day}" in anna.text and "Epikrise fra posten 01.10.2026" in anna.text
    nurse = await house.enter("nurse")
    await nurse.get("/patient/anna")
    assert nurse.page.status_code == 200 and "Epikrise fra posten" not in nurse.text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Velg hva du vil sperre."),
        ({"extent": "part"}, "Velg minst én del."),
        ({"extent": "document", "document": ""}, "Velg et dokument"),
        ({"extent": "document", "document": "DocumentReference/none"}, "Velg et dokument"),
        ({"extent": "document", "document": "Patient/bea"}, "Velg et dokument"),
        ({"extent": "whole", "until": "2020-01-01"}, "Velg en dag som kommer."),
        ({"extent": "whole", "until": "tull"}, "Velg en dag som kommer."),
        ({"extent": "whole", "until": "9999-12-31"}, "Velg en dag som kommer."),
    ],
)
async def test_what_is_wrong_is_said_and_the_form_is_kept(house: House, form: dict[str, str], words: str) -> None:
    anna = await house.enter("anna")
    await anna.get("/own/locks")
    answer = await anna.send("/own/locks", **form)
    assert answer.status_code == 422 and words in anna.text
    if form.get("extent"):
        assert f'value="{form["extent"]}" checked' in answer.text
    assert "Ingenting er sperret." in anna.text


async def test_a_form_without_its_token_does_nothing_and_is_kept(house: House) -> None:
    anna = await house.enter("anna")
    await anna.get("/own/locks")
    for path in ("", "/block", "/objection", "/lift"):
        answer = await anna.client.post(f"/own/locks{path}", data={"token": "x", "extent": "whole", "kind": "lock"})
        assert answer.status_code == 403 and "Siden var for gammel" in answer.text
    assert 'value="whole" checked' in answer.text
    await anna.get("/own/locks")
    assert "Ingenting er sperret." in anna.text


async def test_an_employee_is_found_by_name_and_kept_out(house: House) -> None:
    anna = await house.enter("anna")
    await anna.get("/own/locks")
    assert (await anna.send("/own/locks/block", name="Nobody", find="1")).status_code == 422
    assert "Vi fant ingen ansatt" in anna.text
    assert (await anna.send("/own/locks/block", name="nu", find="1")).status_code == 422
    assert (await anna.send("/own/locks/block", name="nurse", find="1")).status_code == 200
    assert anna.values("person") == ["nurse"] and "Sengeposten" in anna.text
    done = await anna.send("/own/locks/block", name="nurse", person="nurse")
    assert done.headers["location"] == "/own/locks#blocks", anna.text
    assert "Stengt ute fra:" in anna.text and "Nurse" in anna.text
    assert await opens(house, "nurse") == 404
    nurse = await house.enter("nurse")
    await nurse.get("/patient/anna/emergency")
    refused = await nurse.send("/patient/anna/emergency", reason="life", text="Hjertestans i trappen")
    assert refused.status_code == 403 and "sperret den for deg ved navn" in nurse.text


async def test_somebody_from_the_log_is_chosen_already(house: House) -> None:
    anna = await house.enter("anna")
    page = await anna.get("/own/locks?block=nurse")
    assert 'value="nurse" checked' in page.text
    assert (await anna.get("/own/locks?block=x,y|z")).status_code == 200


async def test_quality_work_is_said_no_to_and_yes_again(house: House) -> None:
    anna = await house.enter("anna")
    await anna.get("/own/locks")
    await anna.send("/own/locks/objection")
    assert "Du har sagt nei" in anna.text
    (made,) = await house.record.resources("Consent", [("patient", "Patient/anna")])
    assert made["provision"]["purpose"][0]["code"] == "HQUALITY" and made["provision"]["type"] == "deny"
    await anna.send("/own/locks/lift", kind="objection", id=made["id"])
    assert "Si nei til dette" in anna.text


async def test_nobody_lifts_what_is_not_theirs(house: House) -> None:
    anna, bea = await house.enter("anna"), await house.enter("bea")
    await anna.get("/own/locks")
    await anna.send("/own/locks", extent="whole")
    (lock,) = anna.values("id") or [""]
    await bea.get("/own/locks")
    assert (await bea.send("/own/locks/lift", kind="lock", id=lock)).status_code == 404
    await bea.get("/own/locks")
    assert (await bea.send("/own/locks/lift", kind="emergency", id=lock)).status_code == 404
    assert await opens(house, "nurse") == 404


async def test_staff_and_strangers_do_not_come_in(house: House) -> None:
    nurse = await house.enter("nurse")
    assert (await nurse.get("/own/locks")).status_code == 403
    nurse.client.cookies.clear()
    assert (await nurse.get("/own/locks")).status_code == 401
