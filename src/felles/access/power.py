"""Powers of attorney: given by service area, reading apart from acting, revoked at any time (avtaleloven chapter 2)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from felles.access import age, consent, limit
from felles.access.area import AREAS
from felles.access.consent import Said, Span, said_by
from felles.access.extent import Extent
from felles.access.ground import ACTION, Kind
from felles.access.person import name_of
from felles.access.representation import authorise
from felles.access.subject import patient_of
from felles.access.who import Kind as Asker
from felles.access.who import Who
from felles.record.guard import System
from felles.record.identity.name import names, parts, plain
from felles.record.outcome import problem
from felles.record.protection import protection_of
from felles.record.record import Record
from felles.record.validation import national

Json = dict[str, Any]
OF_AGE = 16
"""Of age in matters of health (pasient- og brukerrettighetsloven § 4-3)."""

_ALWAYS = frozenset(("Patient",))
"""Whoever represents somebody sees who it is."""


@dataclass(frozen=True, slots=True)
class Power:
    """A power of attorney to be given: to "Patient/x", for these `AREAS`, to read and perhaps to act, until a moment
    (microseconds; None: until it is revoked). `name` is the recipient's, for the giver to know it again by."""

    to: str
    areas: Sequence[str]
    acting: bool = False
    until: int | None = None
    name: str = ""


def build(patient: str, power: Power, said: Said, now: int) -> Json:
    """The Consent of a power of attorney."""
    actions = ["read", "act"] if power.acting else ["read"]
    extra = {"action": [{"coding": [{"system": ACTION, "code": code}]} for code in actions]}
    types = extent_of(power.areas).provision
    made = consent.consent(Kind.REPRESENTATION, patient, said, Span(now, power.until), types | extra, (power.to,))
    if power.name:
        made["provision"]["actor"][0]["reference"]["display"] = power.name
    return made


def extent_of(areas: Iterable[str]) -> Extent:
    """The part of a record that these areas are. Raises Problem 422 for an area that is not known, or none at all."""
    named = list(areas)
    if not named or any(one not in AREAS for one in named):
        raise problem(422, "value", f"choose among: {', '.join(AREAS)}", "Consent.provision.class")
    types: set[str] = set()
    for one in named:
        area = AREAS[one]
        if area is None:
            return Extent()
        types |= area
    return Extent(types=tuple(sorted(types | _ALWAYS)))


async def give(record: Record, who: Who, patient: str, power: Power, now: int, text: str | None = None) -> str:
    """Gives a power of attorney; returns the Consent's id. Only the patient does, or staff on the patient's word.
    Raises Problem 403, 404, 422."""
    said = said_by(who, patient, text)
    if who.acts_for is not None:
        raise problem(403, "forbidden", "only the patient gives a power of attorney, nobody passes one on")
    await authorise(record, who, patient, now)
    name = await _check(record, patient, power, now)
    return await consent.put(record, build(patient, replace(power, name=name), said, now))


async def give_by_number(record: Record, who: Who, power: Power, number: str, family: str, now: int) -> str:
    """Gives a power of attorney to whoever has this number and family name (`recipient`); returns the Consent's id."""
    to = await recipient(record, who, number, family, now)
    return await give(record, who, who.id, replace(power, to=to), now)


async def _check(record: Record, patient: str, power: Power, now: int) -> str:
    """The recipient's name. Raises Problem 404, 422."""
    if power.until is not None and power.until <= now:
        raise problem(422, "value", "the end must lie ahead", "Consent.provision.period.end")
    if not power.to.startswith("Patient/") or power.to == patient:
        raise problem(422, "value", "a power of attorney is given to another person", "Consent.provision.actor")
    over = consent.elevated(record)
    for one in (patient, power.to):
        person = await over.resource("Patient", one.partition("/")[2])
        if not of_age(person, now):
            raise problem(422, "business-rule", f"both must have turned {OF_AGE}", "Consent.provision.actor")
        if protection_of(person):
            raise problem(422, "business-rule", "this power of attorney cannot be given", "Consent.provision.actor")
    return name_of(person)


def of_age(person: Json, now: int) -> bool:
    """Whether a Patient is old enough to give and take a power of attorney. Who has no known birth is not."""
    born = age.births(person.get("birthDate"))
    return born is not None and now >= age.turns(born[1], OF_AGE)


def hindrance(person: Json, now: int) -> str:
    """Why a Patient can give none: `age`, `protected`; empty where nothing is in the way."""
    if not of_age(person, now):
        return "age"
    return "protected" if protection_of(person) else ""


async def recipient(record: Record, who: Who, number: str, family: str, now: int) -> str:
    """ "Patient/x" of a whole fødselsnummer or D-number, and its family name. Raises Problem 422 in the
    same words for whoever cannot be found or given a power of attorney, 429 for too many tries."""
    await limit.require(consent.elevated(record), limit.RECIPIENT, who.id, now)
    nobody = problem(422, "business-rule", "nobody of this number and name can be given it", "Consent.provision.actor")
    digits = "".join(number.split())
    if not (national.is_birth_number(digits) or national.is_d_number(digits)):
        raise nobody
    found = await patient_of(record.seen_by(System()), digits)
    if found is None or found == who.id:
        raise nobody
    person = await record.seen_by(System()).resource("Patient", found.partition("/")[2])
    asked = {plain(word) for word in parts(family)}
    if not asked or not any(asked <= {plain(one) for one in last} for _, last in names(person)):
        raise nobody
    if hindrance(person, now) or "deceasedDateTime" in person:
        raise nobody
    return found


async def revoke(record: Record, who: Who, patient: str, id: str, now: int, text: str | None = None) -> None:
    """Ends a power of attorney: the patient, staff on the patient's word, or the representative, who lays it down.
    Raises Problem 403, 404, 409."""
    if not await _lays_down(record, who, id):
        said_by(who, patient, text)
        await authorise(record, who, patient, now)
    await consent.lift(record, Kind.REPRESENTATION, patient, id, now)


async def _lays_down(record: Record, who: Who, id: str) -> bool:
    if who.kind is not Asker.PATIENT:
        return False
    found = await consent.elevated(record).resource("Consent", id)
    actors = found.get("provision", {}).get("actor") or ()
    return [one["reference"].get("reference") for one in actors] == [who.id]


async def standing(record: Record, patient: str) -> list[Json]:
    """The powers of attorney that are in force or will be."""
    return await consent.standing(record, Kind.REPRESENTATION, patient)
