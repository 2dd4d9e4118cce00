"""Who gets a letter: each role of the template becomes people and units, each with the channel that reaches them.

Children under 16 are written to by their parents (pasient- og brukerrettighetsloven §§ 3-4 and 4-4), unless what the
letter is about is kept from them; nothing is addressed to the deceased.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from felles.access.age import births, turns
from felles.access.agreement import agreement, parties
from felles.access.ground import HIDDEN_FROM_PARENTS, LABEL
from felles.access.parent import is_parent
from felles.access.role import employment
from felles.delivery.case import Case, contact, fetched, name_of
from felles.delivery.channel import Addressee, Channel, choose
from felles.delivery.template import Template
from felles.duties.owner import ancestry
from felles.duties.reading import Reading
from felles.record.outcome import Issue, Problem
from felles.record.protection import protection_of

OF_AGE = 16
RESERVED = "urn:felles:digital-reservation"
"""Patient.extension (valueBoolean): wants letters on paper (eforvaltningsforskriften § 9)."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receiver:
    """One who gets the letter, in which role, by which channel."""

    role: str
    to: Addressee
    channel: Channel


async def receivers(read: Reading, template: Template, case: Case, now: int) -> list[Receiver]:
    """All of them, each once. Raises Problem 422 that names each role that reaches nobody and is not left out with a
    reason, and for a letter that would reach nobody at all."""
    found, missing = await reached(read, template, case, now)
    if missing:
        raise Problem(422, tuple(one for one, _ in missing))
    return found


async def reached(
    read: Reading, template: Template, case: Case, now: int
) -> tuple[list[Receiver], list[tuple[Issue, str]]]:
    """Those whom a letter reaches, and what keeps it from being signed, each with the role it is about."""
    found: dict[str, Receiver] = {}
    missing = []
    for role in template.roles:
        if case.order.without.get(role, "").strip():
            continue
        there = [one for one in await _of(read, template.receivers[role], role, case, now) if not one.dead]
        if not there and role not in template.optional:
            missing.append((Issue("business-rule", _unreached(role, case), "Composition"), role))
        for one in there:
            channel = choose(one)
            if channel is not None:
                found.setdefault(one.reference, Receiver(role, one, channel))
    if not missing and not found:
        said = "this letter would reach nobody; it cannot be signed"
        missing.append((Issue("business-rule", said, "Composition"), ""))
    return list(found.values()), missing


def _unreached(role: str, case: Case) -> str:
    if role == "patient" and is_dead(case.patient):
        return "the patient is dead: nothing is addressed to the deceased; say why the patient is left out"
    return f"the letter is for {role}, and nobody is found; choose a receiver, or say why there is none"


async def _of(read: Reading, source: str, role: str, case: Case, now: int) -> list[Addressee]:
    if source == "subject":
        return await _patient(read, case, now)
    if source == "gp":
        return await _named(read, _references(case.patient.get("generalPractitioner")), now)
    if source == "referrer":
        return await _named(read, _references([(case.referral or {}).get("requester")]), now)
    return await _named(read, case.order.chosen.get(role, ()), now)


def _references(targets: Sequence[Mapping[str, Any] | None] | None) -> list[str]:
    return [str(one["reference"]) for one in targets or () if one and one.get("reference")]


async def _named(read: Reading, references: Sequence[str], now: int) -> list[Addressee]:
    at_work = [await _at_work(read, one, now) for one in references]
    found = [(one, await fetched(read, one)) for one in at_work]
    return [await addressee(read, one, resource, now) for one, resource in found if resource is not None]


async def _at_work(read: Reading, reference: str, now: int) -> str:
    """Somebody who is named without a place of work is written to there, if there is only one."""
    if not reference.startswith("Practitioner/"):
        return reference
    roles = await read.search("PractitionerRole", [("practitioner", reference)])
    held = [one for one in map(employment, roles) if one is not None and one.holds(now)]
    return held[0].role.id if len(held) == 1 else reference


async def addressee(read: Reading, reference: str, resource: Json, now: int) -> Addressee:
    """What decides how somebody is reached."""
    if resource["resourceType"] in ("Patient", "RelatedPerson"):
        return person(resource)
    unit = await unit_of(read, resource)
    holder = name_of(resource) or str((resource.get("practitioner") or {}).get("display", ""))
    name = ", ".join(filter(None, dict.fromkeys((holder, name_of(unit or {})))))
    return Addressee(reference, name, person=False, inside=unit is not None and await _is_inside(read, unit, now))


def person(resource: Json) -> Addressee:
    """A patient or relative as an addressee."""
    reserved = any(
        one.get("url") == RESERVED and one.get("valueBoolean") is True for one in resource.get("extension") or ()
    )
    return Addressee(
        f"{resource['resourceType']}/{resource['id']}",
        name_of(resource),
        email=contact(resource, "email"),
        address=bool(resource.get("address")),
        reserved=reserved,
        protected=protection_of(resource) is not None,
        dead=is_dead(resource),
        own_mailbox=resource["resourceType"] == "Patient",
    )


def is_dead(resource: Json) -> bool:
    """Patient.deceased[x]."""
    return bool(resource.get("deceasedBoolean")) or "deceasedDateTime" in resource


async def unit_of(read: Reading, resource: Json) -> Json | None:
    """The Organization that an Organization, PractitionerRole or HealthcareService belongs to."""
    if resource["resourceType"] == "Organization":
        return resource
    place = resource.get("organization") or resource.get("providedBy") or {}
    return await fetched(read, str(place.get("reference", "")))


async def _is_inside(read: Reading, unit: Json, now: int) -> bool:
    """Whether the unit's legal entity shares this record by an agreement in force (pasientjournalloven § 9)."""
    root = (await ancestry(read, f"Organization/{unit['id']}"))[-1]
    contracts = [agreement(one) for one in await read.search("Contract", [("status", "executed")])]
    return root in parties(filter(None, contracts), now)


async def _patient(read: Reading, case: Case, now: int) -> list[Addressee]:
    patient = person(case.patient)
    born = births(case.patient.get("birthDate"))
    child = born is not None and now < turns(born[1], OF_AGE)
    if not child or patient.dead or _hidden(case.about):
        return [patient]
    return await _parents(read, case.patient) or [patient]


def _hidden(about: Json) -> bool:
    labels = (about.get("meta") or {}).get("security") or ()
    return any((one.get("system"), one.get("code")) == (LABEL, HIDDEN_FROM_PARENTS) for one in labels)


async def _parents(read: Reading, child: Json) -> list[Addressee]:
    """The parents by their own Patient (`Patient.link` to the child's RelatedPerson), else by the RelatedPerson."""
    found: list[Addressee] = []
    for related in filter(is_parent, await read.search("RelatedPerson", [("patient", f"Patient/{child['id']}")])):
        own = await read.search("Patient", [("link", f"RelatedPerson/{related['id']}")])
        found += [person(one) for one in own] or [person(related)]
    return [one for one in found if not one.dead]
