"""The form on which staff take down what a patient decides, with the conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.own_house import Browser, House, open_house

SAID = "Anna ba om dette på rommet i formiddag"
HERE = "/patient/anna/wishes"


@pytest.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(store_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def nurse(house: House) -> Browser:
    browser = await house.enter("nurse")
    await browser.get(HERE)
    return browser


async def test_a_lock_is_taken_down_with_the_conversation_and_seen_by_the_patient(house: House, nurse: Browser) -> None:
    assert "Berg, Anna" in nurse.page.text and 'aria-current="page">Pasientens ønsker' in nurse.page.text
    done = await nurse.send(HERE, kind="lock", extent="part", text=SAID, **{"part-results": "on"})
    assert done.headers["location"] == f"{HERE}?done=lock" and "Skrevet ned." in nurse.text
    anna = await house.enter("anna")
    await anna.get("/own/locks")
    assert "Prøvesvar, målinger og bilder" in anna.text and "notert av Nurse" in anna.text and SAID in anna.text


async def test_whoever_is_locked_out_opens_on_the_patients_word(house: House, nurse: Browser) -> None:
    await nurse.send(HERE, kind="lock", extent="whole", text=SAID)
    assert nurse.page.status_code == 200 and "Journalen er sperret." in nurse.text and "Berg" not in nurse.text
    assert (await nurse.get("/patient/anna")).status_code == 404
    await nurse.get(HERE)
    await nurse.send(HERE, kind="opening", extent="whole", text=SAID)
    assert (await nurse.get("/patient/anna")).status_code == 200


async def test_an_employee_is_kept_out_on_the_patients_word(house: House, nurse: Browser) -> None:
    assert (await nurse.send(HERE, kind="block", name="oth", text=SAID)).status_code == 200
    assert nurse.values("person") == ["other"] and SAID in nurse.page.text
    await nurse.send(HERE, kind="block", name="oth", person="other", extent="whole", text=SAID)
    anna = await house.enter("anna")
    await anna.get("/own/locks")
    assert "Other" in anna.text and "Slipp inn igjen" in anna.text


async def test_an_objection_is_taken_down(house: House, nurse: Browser) -> None:
    await nurse.send(HERE, kind="objection", text=SAID)
    (made,) = await house.record.resources("Consent", [("patient", "Patient/anna")])
    assert made["provision"]["purpose"][0]["code"] == "HQUALITY"
    assert made["verification"][0]["verifiedWith"]["reference"] == "Patient/anna"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"text": SAID}, "Velg hva pasienten vil."),
        ({"kind": "lock", "text": SAID}, "Velg hva det gjelder."),
        ({"kind": "lock", "extent": "part", "text": SAID}, "Velg minst én del."),
        ({"kind": "lock", "extent": "whole", "text": "ja"}, "Skriv ned samtalen"),
        ({"kind": "lock", "extent": "whole", "until": "2020-01-01", "text": SAID}, "Velg en dag som kommer."),
        ({"kind": "block", "text": SAID}, "Vi fant ingen ansatt"),
        ({"kind": "objection", "text": ""}, "Skriv ned samtalen"),
    ],
)
async def test_what_is_wrong_is_said(house: House, nurse: Browser, form: dict[str, str], words: str) -> None:
    answer = await nurse.send(HERE, **form)
    assert answer.status_code == 422 and words in nurse.text
    assert await house.record.resources("Consent", [("patient", "Patient/anna")]) == []


async def test_who_has_no_business_with_the_record_learns_nothing(house: House) -> None:
    other = await house.enter("other")
    closed, missing = await other.get(HERE), await other.get("/patient/nobody/wishes")
    assert (closed.status_code, missing.status_code) == (404, 404)
    assert closed.text.replace("/anna/", "/nobody/") == missing.text
    await other.get("/start")
    assert (await other.send(HERE, kind="lock", extent="whole", text=SAID)).status_code == 404
    anna = await house.enter("anna")
    assert (await anna.get(HERE)).status_code == 403


async def test_a_form_without_its_token_is_kept_and_does_nothing(nurse: Browser, house: House) -> None:
    answer = await nurse.client.post(HERE, data={"token": "x", "kind": "lock", "extent": "whole", "text": SAID})
    assert answer.status_code == 403 and SAID in answer.text
    assert await house.record.resources("Consent", [("patient", "Patient/anna")]) == []
