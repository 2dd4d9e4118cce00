"""Problems (diagnoser), allergies and critical information: one list for all levels, added to and ended, never erased
by another's edit.

A problem is a Condition (condition.html) of category `problem-list-item`, an allergy an AllergyIntolerance
(allergyintolerance.html), other critical information a Flag (flag.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.clinical.act import LEAST, alive, commit, staff, whole
from felles.clinical.medication import allergies
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Put

HL7 = "http://terminology.hl7.org/CodeSystem/"
ICD10, ICPC2 = "urn:oid:2.16.578.1.12.4.1.1.7110", "urn:oid:2.16.578.1.12.4.1.1.7170"
SYSTEMS: Mapping[str, str] = {"icd10": ICD10, "icpc2": ICPC2}
"""Norwegian code systems of diagnoses (Volven 7110 and 7170)."""
CRITICALITIES = ("low", "high", "unable-to-assess")
ENDS = ("resolved", "inactive")
MATTERS = ("clinical", "advance-directive", "contact", "drug", "safety")
"""What critical information is about (flag-category of HL7): a condition, what treatment is limited to, infection,
medicines, safety."""
WHY = "urn:felles:why"
"""Extension of a Flag: why it ended (a Flag has no note)."""
LONGEST = 200
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A new problem, allergy or critical information of "Patient/x": its words, a code if there is one (`system` a key
    of SYSTEMS), for an allergy how dangerous it is and the reaction, for critical information what it is about (one of
    MATTERS)."""

    patient: str
    words: str
    code: str = ""
    system: str = "icd10"
    criticality: str = "unable-to-assess"
    reaction: str = ""
    matter: str = "clinical"


def _coded(found: Found) -> Json:
    words, code = " ".join(found.words.split())[:LONGEST], found.code.strip().upper()[:12]
    if len(words) < LEAST:
        raise problem(422, "required", "say what it is", "code")
    if code and found.system not in SYSTEMS:
        raise problem(422, "code-invalid", f"a code is of one of {', '.join(SYSTEMS)}", "code")
    return {"text": words, **({"coding": [{"system": SYSTEMS[found.system], "code": code}]} if code else {})}


