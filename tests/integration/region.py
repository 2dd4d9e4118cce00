"""A small made-up region for tests of access: a hospital with two wards, a municipality, a doctor's office outside."""

import time
from typing import Any

from felles.access.guard import Access
from felles.access.who import Kind, Purpose, Who
from felles.record.record import Record
from tests.integration.conftest import Client

Json = dict[str, Any]
PROFESSION = "urn:oid:2.16.578.1.12.4.1.1.9060"
UNITS = {"hospital": None, "clinic": "hospital", "ward": "clinic", "ward2": "clinic", "town": None, "office": None}
STAFF = {
    "doctor": ("LE", "ward"),
    "nurse": ("SP", "ward"),
    "other": ("LE", "ward2"),
    "chief": ("LE", "hospital"),
    "zone": ("SP", "town"),
    "gp": ("LE", "office"),
    "clerk": ("HE", "ward"),
    "manager": ("XX", "ward"),
}


def ref(address: str) -> Json:
    return {"reference": address}


async def build(record: Record) -> None:
    """Units, staff, and the agreement between hospital and town."""
    for name, parent in UNITS.items():
        body: Json = {"resourceType": "Organization", "id": name, "active": True, "name": name}
        await record.update(body | ({"partOf": ref(f"Organization/{parent}")} if parent else {}))
    await record.update(
        {"resourceType": "Location", "id": "bed", "managingOrganization": ref("Organization/ward"), "name": "Seng 1"}
    )
    for name, (code, unit) in STAFF.items():
        await record.update({"resourceType": "Practitioner", "id": name, "active": True, "name": [{"text": name}]})
        await record.update(role(name, code, unit))
    await record.update(contract("hospital", "town", "office"))


def role(name: str, code: str, unit: str, **members: Any) -> Json:
    return {
        "resourceType": "PractitionerRole", "id": name, "active": True, "practitioner": ref(f"Practitioner/{name}"),
        "organization": ref(f"Organization/{unit}"), "code": [{"coding": [{"system": PROFESSION, "code": code}]}],
        **members,
    }  # fmt: skip


def contract(*parties: str, status: str = "executed") -> Json:
    kind = {"coding": [{"system": "urn:felles:agreement", "code": "shared-record"}]}
    return {
        "resourceType": "Contract", "id": "agreement", "status": status, "type": kind,
        "subject": [ref(f"Organization/{party}") for party in parties],
    }  # fmt: skip


def patient(name: str, **members: Any) -> Json:
    return {"resourceType": "Patient", "id": name, "active": True, "birthDate": "1970-01-01", **members}


def encounter(name: str, of: str, unit: str, status: str = "in-progress", **members: Any) -> Json:
    return {
        "resourceType": "Encounter", "id": name, "status": status, "subject": ref(f"Patient/{of}"),
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "serviceProvider": ref(f"Organization/{unit}"), **members,
    }  # fmt: skip


def observation(name: str, of: str, **members: Any) -> Json:
    return {
        "resourceType": "Observation", "id": name, "status": "final", "subject": ref(f"Patient/{of}"),
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "Puls"},
        "effectiveDateTime": "2026-11-20T08:00:00+01:00", "valueQuantity": {"value": 70}, **members,
    }  # fmt: skip


def consent(name: str, of: str, kind: str, status: str = "active", **provision: Any) -> Json:
    scope = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
    permits = kind in ("opening", "emergency", "representation")
    if "actor" in provision:
        code = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}]}
        provision["actor"] = [{"role": code, "reference": ref(one)} for one in provision["actor"]]
    return {
        "resourceType": "Consent", "id": name, "status": status, "scope": {"coding": [scope]},
        "category": [{"coding": [{"system": "urn:felles:consent", "code": kind}]}], "patient": ref(f"Patient/{of}"),
        "policyRule": {"coding": [{"system": "urn:felles:policy", "code": "pasientjournalloven"}]},
        "provision": {"type": "permit" if permits else "deny", **provision},
    }  # fmt: skip


class People:
    """Who works there, and what each of them sees of a record."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.access = Access.of(record.store.reading)

    async def who(self, name: str) -> Who | None:
        moment = time.time_ns() // 1_000
        return await self.access.house.who_of(f"Practitioner/{name}", f"PractitionerRole/{name}", moment)

    async def staff(self, name: str) -> Client:
        found = await self.who(name)
        assert found is not None
        return self.as_(found)

    def as_(self, who: Who, **more: Any) -> Client:
        return Client(self.record.seen_by(self.access.guard(who, **more)))

    def patient(self, name: str, acts_for: str | None = None, **more: Any) -> Client:
        purpose = Purpose.REPRESENTING if acts_for else Purpose.OWN
        for_whom = f"Patient/{acts_for}" if acts_for else None
        return self.as_(Who(f"Patient/{name}", name, Kind.PATIENT, purpose=purpose, acts_for=for_whom), **more)
