"""Break-glass (nødrett): somebody opens a record without a relation because a life or health depends on it.

It asks for a reason, ends by itself, leaves a Consent of its own that wakes the review by the unit, and tells the
patient in plain words in the same transaction (helsepersonelloven § 45, Normen faktaark 14). It is never stopped for
being frequent, but then it alarms; a block of the person holds (pasientjournalloven § 17).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from felles.access import consent, limit
from felles.access.age import NORWAY
from felles.access.audit import log, row
from felles.access.consent import Said, Span
from felles.access.decision import rights
from felles.access.dossier import Dossier
from felles.access.facts import Facts
from felles.access.ground import CONSENT, Kind
from felles.access.who import Kind as Asker
from felles.access.who import Purpose, Who
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.store import Line

HOURS = 4
"""Policy: how long an opening lasts."""
LEAST_WORDS = 10
"""Letters of the text that says why."""
REASON_SYSTEM = "urn:felles:emergency-reason"
REASONS: Mapping[str, str] = {
    "life": "Fare for liv eller alvorlig helseskade",
    "unconscious": "Pasienten kan ikke svare for seg",
    "acute": "Akutt sykdom eller skade, haster",
    "medicines": "Må kjenne legemidler eller allergier nå",
    "call": "Henvendelse til AMK eller legevakt",
    "danger": "Fare for andre",
}
"""Code → what the screen, the log and the patient are shown; the text beside it is for the review."""
ALARM = {"system": "urn:felles:alarm", "code": "frequent", "display": "Mange nødåpninger på kort tid"}
"""meta.tag of an opening by somebody who opens unusually often: for the rule that owes the review."""
NOTICE = {"system": "urn:felles:notice", "code": "emergency", "display": "Journalen er åpnet i en nødsituasjon"}
"""Category of the Communication to the patient."""
Json = dict[str, Any]

_WORDS = {
    "nb": "Journalen din ble åpnet i en nødsituasjon {when} av {name}, {unit}. Grunn: {reason}. Åpningen varer til "
    "{end} og blir kontrollert i ettertid. Du kan se hvem som har lest journalen din, og spørre {unit} om hvorfor.",
    "nn": "Journalen din vart opna i ein naudsituasjon {when} av {name}, {unit}. Grunn: {reason}. Opninga varer til "
    "{end} og blir kontrollert i ettertid. Du kan sjå kven som har lese journalen din, og spørje {unit} om kvifor.",
    "en": "Your record was opened in an emergency {when} by {name}, {unit}. Reason: {reason}. It stays open until "
    "{end} and will be reviewed. You can see who has read your record, and ask {unit} why.",
}
_REASONS = {
    "nn": {
        "life": "Fare for liv eller alvorleg helseskade", "unconscious": "Pasienten kan ikkje svare for seg",
        "acute": "Akutt sjukdom eller skade, hastar", "medicines": "Må kjenne legemiddel eller allergiar no",
        "call": "Førespurnad til AMK eller legevakt", "danger": "Fare for andre",
    },
    "en": {
        "life": "Danger to life or of serious harm", "unconscious": "The patient cannot answer",
        "acute": "Acute illness or injury, urgent", "medicines": "Medicines or allergies must be known now",
        "call": "Call to the emergency or out-of-hours service", "danger": "Danger to others",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opened:
    """`id` of the Consent; `until` in microseconds; `alarmed`: the person opens unusually often; `again`: it was open
    to the person already, and nothing new was written."""

    id: str
    until: int
    alarmed: bool = False
    again: bool = False


async def open_emergency(record: Record, who: Who, patient: str, reason: str, text: str, now: int) -> Opened:
    """Opens the record of "Patient/x" to one person for `HOURS`. `reason` is a code of `REASONS`.

    Raises Problem 403 for who may not look for patients, and for who is blocked; 404 for no such patient; 422 for an
    unknown reason or too short a text.
    """
    said = _said(who, reason, text)
    over = consent.elevated(record)
    person = await over.resource("Patient", patient.partition("/")[2])
    running = await _running(over, who, patient, now)
    if running is not None:
        return running
    key = key64(patient)
    _refuse_blocked((await Dossier(record.store.reading).read([key]))[key], who, now)
    alarmed = await limit.take(over, limit.EMERGENCY, who.id, now) > 0
    span = Span(now, now + HOURS * 3600 * limit.SECOND)
    made = build(patient, who.id, said, span, alarmed=alarmed)
    id, write = consent.created(made)
    _, told = consent.created(await _notice(over, person, f"Consent/{id}", who, reason, span))
    await over.commit([write, told], lines=_logged(record, who, key, id, reason, now))
    return Opened(id, span.high or 0, alarmed)


def _logged(record: Record, who: Who, patient: int, id: str, reason: str, now: int) -> list[Line]:
    """The special log's row: the code of the reason, never the text."""
    if record.guard.everything:
        return []
    why = row.Why("emergency", reason=reason, purpose=Purpose.EMERGENCY)
    what = row.What("Consent", [id], 1)
    return log.lines(row.row(now, who, row.Act.EMERGENCY, patients=[patient], what=what, why=why))


