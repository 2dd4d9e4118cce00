"""The register of authorisations on the pages: who sees which part, who changes it, and what the log keeps of it."""

from __future__ import annotations

import csv
import time
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from felles.access.age import NORWAY
from felles.access.audit.row import Act, Row, read
from felles.access.audit.segment import rows_from, segments
from felles.access.authority import WORDS, No
from felles.access.house import House
from felles.app import LINES, RULES
from felles.record.record import Record
from tests.integration import visiting
from tests.integration.region import PROFESSION, build, patient, role

pytestmark = pytest.mark.anyio
REASON = "Vikar i ferien, avtalt"
OFFICES = {
    "leader": ("leder", "clinic"),
    "keeper": ("administrator", "hospital"),
    "officer": ("personvernombud", "town"),
}
NAMES = ("doctor", "nurse", "clerk", "manager", *OFFICES)
HPR = "urn:oid:2.16.578.1.12.4.1.4.4"
SECRET = [{"family": "Hemmelig", "given": ["Anna"]}]
BIRTH_NUMBER = "13116900216"


def today() -> date:
    return datetime.now(NORWAY).date()


def office(name: str, code: str, unit: str) -> dict[str, Any]:
    return role(name, "XX", unit) | {"code": [{"coding": [{"system": "urn:felles:role", "code": code}]}]}


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, RULES, lines=LINES)
    await build(opened)
    await opened.update(patient("anna") | {"name": SECRET})
    for name, (code, unit) in OFFICES.items():
        await opened.update({"resourceType": "Practitioner", "id": name, "active": True, "name": [{"text": name}]})
        await opened.update(office(name, code, unit))
    name = [{"text": "Ingrid Tindeland", "family": "Tindeland", "given": ["Ingrid"]}]
    doctor: dict[str, Any] = {"resourceType": "Practitioner", "id": "doctor", "active": True, "name": name}
    doctor["identifier"] = [{"system": HPR, "value": "7654321"}]
    await opened.update(doctor | {"qualification": [{"code": {"coding": [{"system": PROFESSION, "code": "LE"}]}}]})
    yield opened
    await opened.close()


@pytest.fixture
async def pages(record: Record, tmp_path: Path) -> AsyncIterator[visiting.House]:
    async with visiting.house(record, visiting.staff(*NAMES), tmp_path / "log") as house:
        yield house


def told(pages: visiting.House) -> list[Row]:
    """What stands in the segments of the log."""
    rows = [read(body) for path in segments(pages.log) for body, _ in rows_from(path, 0)]
    return [one for one in rows if one is not None]


async def test_each_sees_the_register_of_their_own_part(pages: visiting.House) -> None:
    seen = {}
    for name in OFFICES:
        async with pages.visit(name) as visitor:
            answer = await visitor.get("/authorisations")
            assert answer.status_code == 200
            seen[name] = {one for one in ("Ingrid Tindeland", "chief", "zone", "gp") if f">{one}<" in answer.text}
            assert "Hemmelig" not in answer.text
    assert seen["leader"] == {"Ingrid Tindeland"}
    assert seen["keeper"] == {"Ingrid Tindeland", "chief"}
    assert seen["officer"] == {"Ingrid Tindeland", "chief", "zone", "gp"}
    for name in ("doctor", "clerk", "manager"):
        async with pages.visit(name) as visitor:
            for path in ("", ".csv", "/person/doctor", "/person/doctor/give", "/person/doctor/leave"):
                assert (await visitor.get(f"/authorisations{path}")).status_code == 403
            assert (await visitor.post("/authorisations/people", text="Ingrid")).status_code == 403


async def test_the_register_is_asked_by_day_unit_and_role(pages: visiting.House) -> None:
    async with pages.visit("keeper") as visitor:
        doctors = (await visitor.get("/authorisations?unit=ward&role=LE")).text
        assert ">Ingrid Tindeland<" in doctors and ">nurse<" not in doctors and ">other<" not in doctors
        yesterday = (today() - timedelta(days=1)).isoformat()
        assert "Ingen hadde en slik rolle" in (await visitor.get(f"/authorisations?day={yesterday}")).text
        for odd in ("day=tull", "unit=town", "unit=../x", "role=%00", "page=0", "page=99999", "person=%27"):
            assert (await visitor.get(f"/authorisations?{odd}")).status_code == 200
    (row, *_) = [one for one in told(pages) if one.act is Act.SEARCH and one.type == "PractitionerRole"]
    assert row.person == "Practitioner/keeper" and not row.patients and row.purpose == "HCOMPL"
    assert row.parameters == ["role", "unit"] and "doctor" in row.ids


