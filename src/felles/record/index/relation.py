"""Whom a patient has to do with, as resources say it: the rows of `relation_index`.

A row says only what stands in the resource; how long a relation counts after its end, and what it opens, is the
access room's. What was cancelled, entered in error or only drafted makes no relation.
"""

from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from typing import Any

from felles.record.index.leaf import date_row
from felles.record.index.value import cached_key64

OPEN_LOW = 0
OPEN_HIGH = 1 << 62
Json = dict[str, Any]
Row = tuple[int, int, int, int, int]
Span = tuple[int, int]


class Ground(IntEnum):
    """What makes the relation. The numbers stand in stores: never change or reuse one."""

    ENCOUNTER = 1
    EPISODE = 2
    REFERRAL = 3
    APPOINTMENT = 4
    PLAN = 5
    TEAM = 6
    DUTY = 7
    GP = 8
    CUSTODIAN = 9
    CONSENT = 10
    EMERGENCY = 11
    REPRESENTATION = 12


GROUNDS: dict[str, int] = {ground.name: ground.value for ground in Ground}

_STAFF = frozenset(("Practitioner", "PractitionerRole", "Organization", "HealthcareService", "Location", "CareTeam"))
_LAY = frozenset(("Patient", "RelatedPerson"))
_CONSENT_SYSTEM = "urn:felles:consent"
_OPENS = {"opening": Ground.CONSENT, "emergency": Ground.EMERGENCY, "representation": Ground.REPRESENTATION}


def _state(active: str, ended: str) -> dict[str, int]:
    """Status → 1 (planned or going on) or 0 (ended); a status that is absent makes no relation."""
    return dict.fromkeys(active.split(), 1) | dict.fromkeys(ended.split(), 0)


_STATES = {
    "Encounter": _state("planned arrived triaged in-progress onleave", "finished"),
    "EpisodeOfCare": _state("planned waitlist active onhold", "finished"),
    "ServiceRequest": _state("active on-hold", "completed"),
    "Appointment": _state("proposed pending booked arrived checked-in waitlist", "fulfilled noshow"),
    "CarePlan": _state("active on-hold", "completed"),
    "CareTeam": _state("active", "suspended inactive"),
    "Task": _state("requested received accepted ready in-progress on-hold", "completed"),
    "Consent": _state("active", ""),
}


def relations(type_name: str, resource: Json) -> list[Row]:
    """(subject key, ground, low, high, state) of everybody at work, and every unit, that this resource ties to the
    patients it concerns; empty for a shape that R4 does not allow. Microseconds; OPEN_LOW and OPEN_HIGH where open.
    """
    try:
        return list(dict.fromkeys(_READERS[type_name](resource)))
    except (AttributeError, TypeError, ValueError):
        return []


def _subject(reference: Json | None, kinds: frozenset[str] = _STAFF) -> int | None:
    """The key of a relative reference to one of `kinds`, whatever its version."""
    target = reference.get("reference") if reference else None
    if not target:
        return None
    kind, _, rest = target.partition("/")
    return cached_key64(f"{kind}/{rest.partition('/')[0]}") if kind in kinds and rest else None


def _span(period: Json | None, within: Span = (OPEN_LOW, OPEN_HIGH)) -> Span:
    """A Period as (low, high), open ends taken from `within`."""
    if not period:
        return within
    start, end = date_row(period.get("start") or ""), date_row(period.get("end") or "")
    return (start[1] if start else within[0]), (end[2] if end else within[1])


def _closed(span: Span, state: int) -> Span:
    """What has ended at an unknown time ended when it began."""
    low, high = span
    return (low, low) if state == 0 and high == OPEN_HIGH else (low, high)


def _rows(ground: Ground, references: Iterable[Json | None], span: Span, state: int) -> Iterator[Row]:
    low, high = _closed(span, state)
    for reference in references:
        subject = _subject(reference)
        if subject is not None:
            yield subject, ground.value, low, high, state


def _patient(resource: Json) -> Iterator[Row]:
    """patient.html: the GP list, and who keeps the record. A Patient that is not active was merged away or is wrong."""
    if resource.get("active", True):
        span = (OPEN_LOW, OPEN_HIGH)
        yield from _rows(Ground.GP, resource.get("generalPractitioner") or (), span, 1)
        yield from _rows(Ground.CUSTODIAN, (resource.get("managingOrganization"),), span, 1)


def _encounter(resource: Json) -> Iterator[Row]:
    """encounter.html: the unit, those who took part, and the places."""
    state = _STATES["Encounter"].get(resource.get("status", ""))
    if state is None:
        return
    span = _span(resource.get("period"))
    yield from _rows(Ground.ENCOUNTER, (resource.get("serviceProvider"),), span, state)
    for one in resource.get("participant") or ():
        yield from _rows(Ground.ENCOUNTER, (one.get("individual"),), _part(one, span, state), state)
    for one in resource.get("location") or ():
        left = 0 if one.get("status") == "completed" else state
        yield from _rows(Ground.ENCOUNTER, (one.get("location"),), _part(one, span, left), left)


