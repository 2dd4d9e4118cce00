"""The log over FHIR: valid AuditEvents, searched and paged; each reader sees what is theirs, nothing else exists."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from felles.access.audit.answer import audit_events
from felles.access.audit.interaction import interaction
from felles.access.audit.log import lines
from felles.access.audit.reach import ALL, NONE, Reach, reach_of
from felles.access.audit.row import Act, Result, Row
from felles.access.audit.sealer import Sealer
from felles.access.audit.statement import LINES
from felles.access.guard import Access, Watch
from felles.access.who import Kind, Role, Who
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.prepare import receive
from felles.record.record import Record
from felles.record.rest.message import Request
from tests.audit import START, place_in
from tests.integration.conftest import Client

OLA, KARI = key64("Patient/ola"), key64("Patient/kari")
DOCTOR, NURSE = "Practitioner/doctor", "Practitioner/nurse"
SECOND = 1_000_000


def told(number: int, act: Act, **given: Any) -> Row:
    plain = {"person": DOCTOR, "authorization": "LE", "purpose": "TREAT", "ground": "encounter", "patients": [OLA]}
    return Row(START + number * SECOND, act, **{**plain, **given})


ROWS = [
    told(1, Act.READ, type="Observation", ids=["o1"], count=1, decision="d1", role="PractitionerRole/r", client="app"),
    told(2, Act.SEARCH, type="Condition", count=7, parameters=["code", "patient"]),
    told(3, Act.UPDATE, type="Observation", ids=["o1"], count=1),
    told(4, Act.SEARCH, type="Appointment", ids=["a1", "a2"], count=2, patients=[OLA, KARI], person=NURSE),
    told(5, Act.READ, type="Observation", ids=["o9"], patients=[KARI], result=Result.REFUSED, ground=""),
    told(6, Act.EMERGENCY, patients=[KARI], ground="emergency", reason="unconscious", person=NURSE),
    told(7, Act.SIGN_IN, patients=[], authorization="personvernombud", person="Practitioner/officer"),
    told(8, Act.PRINT, type="DocumentReference", ids=["d1"], acts_for="Patient/kari", person="Patient/gone"),
    told(9, Act.READ, type="Patient", ids=["lost"], patients=[77]),
]


@pytest.fixture
async def log(store_url: str, tmp_path: Path) -> AsyncIterator[Record]:
    record = await Record.open(store_url, lines=LINES)
    for id in ("ola", "kari"):
        await record.create({"resourceType": "Patient", "id": id}, id)
    await record.commit((), lines=[line for row in ROWS for line in lines(row)])
    await Sealer(record, place_in(tmp_path, store_url)).settle()
    yield record
    await record.close()


async def answered(record: Record, url: str, reach: Reach = ALL, method: str = "GET", body: bytes = b"") -> Any:
    """The answer's JSON, or its status where it is a refusal."""
    path, _, query = url.partition("?")
    try:
        answer = await audit_events(record, Request(method, path, query, {}, body, record.base), reach)
    except Problem as error:
        return error.status
    return None if answer is None else json.loads(answer.body)


async def found(record: Record, query: str, reach: Reach = ALL) -> list[int]:
    bundle = await answered(record, f"AuditEvent?{query}", reach)
    return [int(one["resource"]["id"].removeprefix("log-")) for one in bundle.get("entry", [])]


async def test_every_row_is_a_valid_audit_event(log: Record) -> None:
    for number in range(1, len(ROWS) + 1):
        event = await answered(log, f"AuditEvent/log-{number}")
        receive(orjson.dumps(event), resource=event)
        assert event["id"] == f"log-{number}" and event["meta"]["versionId"] == "1"


async def test_an_event_says_who_whom_what_and_why(log: Record) -> None:
    event = await answered(log, "AuditEvent/log-1")
    doctor = event["agent"][0]
    assert (doctor["who"]["reference"], doctor["requestor"]) == (DOCTOR, True)
    assert doctor["role"][0]["coding"][0]["code"] == "LE"
    assert doctor["policy"] == ["urn:felles:ground:encounter", "urn:felles:decision:d1"]
    assert [one["what"]["reference"] for one in event["entity"]] == ["Patient/ola", "Observation/o1"]
    assert (event["action"], event["outcome"], event["recorded"][:10]) == ("R", "0", "2026-09-21")
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"


