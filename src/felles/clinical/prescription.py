"""Prescriptions (resepter) leave the house: on paper that is handed out, and until then somebody owes it.

A line with a quantity to dispense is a prescription. There is no transport for e-prescriptions: one that nobody has put
on paper is an open duty of whoever signed it, never "sent". That the paper was handed out is a Communication about the
order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.clinical.act import LEAST, alive, commit, staff
from felles.clinical.medication import CURRENT
from felles.clinical.result import worker
from felles.duties import Kind, Level, Outcome, Owe, Reopen, Settle, Step, declare, owing
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Said
from felles.duties.kind import View
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Deed, Inside, Put, Rule, Woken
from felles.record.store import Origin

HAND_OUT = declare(
    Kind(
        304, "hand-out-prescription", "Få resepten ut", WorkingDays(1),
        (Step(Level.LEADER, WorkingDays(1)), Step(Level.REGION, WorkingDays(3))),
        proof="At resepten er gitt pasienten på papir, eller at linjen er avsluttet", by_hand=False, view=View.SOON,
    )
)  # fmt: skip
CATEGORY, CODE = "urn:felles:category", "prescription"
WRITTEN = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode", "code": "WRITTEN"}]}
Json = dict[str, Any]


def leaves(order: Json | None) -> bool:
    """Whether a line is a prescription that is in force: something is to be dispensed."""
    if order is None or order.get("status") not in CURRENT or order.get("intent") not in ("order", "instance-order"):
        return False
    return bool((order.get("dispenseRequest") or {}).get("quantity"))


def _about(one: Json | None) -> set[str]:
    """The orders whose paper has been handed out."""
    codes = {(each.get("system"), each.get("code")) for kind in (one or {}).get("category") or ()
             for each in kind.get("coding") or ()}  # fmt: skip
    if one is None or (CATEGORY, CODE) not in codes or one.get("status") != "completed":
        return set()
    told = (str(each.get("reference", "")) for each in one.get("about") or ())
    return {each for each in told if each.startswith("MedicationRequest/")}


async def handed(record: Record, patient: str) -> Mapping[str, str]:
    """When the paper of each line of a patient ("Patient/x") was handed out last (FHIR dateTime), by the line's id."""
    asked = [("patient", patient), ("category", f"{CATEGORY}|{CODE}"), ("_count", "200")]
    found = await record.resources("Communication", asked)
    made: dict[str, str] = {}
    for one in sorted(found, key=lambda one: str(one.get("sent", ""))):
        made |= {each.partition("/")[2]: str(one.get("sent", "")) for each in _about(one)}
    return made


async def hand_out(record: Record, who: Who, patient: str, id: str, version: int, again: str, now: int) -> str:
    """Records that the paper of a line was given to the patient. Returns the Communication's id. Raises Problem 403 for
    who is no staff, 404 for another patient's line, 409 for a line that has changed, 422 for one that is no
    prescription, and for a second paper without a reason (`again`)."""
    role = staff(who)
    await alive(record, patient)
    order = await record.resource("MedicationRequest", id)
    if (order.get("subject") or {}).get("reference") != patient:
        raise problem(404, "not-found", "this line is another patient's", "Communication.about")
    if int(order["meta"]["versionId"]) != version:
        raise problem(409, "conflict", "others have changed this meanwhile; look at it as it is now")
    if not leaves(order):
        raise problem(422, "business-rule", "nothing is to be dispensed of this line", "Communication.about")
    if id in await handed(record, patient) and len(again.strip()) < LEAST:
        raise problem(422, "required", "say why another paper is made", "Communication.note")
    made: Json = {
        "resourceType": "Communication", "id": new_id(), "status": "completed", "subject": {"reference": patient},
        "category": [{"coding": [{"system": CATEGORY, "code": CODE}], "text": "Resept på papir"}], "medium": [WRITTEN],
        "about": [{"reference": f"MedicationRequest/{id}"}], "sent": instant(now), "sender": {"reference": role},
        "recipient": [{"reference": patient}],
        **({"note": [{"text": again.strip()}]} if again.strip() else {}),
    }  # fmt: skip
    await commit(record, [Put(made)], [])
    return str(made["id"])


async def _signed(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    subject = f"MedicationRequest/{woken.id}"
    if not leaves(woken.after) or woken.after is None:
        return [Settle(HAND_OUT, subject, subject, Outcome.NEEDLESS)] if leaves(woken.before) else []
    if woken.origin in (Origin.IMPORT, Origin.DEMO) or leaves(woken.before):
        return []
    unit, person = await worker(inside, str((woken.after.get("requester") or {}).get("reference", "")))
    if not unit or await inside.ask("duty to settle", [key64(subject), HAND_OUT.number]):
        return []
    patient = str((woken.after.get("subject") or {}).get("reference", ""))
    return [Owe(HAND_OUT, subject, unit, patient=patient or None, person=person or None)]


async def _given(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    proof, before, after = f"Communication/{woken.id}", _about(woken.before), _about(woken.after)
    if woken.origin in (Origin.IMPORT, Origin.DEMO):
        return []
    found: list[Said | Deed] = [Settle(HAND_OUT, one, proof) for one in sorted(after - before)]
    return [*found, *(Reopen(HAND_OUT, one, proof) for one in sorted(before - after))]


RULES = (
    Rule("a prescription is owed to leave", frozenset({"MedicationRequest"}), owing(_signed)),
    Rule("a paper is handed out", frozenset({"Communication"}), owing(_given)),
)