def _part(one: Json, span: Span, state: int) -> Span:
    """The period of one participation, inside that of the whole."""
    return _closed(_span(one.get("period"), span), state)


def _episode(resource: Json) -> Iterator[Row]:
    """episodeofcare.html."""
    state = _STATES["EpisodeOfCare"].get(resource.get("status", ""))
    if state is not None:
        tied = (resource.get("managingOrganization"), resource.get("careManager"), *(resource.get("team") or ()))
        yield from _rows(Ground.EPISODE, tied, _span(resource.get("period")), state)


def _referral(resource: Json) -> Iterator[Row]:
    """servicerequest.html: who asked, and who is asked. One that is done ended when it was to be done."""
    state = _STATES["ServiceRequest"].get(resource.get("status", ""))
    if state is None or resource.get("intent") == "proposal":
        return
    authored = date_row(resource.get("authoredOn") or "")
    low = authored[1] if authored else OPEN_LOW
    due = date_row(resource.get("occurrenceDateTime") or "")
    end = due[2] if due else _span(resource.get("occurrencePeriod"))[1]
    span = (low, OPEN_HIGH if state else end)
    tied = (resource.get("requester"), *(resource.get("performer") or ()), *(resource.get("locationReference") or ()))
    yield from _rows(Ground.REFERRAL, tied, span, state)


def _appointment(resource: Json) -> Iterator[Row]:
    """appointment.html: everybody who takes part, for each patient who does."""
    state = _STATES["Appointment"].get(resource.get("status", ""))
    if state is None:
        return
    span = _span({"start": resource.get("start"), "end": resource.get("end")})
    for one in resource.get("participant") or ():
        if one.get("status") != "declined":
            yield from _rows(Ground.APPOINTMENT, (one.get("actor"),), span, state)


def _plan(resource: Json) -> Iterator[Row]:
    """careplan.html: who made it, who carries it out."""
    state = _STATES["CarePlan"].get(resource.get("status", ""))
    if state is None:
        return
    tied = [resource.get("author"), *(resource.get("careTeam") or ())]
    for activity in resource.get("activity") or ():
        tied += (activity.get("detail") or {}).get("performer") or ()
    yield from _rows(Ground.PLAN, tied, _span(resource.get("period")), state)


def _team(resource: Json) -> Iterator[Row]:
    """careteam.html: its members, each in the time of membership, and the units that answer for it."""
    state = _STATES["CareTeam"].get(resource.get("status", ""))
    if state is None:
        return
    span = _span(resource.get("period"))
    yield from _rows(Ground.TEAM, resource.get("managingOrganization") or (), span, state)
    for one in resource.get("participant") or ():
        tied = (one.get("member"), one.get("onBehalfOf"))
        yield from _rows(Ground.TEAM, tied, _part(one, span, state), state)


def _duty(resource: Json) -> Iterator[Row]:
    """task.html: who is to do it (`owner`), while it is open and from when it was written."""
    state = _STATES["Task"].get(resource.get("status", ""))
    if state is None:
        return
    start = (resource.get("executionPeriod") or {}).get("start") or resource.get("authoredOn")
    end = (resource.get("executionPeriod") or {}).get("end") or resource.get("lastModified")
    span = _span({"start": start, "end": None if state else end})
    yield from _rows(Ground.DUTY, (resource.get("owner"),), span, state)


def _consent(resource: Json) -> Iterator[Row]:
    """consent.html: one that opens, for those it names (see access/ground.py). Locks and blocks make no relation."""
    provision = resource.get("provision") or {}
    if resource.get("status") != "active" or provision.get("type") != "permit":
        return
    codes = [
        coding.get("code")
        for category in resource.get("category") or ()
        for coding in category.get("coding") or ()
        if coding.get("system") == _CONSENT_SYSTEM
    ]
    span = _span(provision.get("period"))
    for ground in (_OPENS[code] for code in codes if code in _OPENS):
        kinds = _LAY if ground is Ground.REPRESENTATION else _STAFF
        for actor in provision.get("actor") or ():
            subject = _subject(actor.get("reference"), kinds)
            if subject is not None:
                yield subject, ground.value, *span, 1


_READERS: dict[str, Callable[[Json], Iterator[Row]]] = {
    "Patient": _patient,
    "Encounter": _encounter,
    "EpisodeOfCare": _episode,
    "ServiceRequest": _referral,
    "Appointment": _appointment,
    "CarePlan": _plan,
    "CareTeam": _team,
    "Task": _duty,
    "Consent": _consent,
}
RELATING = frozenset(_READERS)
"""The types that make relations."""
