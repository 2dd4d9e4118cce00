"""Consents as they are put down and withdrawn: who said it, who took it down, on what law (encoding: `ground`).

Each is a version of a FHIR Consent like any other, logged as its writer's own. Rules of the house decide who may:
the patient, a representative who may act, or staff to whom the patient has said it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from felles.access.age import NORWAY
from felles.access.ground import CONSENT, Kind
from felles.access.who import Kind as Asker
from felles.access.who import Who
from felles.record.guard import Elevated
from felles.record.outcome import Problem, problem
from felles.record.prepare import new_id, prepare, receive
from felles.record.record import Record
from felles.record.store import Kind as Made
from felles.record.store import Write

SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
RECIPIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
REASON = "urn:felles:reason"
"""Extension of a Consent: why (CodeableConcept: a code where there is one, and the words)."""

LAWS = {
    Kind.LOCK: "https://lovdata.no/lov/2014-06-20-42/§17",
    Kind.BLOCK: "https://lovdata.no/lov/2014-06-20-42/§17",
    Kind.OPENING: "https://lovdata.no/lov/1999-07-02-63/§5-3",
    Kind.EMERGENCY: "https://lovdata.no/lov/1999-07-02-64/§45",
    Kind.REPRESENTATION: "https://lovdata.no/lov/1918-05-31-4",
    Kind.OBJECTION: "https://lovdata.no/lov/1999-07-02-64/§29c",
}
"""Consent.policy: pasientjournalloven § 17, pasient- og brukerrettighetsloven § 5-3, helsepersonelloven §§ 45 and
29 c, avtaleloven chapter 2."""
_DENIES = frozenset((Kind.LOCK, Kind.BLOCK, Kind.OBJECTION))
LONGEST_WORDS = 2_000
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """Who has put it down, "Type/id", in which unit; `words`: what the patient said to the member of staff, or why."""

    performer: str
    unit: str | None = None
    words: str = ""
    code: Json | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """When it holds, in microseconds; without an end until it is withdrawn."""

    low: int
    high: int | None = None

    @property
    def period(self) -> Json:
        found = {"start": instant(self.low)}
        return found | {"end": instant(self.high)} if self.high is not None else found


def instant(moment: int) -> str:
    """Microseconds since 1970 as dateTime in Norwegian time, to the second."""
    return datetime.fromtimestamp(moment // 1_000_000, NORWAY).isoformat()


def micros(instant: Any) -> int:
    """A FHIR instant in microseconds."""
    return round(datetime.fromisoformat(str(instant)).timestamp() * 1_000) * 1_000


def words(text: str, least: int, what: str) -> str:
    """The text without needless space. Raises Problem 422 where it says too little or too much."""
    found = " ".join(text.split())
    if not least <= len(found) <= LONGEST_WORDS:
        raise problem(422, "required", f"{what}: write {least} to {LONGEST_WORDS} letters", "Consent.extension")
    return found


def said_by(who: Who, patient: str, text: str | None) -> Said:
    """In whose name something about "Patient/x" is put down. Raises Problem 403 for whom it is no matter of, 422 where
    staff do not note what the patient said. An app does none of this, whatever its scopes."""
    if who.scopes is not None:
        raise problem(403, "forbidden", "this is done by people, not by apps")
    if who.kind is Asker.PATIENT and patient == (who.acts_for or who.id):
        return Said(who.id, words=" ".join((text or "").split())[:LONGEST_WORDS])
    if who.kind is Asker.STAFF and who.role is not None:
        return Said(who.id, who.role.unit, words(text or "", 10, "note what the patient said, and how"))
    raise problem(403, "forbidden", "the patient, whoever acts for the patient, or staff on the patient's word do this")


def consent(kind: Kind, patient: str, said: Said, span: Span, provision: Json, actors: Iterable[str] = ()) -> Json:
    """The Consent, active from `span.low`; `actors` are "Type/id" whom it is about."""
    named = [{"role": {"coding": [RECIPIENT]}, "reference": {"reference": one}} for one in actors]
    found: Json = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"system": SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": CONSENT, "code": kind.value}]}],
        "patient": {"reference": patient},
        "dateTime": instant(span.low),
        "performer": [{"reference": said.performer}],
        "policy": [{"uri": LAWS[kind]}],
    }
    if said.unit:
        found["organization"] = [{"reference": said.unit}]
    if said.performer.startswith("Practitioner/") and kind is not Kind.EMERGENCY:
        found["verification"] = [
            {"verified": True, "verifiedWith": {"reference": patient}, "verificationDate": instant(span.low)}
        ]
    if said.code or said.words:
        concept = ({"coding": [said.code]} if said.code else {}) | ({"text": said.words} if said.words else {})
        found["extension"] = [{"url": REASON, "valueCodeableConcept": concept}]
    asked = {"type": "deny" if kind in _DENIES else "permit", "period": span.period}
    return found | {"provision": asked | ({"actor": named} if named else {}) | provision}


def withdrawn(resource: Json, now: int) -> Json:
    """The next version of a Consent that no longer holds."""
    provision = resource.get("provision") or {}
    period = {**(provision.get("period") or {}), "end": instant(now)}
    return {**resource, "status": "inactive", "provision": {**provision, "period": period}}


def elevated(record: Record) -> Record:
    """The record for an act that this room has allowed: it sees all and is logged as the holder's own."""
    return record if record.guard.everything else record.seen_by(Elevated(record.guard))


def created(resource: Json, id: str | None = None) -> tuple[str, Write]:
    """A new resource as a write, with its id. Raises Problem 422."""
    id = id or new_id()
    return id, prepare(receive(orjson.dumps(resource), resource=resource), id, Made.CREATE, -1)


async def put(record: Record, resource: Json, *more: Write) -> str:
    """Puts a new Consent down, with whatever else belongs to the same act. Returns its id."""
    id, write = created(resource)
    await elevated(record).commit([write, *more])
    return id


async def lift(record: Record, kind: Kind, patient: str, id: str, now: int) -> None:
    """Withdraws a Consent of this kind and patient. Raises Problem 404; 409 where it has been withdrawn already."""
    over = elevated(record)
    stored = await over.read("Consent", id)
    resource = orjson.loads(stored.body or b"{}")
    if (resource.get("patient") or {}).get("reference") != patient or kind not in codes(resource):
        raise problem(404, "not-found", "there is no Consent with this id")
    if resource.get("status") != "active":
        raise problem(409, "conflict", "this has been withdrawn already")
    next_ = withdrawn(resource, now)
    write = prepare(receive(orjson.dumps(next_), resource=next_), id, Made.UPDATE, stored.number)
    try:
        await over.commit([write])
    except Problem as error:
        if error.status == 412:
            raise problem(409, "conflict", "somebody else has changed this; read it again") from error
        raise


def codes(resource: Json) -> frozenset[str]:
    """The codes of a Consent's category in the house's system."""
    found = [one for concept in resource.get("category") or () for one in concept.get("coding") or ()]
    return frozenset(str(one.get("code")) for one in found if one.get("system") == CONSENT)


async def standing(record: Record, kind: Kind, patient: str) -> list[Json]:
    """The Consents of this kind that are active, as the asker may see them, the newest first."""
    asked = [
        ("patient", patient), ("category", f"{CONSENT}|{kind.value}"), ("status", "active"), ("_sort", "-date"),
        ("_count", "200"),
    ]  # fmt: skip
    return await record.resources("Consent", asked)