async def test_a_copy_of_the_register_is_logged_and_holds_no_formula(pages: visiting.House, record: Record) -> None:
    await record.update({"resourceType": "Practitioner", "id": "other", "active": True, "name": [{"text": "=1+1"}]})
    async with pages.visit("leader") as visitor:
        answer = await visitor.get("/authorisations.csv?role=LE")
    assert (
        answer.headers["content-type"].startswith("text/csv") and "attachment" in answer.headers["content-disposition"]
    )
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert [(one["Ansatt"], one["Rollekode"], one["Enhet"]) for one in rows] == [
        ("Ingrid Tindeland", "LE", "ward"), ("'=1+1", "LE", "ward2")
    ]  # fmt: skip
    (row,) = [one for one in told(pages) if one.act is Act.EXPORT]
    assert (row.person, row.type, row.count, row.parameters) == ("Practitioner/leader", "PractitionerRole", 2, ["role"])


async def test_a_leader_gives_a_role_and_it_stands_with_name_and_reason(pages: visiting.House) -> None:
    async with pages.visit("leader") as visitor:
        page = await visitor.get("/authorisations/person/doctor/give")
        assert 'value="administrator"' not in page.text and 'value="LE"' in page.text
        given = {"unit": "ward2", "role": "LE", "first": today().isoformat(), "last": "", "reason": REASON}
        answer = await visitor.post("/authorisations/person/doctor/give", **given)
        assert answer.status_code == 303
        shown = (await visitor.get(answer.headers["location"])).text
        assert REASON in shown and "leader" in shown and "Gitt" in shown
        again = await visitor.post("/authorisations/person/doctor/give", **given)
        assert again.status_code == 422 and WORDS[No.SAME] in again.text and REASON in again.text
        for changed, no in (
            ({"unit": "town"}, No.UNIT),
            ({"role": "administrator"}, No.CODE),
            ({"reason": "x"}, No.REASON),
        ):
            answer = await visitor.post("/authorisations/person/doctor/give", **given | changed)
            assert answer.status_code in (403, 422) and WORDS[no] in answer.text
        odd = await visitor.post("/authorisations/person/doctor/give", **given | {"first": "i morgen"})
        assert odd.status_code == 422 and "Skriv dagen" in odd.text
        mine = await visitor.post("/authorisations/person/leader/give", **given | {"role": "merkantil"})
        assert mine.status_code == 403 and WORDS[No.SELF] in mine.text
        assert (await visitor.get("/authorisations/person/nobody/give")).status_code == 404
        visitor.token = "forged"
        stale = await visitor.post("/authorisations/person/doctor/give", **given)
        assert stale.status_code == 403 and REASON in stale.text


async def test_whose_role_is_ended_is_out_with_the_next_click(pages: visiting.House, record: Record) -> None:
    async with pages.visit("nurse") as nurse, pages.visit("leader") as visitor:
        assert (await nurse.get("/find")).status_code == 200
        path = "/authorisations/person/nurse/role/nurse/end"
        number = (await visitor.get(path)).text.split('name="number" value="')[1].split('"')[0]
        short = await visitor.post(path, number=number, when="now", reason="kort")
        assert short.status_code == 422 and WORDS[No.REASON] in short.text
        assert (await nurse.get("/find")).status_code == 200
        answer = await visitor.post(path, number=number, when="now", reason="Har sluttet i dag")
        assert answer.status_code == 303
        out = await nurse.get("/find")
        assert out.status_code != 200
        assert "Avsluttet" in (await visitor.get("/authorisations/person/nurse")).text
        assert (await visitor.get("/authorisations/person/zone/role/zone/end")).status_code == 404, "another's unit"
    assert await House(record.store.reading).roles_of("Practitioner/nurse", time.time_ns() // 1_000) == []


async def test_the_officer_sees_and_changes_nothing(pages: visiting.House) -> None:
    async with pages.visit("officer") as visitor:
        assert (await visitor.get("/authorisations/person/nurse")).status_code == 200
        for path in ("give", "leave", "role/nurse/end"):
            assert (await visitor.get(f"/authorisations/person/nurse/{path}")).status_code == 403
            assert (await visitor.post(f"/authorisations/person/nurse/{path}", reason=REASON)).status_code == 403


async def test_an_administrator_finds_no_patient_on_any_page(pages: visiting.House, record: Record) -> None:
    number = [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": BIRTH_NUMBER}]
    await record.update(patient("anna", identifier=number) | {"name": SECRET})
    async with pages.visit("keeper") as visitor:
        hit = (await visitor.post("/authorisations/people", text="tindel")).text
        assert "/authorisations/person/doctor" in hit and "7654321" in hit
        assert "/authorisations/person/doctor" in (await visitor.post("/authorisations/people", text="7654321")).text
        for text in ("Hemmelig", BIRTH_NUMBER, "Patient/anna", "anna"):
            for path in ("/authorisations/people", "/palette", "/find"):
                found = await visitor.post(path, text=text)
                assert "Hemmelig" not in found.text.replace(f'value="{text}"', "")
                assert "/patient/anna" not in found.text
        for path in (
            "/patient/anna",
            "/patient/anna/results",
            "/patient/anna/print",
            "/patient/anna/emergency",
            "/find",
        ):
            answer = await visitor.get(path)
            assert answer.status_code in (403, 404) and "Hemmelig" not in answer.text
        assert (await visitor.get("/authorisations?person=anna&unit=anna")).status_code == 200
        assert (await visitor.get("/authorisations/person/anna")).status_code == 404
