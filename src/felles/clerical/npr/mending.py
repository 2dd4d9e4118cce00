"""What a contact lacks, written by whoever works in its unit: a diagnosis, codes of procedures, the referral period.

One transaction, in the writer's own name and rights; the rule then sees whether anything is still missing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from felles.access.consent import instant
from felles.access.who import Kind, Who
from felles.clerical.npr.completeness import facts_of
from felles.clerical.npr.contact import lacks
from felles.clerical.period import Period, is_period, of
from felles.duties.reading import Outside
from felles.record.index.value import key64
from felles.record.outcome import Issue, Problem, problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Put, parted

ICD10 = "urn:oid:2.16.578.1.12.4.1.1.7110"
PROCEDURES = "urn:oid:2.16.578.1.12.4.1.1.7275"
"""NKPK: the national procedure codes (NCSP, NCMP, NCRP) as one."""
DIAGNOSIS = re.compile(r"[A-Z]\d\d(\.?[\dA-Z]{1,4})?")
PROCEDURE = re.compile(r"[A-Z][A-Z\d]{4,5}")
CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lacking:
    """A contact as its writer sees it: what it lacks, its uncoded procedures, and periods that may have led to it."""

    encounter: Json
    lacks: tuple[str, ...]
    procedures: Sequence[Json] = ()
    periods: Sequence[Period] = ()


@dataclass(frozen=True, slots=True)
class Mended:
    """What is written: codes, `procedures` by the Procedure's id, and the id of a referral period. `version`: that of
    the Encounter that was seen."""

    diagnosis: str = ""
    words: str = ""
    procedures: Mapping[str, str] = field(default_factory=dict)
    period: str = ""
    version: int = 0


async def lacking(record: Record, id: str) -> Lacking:
    """What a contact lacks. Raises Problem 404 for one that is not open to the reader."""
    encounter = await record.resource("Encounter", id)
    facts = await facts_of(Outside(record), encounter)
    bare = [one for one in facts.procedures if "procedure" in lacks(replace(facts, procedures=[one]))]
    patient = str((encounter.get("subject") or {}).get("reference", ""))
    unit = str((encounter.get("serviceProvider") or {}).get("reference", ""))
    episodes = await record.resources("EpisodeOfCare", [("patient", patient), ("_count", "100")]) if patient else []
    periods = [of(one) for one in episodes if is_period(one)]
    return Lacking(encounter, lacks(facts), bare, [one for one in periods if one.unit == unit])


async def mend(record: Record, who: Who, id: str, said: Mended, now: int) -> None:
    """Writes what was missing. Raises Problem 403 for another unit's contact, 412 when others were faster, 422 with
    every fault."""
    found = await lacking(record, id)
    unit = str((found.encounter.get("serviceProvider") or {}).get("reference", ""))
    if who.kind is not Kind.STAFF or key64(unit) not in who.keys:
        raise problem(403, "forbidden", "contacts are coded by the unit whose they are")
    _refuse(found, said)
    condition = [_condition(found.encounter, said, now)] if said.diagnosis else []
    changed = _encounter(found.encounter, condition, said.period)
    coded = [_procedure(one, said.procedures[one["id"]]) for one in found.procedures if said.procedures.get(one["id"])]
    writes, lines = parted([Put(changed), *map(Put, condition), *map(Put, coded)])
    writes[0].match = said.version or int(found.encounter["meta"]["versionId"])
    for write in writes[1 : 1 + len(condition)]:
        write.match = -1
    await record.commit(writes, lines=lines)


def _refuse(found: Lacking, said: Mended) -> None:
    faults: list[Issue] = []
    if said.diagnosis and not DIAGNOSIS.fullmatch(said.diagnosis):
        faults.append(Issue("code-invalid", "a code of ICD-10 looks like M17.1", "diagnosis"))
    wrong = [code for code in said.procedures.values() if code and not PROCEDURE.fullmatch(code)]
    if wrong:
        faults.append(Issue("code-invalid", "a national procedure code looks like NGB20", "procedure"))
    if said.period and said.period not in {one.id for one in found.periods}:
        faults.append(Issue("code-invalid", "choose a referral period of this patient and unit", "period"))
    if not (said.diagnosis or said.period or any(said.procedures.values())):
        faults.append(Issue("required", "write what is missing", ""))
    if faults:
        raise Problem(422, tuple(faults))


def _condition(encounter: Json, said: Mended, now: int) -> Json:
    coding = {"system": ICD10, "code": said.diagnosis, **({"display": said.words} if said.words else {})}
    return {
        "resourceType": "Condition",
        "id": new_id(),
        "clinicalStatus": _coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": _coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"),
        "category": [_coded(CATEGORY, "encounter-diagnosis")],
        "code": {"coding": [coding], "text": said.words or said.diagnosis},
        "subject": {"reference": encounter["subject"]["reference"]},
        "encounter": {"reference": f"Encounter/{encounter['id']}"},
        "recordedDate": instant(now),
    }


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def _encounter(held: Json, conditions: Sequence[Json], period: str) -> Json:
    """The contact with its main diagnosis first, and its period."""
    first = [{"condition": {"reference": f"Condition/{one['id']}"}} for one in conditions]
    told = [*first, *(held.get("diagnosis") or ())]
    return {
        **held,
        **({"diagnosis": told} if told else {}),
        **({"episodeOfCare": [{"reference": f"EpisodeOfCare/{period}"}]} if period else {}),
    }


def _procedure(held: Json, code: str) -> Json:
    codings = [*((held.get("code") or {}).get("coding") or ()), {"system": PROCEDURES, "code": code}]
    return {**held, "code": {**(held.get("code") or {}), "coding": codings}}
