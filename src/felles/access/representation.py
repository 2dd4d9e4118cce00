"""Whom somebody may represent, for what, until when: parents by the child's age, others by power of attorney.

A power of attorney is given by service area, reading apart from acting, and may be revoked at any time; protected
addresses (code 6 and 7) end representation both ways. What a parent sees turns at 00:00 on the child's birthday.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import orjson

from felles.access import age, consent
from felles.access.area import Types
from felles.access.decision import Reason, What, decide
from felles.access.dossier import Dossier
from felles.access.facts import Facts
from felles.access.ground import CONSENT, HIDDEN_FROM_PARENTS, LABEL, Kind
from felles.access.parent import is_parent
from felles.access.who import Kind as Asker
from felles.access.who import Who
from felles.record.index.value import FOREVER, key64
from felles.record.outcome import Problem, problem
from felles.record.protection import protection_of
from felles.record.record import Record

NONE: frozenset[str] = frozenset()
Json = dict[str, Any]


class Basis(StrEnum):
    """What the right to represent rests on."""

    PARENT = "parent"
    POWER = "power-of-attorney"


@dataclass(frozen=True, slots=True)
class Mandate:
    """What one basis gives: `reads` and `acts` on these types; `until` in microseconds, exclusive, None without end."""

    basis: Basis
    reads: Types = NONE
    acts: Types = NONE
    until: int | None = None
    id: str = ""

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds, in Norway."""
        if self.until is None:
            return None
        return datetime.fromtimestamp((self.until - 1) // 1_000_000, age.NORWAY).date()


@dataclass(frozen=True, slots=True)
class Represented:
    """Somebody who may be represented: "Patient/x", the name, and on what grounds."""

    patient: str
    name: str
    mandates: tuple[Mandate, ...]


def mandates(facts: Facts, own: int, now: int, *, guarded: bool = False) -> tuple[Mandate, ...]:
    """What the person of key `own` may do for the patient of `facts` at a moment. Pure. `guarded`: the person's own
    address is protected."""
    if facts.protected or guarded or own == facts.patient:
        return ()
    return (*_parental(facts, own, now), *_given(facts, own, now))


def _parental(facts: Facts, own: int, now: int) -> Iterable[Mandate]:
    stage = age.stage(facts.born, now) if own in facts.parents else None
    if stage is not None and facts.born is not None:
        until = age.turns(facts.born[0], stage.until)
        yield Mandate(Basis.PARENT, stage.types, stage.types if stage.acts else NONE, until)


def _given(facts: Facts, own: int, now: int) -> Iterable[Mandate]:
    for one in facts.representations:
        if one.named and one.holds(frozenset((own,)), now):
            types: Types = one.part.types or None
            until = one.high if one.high < FOREVER else None
            yield Mandate(Basis.POWER, types if one.reads else NONE, types if one.acts else NONE, until, one.id)


def reads(held: Iterable[Mandate], type_name: str) -> bool:
    """Whether any of these mandates lets somebody read a type."""
    return any(one.reads is None or type_name in one.reads for one in held)


def acts(held: Iterable[Mandate], type_name: str) -> bool:
    """Whether any of these mandates lets somebody act with a type."""
    return any(one.acts is None or type_name in one.acts for one in held)


async def parental(record: Record, patient: str, now: int) -> Mandate | None:
    """What the parents of "Patient/x" see at a moment, and until when; None for whoever has none that see anything."""
    key = key64(patient)
    facts = (await Dossier(record.store.reading).read([key]))[key]
    return next((one for parent in facts.parents for one in mandates(facts, parent, now)), None)


async def represented(record: Record, person: str, now: int) -> list[Represented]:
    """Whom "Patient/x" may represent at a moment, by name."""
    over, dossier = consent.elevated(record), Dossier(record.store.reading)
    me = await over.resource("Patient", person.partition("/")[2])
    if protection_of(me) or me.get("active") is False:
        return []
    own = key64(person)
    keys = sorted({*await _children(over, me), *await _givers(over, person)} - {own})
    facts = await dossier.read(keys)
    held = {key: mandates(facts[key], own, now) for key in keys}
    found = [await _named(over, key, held[key]) for key in keys if held[key]]
    return sorted((one for one in found if one is not None), key=lambda one: (one.name, one.patient))


async def _children(record: Record, me: Json) -> list[int]:
    """Keys of those in whose records the person's own Patient stands as a parent (patient.html#links)."""
    found = []
    for link in me.get("link") or ():
        type_name, _, id = str((link.get("other") or {}).get("reference")).partition("/")
        if type_name == "RelatedPerson" and link.get("type") == "seealso":
            related = await _there(record, type_name, id)
            if related is not None and is_parent(related):
                found.append(key64(related["patient"]["reference"]))
    return found


async def _givers(record: Record, person: str) -> list[int]:
    """Keys of those who have given the person a power of attorney."""
    asked = [("actor", person), ("category", f"{CONSENT}|{Kind.REPRESENTATION.value}"), ("status", "active")]
    found = await record.resources("Consent", [*asked, ("_count", "200")])
    return [key64(one["patient"]["reference"]) for one in found if "patient" in one]


async def _there(record: Record, type_name: str, id: str) -> Json | None:
    try:
        return await record.resource(type_name, id)
    except Problem:
        return None


_PATIENT = "SELECT r.body FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key = $1 AND r.deleted = 0"


async def _named(record: Record, key: int, held: tuple[Mandate, ...]) -> Represented | None:
    rows = await record.store.reading.rows(_PATIENT, (key,))
    patient = orjson.loads(rows[0][0]) if rows else {}
    if patient.get("resourceType") != "Patient" or patient.get("active") is False or "deceasedDateTime" in patient:
        return None
    names = patient.get("name") or [{}]
    name = " ".join([*(names[0].get("given") or ()), names[0].get("family") or ""]).strip()
    return Represented(f"Patient/{patient['id']}", name, held)


async def authorise(record: Record, who: Who, patient: str, now: int) -> None:
    """Whether somebody may put down a wish about "Patient/x". Raises Problem 404 for whom the record is closed to, 403
    for who acts for the patient without the right to act in all of it. Staff whom nothing but the patient's lock keeps
    out may: the patient asks them to open it."""
    key = key64(patient)
    try:
        await record.read("Patient", patient.partition("/")[2])
    except Problem:
        if not await _locked_out(record, who, key, now):
            raise
    if who.kind is Asker.PATIENT and who.acts_for is not None:
        facts = (await Dossier(record.store.reading).read([key]))[key]
        if not acts(mandates(facts, key64(who.id), now), "Consent"):
            raise problem(
                403, "forbidden", "who acts for a patient needs the right to act in the whole record for this"
            )


async def _locked_out(record: Record, who: Who, patient: int, now: int) -> bool:
    if who.kind is not Asker.STAFF or who.role is None:
        return False
    facts = (await Dossier(record.store.reading).read([patient]))[patient]
    named = frozenset((key64(who.id), key64(who.role.id), key64(who.role.unit)))
    return decide(who, What(facts, named=named), who.purpose, now).reason is Reason.LOCKED


def hidden(resource: Json) -> Json:
    """The same resource, kept from those who represent the patient (pbrl. § 3-4)."""
    meta = resource.get("meta") or {}
    mark = {"system": LABEL, "code": HIDDEN_FROM_PARENTS}
    labels = [one for one in meta.get("security") or () if (one.get("system"), one.get("code")) != tuple(mark.values())]
    return {**resource, "meta": {**meta, "security": [*labels, mark]}}


def is_hidden(resource: Json) -> bool:
    """Whether a resource is kept from those who represent the patient."""
    labels = (resource.get("meta") or {}).get("security") or ()
    return any(one.get("system") == LABEL and one.get("code") == HIDDEN_FROM_PARENTS for one in labels)
