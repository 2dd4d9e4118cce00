"""Referrals, orders, tasks and appointments (https://hl7.org/fhir/R4/servicerequest.html, task, appointment)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.event.document import LETTER, document
from felles.demo.place import Place
from felles.demo.resource import Json, reference, resource, text
from felles.demo.staff import Worker

BEGUN = "1"
"""Ventetid sluttkode: care has begun."""
CATEGORY = "urn:felles:category"
CATEGORIES = {"referral": "Henvisning", "imaging": "Bildediagnostikk", "laboratory": "Laboratorium"}


def request(
    chart: Chart,
    category: str,
    code: Json,
    who: Worker,
    performer: Place,
    authored: datetime,
    *,
    status: str = "active",
    priority: str = "routine",
    reason: Json | None = None,
    note: str = "",
    encounter: str = "",
    due: date | None = None,
) -> str:
    """A ServiceRequest to a unit."""
    body: Json = {
        "status": status,
        "intent": "order",
        "category": [
            {
                "coding": [{"system": CATEGORY, "code": category, "display": CATEGORIES[category]}],
                "text": CATEGORIES[category],
            }
        ],
        "priority": priority,
        "code": code,
        "subject": chart.subject,
        "authoredOn": clock.instant(authored),
        "requester": who.as_reference(),
        "performer": [performer.as_reference()],
    }
    if encounter:
        body["encounter"] = reference(encounter)
    if due:
        body["occurrencePeriod"] = {"end": due.isoformat()}
    if reason:
        body["reasonCode"] = [reason]
    if note:
        body["note"] = [{"text": note}]
    return chart.add("ServiceRequest", body)


def referral(
    chart: Chart, who: Worker, performer: Place, authored: datetime, code: Json, words: str, **more: object
) -> str:
    """A referral: the ServiceRequest and its letter."""
    made = request(chart, "referral", code, who, performer, authored, **more)  # type: ignore[arg-type]
    title = f"Henvisning til {performer.name}" if who.place.language == "nb" else f"Tilvising til {performer.name}"
    document(chart, who.place, who, authored, "57133-1", title, words, category=LETTER, related=made)
    return made


@dataclass(frozen=True, slots=True)
class Assessed:
    """How a referral was assessed: days, and what care it gives a right to."""

    received: date
    assessed: date
    deadline: date
    care: str
    field: str = "somatic"


def waiting(chart: Chart, referral: str, unit: Place, said: Assessed) -> str:
    """The referral period of a patient who has a right and waits."""
    return _period(chart, referral, unit, said, "waitlist")


def refused(chart: Chart, referral: str, unit: Place, said: Assessed, why: str) -> str:
    """The referral period of a patient who has no right to care there, with the reason and the right to complain."""
    more: list[Json] = [{"url": "reason", "valueString": why}, {"url": "complaint", "valueBoolean": True}]
    return _period(chart, referral, unit, said, "cancelled", more, outcome="no-right", end=said.assessed)


def ended(
    chart: Chart, referral: str, unit: Place, said: Assessed, day: date, code: str, *, active: bool = False
) -> str:
    """The referral period of a patient whose wait is over; `code` says why (ventetid sluttkode, Volven 8445)."""
    status = ("active" if active else "finished") if code == BEGUN else "cancelled"
    more: list[Json] = [{"url": "ended", "valueDate": day.isoformat()}, {"url": "end", "valueCode": code}]
    return _period(chart, referral, unit, said, status, more, end=None if active else day)


def _period(
    chart: Chart, referral: str, unit: Place, said: Assessed, status: str, more: Sequence[Json] = (), *,
    outcome: str = "right", end: date | None = None,
) -> str:  # fmt: skip
    """An EpisodeOfCare as the clerical room writes it; the id is the one that it gives a referral's first period."""
    days = {"seniority": said.received, "received": said.received, "assessed": said.assessed}
    days |= {"deadline": said.deadline} if outcome == "right" else {}
    codes = {"outcome": outcome, "care": said.care, "field": said.field}
    inner: list[Json] = [{"url": name, "valueDate": day.isoformat()} for name, day in days.items()]
    inner += [{"url": name, "valueCode": code} for name, code in codes.items()]
    kind = {"system": "urn:felles:episode", "code": "referral-period"}
    body: Json = {
        "extension": [{"url": "urn:felles:referral-period", "extension": [*inner, *more]}],
        "status": status,
        "type": [{"coding": [kind], "text": "Henvisningsperiode"}],
        "patient": chart.subject,
        "managingOrganization": unit.as_reference(),
        "period": {"start": said.received.isoformat(), **({"end": end.isoformat()} if end else {})},
        "referralRequest": [reference(referral)],
    }
    identity = "rp-" + hashlib.blake2b(referral.encode(), digest_size=16).hexdigest()
    chart.resources.append(resource("EpisodeOfCare", identity, body))
    return f"EpisodeOfCare/{identity}"


def task(
    chart: Chart,
    code: Json,
    focus: str,
    owner: Json,
    authored: datetime,
    *,
    status: str = "requested",
    business: str = "",
    start: date | None = None,
    due: date | None = None,
    requester: Json | None = None,
    words: str = "",
) -> str:
    """A Task: open work at an owner with a due date in `restriction.period`."""
    body: Json = {
        "status": status,
        "intent": "order",
        "code": code,
        "focus": reference(focus),
        "for": chart.subject,
        "authoredOn": clock.instant(authored),
        "lastModified": clock.instant(authored),
        "owner": owner,
    }
    if business:
        body["businessStatus"] = text(business)
    if requester:
        body["requester"] = requester
    if words:
        body["description"] = words
    span = {"start": start, "end": due}
    if start or due:
        body["restriction"] = {
            "period": {name: day.isoformat() for name, day in span.items() if day},
        }
    return chart.add("Task", body)


def appointment(
    chart: Chart,
    place: Place,
    who: Worker,
    start: datetime,
    kind: str,
    *,
    minutes: int = 30,
    status: str = "booked",
    based_on: str = "",
    words: str = "",
    created: date | None = None,
    support: str = "",
) -> str:
    """An Appointment of patient and worker at a place."""
    confirmed = "accepted" if status in ("booked", "fulfilled", "arrived") else "needs-action"
    parties = [chart.subject, who.as_reference(), reference(place.location, place.name)]
    body: Json = {
        "status": status,
        "serviceType": [text(kind)],
        "start": clock.instant(start),
        "end": clock.instant(start + timedelta(minutes=minutes)),
        "minutesDuration": minutes,
        "participant": [{"actor": party, "status": confirmed} for party in parties],
    }
    if created:
        body["created"] = created.isoformat()
    if words:
        body["description"] = words
    if support:
        body["supportingInformation"] = [reference(support)]
    if based_on:
        body["basedOn"] = [reference(based_on)]
    return chart.add("Appointment", body)