def _status(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{HL7}{system}", "code": code}]}


async def add_problem(record: Record, who: Who, found: Found, now: int) -> str:
    """Adds a problem. Returns the Condition's id. Raises Problem 403 for who is no staff, 409 for one that stands
    already, 422 for one without words, the dead and a record that was merged."""
    role, code = staff(who), _coded(found)
    await alive(record, found.patient)
    held = await record.resources(
        "Condition", [("patient", found.patient), ("clinical-status", "active"), ("_count", "1000")]
    )
    if any(_same(code, one.get("code") or {}) for one in held):
        raise problem(409, "duplicate", "this problem is on the list already", "Condition.code")
    made: Json = {
        "resourceType": "Condition", "id": new_id(), "clinicalStatus": _status("condition-clinical", "active"),
        "verificationStatus": _status("condition-ver-status", "confirmed"),
        "category": [_status("condition-category", "problem-list-item")], "code": code,
        "subject": {"reference": found.patient}, "recordedDate": instant(now), "recorder": {"reference": role},
        "asserter": {"reference": role},
    }  # fmt: skip
    await commit(record, [Put(made)], [])
    return str(made["id"])


async def add_allergy(record: Record, who: Who, found: Found, now: int) -> str:
    """Adds an allergy. Returns the AllergyIntolerance's id. Raises Problem as `add_problem` does; it may be added of
    the dead too."""
    role, code = staff(who), _coded(found)
    if found.criticality not in CRITICALITIES:
        raise problem(422, "code-invalid", f"criticality is one of {', '.join(CRITICALITIES)}", "criticality")
    await whole(record, found.patient)
    held = await allergies(record, found.patient)
    if any(_same(code, one.get("code") or {}) for one in held if stands(one)):
        raise problem(409, "duplicate", "this allergy is on the list already", "AllergyIntolerance.code")
    reaction = found.reaction.strip()[:LONGEST]
    made: Json = {
        "resourceType": "AllergyIntolerance", "id": new_id(),
        "clinicalStatus": _status("allergyintolerance-clinical", "active"),
        "verificationStatus": _status("allergyintolerance-verification", "confirmed"), "code": code,
        "criticality": found.criticality, "patient": {"reference": found.patient}, "recordedDate": instant(now),
        "recorder": {"reference": role}, "asserter": {"reference": role},
        **({"reaction": [{"manifestation": [{"text": reaction}]}]} if reaction else {}),
    }  # fmt: skip
    await commit(record, [Put(made)], [])
    return str(made["id"])


async def add_critical(record: Record, who: Who, found: Found, now: int) -> str:
    """Adds critical information. Returns the Flag's id. Raises Problem as `add_problem` does."""
    role, code = staff(who), _coded(found)
    if found.matter not in MATTERS:
        raise problem(422, "code-invalid", f"it is about one of {', '.join(MATTERS)}", "Flag.category")
    await alive(record, found.patient)
    held = await record.resources("Flag", [("patient", found.patient), ("_count", "1000")])
    if any(_same(code, one.get("code") or {}) for one in held if stands(one)):
        raise problem(409, "duplicate", "this stands there already", "Flag.code")
    made: Json = {
        "resourceType": "Flag", "id": new_id(), "status": "active",
        "category": [_status("flag-category", found.matter)], "code": code,
        "subject": {"reference": found.patient}, "period": {"start": instant(now)},
        "author": {"reference": role},
    }  # fmt: skip
    await commit(record, [Put(made)], [])
    return str(made["id"])


def _same(one: Json, other: Json) -> bool:
    codes = {(each.get("system"), each.get("code")) for each in one.get("coding") or ()}
    others = {(each.get("system"), each.get("code")) for each in other.get("coding") or ()}
    return bool(codes & others) or str(one.get("text", "")).casefold() == str(other.get("text", "")).casefold() != ""


def stands(held: Json) -> bool:
    """Whether a problem, an allergy or critical information is in force."""
    if held["resourceType"] == "Flag":
        return held.get("status") == "active"
    clinical = {str(one.get("code")) for one in (held.get("clinicalStatus") or {}).get("coding") or ()}
    verified = {str(one.get("code")) for one in (held.get("verificationStatus") or {}).get("coding") or ()}
    return not verified & {"refuted", "entered-in-error"} and not clinical & {"resolved", "inactive", "remission"}


async def end(record: Record, who: Who, kind: str, id: str, version: int, how: str, reason: str, now: int) -> None:
    """Ends a problem, an allergy or critical information ("Condition", "AllergyIntolerance" or "Flag"): `how` is
    "resolved", "inactive" or "refuted"; the line stays, with the reason. Raises Problem 409
    where others have changed it, 422 without a reason."""
    staff(who)
    if how not in (*ENDS, "refuted"):
        raise problem(422, "code-invalid", "it is resolved, inactive or refuted", "clinicalStatus")
    if len(reason.strip()) < LEAST:
        raise problem(422, "required", "say why", "note")
    held = await record.resource(kind, id)
    if int(held["meta"]["versionId"]) != version or not stands(held):
        raise problem(409, "conflict", "others have changed this meanwhile; look at it as it is now")
    if kind == "Flag":
        told = {"url": WHY, "valueString": reason.strip()[:LONGEST]}
        ended = {"status": "entered-in-error" if how == "refuted" else "inactive",
                 "period": {**(held.get("period") or {}), "end": instant(now)},
                 "extension": [*(held.get("extension") or ()), told]}  # fmt: skip
        await commit(record, [Put({**held, **ended})], [(held, version)])
        return
    name = "condition" if kind == "Condition" else "allergyintolerance"
    ver = "condition-ver-status" if kind == "Condition" else "allergyintolerance-verification"
    changed: Json = {
        "note": [
            *(held.get("note") or ()),
            {"text": reason.strip()[:LONGEST], "authorReference": {"reference": who.id}},
        ]
    }
    if how == "refuted":
        changed["verificationStatus"] = _status(ver, "refuted")
        changed["clinicalStatus"] = _status(f"{name}-clinical", "inactive")
    else:
        changed["clinicalStatus"] = _status(f"{name}-clinical", how)
    await commit(record, [Put({**held, **changed})], [(held, version)])
