"""A hospital outside whose record stands a GP's office, and inside it another: for tests of letters."""

from typing import Any

from felles.delivery import Order
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.consenting import FNR as FNR
from tests.integration.consenting import NOW as NOW

PHONE = [{"system": "phone", "value": "73 00 00 00"}]
MAIL = [{"system": "email", "value": "anna@post.example"}]
Json = dict[str, Any]


def gp(id: str, office: str) -> list[Json]:
    return [
        {"resourceType": "Organization", "id": office, "name": office.capitalize()},
        {"resourceType": "Practitioner", "id": id, "name": [{"text": f"Dr. {id.capitalize()}"}]},
        {**consenting.role(f"{id}-role", id, office, "LE"), "active": True},
    ]


def appointment(id: str, patient: str, **more: Any) -> Json:
    return {
        "resourceType": "Appointment", "id": id, "status": "booked", "description": "Undersøkelse av kneet",
        "start": "2026-12-01T09:30:00+01:00", "end": "2026-12-01T10:00:00+01:00",
        "participant": [{"actor": {"reference": f"Patient/{patient}"}, "status": "accepted"}], **more,
    }  # fmt: skip


async def fill(record: Record) -> None:
    """Anna has e-mail and a GP inside, bea neither e-mail nor GP, eva is dead."""
    await consenting.fill(record)
    parties = [{"reference": f"Organization/{one}"} for one in ("hospital", "inside")]
    agreed: Json = {
        "resourceType": "Contract", "id": "agreement", "status": "executed", "subject": parties,
        "type": {"coding": [{"system": "urn:felles:agreement", "code": "shared-record"}]},
    }  # fmt: skip
    house = [*gp("inga", "inside"), *gp("ute", "outside"), agreed]
    house.append({"resourceType": "Organization", "id": "ward", "name": "Sengeposten", "telecom": PHONE,
                  "partOf": consenting.HOSPITAL})  # fmt: skip
    for one in house:
        await record.update(one)
    people = [
        consenting.person("anna", "1980-01-01") | {"telecom": MAIL, "generalPractitioner": [ref("inga-role")]},
        consenting.person("bea", "1985-05-05"),
        consenting.person("cato", "1970-02-02") | {"generalPractitioner": [ref("ute-role")]},
        consenting.person("eva", "1930-03-03") | {"deceasedBoolean": True, "generalPractitioner": [ref("ute-role")]},
    ]
    for one in people:
        await record.update(one | {"managingOrganization": {"reference": "Organization/ward"}})
        await record.update(appointment(f"{one['id']}-time", one["id"]))


def ref(role: str) -> Json:
    return {"reference": f"PractitionerRole/{role}"}


def order(patient: str, template: str = "appointment", **more: Any) -> Order:
    about = f"Appointment/{patient}-time" if template == "appointment" else f"Patient/{patient}"
    given: Json = {"unit": "Organization/ward", "author": "Practitioner/nurse", "text": "Ta med medisinlisten.", **more}
    return Order(template, f"Patient/{patient}", about, **given)