def _said(who: Who, reason: str, text: str) -> Said:
    if who.kind is not Asker.STAFF or who.role is None or not rights(who).finds or who.scopes is not None:
        raise problem(403, "forbidden", "this role does not open records in emergencies")
    if reason not in REASONS:
        raise problem(422, "code-invalid", f"choose a reason: {', '.join(REASONS)}", "Consent.extension")
    code = {"system": REASON_SYSTEM, "code": reason, "display": REASONS[reason]}
    return Said(who.id, who.role.unit, consent.words(text, LEAST_WORDS, "say why"), code)


def build(patient: str, who: str, said: Said, span: Span, *, alarmed: bool = False) -> Json:
    """The Consent: organization the unit that reviews, performer and actor the person, purpose ETREAT."""
    purpose = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": Purpose.EMERGENCY.value}
    made = consent.consent(Kind.EMERGENCY, patient, said, span, {"purpose": [purpose]}, (who,))
    return made | ({"meta": {"tag": [ALARM]}} if alarmed else {})


def _refuse_blocked(facts: Facts, who: Who, now: int) -> None:
    named = frozenset((key64(who.id), key64(who.role.id) if who.role else 0))
    if any(one.part.whole and one.holds(named, now) for one in facts.blocks):
        raise problem(403, "forbidden", "the patient has blocked you by name; ask a colleague, a block holds always")


async def _running(record: Record, who: Who, patient: str, now: int) -> Opened | None:
    """An opening that the person has already."""
    asked = [("patient", patient), ("actor", who.id), ("category", f"{CONSENT}|{Kind.EMERGENCY.value}")]
    for one in await record.resources("Consent", [*asked, ("status", "active"), ("_sort", "-date")]):
        until = ends(one)
        if until is not None and until > now:
            return Opened(str(one["id"]), until, again=True)
    return None


def ends(resource: Json) -> int | None:
    """When an opening ends, in microseconds."""
    end = ((resource.get("provision") or {}).get("period") or {}).get("end")
    return int(datetime.fromisoformat(end).timestamp()) * limit.SECOND if end else None


async def _notice(record: Record, person: Json, about: str, who: Who, reason: str, span: Span) -> Json:
    unit = who.role.unit if who.role else ""
    name = (await record.resource("Organization", unit.partition("/")[2])).get("name", "")
    patient = {"reference": f"Patient/{person['id']}"}
    return {
        "resourceType": "Communication",
        "status": "in-progress",
        "category": [{"coding": [NOTICE]}],
        "subject": patient,
        "about": [{"reference": about}],
        "recipient": [patient],
        "sender": {"reference": unit},
        "payload": [{"contentString": notice(language(person), who.name, str(name), reason, span)}],
    }


def notice(tongue: str, name: str, unit: str, reason: str, span: Span) -> str:
    """What the patient is told, in nb, nn or en: who, where, when, the reason by its code, nothing of the text."""
    shown = _REASONS.get(tongue, REASONS)[reason]
    fields = {"when": _clock(span.low), "end": _clock(span.high or span.low), "name": name, "unit": unit}
    return _WORDS[tongue].format(reason=shown, **fields)


def _clock(moment: int) -> str:
    return datetime.fromtimestamp(moment // limit.SECOND, NORWAY).strftime("%d.%m.%Y %H:%M")


def language(person: Json) -> str:
    """nb, nn or en: the language in which a person is written to (Patient.communication, the preferred one first)."""
    spoken = sorted(person.get("communication") or (), key=lambda one: not one.get("preferred"))
    for one in spoken:
        codes = [coding.get("code", "") for coding in (one.get("language") or {}).get("coding") or ()]
        for code in codes:
            return {"nb": "nb", "no": "nb", "nn": "nn", "se": "nb", "sma": "nb"}.get(code.partition("-")[0], "en")
    return "nb"


def reason_of(resource: Json) -> tuple[str, str]:
    """The code and the text of why a record was opened; empty where none stands."""
    for one in resource.get("extension") or ():
        if one.get("url") == consent.REASON:
            concept = one.get("valueCodeableConcept") or {}
            codings = concept.get("coding") or [{}]
            return str(codings[0].get("code", "")), str(concept.get("text", ""))
    return "", ""
