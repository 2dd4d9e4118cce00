"""What a letter is about, gathered once: patient, referral, appointment, unit, writer, and the words they give it.

The same inside a rule's transaction and outside (`duties.reading.Reading`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from felles.access.age import NORWAY
from felles.access.emergency import language
from felles.duties.reading import Reading
from felles.record.outcome import problem

Json = dict[str, Any]
_MONTHS = (
    "januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
    "desember",
)  # fmt: skip
_DAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")


@dataclass(frozen=True, slots=True)
class Order:
    """A letter somebody wants. References are "Type/id". `chosen`: receivers that the writer picked, by role.
    `without`: why a role that the patient lacks is left out. `fields`: what the ordering room knows better."""

    template: str
    patient: str
    about: str
    unit: str
    author: str = ""
    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """The resources of an order; `referral` is the ServiceRequest behind what the letter is about."""

    order: Order
    patient: Json
    about: Json
    unit: Json
    author: Json | None
    referral: Json | None

    @property
    def language(self) -> str:
        """nb, nn or en."""
        return language(self.patient)


async def gather(read: Reading, order: Order) -> Case:
    """Raises Problem 422 for what is not there."""
    patient = await _needed(read, order.patient, "Patient")
    about = patient if order.about == order.patient else await _needed(read, order.about)
    unit = await _needed(read, order.unit, "Organization")
    author = await _needed(read, order.author, "Practitioner") if order.author else None
    return Case(order, patient, about, unit, author, await _referral(read, about))


async def fetched(read: Reading, reference: str) -> Json | None:
    """A resource by "Type/id", if it is there."""
    name, _, id = reference.partition("/")
    return await read.read(name, id) if id and "/" not in id else None


async def _needed(read: Reading, reference: str, type_name: str = "") -> Json:
    if type_name and not reference.startswith(f"{type_name}/"):
        raise problem(422, "invalid", f"a letter needs a reference to {type_name} here")
    found = await fetched(read, reference)
    if found is None:
        raise problem(422, "not-found", "what the letter is about, or whom it is from, is not there")
    return found


async def _referral(read: Reading, about: Json) -> Json | None:
    if about["resourceType"] == "ServiceRequest":
        return about
    for name in ("referralRequest", "basedOn", "episodeOfCare"):
        for one in about.get(name) or ():
            found = await fetched(read, str(one.get("reference", "")))
            if found is not None and found["resourceType"] == "EpisodeOfCare":
                return await _referral(read, found)
            if found is not None and found["resourceType"] == "ServiceRequest":
                return found
    return None


def fields(case: Case, now: int) -> dict[str, str]:
    """The values of a template's fields; empty where nothing is known."""
    found = {
        "patient.name": name_of(case.patient),
        "patient.birth": day(case.patient.get("birthDate")),
        "unit.name": str(case.unit.get("name", "")),
        "unit.phone": contact(case.unit, "phone"),
        "author.name": name_of(case.author or {}),
        "date": _day(datetime.fromtimestamp(now / 1_000_000, NORWAY).date()),
        "text": case.order.text.strip(),
    }
    about = case.about
    if about["resourceType"] == "Appointment":
        found |= _appointment(about, found["unit.name"])
    if about["resourceType"] == "Encounter":
        period = about.get("period") or {}
        found |= {"encounter.start": day(period.get("start")), "encounter.end": day(period.get("end"))}
    if case.referral is not None:
        found |= _referred(case.referral)
    return found | {name: value for name, value in case.order.fields.items() if value}


def _appointment(about: Json, otherwise: str) -> dict[str, str]:
    start = about.get("start")
    moment = datetime.fromisoformat(start).astimezone(NORWAY) if start else None
    codes = [*(about.get("serviceType") or ()), *(about.get("reasonCode") or ())]
    rooms = [one["actor"].get("display", "") for one in about.get("participant") or () if _is_place(one)]
    return {
        "appointment.day": f"{_DAYS[moment.weekday()]} {_day(moment.date())}" if moment else "",
        "appointment.time": f"{moment:%H.%M}" if moment else "",
        "appointment.place": next(filter(None, rooms), otherwise),
        "appointment.for": str(about.get("description") or next(filter(None, map(words, codes)), "")),
    }


def _is_place(participant: Json) -> bool:
    return str((participant.get("actor") or {}).get("reference", "")).startswith("Location/")


def _referred(referral: Json) -> dict[str, str]:
    reasons = [words(one) for one in referral.get("reasonCode") or ()]
    return {
        "referral.received": day(referral.get("authoredOn")),
        "referral.reason": next(filter(None, reasons), words(referral.get("code") or {})),
        "referral.referrer": str((referral.get("requester") or {}).get("display", "")),
    }


def words(concept: Json) -> str:
    """A CodeableConcept as text."""
    shown = (one.get("display") for one in concept.get("coding") or ())
    return str(concept.get("text") or next(filter(None, shown), ""))


def name_of(person: Json) -> str:
    """Given and family name, or an organization's."""
    names = person.get("name") or []
    if isinstance(names, str):
        return names
    official = next((one for one in names if one.get("use") == "official"), names[0] if names else {})
    return str(official.get("text") or " ".join([*official.get("given", ()), official.get("family", "")]).strip())


def contact(resource: Json, system: str) -> str:
    """The first telephone number or e-mail address."""
    found = (one.get("value") for one in resource.get("telecom") or () if one.get("system") == system)
    return str(next(filter(None, found), ""))


def day(text: str | None) -> str:
    """A FHIR date or dateTime as "4. mai 2026"; less precise ones as far as they go."""
    if not text:
        return ""
    if "T" in text:
        return _day(datetime.fromisoformat(text).astimezone(NORWAY).date())
    parts = text.split("-")
    return _day(date(*map(int, parts))) if len(parts) == 3 else ".".join(reversed(parts))


def _day(found: date) -> str:
    return f"{found.day}. {_MONTHS[found.month - 1]} {found.year}"
