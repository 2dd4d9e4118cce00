"""Every answer (DiagnosticReport) is owed a look by whoever asked for it, until somebody has seen it.

Seen is a ClinicalImpression (https://hl7.org/fhir/R4/clinicalimpression.html) with the answer among its investigations:
who, when, and what they make of it. An answer that is changed afterwards is owed a look again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from felles.access.consent import instant, micros
from felles.access.who import Who
from felles.clinical.act import commit, staff
from felles.duties import Kind, Level, Outcome, Owe, Reopen, Settle, Step, declare, owing
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Said, moment_of
from felles.duties.kind import View
from felles.duties.orphan import Orphan, without_duty
from felles.duties.reading import Outside, Reading
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Deed, Inside, Put, Rule, Woken
from felles.record.store import Origin

SEE = declare(
    Kind(
        300, "see-result", "Se på svaret", WorkingDays(3),
        (Step(Level.LEADER, WorkingDays(2)), Step(Level.REGION, WorkingDays(5))),
        proof="At noen har sett svaret, og hvem", by_hand=False, view=View.SOON,
    )
)  # fmt: skip
ANSWERED = frozenset(("final", "amended", "corrected", "appended"))
WITHDRAWN = frozenset(("entered-in-error", "cancelled"))
CRITICAL = frozenset(("HH", "LL", "AA"))
"""Observation.interpretation (v3-ObservationInterpretation) of what cannot wait."""
HOUR = 3_600_000_000
FRESH = 48 * HOUR
"""Of the made-up history, what came so shortly ago has not been seen yet."""
LONGEST = 1_000
VERSION = "urn:felles:seen-version"
"""Extension of a ClinicalImpression's item: the version of the answer that was seen."""
Json = dict[str, Any]


async def asked_by(read: Reading, report: Json) -> tuple[str, str]:
    """The unit and the person who owe a look ("Organization/x", "Practitioner/y" or empty): who asked for it, else the
    unit of the contact, else the patient's GP. Empty where nobody can be found."""
    for one in report.get("basedOn") or ():
        kind, _, id = str(one.get("reference", "")).partition("/")
        order = await read.read(kind, id) if kind in ("ServiceRequest", "CarePlan") and id else None
        found = await worker(read, str(((order or {}).get("requester") or {}).get("reference", "")))
        if found[0]:
            return found
    contact = str((report.get("encounter") or {}).get("reference", ""))
    encounter = await read.read("Encounter", contact.partition("/")[2]) if contact.startswith("Encounter/") else None
    unit = await _unit(read, str(((encounter or {}).get("serviceProvider") or {}).get("reference", "")))
    if unit:
        return unit, ""
    subject = str((report.get("subject") or {}).get("reference", ""))
    patient = await read.read("Patient", subject.partition("/")[2]) if subject.startswith("Patient/") else None
    for one in (patient or {}).get("generalPractitioner") or ():
        found = await worker(read, str(one.get("reference", "")))
        if found[0]:
            return found
    return "", ""


async def worker(read: Reading, reference: str) -> tuple[str, str]:
    """The unit and the person of a role, or the unit itself; empty where there is none that stands."""
    if reference.startswith("Organization/"):
        return await _unit(read, reference), ""
    if not reference.startswith("PractitionerRole/"):
        return "", ""
    role = await read.read("PractitionerRole", reference.partition("/")[2]) or {}
    person = str((role.get("practitioner") or {}).get("reference", ""))
    return await _unit(read, str((role.get("organization") or {}).get("reference", ""))), person


async def _unit(read: Reading, reference: str) -> str:
    found = (
        await read.read("Organization", reference.partition("/")[2]) if reference.startswith("Organization/") else None
    )
    return reference if found is not None and found.get("active") is not False else ""


async def _critical(read: Reading, report: Json) -> bool:
    for one in report.get("result") or ():
        kind, _, id = str(one.get("reference", "")).partition("/")
        value = await read.read(kind, id) if kind == "Observation" else None
        marks = (
            mark.get("code") for each in (value or {}).get("interpretation") or () for mark in each.get("coding") or ()
        )
        if CRITICAL & set(marks):
            return True
    return False


