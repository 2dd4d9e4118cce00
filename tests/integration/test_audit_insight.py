"""What a patient sees of the log: visits in plain words, by name, role and unit; what an officer sees of one person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from felles.access.audit.insight import of_patient, of_person
from felles.access.audit.log import lines
from felles.access.audit.row import Act, Result, Row
from felles.access.audit.sealer import Sealer
from felles.access.audit.statement import LINES
from felles.record.index.value import key64
from felles.record.record import Record
from tests.audit import START, place_in

MINUTE = 60 * 1_000_000
OLA, KARI = key64("Patient/ola"), key64("Patient/kari")
DOCTOR = {
    "person": "Practitioner/doctor",
    "role": "PractitionerRole/doctor",
    "department": "Organization/ward",
    "legal_entity": "Organization/trust",
    "ground": "encounter",
    "patients": [OLA],
}
PEOPLE: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "ola"},
    {"resourceType": "Patient", "id": "kari"},
    {"resourceType": "Practitioner", "id": "doctor", "name": [{"given": ["Ingrid"], "family": "Tindeland"}]},
    {"resourceType": "Organization", "id": "ward", "name": "Medisinsk sengepost"},
    {"resourceType": "Organization", "id": "trust", "name": "St. Olavs hospital"},
    {"resourceType": "PractitionerRole", "id": "doctor", "code": [{"text": "lege"}]},
]


def at(minute: int, act: Act, type: str = "", **given: Any) -> Row:
    return Row(START + minute * MINUTE, act, type=type, **{**DOCTOR, **given})


ROWS = [
    at(0, Act.SEARCH, "Observation"),
    at(1, Act.READ, "Observation"),
    at(2, Act.SEARCH, "DocumentReference"),
    at(3, Act.CREATE, "DocumentReference", ground="encounter,unit"),
    at(4, Act.SEARCH, "Appointment", patients=[OLA, KARI]),
    at(90, Act.READ, "Condition", ground="gp"),
    at(100, Act.READ, "Observation", patients=[KARI], result=Result.REFUSED, ground=""),
    at(200, Act.EMERGENCY, patients=[KARI], ground="emergency", reason="life"),
    at(201, Act.READ, "MedicationStatement", patients=[KARI], ground="emergency"),
    at(300, Act.READ, "Observation", person="Patient/ola", role="", department="", legal_entity="", ground="own"),
]


@pytest.fixture
async def log(store_url: str, tmp_path: Path) -> AsyncIterator[Record]:
    record = await Record.open(store_url, lines=LINES)
    for one in PEOPLE:
        await record.create(one, one["id"])
    await record.commit((), lines=[line for row in ROWS for line in lines(row)])
    await Sealer(record, place_in(tmp_path, store_url)).settle()
    yield record
    await record.close()


async def test_the_patient_sees_visits_in_plain_words(log: Record) -> None:
    own, later, first = (await of_patient(log, "Patient/ola")).visits
    assert (first.actor.name, first.actor.role) == ("Ingrid Tindeland", "lege")
    assert (first.actor.unit, first.actor.party) == ("Medisinsk sengepost", "St. Olavs hospital")
    assert (first.first, first.last) == (START, START + 4 * MINUTE)
    assert first.deeds == (
        ("leste", "prøvesvar og målinger"),
        ("leste", "notater og dokumenter"),
        ("skrev", "notater og dokumenter"),
        ("leste", "opphold og timer"),
    )
    assert "hadde deg til undersøkelse eller behandling" in first.reasons and len(first.reasons) == 2
    assert later.reasons == ("er fastlegen din",) and not later.own
    assert own.own and own.actor.id == "Patient/ola"
    assert {one for visit in (own, later, first) for one in visit.patients} == {"Patient/ola"}


async def test_a_refusal_and_an_emergency_are_told_as_such(log: Record) -> None:
    visits = (await of_patient(log, "Patient/kari")).visits
    reading, emergency, refused, _ = visits
    assert refused.refused and refused.reasons == ("fikk ikke se noe",)
    assert reading.emergency and emergency.emergency and not refused.emergency
    assert "life" not in str(visits)


async def test_the_officer_sees_where_one_person_has_been(log: Record) -> None:
    visits = (await of_person(log, "Practitioner/doctor")).visits
    ola, kari = "Patient/ola", "Patient/kari"
    assert [set(visit.patients) for visit in visits] == [{kari}, {kari}, {kari}, {ola}, {ola, kari}, {ola}]


async def test_insight_goes_on_where_it_ended(log: Record) -> None:
    whole = (await of_patient(log, "Patient/ola")).visits
    seen: list[int] = []
    before: int | None = None
    while True:
        part = await of_patient(log, "Patient/ola", before, 2)
        seen += [row for visit in part.visits for row in visit.rows]
        before = part.older
        if before is None:
            break
    assert seen == [row for visit in whole for row in visit.rows]
