"""The one shared list of medicines (legemiddelliste): prescribe, change, renew and stop.

A line of the list is a MedicationRequest (or a MedicationStatement, what the patient takes besides) with its author,
unit and reason. Nobody's act changes a line that others changed meanwhile: it is refused, and the newer line is
shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.clinical.act import LEAST, alive, commit, staff
from felles.clinical.check import Severity, Taken, Warning, warnings
from felles.clinical.dose import Dose, of
from felles.clinical.product import ATC, Product, like
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Put

Json = dict[str, Any]
MOST = 1_000
GROUPS, REFUND = "urn:felles:prescription-group", "urn:felles:reimbursement"
REFUNDS = ("hvit", "blå § 2", "blå § 3", "H-resept")
CURRENT = frozenset(("active", "on-hold", "draft"))


@dataclass(frozen=True, slots=True)
class Script:
    """What is prescribed. `why`: what for; `despite`: why in spite of warnings; `twice`: a weekly medicine has been
    confirmed daily; `refund`: one of REFUNDS; `packs` (quantity) and `repeats` as on a prescription. `replaces`: the
    MedicationRequest whose place it takes, and its version."""

    patient: str
    product: Product
    dose: Dose
    why: str = ""
    despite: str = ""
    twice: bool = False
    refund: str = "hvit"
    packs: int = 0
    repeats: int = 0
    replaces: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What a prescription is looked at against: what is taken already, and the allergies."""

    taken: Sequence[Taken] = field(default_factory=list)
    allergies: Sequence[Json] = field(default_factory=list)


async def around(record: Record, patient: str, apart: str = "") -> Around:
    """The medicines in use and the allergies of a patient ("Patient/x"), the order `apart` aside."""
    taken = [
        Taken(f"{one['resourceType']}/{one['id']}", atc_of(one), name_of(one))
        for one in await current(record, patient) if one["id"] != apart
    ]  # fmt: skip
    return Around(taken, await allergies(record, patient))


async def current(record: Record, patient: str) -> list[Json]:
    """The lines of a patient ("Patient/x") that are in use, by name: all of them, however long the history is."""
    asked = [("patient", patient), ("status", ",".join(sorted(CURRENT))), ("_count", str(MOST))]
    held = await record.resources("MedicationRequest", asked)
    held += await record.resources("MedicationStatement", asked)
    return sorted(held, key=lambda one: (name_of(one).casefold(), one["id"]))


async def allergies(record: Record, patient: str) -> list[Json]:
    """The allergies of a patient ("Patient/x")."""
    return await record.resources("AllergyIntolerance", [("patient", patient), ("_count", str(MOST))])


def atc_of(order: Json) -> str:
    """The ATC code of what an order or a statement is about, or empty."""
    codings = (order.get("medicationCodeableConcept") or {}).get("coding") or ()
    return next((str(one.get("code", "")) for one in codings if "atc" in str(one.get("system", "")).casefold()
                 or one.get("system") in (ATC, "urn:oid:2.16.578.1.12.4.1.1.7180")), "")  # fmt: skip


def name_of(order: Json) -> str:
    """What an order or a statement is about, in words."""
    concept = order.get("medicationCodeableConcept") or {}
    coded = next((str(one["display"]) for one in concept.get("coding") or () if one.get("display")), "")
    return str(concept.get("text") or coded or (order.get("medicationReference") or {}).get("display", ""))


def dose_of(order: Json) -> Dose | None:
    """The dose of a line that has one and no other; None where it is words, or several that belong together."""
    told = list(order.get("dosageInstruction") or order.get("dosage") or ())
    return of(told[0]) if len(told) == 1 else None


def words_of(order: Json) -> str:
    """The dosage of a line as its words say it."""
    told = order.get("dosageInstruction") or order.get("dosage") or ()
    return "; ".join(str(one["text"]) for one in told if one.get("text"))


def product_of(order: Json) -> Product:
    """The medicine of a line."""
    dose = dose_of(order)
    return like(atc_of(order), name_of(order), dose.unit if dose else "")


async def looked_at(record: Record, script: Script) -> list[Warning]:
    """What speaks against a prescription, as the record stands. Raises Problem 422 for a dose that cannot be."""
    if script.product.amount(script.dose) is None:
        unit, own = script.dose.unit, script.product.unit
        raise problem(422, "value", f"{script.product.name} is not dosed in {unit}, but in {own}", "dosageInstruction")
    known = await around(record, script.patient, script.replaces[0] if script.replaces else "")
    return warnings(script.product, script.dose, known.taken, known.allergies)


async def prescribe(record: Record, who: Who, script: Script, now: int) -> str:
    """Signs a prescription; what it replaces ends in the same transaction. Returns its id. Raises Problem 403 for who
    is no staff, 409 where what it replaces has been changed meanwhile, 422 for the dead, for a record that was
    merged, for a dose that cannot be, and for a warning without the reason that it wants."""
    role = staff(who)
    await alive(record, script.patient)
    found = await looked_at(record, script)
    _answered(script, found)
    made = _request(script, role, now)
    deeds = [Put(made)]
    held: list[tuple[Json, int]] = []
    if found:
        issue = _issue(script, found, role, now)
        made["detectedIssue"] = [{"reference": f"DetectedIssue/{issue['id']}"}]
        deeds.append(Put(issue))
    if script.replaces:
        old = await _standing(record, *script.replaces)
        if (old.get("subject") or {}).get("reference") != script.patient:
            raise problem(404, "not-found", "the line that is replaced is another patient's", "priorPrescription")
        made["priorPrescription"] = {"reference": f"MedicationRequest/{old['id']}"}
        made["groupIdentifier"] = old.get("groupIdentifier") or {"system": "urn:felles:medicine", "value": old["id"]}
        held.append((old, script.replaces[1]))
        deeds.append(Put({**old, "status": "stopped", "statusReason": {"text": "Erstattet av ny forskrivning"}}))
    await commit(record, deeds, held)
    return str(made["id"])


