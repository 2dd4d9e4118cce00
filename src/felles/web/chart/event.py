"""Things that happen to a patient, each as one line of the timeline, whatever resource tells of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from felles.web.chart.encounter import Contact
from felles.web.chart.level import level_of
from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.note import Note
from felles.web.chart.place import LEVELS, OTHER, Directory
from felles.web.chart.text import Resource, coded
from felles.web.chart.words import N_


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened or will happen; `kind` is a word for its sort, `until` the end of a stay."""

    kind: str
    title: str
    detail: str
    unit: str
    level: str
    at: Moment
    until: Moment | None = None
    ongoing: bool = False
    anchor: str = ""


def contact_events(contacts: Iterable[Contact]) -> list[Event]:
    return [
        Event(c.kind, c.reason or c.title, c.title if c.reason else "", c.unit, c.level, c.start, c.end, c.ongoing)
        for c in contacts
        if c.start
    ]


def note_events(notes: Iterable[Note]) -> list[Event]:
    return [
        Event(N_("Notat"), n.title, n.opening, n.unit or n.author, n.level, n.at, anchor=n.id) for n in notes if n.at
    ]


def _request_kind(request: Resource) -> str:
    words = " ".join(coded(c).casefold() for c in request.get("category", ()))
    return N_("Bildebestilling") if "imaging" in words or "bilde" in words or "radiologi" in words else N_("Henvisning")


def request_events(requests: Iterable[Resource], places: Directory) -> list[Event]:
    """Referrals and orders (ServiceRequest)."""
    return [
        Event(
            _request_kind(r),
            coded(r.get("code")),
            "",
            places.name(r.get("requester")),
            level_of(r, places),
            at,
        )
        for r in requests
        if (at := parse_moment(r.get("authoredOn")))
    ]


def appointment_events(appointments: Iterable[Resource], places: Directory) -> list[Event]:
    """Appointments to come and past ones (Appointment)."""
    return [
        Event(
            N_("Time"),
            str(a.get("description") or coded(_service(a))),
            "",
            _venue(a, places)[0],
            _venue(a, places)[1],
            at,
        )
        for a in appointments
        if a.get("status") not in ("cancelled", "entered-in-error") and (at := parse_moment(a.get("start")))
    ]


def vaccine_events(vaccines: Iterable[Resource], places: Directory) -> list[Event]:
    """Vaccines given (Immunization)."""
    return [
        Event(
            N_("Vaksine"),
            coded(v.get("vaccineCode")),
            "",
            places.name(v.get("location")),
            _level(v, "location", places),
            at,
        )
        for v in vaccines
        if v.get("status") == "completed" and (at := parse_moment(v.get("occurrenceDateTime")))
    ]


def procedure_events(procedures: Iterable[Resource], places: Directory) -> list[Event]:
    """What has been done (Procedure)."""
    return [
        Event(
            N_("Prosedyre"),
            coded(p.get("code")),
            "",
            places.name(_doer(p)),
            level_of({"performer": [_doer(p)]}, places),
            at,
        )
        for p in procedures
        if p.get("status") in ("completed", "in-progress") and (at := parse_moment(_performed(p)))
    ]


def message_events(messages: Iterable[Resource], places: Directory) -> list[Event]:
    """Messages between people and units (Communication)."""
    return [
        Event(N_("Melding"), coded(m.get("topic")), "", places.name(m.get("sender")), level_of(m, places), at)
        for m in messages
        if (at := parse_moment(m.get("sent") or m.get("received")))
    ]


def _level(resource: Resource, element: str, places: Directory) -> str:
    return level_of({"performer": [resource.get(element) or {}]}, places)


def _doer(procedure: Resource) -> Resource:
    actors = procedure.get("performer", ())
    found: Resource = (actors[0].get("onBehalfOf") or actors[0].get("actor") or {}) if actors else {}
    return found


def _performed(procedure: Resource) -> str | None:
    period: Resource = procedure.get("performedPeriod", {})
    return procedure.get("performedDateTime") or period.get("start")


def _service(appointment: Resource) -> Resource | None:
    kinds = appointment.get("serviceType") or appointment.get("specialty") or [None]
    found: Resource | None = kinds[0]
    return found


def _venue(appointment: Resource, places: Directory) -> tuple[str, str]:
    """(where, level): the place before the people who are there."""
    actors = [p.get("actor", {}) for p in appointment.get("participant", ())]
    others = [a for a in actors if not a.get("reference", "").startswith("Patient/")]
    levels = [level_of({"performer": [a]}, places) for a in others]
    ranked = sorted(zip(levels, others, strict=True), key=lambda pair: pair[0] not in LEVELS)
    return (places.name(ranked[0][1]), ranked[0][0]) if ranked else ("", OTHER)
