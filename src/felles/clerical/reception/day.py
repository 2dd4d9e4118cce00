"""The day of a unit's reception: its appointments in order, who has come, what is owed.

What is not open to the reader is a row without a name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from felles.access.consent import instant, micros
from felles.clerical.reception import tariff
from felles.clerical.reception.attendance import COME, EXPECTED, NEWEST, field_of, patient_of, unit_at
from felles.clerical.reception.charge import amount
from felles.duties.calendar import NORWAY
from felles.duties.reading import Outside
from felles.record.record import Record

MOST = 500
AT_ONCE = 40
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One appointment. `patient` is empty where the record is not open; `bill`: the Invoice's id; `owed`: in kroner, of
    an Invoice that is not paid; `exempt`: by age, in words; `free`: why nothing was charged."""

    id: str
    start: int
    status: str
    words: str
    patient: Json
    bill: str = ""
    owed: int = 0
    exempt: str = ""
    free: str = ""

    @property
    def expected(self) -> bool:
        return self.status in EXPECTED

    @property
    def come(self) -> bool:
        return self.status in COME


async def today(record: Record, unit: str, day: date) -> list[Row]:
    """The appointments of a unit on a day, by time, those called off aside."""
    found = await _appointments(record, unit, day)
    shown = {row["id"] for row in await _open(record, [str(one["id"]) for one in found])}
    people = await _people(record, [patient_of(one) for one in found if one["id"] in shown])
    bills, free = await _bills(record, list(people))
    return [await _row(record, one, people, bills, free) for one in found]


async def _row(
    record: Record, one: Json, people: Mapping[str, Json], bills: Mapping[str, Json], free: Mapping[str, str]
) -> Row:
    person, about = people.get(patient_of(one), {}), f"Appointment/{one['id']}"
    bill = bills.get(about) or {}
    born = person.get("birthDate")
    by_age = tariff.exempt(born, NORWAY.day(micros(one["start"])), await field_of(record, one)) if born else None
    words = one.get("description") or next((each.get("text", "") for each in one.get("serviceType") or ()), "")
    return Row(
        str(one["id"]), micros(one["start"]), str(one["status"]), str(words) if person else "", person,
        str(bill.get("id", "")), amount(bill) if bill.get("status") == "issued" else 0, by_age.nb if by_age else "",
        free.get(about, ""),
    )  # fmt: skip


async def _appointments(record: Record, unit: str, day: date) -> list[Json]:
    """All of them, whoever may see them."""
    read, actors = Outside(record), await _actors(record, unit)
    found: dict[str, Json] = {}
    for start in range(0, len(actors), AT_ONCE):
        some = ",".join(actors[start : start + AT_ONCE])
        asked = [("actor", some), ("date", f"ge{_local(day)}"), ("date", f"lt{_local(day + timedelta(days=1))}")]
        found |= {str(one["id"]): one for one in await read.search("Appointment", asked, MOST)}
    kept = [one for one in found.values() if one["status"] not in ("cancelled", "entered-in-error", "proposed")]
    mine = [one for one in kept if patient_of(one) and await unit_at(record, one) == unit]
    return sorted(mine, key=lambda one: (micros(one["start"]), one["id"]))


def _local(day: date) -> str:
    return instant(NORWAY.moment(day))


async def _actors(record: Record, unit: str) -> list[str]:
    """What of a unit takes part in appointments."""
    read, found = Outside(record), [unit]
    for kind in ("Location", "HealthcareService", "PractitionerRole"):
        rows = await read.search(kind, [("organization", unit)], MOST)
        found += [f"{kind}/{one['id']}" for one in rows]
        found += [str(one["practitioner"]["reference"]) for one in rows if one.get("practitioner")]
    return sorted(set(found))


async def _open(record: Record, ids: Sequence[str]) -> list[Json]:
    found: list[Json] = []
    for start in range(0, len(ids), AT_ONCE):
        asked = [("_id", ",".join(ids[start : start + AT_ONCE])), ("_count", str(AT_ONCE))]
        found += await record.resources("Appointment", asked)
    return found


async def _people(record: Record, patients: Sequence[str]) -> dict[str, Json]:
    ids = sorted({one.partition("/")[2] for one in patients})
    found: dict[str, Json] = {}
    for start in range(0, len(ids), AT_ONCE):
        asked = [("_id", ",".join(ids[start : start + AT_ONCE])), ("_count", str(AT_ONCE))]
        found |= {f"Patient/{one['id']}": one for one in await record.resources("Patient", asked)}
    return found


async def _bills(record: Record, patients: Sequence[str]) -> tuple[dict[str, Json], dict[str, str]]:
    """Appointment → its Invoice, and why nothing was charged."""
    bills: dict[str, Json] = {}
    free: dict[str, str] = {}
    for start in range(0, len(patients), AT_ONCE):
        some = [("subject", ",".join(patients[start : start + AT_ONCE])), *NEWEST]
        newest = await record.resources("ChargeItem", some)
        charges = {f"ChargeItem/{one['id']}": one for one in reversed(newest)}
        for one in charges.values():
            if one["status"] == "not-billable":
                free[_about(one)] = str(one.get("overrideReason", ""))
        for bill in reversed(await record.resources("Invoice", some)):
            told = str((bill["lineItem"][0].get("chargeItemReference") or {}).get("reference"))
            if told in charges and bill["status"] != "entered-in-error":
                bills[_about(charges[told])] = bill
    return bills, free


def _about(charged: Json) -> str:
    return str(charged["supportingInformation"][0]["reference"])
