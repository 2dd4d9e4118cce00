"""Encounter and EpisodeOfCare (https://hl7.org/fhir/R4/encounter.html)."""

from datetime import date, datetime, timedelta

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.place import Place
from felles.demo.resource import Json, hl7, reference, text
from felles.demo.staff import Worker

CLASSES = {
    "AMB": "Poliklinisk",
    "EMER": "Øyeblikkelig hjelp",
    "IMP": "Innlagt",
    "HH": "Hjemmebesøk",
    "VR": "Video eller e-konsultasjon",
}
"""HL7 v3 ActCode used as Encounter.class."""


def _class(code: str) -> Json:
    return hl7("v3-ActCode", code, CLASSES[code])["coding"][0]  # type: ignore[no-any-return]


def period(start: datetime, end: datetime | None) -> Json:
    """A Period; open when there is no end."""
    found = {"start": clock.instant(start)}
    return found | {"end": clock.instant(end)} if end else found


def encounter(
    chart: Chart,
    place: Place,
    who: Worker,
    start: datetime,
    *,
    code: str = "AMB",
    end: datetime | None = None,
    minutes: int = 20,
    kind: str = "Konsultasjon",
    reason: Json | None = None,
    condition: str = "",
    status: str = "finished",
    extra: Json | None = None,
) -> str:
    """An Encounter; a finished one without `end` lasts `minutes`."""
    if status == "finished" and end is None:
        end = start + timedelta(minutes=minutes)
    body: Json = {
        "status": status,
        "class": _class(code),
        "type": [text(kind)],
        "subject": chart.subject,
        "participant": [{"individual": who.as_reference()}],
        "period": period(start, end),
        "serviceProvider": place.as_reference(),
    }
    if reason:
        body["reasonCode"] = [reason]
    if condition:
        body["diagnosis"] = [{"condition": reference(condition)}]
    return chart.add("Encounter", body | (extra or {}))


def bed(place: Place, index: int, name: str, status: str = "active") -> Json:
    """Encounter.location for a bed of a ward."""
    return {"location": [{"location": reference(place.bed(index), name), "status": status}]}


def episode(chart: Chart, place: Place, who: Worker, kind: str, start: date, condition: str = "") -> str:
    """An EpisodeOfCare that is open (https://hl7.org/fhir/R4/episodeofcare.html)."""
    body: Json = {
        "status": "active",
        "type": [text(kind)],
        "patient": chart.subject,
        "managingOrganization": place.as_reference(),
        "period": {"start": start.isoformat()},
        "careManager": who.as_reference(),
    }
    if condition:
        body["diagnosis"] = [{"condition": reference(condition)}]
    return chart.add("EpisodeOfCare", body)