async def test_a_search_is_told_with_names_of_parameters_only(log: Record) -> None:
    entity = (await answered(log, "AuditEvent/log-2"))["entity"][-1]
    assert b64decode(entity["query"]) == b"Condition?code&patient"
    assert entity["detail"] == [{"type": "count", "valueString": "7"}]


async def test_a_patient_who_is_gone_is_told_by_key(log: Record) -> None:
    event = await answered(log, "AuditEvent/log-9")
    assert event["entity"][0]["what"] == {"identifier": {"system": "urn:felles:key", "value": "77"}}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("_sort=-date&_count=2", [9, 8]),
        ("patient=kari", [6, 5, 4]),
        ("patient=Patient/ola,Patient/kari", [8, 6, 5, 4, 3, 2, 1]),
        ("patient=ola&patient=kari", []),
        ("agent=Practitioner/nurse", [6, 4]),
        ("agent=Practitioner/nurse&patient=ola", [4]),
        ("entity=Observation/o1", [3, 1]),
        ("entity=Patient/kari&entity=Appointment/a1", [4]),
        ("action=C,U", [3]),
        ("type=110114", [7]),
        ("type=http://dicom.nema.org/resources/ontology/DCM|110113", [6]),
        ("subtype=print", [8]),
        ("outcome=4", [5]),
        ("_id=log-3,log-7,other", [7, 3]),
        ("date=2026-09-21", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("date=gt2026-09-21T14:13:26Z", [9, 8, 7]),
        ("date=ge2026-09-21T14:13:26Z&date=lt2026-09-21T14:13:28Z", [7, 6]),
        ("date=lt2020", []),
    ],
)
async def test_the_log_is_searched(log: Record, query: str, numbers: list[int]) -> None:
    assert await found(log, query) == numbers


@pytest.mark.parametrize(
    "query",
    ["nonsense=x", "date=yesterday", "_count=many", "patient=", "_before=x", "agent=a/b/c"],
)
async def test_what_cannot_be_asked_is_refused_not_ignored(log: Record, query: str) -> None:
    assert await answered(log, f"AuditEvent?{query}") == 400


@pytest.mark.parametrize("query", ["_sort=date", "date=ne2026", "source=Device/x"])
async def test_where_the_log_cannot_be_asked_the_answer_says_so(log: Record, query: str) -> None:
    bundle = await answered(log, f"AuditEvent?{query}")
    assert [one["search"]["mode"] for one in bundle["entry"]] == ["outcome"]
    assert "no rows of the access log" in bundle["entry"][0]["resource"]["issue"][0]["diagnostics"]


async def test_pages_hold_every_row_once(log: Record) -> None:
    for query in ("_count=2", "_count=1&entity=Observation/o1", "_count=4&patient=ola"):
        url, seen = f"AuditEvent?{query}", []
        while url:
            bundle = await answered(log, url)
            seen += [one["resource"]["id"] for one in bundle.get("entry", [])]
            nexts = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
            url = nexts[0].removeprefix(f"{log.base}/") if nexts else ""
        assert seen == [f"log-{number}" for number in await found(log, query.replace("_count=", "_count=9"))]


async def test_a_patient_sees_the_own_rows_and_nobody_else_in_them(log: Record) -> None:
    ola = Reach(patients=frozenset((OLA,)))
    assert await found(log, "", ola) == [8, 4, 3, 2, 1]
    assert await found(log, "patient=kari", ola) == []
    assert await answered(log, "AuditEvent/log-5", ola) == 404
    event = await answered(log, "AuditEvent/log-4", ola)
    assert [one.get("what", {}).get("reference") for one in event["entity"]] == ["Patient/ola", None]


async def test_a_leader_sees_the_own_staff_and_others_nothing(log: Record) -> None:
    leader = Reach(people=frozenset((key64(NURSE),)))
    assert await found(log, "", leader) == [6, 4]
    assert await found(log, "agent=Practitioner/doctor", leader) == []
    assert await found(log, "", NONE) == []
    assert await answered(log, "AuditEvent/log-1", NONE) == 404
    assert await answered(log, "AuditEvent/log-99") == 404


