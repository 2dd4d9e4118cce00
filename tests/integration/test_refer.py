"""The paper door: whoever has the record open writes a referral or registers one that came on paper; what does not do
is said at its field and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clerical.conservation import ASSESS, IDENTIFY
from felles.clerical.period import of
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from tests.integration import visiting
from tests.integration.correspondence import fill
from tests.integration.region import ref
from tests.integration.test_referral import NUMBER

pytestmark = pytest.mark.anyio
PDF = b"%PDF-1.7\nsome words\n%%EOF\n"
HPR = {"identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "990000001"}]}


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    await made.update({**await made.resource("Practitioner", "ute"), **HPR})
    yield made
    await made.close()


@pytest.fixture
async def house(record: Record, tmp_path: Path) -> AsyncIterator[visiting.House]:
    people = [*visiting.staff("nurse", "other", suffix="-role"), visiting.Made("anna", patient="Patient/anna")]
    async with visiting.house(record, people, tmp_path / "log") as found:
        yield found


async def send(visitor: visiting.Visitor, patient: str, data: bytes = b"", **fields: str) -> Any:
    files = {"file": ("paper.pdf", data, "application/pdf")}
    said = {"token": visitor.token, "way": "own", "unit": "Klinikken", "what": "Vurdering av kne", **fields}
    return await visitor.client.post(f"/patient/{patient}/refer", data=said, files=files)


async def owed(record: Record, unit: str) -> list[int]:
    page = await worklist.open_of(record, f"Organization/{unit}", handling.now())
    return sorted(row.duty.kind for row in page.rows)


async def test_a_referral_that_is_written_is_owed_where_it_is_for(record: Record, house: visiting.House) -> None:
    async with house.visit("nurse") as nurse:
        assert "Berg, Anna" in (await nurse.get("/patient/anna/refer")).text
        missing = await send(nurse, "anna", what="", text="")
        assert missing.status_code == 422
        assert "Skriv hva det henvises for" in missing.text and "Skriv hva dere ber om" in missing.text
        done = await send(nurse, "anna", text="Låser seg <b>ofte</b>.", urgent="1")
        assert done.status_code == 303
        page = (await nurse.get(done.headers["location"])).text
        assert "Henvisningen er registrert" in page and "Klinikken" in page and "Haster" in page
        assert "Låser seg &lt;b&gt;ofte&lt;/b&gt;." in page and 'id="assess"' not in page
    assert await owed(record, "clinic") == [ASSESS.number] and await owed(record, "ward") == []


async def test_a_paper_has_its_original_its_day_and_whoever_wrote_it(record: Record, house: visiting.House) -> None:
    came = NORWAY.day(handling.now()) - timedelta(days=3)
    paper = {"way": "paper", "unit": "Sengeposten", "received": str(came), "hpr": "990000001"}
    async with house.visit("nurse") as nurse:
        await nurse.get("/patient/anna/refer")
        for data in (b"", b"<html>", b"%PDF-1.7 torn off", b"GIF89a"):
            wrong = await send(nurse, "anna", data, **paper)
            assert wrong.status_code == 422 and 'id="wrong-file"' in wrong.text and 'value="990000001"' in wrong.text
        late = await send(nurse, "anna", PDF, **{**paper, "received": str(came + timedelta(days=9))})
        assert late.status_code == 422 and "mottatt i fremtiden" in late.text
        unknown = await send(nurse, "anna", PDF, **{**paper, "hpr": "123"})
        assert unknown.status_code == 422 and "Vi finner ingen med dette HPR-nummeret" in unknown.text
        assert (await send(nurse, "anna", b"x" * 6_000_000, **paper)).status_code == 413
        assert await record.resources("ServiceRequest", []) == []
        done = await send(nurse, "anna", PDF, **{**paper, "unit": ""})
        page = (await nurse.get(done.headers["location"])).text
        assert "Dr. Ute" in page and f"{came:%d.%m.%Y}" in page
        found = re.search(r'href="(/referrals/[^"]+/document/[^"]+)"', page)
        assert found
        original = await nurse.get(found[1])
        assert (original.content, original.headers["content-type"]) == (PDF, "application/pdf")
    (request,) = await record.resources("ServiceRequest", [])
    assert request["requester"]["reference"] == "PractitionerRole/ute-role"
    (episode,) = await record.resources("EpisodeOfCare", [])
    assert (of(episode).seniority, of(episode).unit) == (came, "Organization/ward")
    async with house.visit("other") as other:
        assert (await other.get(found[1])).status_code == 404


async def test_a_closed_or_unknown_unit_is_explained(record: Record, house: visiting.House) -> None:
    await record.update({**await record.resource("Organization", "clinic"), "active": False})
    async with house.visit("nurse") as nurse:
        await nurse.get("/patient/anna/refer")
        closed = await send(nurse, "anna", text="Kneet")
        assert closed.status_code == 422 and "lagt ned" in closed.text and 'value="hospital"' in closed.text
        unknown = await send(nurse, "anna", text="Kneet", unit="Månen")
        assert unknown.status_code == 422 and "Vi finner ingen enhet" in unknown.text and "Kneet" in unknown.text
        assert (await send(nurse, "anna", text="Kneet", **{"unit-id": "hospital"})).status_code == 303


async def test_a_patient_without_number_is_referred_and_is_somebody_s_to_find_out(
    record: Record, house: visiting.House
) -> None:
    await record.update({**await record.resource("Patient", "bea"), "managingOrganization": ref("Organization/ward")})
    async with house.visit("nurse") as nurse:
        assert "har ikke fødselsnummer" in (await nurse.get("/patient/bea/refer")).text
        done = await send(nurse, "bea", text="Ukjent, funnet ute")
        assert "plikt til å avklare" in (await nurse.get(done.headers["location"])).text
    assert await owed(record, "clinic") == [ASSESS.number, IDENTIFY.number]


async def test_only_whom_the_record_is_open_to_refers(house: visiting.House) -> None:
    async with house.visit("other") as other:
        assert (await other.get("/patient/anna/refer")).status_code == 404
        assert (await send(other, "anna", text="Kneet")).status_code == 404
    async with house.visit("anna") as anna:
        assert (await anna.get("/patient/anna/refer")).status_code == 403
