"""Medicines that are given: of an order, or after the ward's standing order; too soon and too much are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from felles.access.consent import instant, micros
from felles.access.who import Who
from felles.clinical.act import LEAST, alive, commit, staff
from felles.clinical.check import Cause, warnings
from felles.clinical.dose import Dose
from felles.clinical.medication import atc_of, name_of
from felles.clinical.product import Product, like
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Put

HOUR = 3_600_000_000
DAY = 24 * HOUR
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A dose that was given: what, how much, when (microseconds), for which order (an id, or empty), and by whom."""

    id: str
    name: str
    atc: str
    amount: Decimal
    unit: str
    at: int
    order: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Handed:
    """What is to be recorded: `order` is a MedicationRequest's id, empty after a standing order; `despite` says why it
    is given although the house asked."""

    patient: str
    product: Product
    dose: Dose
    order: str = ""
    despite: str = ""


async def given(record: Record, patient: str, since: int) -> list[Given]:
    """The doses that a patient ("Patient/x") has been given since a moment, the newest first."""
    asked = [("patient", patient), ("effective-time", f"ge{instant(since)}"), ("_count", "200")]
    found = await record.resources("MedicationAdministration", asked)
    made = [
        _given(one) for one in found if one.get("status") == "completed" and "T" in one.get("effectiveDateTime", "")
    ]
    return sorted(made, key=lambda one: -one.at)


def _given(one: Json) -> Given:
    dose = (one.get("dosage") or {}).get("dose") or {}
    by = next((str((each.get("actor") or {}).get("reference", "")) for each in one.get("performer") or ()), "")
    order = str((one.get("request") or {}).get("reference", "")).partition("/")[2]
    return Given(
        str(one["id"]), name_of(one), atc_of(one), Decimal(str(dose.get("value", 0))), str(dose.get("unit", "")),
        micros(one["effectiveDateTime"]), order, by,
    )  # fmt: skip


def asks(product: Product, once: Decimal, earlier: Sequence[Given], now: int) -> str:
    """Why a dose should not be given now: too soon after the last, or more in a day than may be; empty where nothing
    speaks against it. `once` and what was given count in the unit of the strength. Pure."""
    same = [one for one in earlier if one.atc == product.atc and one.at > now - DAY]
    if same and product.gap and now - max(one.at for one in same) < product.gap * HOUR:
        return "too-soon"
    day = once + sum((_amount(product, one) for one in same), Decimal(0))
    return "too-much" if product.most is not None and day > product.most else ""


def _amount(product: Product, one: Given) -> Decimal:
    """What a dose held, by the strength in its own name, as the medicine counts it."""
    own = like(one.atc, one.name, one.unit)
    return (own.amount(Dose(one.amount, one.unit)) or Decimal(0)) * product.per(own)


async def give(record: Record, who: Who, handed: Handed, now: int) -> str:
    """Records a dose that was given now. Returns the MedicationAdministration's id. Raises Problem 409 with
    `too-soon`, `too-much` or `allergy` unless `despite` says why, and for an order that is paused or ended; 422 for a
    medicine that is given after an order only and for a dose in a unit that is not the medicine's."""
    role, product = staff(who), handed.product
    await alive(record, handed.patient)
    await _ordered(record, handed)
    once = product.amount(handed.dose)
    if once is None:
        raise problem(422, "value", f"{product.name} is dosed in {product.unit}, not in {handed.dose.unit}", "dosage")
    allergies = await record.resources("AllergyIntolerance", [("patient", handed.patient), ("_count", "100")])
    allergic = any(one.cause is Cause.ALLERGY for one in warnings(product, handed.dose, (), allergies))
    why = "allergy" if allergic else asks(product, once, await given(record, handed.patient, now - DAY), now)
    if why and len(handed.despite.strip()) < LEAST:
        raise problem(409, "business-rule", why, "effectiveDateTime")
    made = _administration(handed, role, now)
    await commit(record, [Put(made)], [])
    return str(made["id"])


async def _ordered(record: Record, handed: Handed) -> None:
    """Raises Problem 409 for an order that is paused or ended, 404 for another patient's, 422 for none where one is
    needed."""
    if not handed.order:
        if not handed.product.ward:
            raise problem(422, "business-rule", f"{handed.product.name} is given after an order only", "request")
        return
    held = await record.resource("MedicationRequest", handed.order)
    if (held.get("subject") or {}).get("reference") != handed.patient:
        raise problem(404, "not-found", "this order is another patient's", "request")
    if held.get("status") != "active":
        raise problem(409, "conflict", "this order is paused or ended by now; look at the list", "request")


def _administration(handed: Handed, role: str, now: int) -> Json:
    product, one = handed.product, replace(handed.dose, unit=handed.dose.unit or handed.product.unit)
    number = float(one.amount)
    return {
        "resourceType": "MedicationAdministration", "id": new_id(), "status": "completed",
        "medicationCodeableConcept": product.concept, "subject": {"reference": handed.patient},
        "effectiveDateTime": instant(now), "performer": [{"actor": {"reference": role}}],
        "dosage": {
            "route": {"text": product.route},
            "dose": {"value": int(number) if number.is_integer() else number, "unit": one.unit},
        },
        **({"request": {"reference": f"MedicationRequest/{handed.order}"}} if handed.order else {}),
        **({"note": [{"text": handed.despite.strip()}]} if handed.despite.strip() else {}),
    }  # fmt: skip


async def take_back(record: Record, who: Who, id: str) -> None:
    """Says that a dose was not given after all; the versions show who said what. Raises Problem 403 for another's."""
    role = staff(who)
    held = await record.resource("MedicationAdministration", id)
    if role not in {str((one.get("actor") or {}).get("reference")) for one in held.get("performer") or ()}:
        raise problem(403, "forbidden", "only who gave it takes it back")
    await commit(record, [Put({**held, "status": "entered-in-error"})], [(held, int(held["meta"]["versionId"]))])
