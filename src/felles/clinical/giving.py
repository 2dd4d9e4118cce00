"""Medicines that are given: of an order, or after the ward's standing order; too soon and too much are asked about.

A dose of an order that has times stands for one of them, and each of them has one dose: its MedicationAdministration is
named after both, so that of two who give it at once the second is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from felles.access.consent import instant, micros
from felles.access.who import Who
from felles.clinical.act import LEAST, alive, commit, staff
from felles.clinical.check import Cause, warnings
from felles.clinical.dose import Dose
from felles.clinical.medication import allergies, atc_of, dose_of, name_of
from felles.clinical.product import Product, like
from felles.clinical.timing import filled, moments, open_at
from felles.record.outcome import Problem, problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Put

HOUR = 3_600_000_000
DAY = 24 * HOUR
BEFORE, AFTER = 2 * DAY, DAY
"""How far around now the times of an order are looked at."""
MOST = 1_000
PLANNED, SCANNED, LOT = "urn:felles:planned", "urn:felles:scanned", "urn:felles:lot"
"""Extensions of a MedicationAdministration: the time that it stands for, the GTIN that was scanned, and its lot."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """A dose that was given: what, how much, when (microseconds), for which order (an id, or empty), by whom, and the
    time that it stands for. `withheld`: why it was not given. `scanned`: what was given had been scanned."""

    id: str
    name: str
    atc: str
    amount: Decimal
    unit: str
    at: int
    order: str = ""
    by: str = ""
    planned: int | None = None
    withheld: str = ""
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class Handed:
    """What is to be recorded: `order` is a MedicationRequest's id, empty after a standing order; `planned` the time
    that it stands for (None: the one that has come); `despite` says why it is given although the house asked; `gtin`
    and `lot` of what was scanned."""

    patient: str
    product: Product
    dose: Dose
    order: str = ""
    despite: str = ""
    planned: int | None = None
    gtin: str = ""
    lot: str = ""


async def given(record: Record, patient: str, since: int) -> list[Given]:
    """The doses that a patient ("Patient/x") has been given since a moment, the newest first."""
    return [one for one in await recorded(record, patient, since) if not one.withheld]


async def recorded(record: Record, patients: str, since: int, until: int | None = None) -> list[Given]:
    """As `given`, with those that were withheld; of several patients ("Patient/x,Patient/y"), until a moment."""
    asked = [("patient", patients), ("effective-time", f"ge{instant(since)}"), ("_count", str(MOST))]
    asked += [("effective-time", f"lt{instant(until)}")] if until is not None else []
    found = await record.resources("MedicationAdministration", asked)
    kept = [one for one in found if one.get("status") in ("completed", "not-done")]
    return sorted((_given(one) for one in kept if "T" in one.get("effectiveDateTime", "")), key=lambda one: -one.at)


def _given(one: Json) -> Given:
    dose = (one.get("dosage") or {}).get("dose") or {}
    by = next((str((each.get("actor") or {}).get("reference", "")) for each in one.get("performer") or ()), "")
    order = str((one.get("request") or {}).get("reference", "")).partition("/")[2]
    more = {str(each.get("url")): each for each in one.get("extension") or ()}
    why = next((str(each.get("text", "")) for each in one.get("statusReason") or ()), "")
    planned = more.get(PLANNED, {}).get("valueInstant")
    return Given(
        str(one["id"]), name_of(one), atc_of(one), Decimal(str(dose.get("value", 0))), str(dose.get("unit", "")),
        micros(one["effectiveDateTime"]), order, by, micros(planned) if planned else None,
        (why or "–") if one["status"] == "not-done" else "", SCANNED in more,
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
    `too-soon`, `too-much`, `allergy` or `not-due` unless `despite` says why, for a time that has its dose already, and
    for an order that is paused or ended; 422 for a medicine that is given after an order only, for another medicine
    than the order's, and for a dose in a unit that is not the medicine's."""
    role, product = staff(who), handed.product
    await alive(record, handed.patient)
    order = await _ordered(record, handed)
    once = product.amount(handed.dose)
    if once is None:
        raise problem(422, "value", f"{product.name} is dosed in {product.unit}, not in {handed.dose.unit}", "dosage")
    known = await allergies(record, handed.patient)
    allergic = any(one.cause is Cause.ALLERGY for one in warnings(product, handed.dose, (), known))
    why = "allergy" if allergic else asks(product, once, await given(record, handed.patient, now - DAY), now)
    planned = handed.planned
    if order is not None:
        planned, due = await _place(record, order, handed, now)
        why = why or ("" if due else "not-due")
    if why and len(handed.despite.strip()) < LEAST:
        raise problem(409, "business-rule", why, "effectiveDateTime")
    made = _administration(handed, role, now)
    return await _written(record, made, handed.order, planned)


