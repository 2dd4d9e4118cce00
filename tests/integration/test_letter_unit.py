"""A unit's letters, the print room and the templates, on pages: as many as the ledger counts, and bulk acts that can be
broken off."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from felles import app
from felles.delivery import run
from felles.delivery.act import sign
from felles.delivery.conservation import DELIVER
from felles.delivery.letter import channel_of, state_of
from felles.delivery.state import Event, State
from felles.delivery.template import shipped_text
from felles.duties import handling
from felles.duties.listing import Box, Wanted, count
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import appointment, fill, order

pytestmark = pytest.mark.anyio
PEOPLE = ("anna", "bea", "cato")


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    for name, unit in (("chief", "hospital"), ("wardadmin", "ward")):
        await made.update(
            {"resourceType": "Practitioner", "id": name, "active": True, "name": [{"text": name.title()}]}
        )
        code = [{"coding": [{"system": "urn:felles:role", "code": "administrator"}]}]
        await made.update({**consenting.role(f"{name}-role", name, unit, "XX"), "active": True, "code": code})
    yield made
    await made.close()


@pytest.fixture
async def house(record: Record, tmp_path: Path) -> AsyncIterator[visiting.House]:
    everybody = visiting.staff("nurse", "other", "inga", "chief", "wardadmin", suffix="-role")
    async with visiting.house(record, everybody, tmp_path / "log") as found:
        yield found


async def written(record: Record, *patients: str) -> None:
    mine, who = await consenting.staff(record, "nurse")
    for patient in patients:
        await sign(mine, who, order(patient), handling.now())


async def owed(record: Record) -> int:
    want = Wanted(Box.UNIT, handling.now(), frozenset((key64("Organization/ward"),)), kind=DELIVER.number)
    return await count(record, want)


def shown(page: str, box: str = "out") -> int:
    found = re.search(rf'box={box}[^>]*>[^<]*<span class="duty-count">(\d+)</span>', page)
    assert found is not None
    return int(found[1])


async def test_the_list_has_as_many_as_the_ledger_and_narrows(record: Record, house: visiting.House) -> None:
    await written(record, *PEOPLE)
    async with house.visit("nurse") as nurse:
        page = (await nurse.get("/letters")).text
        assert shown(page) == await owed(record) == 5
        assert (
            page.count("/patient/anna/letters") == 2
            and "Venter på trykkeriet" in page
            and "Kan ikke sendes ennå" in page
        )
        paper = (await nurse.get("/letters?channel=print")).text
        assert "/patient/bea/letters" in paper and "/patient/anna/letters" not in paper and shown(paper) == 5
        assert "Ingenting her" in (await nurse.get("/letters?template=epicrisis")).text
        assert "Ingenting her" in (await nurse.get("/letters?older=1")).text
        assert (await nurse.get("/letters?unit=inside")).status_code == 404


async def test_a_letter_to_the_unit_is_read_there_and_only_there(record: Record, house: visiting.House) -> None:
    await written(record, "anna")
    (one,) = await record.resources("Communication", [("recipient", "PractitionerRole/inga-role")])
    async with house.visit("other") as other:
        assert (await other.get(f"/letters/{one['id']}")).status_code == 404
    async with house.visit("inga") as inga:
        page = (await inga.get("/letters?box=in")).text
        assert shown(page, "in") == 1 and f"/letters/{one['id']}" in page
        page = (await inga.get(f"/letters/{one['id']}")).text
        assert "Innkalling til time" in page and "avsenderen ser at det er kommet fram" in page
        assert shown((await inga.get("/letters?box=in")).text, "in") == 0
    assert state_of(await record.resource("Communication", one["id"])) is State.DELIVERED


async def test_what_no_longer_matters_is_found_and_voided_in_bulk(record: Record, house: visiting.House) -> None:
    await written(record, *PEOPLE)
    await record.update({**appointment("bea-time", "bea"), "status": "cancelled"})
    async with house.visit("nurse") as nurse:
        page = (await nurse.get("/letters?still=gone")).text
        assert "/patient/bea/letters" in page and "/patient/cato/letters" not in page and "Avlyst" in page
        short = await nurse.post("/letters/run", still="gone", all="1", event="void", reason="x")
        assert short.status_code == 303 and "wrong=run" in short.headers["location"]
        done = await nurse.post("/letters/run", still="gone", all="1", event="void", reason="timen er avlyst")
        told = (await nurse.get(done.headers["location"])).text
        assert "Ferdig." in told and "timen er avlyst" in told
        assert shown((await nurse.get("/letters")).text) == await owed(record) == 4
    (one,) = await record.resources("Communication", [("recipient", "Patient/bea")])
    assert state_of(one) is State.VOID and one["statusReason"]["text"] == "timen er avlyst"


async def test_a_run_that_is_broken_off_goes_on_and_touches_nobody_else_s(
    record: Record, house: visiting.House
) -> None:
    await written(record, *PEOPLE)
    mine, who = await consenting.staff(record, "nurse")
    now = handling.now()
    letters = [one for one in await record.resources("Communication", []) if state_of(one) is State.QUEUED]
    pairs = [(one["id"], int(one["meta"]["versionId"])) for one in letters]
    begun = await run.begin(mine, who, pairs, Event.VOID, "sendt ved en feil", now)
    await run.go_on(mine, who, begun, 0, now)
    far = await run.progress(mine, begun)
    assert len(far.done) == 1 and len(far.left) == len(pairs) - 1
    faster = next(one for one in letters if one["id"] in far.left)
    moved = {**faster, "status": "stopped"}
    moved["statusReason"] = {"coding": [{"system": "urn:felles:delivery-state", "code": "settled"}], "text": "ringt"}
    await record.update(moved)
    theirs, other = await consenting.staff(record, "other")
    with pytest.raises(Problem, match="404"):
        await run.run_of(theirs, other, begun.number, now)
    async with house.visit("nurse") as nurse:
        assert "sendt ved en feil" in (await nurse.get("/letters")).text
        await nurse.post(f"/letters/run/{begun.number:x}")
        assert "Ferdig." in (await nurse.get(f"/letters/run/{begun.number:x}")).text
    far = await run.progress(mine, begun)
    assert list(far.changed) == [faster["id"]] and len(far.done) == len(pairs) - 1 and not far.left
    assert state_of(await record.resource("Communication", faster["id"])) is State.SETTLED


async def test_the_print_room_makes_confirms_and_gives_back(record: Record, house: visiting.House) -> None:
    await written(record, "bea", "cato")
    async with house.visit("nurse") as nurse:
        page = (await nurse.get("/print")).text
        assert re.search(r'letter-number">2<', page)
        await nurse.post("/print")
        page = (await nurse.get("/print?done=made")).text
        assert "Bunke med 2 brev" in page and "ikke sendt før bunken bekreftes" in page
        found = re.search(r"/print/([\w-]+)\.pdf", page)
        assert found is not None
        batch = found[1]
        sheet = await nurse.get(f"/print/{batch}.csv")
        assert sheet.text.startswith("nr,forsendelse,sider,avtrykk") and "Bea" not in sheet.text
        assert (await nurse.get(f"/print/{batch}.pdf")).content.startswith(b"%PDF")
        for spoiled, why in (("3", "papirstopp"), ("to", "papirstopp"), ("2", "")):
            page = await nurse.post(f"/print/{batch}/confirm", spoiled=spoiled, why=why)
            assert page.status_code == 422 and f'value="{spoiled}"' in page.text
        assert (await nurse.post(f"/print/{batch}/confirm", spoiled="2", why="papirstopp")).status_code == 303
        assert (await nurse.post(f"/print/{batch}/confirm")).status_code == 409
    async with house.visit("other") as other:
        assert (await other.get(f"/print/{batch}.pdf")).status_code == 404
    paper = [one for one in await record.resources("Communication", []) if channel_of(one) == "print"]
    assert sorted(state_of(one) for one in paper) == [State.REFUSED, State.SENT]


async def test_a_template_that_forgets_a_receiver_is_refused_with_every_fault(
    record: Record, house: visiting.House
) -> None:
    text = shipped_text("appointment").replace("version = 1", "version = 2")
    async with house.visit("nurse") as nurse:
        page = (await nurse.get("/templates")).text
        assert "Innkalling til time" in page and "Epikrise" in page
        page = (await nurse.get("/templates/appointment")).text
        assert "Kari Nordmann" in page or "tirsdag 12. mai 2026" in page
        assert "Malen som TOML" not in page
        assert (await nurse.post("/templates/appointment", text=text)).status_code == 403
    async with house.visit("wardadmin") as admin:
        assert (await admin.post("/templates/appointment", text=text)).status_code == 403
    async with house.visit("chief") as chief:
        assert "Malen som TOML" in (await chief.get("/templates/appointment")).text
        bad = text.replace('role = "gp"', 'role = "copy"').replace("{appointment.day}", "{appointment.dag}")
        page = await chief.post("/templates/appointment", text=bad)
        assert (
            page.status_code == 422
            and "Malen er for gp" in page.text
            and "som den ikke sier at den er for" in page.text
        )
        old = await chief.post("/templates/appointment", text=text.replace("version = 2", "version = 1"))
        assert old.status_code == 422 and "Versjon 1 er i bruk" in old.text
        good = text.replace("Du har fått time hos", "Velkommen til")
        assert (await chief.post("/templates/appointment", text=good)).status_code == 303
        assert "Velkommen til" in (await chief.get("/templates/appointment")).text
    await written(record, "bea")
    (letter,) = await record.resources("Composition", [])
    assert "Velkommen til" in letter["section"][0]["text"]["div"]
