"""Reconciliation of medicines (legemiddelsamstemming): at admission, transfer and discharge every line of the list is
decided by name, and the list as it was decided is kept.

The decisions stand in a FHIR List (list.html, mode `snapshot`), an entry for each line with what was decided; lines
that are stopped or paused change in the same transaction. Owed for each stay, until one covers every line that is in
use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.clinical.act import LEAST, alive, commit, staff
from felles.clinical.medication import CURRENT, MOST, current, name_of
from felles.duties import Kind, Level, Outcome, Owe, Reopen, Settle, Step, declare, owing
from felles.duties.deadline import Days, WorkingDays
from felles.duties.deed import Said
from felles.duties.kind import View
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Deed, Inside, Put, Rule, Woken
from felles.record.store import Origin

CODE, FINGERPRINT = "urn:felles:reconciliation", "urn:felles:fingerprint"
INPATIENT = frozenset(("IMP", "ACUTE", "NONAC"))
"""Encounter.class (v3-ActCode) of a stay."""
Json = dict[str, Any]
_STEPS = (Step(Level.LEADER, WorkingDays(1)), Step(Level.REGION, WorkingDays(3)))


class Moment(StrEnum):
    """When medicines are reconciled."""

    ADMISSION = "admission"
    TRANSFER = "transfer"
    DISCHARGE = "discharge"


class Decision(StrEnum):
    """What is decided of a line: it goes on, pauses, or ends. A change is a new line in place of the old."""

    CONTINUE = "continue"
    PAUSE = "pause"
    STOP = "stop"


_PROOF = "En samstemming der hver linje er avgjort"
KINDS: Mapping[Moment, Kind] = {
    Moment.ADMISSION: declare(
        Kind(
            302,
            "reconcile-at-admission",
            "Samstem medisinene ved innleggelsen",
            Days(1),
            _STEPS,
            _PROOF,
            view=View.SOON,
        )
    ),
    Moment.DISCHARGE: declare(
        Kind(
            303,
            "reconcile-at-discharge",
            "Samstem medisinene ved utskrivningen",
            Days(1),
            _STEPS,
            _PROOF,
            view=View.SOON,
        )
    ),
}
STATUS: Mapping[Decision, str] = {Decision.PAUSE: "on-hold", Decision.STOP: "stopped"}
WORDS: Mapping[Decision, str] = {
    Decision.CONTINUE: "fortsetter", Decision.PAUSE: "pauses", Decision.STOP: "seponeres",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decided:
    """A line ("MedicationRequest/x" or "MedicationStatement/x") at the version that was shown, and what was decided;
    whoever pauses or stops it says why."""

    line: str
    version: int
    decision: Decision
    why: str = ""


def fingerprint(lines: Sequence[Json]) -> str:
    """What a list of medicines says: the same for the same lines in any order. Kept with what is signed, so that what
    leaves can be compared. Pure."""
    said = sorted(f"{name_of(one)}|{one.get('status')}|{_dose(one)}" for one in lines)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _dose(one: Json) -> str:
    return ";".join(str(each.get("text", "")) for each in one.get("dosageInstruction") or one.get("dosage") or ())


async def reconcile(
    record: Record, who: Who, patient: str, moment: Moment, stay: str, decided: Sequence[Decided], now: int
) -> str:
    """Signs a reconciliation of "Patient/x", for a stay ("Encounter/y", or empty). Returns the List's id. Raises
    Problem 409 where the list has changed since it was shown, 422 where a line is not decided, or is ended without a
    reason."""
    role = staff(who)
    await alive(record, patient)
    lines = {f"{one['resourceType']}/{one['id']}": one for one in await current(record, patient)}
    told = {one.line: one for one in decided}
    if lines.keys() - told.keys():
        if told:
            raise problem(409, "conflict", "lines have come since this was shown: look at the list as it is now")
        raise problem(422, "required", "decide each line", "List.entry")
    if any(ref not in lines or int(lines[ref]["meta"]["versionId"]) != one.version for ref, one in told.items()):
        raise problem(409, "conflict", "others have changed the list since it was shown: look at it as it is now")
    if any(one.decision is not Decision.CONTINUE and len(one.why.strip()) < LEAST for one in decided):
        raise problem(422, "required", "say why a line is paused or stopped", "List.entry.flag")
    after = [_after(lines[one.line], one) for one in decided]
    changed = [Put(one) for one, said in zip(after, decided, strict=True) if said.decision is not Decision.CONTINUE]
    kept = [one for one in after if one.get("status") in CURRENT]
    made = _list(patient, moment, stay, decided, role, now) | {
        "extension": [{"url": FINGERPRINT, "valueString": fingerprint(kept)}]
    }
    await commit(record, [*changed, Put(made)], [(lines[one.line], one.version) for one in decided])
    return str(made["id"])


def _after(held: Json, said: Decided) -> Json:
    if said.decision is Decision.CONTINUE:
        return held
    status, why = STATUS[said.decision], {"text": said.why.strip()}
    reason: Any = why if held["resourceType"] == "MedicationRequest" else [why]
    return {**held, "status": status, "statusReason": reason}


def _list(patient: str, moment: Moment, stay: str, decided: Sequence[Decided], role: str, now: int) -> Json:
    entries = [
        {"flag": {"coding": [{"system": CODE, "code": one.decision.value}], "text": WORDS[one.decision]},
         "item": {"reference": one.line}}
        for one in decided
    ]  # fmt: skip
    empty = {"text": "Ingen medisiner i bruk"}
    return {
        "resourceType": "List", "id": new_id(), "status": "current", "mode": "snapshot",
        "title": "Legemiddelsamstemming", "code": {"coding": [{"system": CODE, "code": moment.value}]},
        "subject": {"reference": patient}, "date": instant(now), "source": {"reference": role},
        **({"encounter": {"reference": stay}} if stay else {}),
        **({"entry": entries} if entries else {"emptyReason": empty}),
    }  # fmt: skip


def moment_of(held: Json | None) -> Moment | None:
    """When a List reconciles; None for another kind of list, or one that was withdrawn."""
    codings = ((held or {}).get("code") or {}).get("coding") or ()
    codes = [str(one.get("code")) for one in codings if one.get("system") == CODE]
    return Moment(codes[0]) if codes and codes[0] in set(Moment) and (held or {}).get("status") == "current" else None


def _stays(encounter: Json | None, *states: str) -> bool:
    kind = ((encounter or {}).get("class") or {}).get("code")
    return kind in INPATIENT and (encounter or {}).get("status") in states


async def _stay(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    """A stay begins, ends, or was a mistake."""
    if woken.origin in (Origin.IMPORT, Origin.DEMO):
        return []
    subject, after, before = f"Encounter/{woken.id}", woken.after, woken.before
    if after is None or after.get("status") in ("cancelled", "entered-in-error"):
        return [Settle(kind, subject, subject, Outcome.NEEDLESS) for kind in KINDS.values()]
    unit = str((after.get("serviceProvider") or {}).get("reference", ""))
    patient = str((after.get("subject") or {}).get("reference", ""))
    if not unit.startswith("Organization/") or await inside.read("Organization", unit.partition("/")[2]) is None:
        return []
    begun, ended = ("in-progress", "onleave"), ("finished",)
    found: list[Said | Deed] = []
    if _stays(after, *begun) and not _stays(before, *begun):
        found.append(Owe(KINDS[Moment.ADMISSION], subject, unit, patient=patient or None, once=f"{woken.id}:in"))
    if _stays(after, *ended) and not _stays(before, *ended):
        found.append(Owe(KINDS[Moment.DISCHARGE], subject, unit, patient=patient or None, once=f"{woken.id}:out"))
    return found


async def _reconciled(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    """A reconciliation settles what its stay owes; one that is withdrawn opens it again."""
    if woken.origin is Origin.IMPORT:
        return []
    proof = f"List/{woken.id}"
    before, after = ((moment_of(one), _of(one)) for one in (woken.before, woken.after))
    if before == after:
        return []
    found: list[Said | Deed] = []
    if after[0] in KINDS and after[1] and after[0] is not None and await _covers(inside, woken.after or {}):
        found.append(Settle(KINDS[after[0]], after[1], proof))
    if before[0] in KINDS and before[1] and before[0] is not None:
        found.append(Reopen(KINDS[before[0]], before[1], proof))
    return found


async def _covers(inside: Inside, held: Json) -> bool:
    """Whether a List decides every line that is in use, whoever wrote it."""
    told = {str((one.get("item") or {}).get("reference", "")) for one in held.get("entry") or ()}
    patient = str((held.get("subject") or {}).get("reference", ""))
    asked = [("patient", patient), ("status", ",".join(sorted(CURRENT)))]
    for kind in ("MedicationRequest", "MedicationStatement"):
        if any(f"{kind}/{one['id']}" not in told for one in await inside.search(kind, asked, MOST)):
            return False
    return True


def _of(held: Json | None) -> str:
    return str(((held or {}).get("encounter") or {}).get("reference", ""))


RULES = (
    Rule("a stay owes a reconciliation", frozenset({"Encounter"}), owing(_stay)),
    Rule("a reconciliation has been made", frozenset({"List"}), owing(_reconciled)),
)