async def _answered(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    subject = f"DiagnosticReport/{woken.id}"
    after = woken.after
    if after is None or after.get("status") in WITHDRAWN:
        return [Settle(SEE, subject, subject, Outcome.NEEDLESS)]
    if woken.origin is Origin.IMPORT or after.get("status") not in ANSWERED:
        return []
    if woken.origin is Origin.DEMO and not _fresh(woken):
        return []
    if not _news(woken) and await _seen_once(inside, woken.id):
        return []
    if await inside.ask("duty to settle", [key64(subject), SEE.number]):
        return []
    unit, person = await asked_by(inside, after)
    if not unit:
        return []
    patient = str((after.get("subject") or {}).get("reference", ""))
    due = moment_of(woken) + HOUR if await _critical(inside, after) else None
    known = patient if patient.startswith("Patient/") else None
    return [Owe(SEE, subject, unit, person=person or None, patient=known, due=due)]


_SAID = ("status", "result", "conclusion", "conclusionCode", "presentedForm", "media")


def _news(woken: Woken) -> bool:
    """Whether this version says something that the one before did not."""
    before, after = woken.before or {}, woken.after or {}
    return any(before.get(name) != after.get(name) for name in _SAID)


def _fresh(woken: Woken) -> bool:
    issued = str((woken.after or {}).get("issued", ""))
    return bool(issued) and moment_of(woken) - micros(issued) < FRESH


def looked_at(impression: Json | None) -> set[str]:
    """The answers that a ClinicalImpression says have been seen, "DiagnosticReport/x"."""
    if impression is None or impression.get("status") != "completed":
        return set()
    items = (item for one in impression.get("investigation") or () for item in one.get("item") or ())
    return {ref for item in items if (ref := str(item.get("reference", ""))).startswith("DiagnosticReport/")}


async def _seen(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    if woken.origin is Origin.IMPORT:
        return []
    proof, before, after = f"ClinicalImpression/{woken.id}", looked_at(woken.before), looked_at(woken.after)
    await _as_shown(woken, inside)
    found: list[Said | Deed] = [Settle(SEE, one, proof) for one in sorted(after - before)]
    return [*found, *(Reopen(SEE, one, proof) for one in sorted(before - after))]


async def _as_shown(woken: Woken, inside: Inside) -> None:
    """Raises Problem 409 for an answer that was changed between its showing and this transaction."""
    items = (item for one in (woken.after or {}).get("investigation") or () for item in one.get("item") or ())
    for item in items if woken.before is None else ():
        told = [one.get("valuePositiveInt") for one in item.get("extension") or () if one.get("url") == VERSION]
        kind, _, id = str(item.get("reference", "")).partition("/")
        held = await inside.read(kind, id) if told and kind == "DiagnosticReport" else None
        if held is not None and int(held["meta"]["versionId"]) != told[0]:
            raise problem(409, "conflict", "the answer has changed since it was shown: look at it as it is now")


RULES = (
    Rule("an answer is owed a look", frozenset({"DiagnosticReport"}), owing(_answered), imports=True),
    Rule("an answer has been seen", frozenset({"ClinicalImpression"}), owing(_seen), imports=True),
)


async def _seen_once(read: Reading, id: str) -> bool:
    found = await read.search("ClinicalImpression", [("investigation", f"DiagnosticReport/{id}")], 20)
    return any(f"DiagnosticReport/{id}" in looked_at(one) for one in found)


async def since(record: Record) -> int:
    """From when on answers and orders are owed something in this store, in microseconds (migration 0014)."""
    return int(await record.store.note("owed since") or 0)


def written(held: Json) -> int:
    """When a version was written, in microseconds."""
    return micros(held["meta"]["lastUpdated"])


async def orphans(record: Record) -> AsyncIterator[Orphan]:
    """Answers that nobody has seen and nobody is to see."""
    read, first = Outside(record), await since(record)

    async def waits(id: str, found: Json) -> bool:
        if found.get("status") not in ANSWERED or written(found) < first or not (await asked_by(read, found))[0]:
            return False
        return not await _seen_once(read, id)

    async for id in without_duty(record, "DiagnosticReport", waits, demo=False):
        yield Orphan("an answer that nobody has seen and nobody is to see", f"DiagnosticReport/{id}")


async def see(record: Record, who: Who, id: str, version: int, words: str, now: int) -> str:
    """Says that an answer has been seen, and what one makes of it. Returns the ClinicalImpression's id. Raises Problem
    403 for who is no staff, 409 for an answer that has changed since it was shown."""
    role = staff(who)
    report = await record.resource("DiagnosticReport", id)
    if int(report["meta"]["versionId"]) != version:
        raise problem(409, "conflict", "the answer has changed since it was shown: look at it as it is now")
    text = words.strip()[:LONGEST]
    item = {
        "reference": f"DiagnosticReport/{id}", "extension": [{"url": VERSION, "valuePositiveInt": version}],
    }  # fmt: skip
    made: Json = {
        "resourceType": "ClinicalImpression", "id": new_id(), "status": "completed", "description": "Svar sett",
        "subject": report["subject"], "date": instant(now), "assessor": {"reference": role},
        "investigation": [{"code": {"text": "Svar"}, "item": [item]}],
        **({"summary": text} if text else {}),
    }  # fmt: skip
    await commit(record, [Put(made)], [])
    return str(made["id"])


async def unseen(record: Record, reports: Sequence[Json]) -> list[Json]:
    """Those of some answers that somebody owes a look."""
    return [
        one for one in reports
        if one.get("status") in ANSWERED and one.get("id")
        and await record.ask("duty to see", [key64(f"DiagnosticReport/{one['id']}"), SEE.number])
    ]  # fmt: skip
