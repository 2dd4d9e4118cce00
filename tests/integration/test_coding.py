"""Contacts without complete codes: the unit owes them, and whoever mends the last of them pays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from felles import app
from felles.clerical.npr.completeness import CODES
from felles.duties import handling, worklist
from felles.duties.reckoning import faults
from felles.record.record import Record
from tests.integration.correspondence import fill
from tests.integration.test_referral import NUMBER, referral

pytestmark = pytest.mark.anyio
Json = dict[str, Any]
ICD = "urn:oid:2.16.578.1.12.4.1.1.7110"
ORGNR = "urn:oid:2.16.578.1.12.4.1.4.101"
REPORTS = [{"coding": [{"system": "urn:felles:reports", "code": "npr"}]}]
WARD = {"reference": "Organization/ward"}


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await house(made)
    yield made
    await made.close()


async def house(record: Record) -> None:
    """A hospital that reports, its ward, and a GP's office that does not."""
    await fill(record)
    number = [{"system": ORGNR, "value": "983974899"}]
    hospital = await record.resource("Organization", "hospital")
    mail = [{"system": "email", "value": "npr@sykehuset.example"}]
    await record.update({**hospital, "type": REPORTS, "identifier": number, "telecom": mail})
    await record.update({**await record.resource("Patient", "anna"), **NUMBER})
    await record.update(referral())


def encounter(id: str, unit: str = "ward", code: str = "AMB", patient: str = "anna", **more: Any) -> Json:
    made: Json = {
        "resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": code},
        "subject": {"reference": f"Patient/{patient}"}, "serviceProvider": {"reference": f"Organization/{unit}"},
        "basedOn": [{"reference": "ServiceRequest/one"}],
        "period": {"start": "2026-11-03T09:00:00+01:00", "end": "2026-11-03T09:30:00+01:00"}, **more,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value != []}


def diagnosed(id: str) -> Json:
    return {"diagnosis": [{"condition": {"reference": f"Condition/{id}"}}]}


def condition(id: str, code: str = "", patient: str = "anna") -> Json:
    codings = [{"system": ICD, "code": code}] if code else []
    return {"resourceType": "Condition", "id": id, "subject": {"reference": f"Patient/{patient}"},
            "code": {"coding": codings, "text": "Kneplager"} if codings else {"text": "Kneplager"}}  # fmt: skip


async def owed(record: Record, unit: str = "ward") -> list[tuple[str, str | None]]:
    page = await worklist.open_of(record, f"Organization/{unit}", handling.now())
    return [(row.subject or "", row.duty.reason) for row in page.rows if row.duty.kind == CODES.number]


async def test_a_contact_without_a_diagnosis_is_owed_by_its_unit_until_it_has_one(record: Record) -> None:
    await record.update(condition("knee"))
    await record.update(encounter("visit", **diagnosed("knee")))
    assert await owed(record) == [("Encounter/visit", "Mangler diagnose i ICD-10")]
    await record.update(condition("knee", "M17.1"))
    assert await owed(record) == []
    await record.update(condition("knee"))
    assert len(await owed(record)) == 1
    assert [str(one) async for one in faults(record.store.address)] == []


async def test_everything_that_a_contact_lacks_is_named(record: Record) -> None:
    await record.update(encounter("visit", basedOn=[], period={"start": "2026-11-03T09:00:00+01:00"}, code="XX"))
    ((_, why),) = await owed(record)
    assert why == "Mangler omsorgsnivå, start eller slutt, diagnose i ICD-10, henvisningsperiode"


async def test_a_procedure_without_a_national_code_is_owed(record: Record) -> None:
    await record.update(condition("knee", "M17.1"))
    await record.update(encounter("visit", **diagnosed("knee")))
    assert await owed(record) == []
    done: Json = {"resourceType": "Procedure", "id": "done", "status": "completed", "code": {"text": "Kneprotese"},
                  "subject": {"reference": "Patient/anna"}, "encounter": {"reference": "Encounter/visit"}}  # fmt: skip
    await record.update(done)
    assert await owed(record) == [("Encounter/visit", "Mangler prosedyrekode")]
    code = {"coding": [{"system": "urn:oid:2.16.578.1.12.4.1.1.7210", "code": "NGB20"}]}
    await record.update({**done, "code": code})
    assert await owed(record) == []


async def test_only_finished_contacts_of_an_institution_that_reports_are_owed(record: Record) -> None:
    await record.update(encounter("now", status="in-progress"))
    await record.update(encounter("elsewhere", unit="inside"))
    assert await owed(record) == [] and await owed(record, "inside") == []
    await record.update(encounter("now"))
    assert len(await owed(record)) == 1
    await record.update(encounter("now", status="entered-in-error"))
    assert await owed(record) == []


async def test_a_contact_that_is_another_units_after_all_is_owed_there(record: Record) -> None:
    await record.update(encounter("visit"))
    await record.update(encounter("visit", unit="clinic"))
    assert await owed(record) == [] and len(await owed(record, "clinic")) == 1


async def test_an_emergency_and_a_stay_need_no_referral(record: Record) -> None:
    await record.update(condition("knee", "M17.1"))
    for id, code in (("er", "EMER"), ("stay", "IMP")):
        await record.update(encounter(id, code=code, basedOn=[], **diagnosed("knee")))
    assert await owed(record) == []
