"""Powers of attorney and acting for others: given, seen and revoked on the pages; what they open, and when they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from felles.demo import number
from tests.integration.consenting import FNR, person
from tests.integration.own_house import Browser, House, open_house

BEA = number.personal_number(date(1980, 1, 2), "female", 3, set())
SECRET = number.personal_number(date(1990, 3, 4), "female", 3, set())
NEXT_WEEK = date.today() + timedelta(days=7)


@pytest.fixture
async def house(store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(store_url, tmp_path) as opened:
        await opened.record.update(person("bea", "1980-01-02", identifier=[{"system": FNR, "value": BEA}]))
        secret = await opened.record.resource("Patient", "secret")
        await opened.record.update({**secret, "identifier": [{"system": FNR, "value": SECRET}]})
        await opened.record.update({
            "resourceType": "Observation", "id": "pulse", "status": "final", "code": {"text": "Puls i hvile"},
            "subject": {"reference": "Patient/child"},
        })  # fmt: skip
        yield opened


async def give(browser: Browser, **fields: str) -> int:
    form = {"number": BEA, "family": "Berg", "area-record": "on", **fields}
    await browser.get("/own/powers")
    return (await browser.send("/own/powers", **form)).status_code


async def act(browser: Browser, patient: str) -> int:
    await browser.get("/own/acting")
    answer = await browser.client.post("/own/acting", data={"token": browser.token, "patient": f"Patient/{patient}"})
    await browser.get("/start")
    return answer.status_code


async def test_a_power_is_given_seen_by_both_and_revoked(house: House) -> None:
    anna, bea = await house.enter("anna"), await house.enter("bea")
    assert await give(anna, **{"area-record": "", "area-medicines": "on", "until": NEXT_WEEK.isoformat()}) == 303
    assert "Bea Berg" in anna.text and "Legemidler og allergier" in anna.text and "Kan lese ·" in anna.text
    assert f"til og med {NEXT_WEEK:%d.%m.%Y}" in anna.text
    await bea.get("/own/powers")
    assert "Anna Berg" in bea.text and "Du kan lese, ikke handle." in bea.text and BEA not in bea.text
    (id,) = anna.values("id")
    await anna.send("/own/powers/revoke", giver="Patient/anna", id=id)
    assert "Ingen har fullmakt fra deg." in anna.text
    await bea.get("/own/powers")
    assert "Du representerer ingen." in bea.text


async def test_who_has_one_lays_it_down(house: House) -> None:
    anna, bea = await house.enter("anna"), await house.enter("bea")
    await give(anna)
    await bea.get("/own/powers")
    (id,) = bea.values("id")
    await bea.send("/own/powers/revoke", giver="Patient/anna", id=id)
    assert "Du representerer ingen." in bea.text
    await anna.get("/own/powers")
    assert "Ingen har fullmakt fra deg." in anna.text


@pytest.mark.parametrize(
    "fields",
    [
        {"family": "Hansen"},
        {"family": ""},
        {"number": "12345678901"},
        {"number": number.personal_number(date(1971, 1, 2), "male", 9, set())},
        {"number": SECRET},
        {"number": "15076500565"},
    ],
)
async def test_nobody_is_found_by_trying(house: House, fields: dict[str, str]) -> None:
    """A stranger, the wrong name, oneself, somebody at a protected address: always the same words."""
    anna = await house.enter("anna")
    assert await give(anna, **fields) == 422
    assert "Vi fant ingen som kan få fullmakt" in anna.text
    assert 'name="area-record" checked' in anna.page.text


async def test_trying_many_numbers_has_an_end(house: House) -> None:
    anna = await house.enter("anna")
    tried = [await give(anna, family="Hansen") for _ in range(12)]
    assert tried[:10] == [422] * 10 and tried[-1] == 429
    assert "Vent noen minutter" in anna.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"area-record": ""}, "Velg minst én del."), ({"until": "2020-01-01"}, "Velg en dag som kommer.")],
)
async def test_what_is_wrong_is_said(house: House, fields: dict[str, str], words: str) -> None:
    anna = await house.enter("anna")
    assert await give(anna, **fields) == 422
    assert words in anna.text and f'value="{BEA}"' in anna.page.text


async def test_a_mother_acts_for_her_child_and_ends_it(house: House) -> None:
    mother = await house.enter("mother")
    await mother.get("/own/powers")
    assert "Child Berg" in mother.text and "Fra 29.02.2028, når barnet fyller 12 år" in mother.text
    before = mother.token
    assert await act(mother, "child") == 303
    assert "Du handler for Child Berg." in mother.page.text
    stale = await mother.client.post("/own/locks", data={"token": before, "extent": "whole"})
    assert stale.status_code == 403
    page = await mother.get("/patient/child")
    assert page.status_code == 200 and "Du handler for Child Berg." in page.text
    assert (await mother.get("/patient/mother")).status_code == 404
    assert (await mother.get("/patient/anna")).status_code == 404
    await mother.get("/own/locks")
    assert (await mother.send("/own/locks", extent="whole")).status_code == 303
    (lock,) = await house.record.resources("Consent", [("patient", "Patient/child")])
    assert lock["performer"] == [{"reference": "Patient/mother"}]
    await mother.send("/own/acting/end")
    assert "Du handler for" not in mother.page.text
    assert (await mother.get("/patient/child")).status_code == 404
    assert (await mother.get("/patient/mother")).status_code == 200


async def test_the_log_and_the_powers_are_for_nobody_who_acts(house: House) -> None:
    mother = await house.enter("mother")
    await act(mother, "child")
    assert '"/own/log"' not in mother.page.text and '"/own/powers"' not in mother.page.text
    for path in ("/own/log", "/own/powers"):
        assert (await mother.get(path)).status_code == 403
    token = (await mother.get("/own/acting")) and mother.token
    given = {"token": token, "number": BEA, "family": "Berg", "area-record": "on"}
    assert (await mother.client.post("/own/powers", data=given)).status_code == 403


async def test_a_stranger_is_not_acted_for(house: House) -> None:
    anna = await house.enter("anna")
    for whom in ("child", "mother", "anna", "nobody", ""):
        assert await act(anna, whom) == 403
    nurse = await house.enter("nurse")
    assert (await nurse.get("/own/acting")).status_code == 403


async def test_a_revoked_power_ends_at_the_next_request(house: House) -> None:
    anna, bea = await house.enter("anna"), await house.enter("bea")
    await give(anna, deeds="act")
    assert await act(bea, "anna") == 303
    assert (await bea.get("/patient/anna")).status_code == 200
    await bea.get("/own/locks")
    form = bea.token
    await anna.get("/own/powers")
    await anna.send("/own/powers/revoke", id=anna.values("id")[0])
    answer = await bea.client.post("/own/locks", data={"token": form, "extent": "whole"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/own/acting")
    consents = await house.record.resources("Consent", [("category", "urn:felles:consent|lock")])
    assert consents == []
    for path in ("/patient/anna", "/patient/bea", "/own/log", "/own/powers"):
        assert (await bea.get(path)).headers["location"] == "/own/acting"
    assert (await bea.get("/")).headers["location"] == "/own/acting"
    await bea.get("/own/acting")
    assert "Du kan ikke lenger handle for den du valgte." in bea.text
    await bea.send("/own/acting/end")
    assert (await bea.get("/patient/bea")).status_code == 200


async def test_a_birthday_narrows_and_then_ends_it(house: House) -> None:
    mother = await house.enter("mother")
    await act(mother, "child")
    child, today = await house.record.resource("Patient", "child"), date.today()
    await house.record.update({**child, "birthDate": today.replace(year=today.year - 12, day=1).isoformat()})
    page = await mother.get("/patient/child")
    assert page.status_code == 200 and "Du har ikke rett til å se dette" in page.text
    assert '"/own/locks"' not in page.text and (await mother.get("/own/locks")).status_code == 403
    await house.record.update({**child, "birthDate": today.replace(year=today.year - 16, day=1).isoformat()})
    assert (await mother.get("/patient/child")).headers["location"] == "/own/acting"


async def test_reading_is_not_acting(house: House) -> None:
    anna, bea = await house.enter("anna"), await house.enter("bea")
    await give(anna)
    await act(bea, "anna")
    await bea.get("/own/locks")
    assert "Fullmakten din gjelder innsyn." in bea.text and 'name="extent"' not in bea.page.text
    assert (await bea.send("/own/locks", extent="whole")).status_code == 403


async def test_a_young_person_learns_what_parents_see(house: House) -> None:
    child, today = await house.record.resource("Patient", "child"), date.today()
    born = today.replace(year=today.year - 13, day=1)
    await house.record.update({**child, "birthDate": born.isoformat()})
    young = await house.enter("child")
    await young.get("/own/powers")
    turns = born.replace(year=born.year + 16)
    assert f"De ser timer og vaksiner. Fra {turns:%d.%m.%Y}" in young.text
    assert "Du kan gi fullmakt når du har fylt 16 år." in young.text and 'name="number"' not in young.page.text


async def test_whose_address_is_protected_gives_none(house: House) -> None:
    secret = await house.enter("secret")
    assert await give(secret) == 422
    assert "Adressen din er beskyttet." in secret.text and 'name="number"' not in secret.page.text


async def test_a_form_without_its_token_does_nothing(house: House) -> None:
    mother = await house.enter("mother")
    for path in ("/own/powers", "/own/powers/revoke", "/own/acting", "/own/acting/end"):
        answer = await mother.client.post(path, data={"token": "x", "patient": "Patient/child"})
        assert answer.status_code == 403 and "Siden var for gammel" in answer.text
    assert "Du handler for" not in (await mother.get("/start")).text
