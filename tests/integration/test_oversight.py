"""The privacy officer's oversight: insight per employee and per patient, findings as duties, the log's verification;
every look is a row of the log itself."""

from __future__ import annotations

import csv
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from felles.access.audit import state
from felles.access.audit.log import lines as logged
from felles.access.audit.pattern import Finding, Pattern
from felles.access.audit.place import place_of
from felles.access.audit.row import Act, Result, Row, read
from felles.access.audit.sealer import Sealer
from felles.access.audit.segment import rows_from, segments
from felles.access.audit.unusual import kept
from felles.access.audit.unusual import lines as findings
from felles.access.oversight import Overseer
from felles.app import LINES, RULES
from felles.duties import unusual
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.audit import by_hand
from tests.integration import visiting
from tests.integration.region import People, build, patient, role

pytestmark = pytest.mark.anyio
BIRTH_NUMBER = "13116900216"
SECRET = [{"family": "Hemmelig", "given": ["Anna"]}]
FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
ANNA, BERIT = key64("Patient/anna"), key64("Patient/berit")


def now() -> int:
    return time.time_ns() // 1_000


def office(name: str, code: str, unit: str) -> dict[str, Any]:
    return role(name, "XX", unit) | {"code": [{"coding": [{"system": "urn:felles:role", "code": code}]}]}


async def waiting(record: Record, act: Act) -> list[Row]:
    """Rows that are not sealed yet."""
    rows = [read(body) for _, body in await record.ask("log.trail", [1_000])]
    return [one for one in rows if one is not None and one.act is act]


def told(moment: int, act: Act, *patients: int, **given: Any) -> Row:
    plain = {"person": "Practitioner/nurse", "role": "PractitionerRole/nurse", "department": "Organization/ward"}
    return Row(moment, act, patients=list(patients), **{**plain, "type": "Observation", "ground": "unit", **given})


@pytest.fixture
async def record(store_url: str, tmp_path: Path) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, RULES, lines=LINES)
    await build(opened)
    await opened.update(patient("anna", identifier=[{"system": FNR, "value": BIRTH_NUMBER}]) | {"name": SECRET})
    await opened.update(patient("berit", birthDate="1980-05-02") | {"name": [{"text": "Berit Vik"}]})
    for name, code in (("officer", "personvernombud"), ("leader", "leder"), ("keeper", "administrator")):
        await opened.update({"resourceType": "Practitioner", "id": name, "active": True, "name": [{"text": name}]})
        await opened.update(office(name, code, "hospital"))
    moment = now() - 3_600_000_000
    rows = [
        told(moment, Act.READ, ANNA),
        told(moment + 1, Act.EMERGENCY, BERIT, ground="emergency"),
        told(moment + 2, Act.READ, ANNA, person="Practitioner/doctor", role="PractitionerRole/doctor"),
        told(moment + 3, Act.READ, BERIT, result=Result.REFUSED, ground=""),
    ]
    await opened.commit((), lines=[line for one in rows for line in logged(one)])
    await Sealer(opened, place_of(store_url, str(tmp_path / "log"))).settle()
    yield opened
    await opened.close()


@pytest.fixture
async def pages(record: Record, tmp_path: Path) -> AsyncIterator[visiting.House]:
    people = visiting.staff("officer", "leader", "keeper", "nurse", "doctor")
    async with visiting.house(record, people, tmp_path / "log") as house:
        yield house


def looks(pages: visiting.House) -> list[Row]:
    """What the officer's looking left in the log."""
    rows = [read(body) for path in segments(pages.log) for body, _ in rows_from(path, 0)]
    return [one for one in rows if one is not None and one.person == "Practitioner/officer"]


async def test_it_is_for_the_privacy_officer_alone(pages: visiting.House, record: Record) -> None:
    paths = ("", "/person/nurse", "/patient/anna", "/person/nurse/log.csv", "/patient/anna/log.csv")
    for name in ("leader", "keeper", "nurse"):
        async with pages.visit(name) as visitor:
            for path in paths:
                answer = await visitor.get(f"/oversight{path}")
                assert answer.status_code == 403 and "Hemmelig" not in answer.text
            for path in ("find", "verify", "finding"):
                assert (await visitor.post(f"/oversight/{path}", text=BIRTH_NUMBER)).status_code == 403
    people = People(record)
    who = await people.who("officer")
    assert who is not None
    with pytest.raises(Problem) as refused:
        Overseer(record, replace(who, scopes=("user/*.rs",)), None)  # type: ignore[arg-type]
    assert refused.value.status == 403, "an app has none of it"


async def test_what_an_employee_has_opened_is_shown_and_logged(pages: visiting.House) -> None:
    async with pages.visit("officer") as visitor:
        shown = (await visitor.get("/oversight/person/nurse")).text
        assert "Hemmelig" in shown and "01.01.1970" in shown and "Berit Vik" in shown and "Nødåpning" in shown
        assert "doctor" not in shown
        emergencies = (await visitor.get("/oversight/person/nurse?only=emergency")).text
        assert "Berit Vik" in emergencies and "Hemmelig" not in emergencies
        assert "Ingenting i loggen" in (await visitor.get("/oversight/person/nurse?to=2020-01-01&from=2019-01-01")).text
        for odd in ("from=tull", "before=x", "only=%00", "to=9999-12-31"):
            assert (await visitor.get(f"/oversight/person/nurse?{odd}")).status_code == 200
        assert (await visitor.get("/oversight/person/nobody")).status_code == 404
    first, whose, *_ = looks(pages)
    assert (first.act, first.type, set(first.patients)) == (Act.SEARCH, "AuditEvent", {ANNA, BERIT})
    assert (whose.type, whose.ids, first.purpose, first.ground) == ("Practitioner", ["nurse"], "HCOMPL", "oversight")