async def withhold(record: Record, who: Who, order: str, planned: int, reason: str, now: int) -> str:
    """Records that a dose was not given, and why. Raises Problem 409 for a time that has its dose already, 422 without
    a reason and for a time that is none of the order's."""
    role = staff(who)
    if len(reason.strip()) < LEAST:
        raise problem(422, "required", "say why it is not given", "MedicationAdministration.statusReason")
    held = await record.resource("MedicationRequest", order)
    dose, began = dose_of(held), held.get("authoredOn")
    if dose is None or not began or planned not in moments(dose, micros(began), planned, planned + 1):
        raise problem(422, "value", "the order has no dose at this time", "MedicationAdministration.extension")
    made: Json = {
        "resourceType": "MedicationAdministration", "status": "not-done", "statusReason": [{"text": reason.strip()}],
        "medicationCodeableConcept": held["medicationCodeableConcept"], "subject": held["subject"],
        "effectiveDateTime": instant(now), "performer": [{"actor": {"reference": role}}],
        "request": {"reference": f"MedicationRequest/{order}"},
    }  # fmt: skip
    return await _written(record, made, order, planned)


async def _written(record: Record, made: Json, order: str, planned: int | None) -> str:
    """Writes a dose in its place. Raises Problem 409 where that has one."""
    held: list[tuple[Json, int]] = []
    made["id"] = new_id() if planned is None else name_at(order, planned)
    if planned is not None:
        made["extension"] = [*made.get("extension", ()), {"url": PLANNED, "valueInstant": instant(planned)}]
        try:
            old = await record.resource("MedicationAdministration", made["id"])
        except Problem as error:
            if error.status != 404:
                raise
        else:
            if old["status"] == "completed" or old["status"] == made["status"]:
                raise problem(409, "conflict", "this dose is recorded already; look at the list", "request")
            held.append((old, int(old["meta"]["versionId"])))
    await commit(record, [Put(made)], held)
    return str(made["id"])


def name_at(order: str, planned: int) -> str:
    """The id of the dose of an order at a time."""
    return hashlib.sha256(f"{order}|{planned}".encode()).hexdigest()[:32]


async def _ordered(record: Record, handed: Handed) -> Json | None:
    """The order that is given. Raises Problem 409 for one that is paused or ended, 404 for another patient's, 422 for
    none where one is needed and for another medicine's."""
    if not handed.order:
        if not handed.product.ward:
            raise problem(422, "business-rule", f"{handed.product.name} is given after an order only", "request")
        return None
    held = await record.resource("MedicationRequest", handed.order)
    if (held.get("subject") or {}).get("reference") != handed.patient:
        raise problem(404, "not-found", "this order is another patient's", "request")
    if held.get("status") != "active":
        raise problem(409, "conflict", "this order is paused or ended by now; look at the list", "request")
    if atc_of(held) != handed.product.atc:
        raise problem(
            422, "business-rule", f"{handed.product.name} is not what is ordered", "medicationCodeableConcept"
        )
    return held


async def _place(record: Record, order: Json, handed: Handed, now: int) -> tuple[int | None, bool]:
    """The time that a dose stands for, and whether one is due. The first dose of an order may be given at once."""
    dose, began = dose_of(order), order.get("authoredOn")
    due = moments(dose, micros(began), now - BEFORE, now + AFTER) if dose is not None and began else []
    if handed.planned is not None and handed.planned not in due:
        raise problem(422, "value", "the order has no dose at this time", "MedicationAdministration.extension")
    if not due:
        return None, True
    asked = [("request", f"MedicationRequest/{order['id']}"), ("status", "completed")]
    ever = await record.resources("MedicationAdministration", [*asked, ("_count", "1")])
    near = [*asked, ("effective-time", f"ge{instant(now - BEFORE)}"), ("_count", str(MOST))]
    done = [_given(one) for one in await record.resources("MedicationAdministration", near)]
    taken = filled(due, [(one.planned, one.at) for one in done])
    ready = open_at(due, taken, now)
    if handed.planned is not None:
        if handed.planned in taken:
            raise problem(409, "conflict", "this dose is recorded already; look at the list", "request")
        return handed.planned, handed.planned == ready
    return ready, ready is not None or not ever


def _administration(handed: Handed, role: str, now: int) -> Json:
    product, one = handed.product, replace(handed.dose, unit=handed.dose.unit or handed.product.unit)
    number = float(one.amount)
    more = [*([{"url": SCANNED, "valueString": handed.gtin}] if handed.gtin else ()),
            *([{"url": LOT, "valueString": handed.lot}] if handed.lot else ())]  # fmt: skip
    return {
        "resourceType": "MedicationAdministration", "status": "completed", **({"extension": more} if more else {}),
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