async def test_the_log_is_written_by_nobodys_hand(log: Record) -> None:
    assert await answered(log, "AuditEvent/log-1", method="PUT", body=b"{}") == 405
    assert await answered(log, "AuditEvent/log-1", method="DELETE") == 405
    assert await answered(log, "AuditEvent", method="POST", body=b"{}") is None
    assert await answered(log, "AuditEvent/other") is None
    assert await answered(log, "Observation/o1") is None
    form = await answered(log, "AuditEvent/_search", method="POST", body=b"patient=kari&_count=1")
    assert [one["resource"]["id"] for one in form["entry"]] == ["log-6"]


class House:
    """One ward with one nurse."""

    tree: Any = None

    async def standing(self) -> Any:
        return self

    async def members(self, units: list[str]) -> frozenset[int]:
        return frozenset((key64(NURSE),)) if units == ["Organization/ward"] else frozenset()

    def within(self, unit: str) -> list[str]:
        return [unit]


House.tree = House()


async def test_who_reaches_which_rows() -> None:
    def staff(code: str) -> Who:
        return Who(DOCTOR, "", Kind.STAFF, Role("PractitionerRole/r", "Organization/ward", code))

    house = House()
    assert await reach_of(staff("LE"), house) == NONE
    assert await reach_of(staff("personvernombud"), house) == ALL
    assert await reach_of(staff("enhetsleder"), house) == Reach(people=frozenset((key64(NURSE),)))
    ola = Who("Patient/ola", "", Kind.PATIENT)
    assert await reach_of(ola, house) == Reach(patients=frozenset((OLA,)))
    assert await reach_of(Who("Patient/ola", "", Kind.PATIENT, acts_for="Patient/kari"), house) == NONE


def visited(record: Record, who: Who, context: str | None = None) -> tuple[Client, Watch]:
    """FHIR in somebody's name, as the door lets them in."""
    watch = Access.of(record.store.reading).guard(who, context)
    seen = record.seen_by(watch)
    seen.elsewhere = {"AuditEvent": interaction(watch)}
    return Client(seen), watch


async def test_whoever_comes_through_the_door_gets_the_own_rows_and_the_asking_is_told(log: Record) -> None:
    fhir, watch = visited(log, Who("Patient/ola", "", Kind.PATIENT))
    assert (await fhir("GET", "AuditEvent?_count=2")).ids == ["log-8", "log-4"]
    assert [(one.type, one.id, one.patient) for one in watch.shown] == [
        ("AuditEvent", "log-8", OLA),
        ("AuditEvent", "log-4", OLA),
    ]
    entry = {"request": {"method": "GET", "url": "AuditEvent?patient=ola&_count=1"}}
    batch = await fhir("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    assert batch.json["entry"][0]["resource"]["entry"][0]["resource"]["id"] == "log-8"
    assert (await fhir("GET", "AuditEvent/log-5")).status == 404
    assert watch.refused[-1][:2] == ("AuditEvent", "log-5")
    assert (await fhir("PUT", "AuditEvent/log-8", {"resourceType": "AuditEvent", "id": "log-8"})).status == 405


@pytest.mark.parametrize(
    ("scopes", "context", "found"),
    [
        ("system/AuditEvent.rs", None, list(range(9, 0, -1))),
        ("system/*.cruds", None, list(range(9, 0, -1))),
        ("patient/AuditEvent.rs", "kari", [6, 5, 4]),
        ("system/Observation.rs", None, 403),
        ("system/AuditEvent.rs?patient=Patient/ola", None, 403),
    ],
)
async def test_an_app_sees_what_its_scopes_leave(
    log: Record, scopes: str, context: str | None, found: list[int] | int
) -> None:
    app = Who("Device/app", "", Kind.SYSTEM, scopes=tuple(scopes.split()))
    answer = await visited(log, app, context)[0]("GET", "AuditEvent")
    expected = [f"log-{number}" for number in found] if isinstance(found, list) else found
    assert (answer.ids if answer.status == 200 else answer.status) == expected