async def test_who_has_opened_a_record_is_found_by_the_whole_number(pages: visiting.House, record: Record) -> None:
    async with pages.visit("officer") as visitor:
        await visitor.get("/oversight")
        answer = await visitor.post("/oversight/find", text=f"{BIRTH_NUMBER[:6]} {BIRTH_NUMBER[6:]}")
        assert answer.status_code == 303 and answer.headers["location"] == "/oversight/patient/anna"
        shown = (await visitor.get(answer.headers["location"])).text
        assert "nurse" in shown and "doctor" in shown and "Berit" not in shown
        assert (await visitor.post("/oversight/find", text="12345678901")).status_code == 422
        for text in ("Hemmelig", "anna", BIRTH_NUMBER[:10]):
            found = (await visitor.post("/oversight/find", text=text)).text
            assert "/oversight/patient/" not in found
        assert "/oversight/person/nurse" in (await visitor.post("/oversight/find", text="nurse")).text
    (searched,) = await waiting(record, Act.FIND)
    assert searched.patients == [ANNA] and searched.parameters == ["identifier"]
    assert {one.type for one in looks(pages) if one.patients == [ANNA]} == {"AuditEvent"}


async def test_a_copy_is_an_export_in_the_log(pages: visiting.House) -> None:
    async with pages.visit("officer") as visitor:
        answer = await visitor.get("/oversight/person/nurse/log.csv")
    rows = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert {one["Pasient"] for one in rows} == {"Anna Hemmelig, 01.01.1970", "Berit Vik, 02.05.1980"}
    assert {one["Ansatt-id"] for one in rows} == {"Practitioner/nurse"}
    assert [one.act for one in looks(pages)] == [Act.EXPORT, Act.EXPORT]


async def test_findings_are_owed_shown_and_concluded(pages: visiting.House, record: Record) -> None:
    words = "leste i journalen til en kollega ved samme enhet uten å skrive noe"
    assert await unusual.found(
        record, reader="Practitioner/nurse", unit="Organization/ward", key="f1", reason=words, now=now(),
        patient="Patient/anna",
    )  # fmt: skip
    async with pages.visit("officer") as visitor:
        shown = (await visitor.get("/oversight")).text
        assert words in shown and "Hemmelig" in shown and ">nurse<" in shown
        number = shown.split('name="duty" value="')[1].split('"')[0]
        turn = shown.split('name="turn" value="')[1].split('"')[0]
        asked = {"duty": number, "turn": turn}
        assert (await visitor.post("/oversight/finding", **asked, reason="Snakket med leder")).status_code == 422
        empty = await visitor.post("/oversight/finding", **asked, outcome="ok", reason=" ")
        assert empty.status_code == 422 and "Skriv hva du bygger" in empty.text
        said = await visitor.post("/oversight/finding", **asked, outcome="ok", reason="Snakket med leder")
        assert said.status_code == 303
        after = (await visitor.get("/oversight")).text
        assert words not in after and "Snakket med leder" in after and "Vurdert de siste" in after
        again = await visitor.post("/oversight/finding", **asked, outcome="ok", reason="Snakket med leder")
        assert again.status_code in (404, 409)
    loose = Finding("f2", Pattern.VOLUME, "Practitioner/doctor", "", 0, now() - 1_000_000, (1, 2))
    await record.commit((), lines=findings((loose,)))
    async with pages.visit("officer") as visitor:
        shown = (await visitor.get("/oversight")).text
        assert "Funn uten enhet" in shown and loose.reason in shown
    shown_anna = [one for one in looks(pages) if ANNA in one.patients]
    assert shown_anna and {(one.type, one.ground) for one in shown_anna} == {("Task", "oversight")}


async def test_the_log_is_verified_from_the_page_and_says_by_whom(pages: visiting.House, record: Record) -> None:
    async with pages.visit("officer") as visitor:
        assert "aldri" in (await visitor.get("/oversight")).text
        assert (await visitor.post("/oversight/verify")).status_code == 303
        shown = (await visitor.get("/oversight")).text
        assert "Loggen er den som ble skrevet" in shown and "officer" in shown and "rad 4" in shown
        found = await state.state(record)
        assert found.kept is not None and (found.kept.person, found.kept.row) == ("Practitioner/officer", 4)
        address = record.store.address
        await by_hand(address, ("UPDATE log SET body = $1 WHERE seq = 2", [b"x"]))
        await visitor.post("/oversight/verify")
        shown = (await visitor.get("/oversight")).text
        assert "row 2" in shown and "Loggen er den som ble skrevet" not in shown
    found = await state.state(record)
    assert found.verified is not None and found.verified.faults and found.kept is not None
    (good, bad) = await waiting(record, Act.OPERATION)
    assert (good.result, bad.result, good.type, good.ids) == (Result.OK, Result.FAILED, "AuditEvent", ["log-4"])
    assert await kept(record, 0, now()) == [], "a verification is no finding"