async def stop(record: Record, who: Who, id: str, version: int, reason: str) -> None:
    """Ends a line of the list with a reason (seponering). Raises Problem 409 where it has been changed meanwhile, 422
    without a reason."""
    staff(who)
    if len(reason.strip()) < LEAST:
        raise problem(422, "required", "say why it is stopped", "MedicationRequest.statusReason")
    old = await _standing(record, id, version)
    await commit(
        record, [Put({**old, "status": "stopped", "statusReason": {"text": reason.strip()}})], [(old, version)]
    )


async def renew(record: Record, who: Who, id: str, version: int, now: int) -> str:
    """The same again: a new prescription with the same dose takes the place of the old. Returns its id. Raises Problem
    as `prescribe` does; 422 for a line whose dose is not structured, and for one that something speaks against, which
    is prescribed anew with a reason instead."""
    role = staff(who)
    old = await _standing(record, id, version)
    await alive(record, str((old.get("subject") or {}).get("reference", "")))
    dose = dose_of(old)
    if dose is None:
        raise problem(422, "business-rule", "this line has no structured dose: prescribe it anew", "dosageInstruction")
    known = await around(record, str(old["subject"]["reference"]), id)
    if any(one.severity is not Severity.NOTE for one in warnings(product_of(old), dose, known.taken, known.allergies)):
        raise problem(422, "business-rule", "something speaks against it: look at the warnings", "DetectedIssue")
    kept = {name: value for name, value in old.items() if name not in ("id", "meta", "detectedIssue", "statusReason")}
    made = {
        **kept, "id": new_id(), "status": "active", "authoredOn": instant(now), "requester": {"reference": role},
        "priorPrescription": {"reference": f"MedicationRequest/{id}"},
        "groupIdentifier": old.get("groupIdentifier") or {"system": "urn:felles:medicine", "value": id},
    }  # fmt: skip
    ended = Put({**old, "status": "completed", "statusReason": {"text": "Fornyet"}})
    await commit(record, [Put(made), ended], [(old, version)])
    return str(made["id"])


async def _standing(record: Record, id: str, version: int) -> Json:
    """A line that is in use, at the version that was shown. Raises Problem 409 where it is another by now."""
    held = await record.resource("MedicationRequest", id)
    if int(held["meta"]["versionId"]) != version or held["status"] not in CURRENT:
        raise problem(409, "conflict", "others have changed this meanwhile; look at it as it is now")
    return held


def _answered(script: Script, found: Sequence[Warning]) -> None:
    """Raises Problem 422 for a warning that wants an answer and has none."""
    worst = {one.severity for one in found}
    if Severity.STOP in worst and not script.twice:
        raise problem(422, "business-rule", f"{script.product.name} is taken once a week: confirm a daily dose twice")
    if worst & {Severity.STOP, Severity.SERIOUS} and len(script.despite.strip()) < LEAST:
        raise problem(422, "required", "say why it is prescribed in spite of the warnings", "DetectedIssue.mitigation")


def _request(script: Script, role: str, now: int) -> Json:
    supply: Json = {"numberOfRepeatsAllowed": script.repeats} if script.repeats else {}
    if script.packs:
        supply["quantity"] = {"value": script.packs, "unit": "pakning"}
    product, dose = script.product, script.dose
    whole = dose if dose.unit else replace(dose, unit=product.unit)
    return {
        "resourceType": "MedicationRequest", "id": new_id(), "status": "active", "intent": "order",
        "category": [
            {"coding": [{"system": GROUPS, "code": product.group}], "text": f"Reseptgruppe {product.group}"},
            {"coding": [{"system": REFUND, "code": script.refund}], "text": script.refund},
        ],
        "medicationCodeableConcept": product.concept, "subject": {"reference": script.patient},
        "authoredOn": instant(now), "requester": {"reference": role},
        **({"reasonCode": [{"text": script.why.strip()}]} if script.why.strip() else {}),
        "dosageInstruction": [whole.resource(product.route)],
        **({"dispenseRequest": supply} if supply else {}),
    }  # fmt: skip


def _issue(script: Script, found: Sequence[Warning], role: str, now: int) -> Json:
    """The warnings that were shown, and the answer to them (FHIR DetectedIssue)."""
    said = "; ".join(f"{one.cause}: {(one.words or {}).get('nb', '')} {one.about}".strip() for one in found)
    high = any(one.severity is not Severity.NOTE for one in found)
    answer = [{"action": {"text": script.despite.strip()}, "date": instant(now), "author": {"reference": role}}]
    return {
        "resourceType": "DetectedIssue", "id": new_id(), "status": "final", "severity": "high" if high else "low",
        "patient": {"reference": script.patient}, "identifiedDateTime": instant(now), "detail": said,
        "implicated": [{"reference": ref} for one in found for ref in one.refs],
        **({"mitigation": answer} if script.despite.strip() else {}),
    }  # fmt: skip
