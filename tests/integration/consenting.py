"""A small house with two units, staff, patients and their guards, for tests of what patients decide."""

from collections.abc import Mapping
from typing import Any

from felles.access import limit
from felles.access.audit import statement
from felles.access.guard import Access
from felles.access.who import Kind, Purpose, Who
from felles.record.protection import PROTECTION
from felles.record.record import Record
from felles.record.store import Sql

SECOND = 1_000_000
NOW = 1_795_000_000 * SECOND
"""18 November 2026."""
LINES: Mapping[str, Sql] = {**limit.LINES, **statement.LINES}
FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
ADDRESS = {
    "use": "home",
    "line": ["Gata 1"],
    "postalCode": "7004",
    "city": "Trondheim",
    "district": "Trondheim kommune",
}


def person(id: str, birth: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient", "id": id, "birthDate": birth, "gender": "female", "address": [ADDRESS],
        "name": [{"use": "official", "family": "Berg", "given": [id.capitalize()]}],
        "telecom": [{"system": "phone", "value": "+47 00 11 22 33"}], **more,
    }  # fmt: skip


def role(id: str, practitioner: str, unit: str, code: str) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole", "id": id, "active": True,
        "practitioner": {"reference": f"Practitioner/{practitioner}"},
        "organization": {"reference": f"Organization/{unit}"},
        "code": [{"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.9060", "code": code}]}],
    }  # fmt: skip


def related(id: str, of: str) -> dict[str, Any]:
    relationship = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}]
    patient = {"reference": f"Patient/{of}"}
    return {"resourceType": "RelatedPerson", "id": id, "active": True, "patient": patient, "relationship": relationship}


HOSPITAL = {"reference": "Organization/hospital"}
HOUSE: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "hospital", "name": "Sykehuset"},
    {"resourceType": "Organization", "id": "ward", "name": "Sengeposten", "partOf": HOSPITAL},
    {"resourceType": "Organization", "id": "clinic", "name": "Klinikken", "partOf": HOSPITAL},
    *({"resourceType": "Practitioner", "id": id, "name": [{"text": id.capitalize()}]} for id in ("nurse", "other")),
    role("nurse-role", "nurse", "ward", "SP"),
    role("other-role", "other", "clinic", "LE"),
    {"resourceType": "Practitioner", "id": "leader"},
    role("leader-role", "leader", "ward", "XX"),
]  # fmt: skip
PEOPLE = [
    person("anna", "1970-05-17", managingOrganization={"reference": "Organization/ward"},
           identifier=[{"system": FNR, "value": "15076500565"}]),
    person("bea", "1980-01-02"),
    person("secret", "1990-03-04", meta={"security": [{"system": PROTECTION, "code": "6"}]},
           managingOrganization={"reference": "Organization/ward"}),
    person("child", "2016-02-29"),
    related("mother-of-child", "child"),
    person("mother", "1985-06-07", link=[{"other": {"reference": "RelatedPerson/mother-of-child"}, "type": "seealso"}]),
]  # fmt: skip


async def fill(record: Record) -> None:
    for one in [*HOUSE, *PEOPLE]:
        await record.update(one)


async def staff(record: Record, id: str, purpose: Purpose = Purpose.TREATMENT) -> tuple[Record, Who]:
    """The record as somebody at work sees it, and who that is."""
    access = Access.of(record.store.reading)
    who = await access.house.who_of(f"Practitioner/{id}", f"PractitionerRole/{id}-role", NOW)
    assert who is not None
    return record.seen_by(access.guard(who, now=NOW)), who


def patient(record: Record, id: str, acts_for: str | None = None, now: int = NOW) -> tuple[Record, Who]:
    """The record as a patient sees it."""
    purpose = Purpose.REPRESENTING if acts_for else Purpose.OWN
    who = Who(f"Patient/{id}", id, Kind.PATIENT, purpose=purpose, acts_for=f"Patient/{acts_for}" if acts_for else None)
    return record.seen_by(Access.of(record.store.reading).guard(who, now=now)), who
