"""The one-page overview: everything of one patient, put together for reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from felles.web.chart.allergy import Allergy, allergy_views
from felles.web.chart.banner import Banner, banner
from felles.web.chart.encounter import Contact, contact_series, contact_views
from felles.web.chart.event import (
    Event,
    appointment_events,
    contact_events,
    message_events,
    note_events,
    procedure_events,
    request_events,
    vaccine_events,
)
from felles.web.chart.medicine import Medicine, medicine_views
from felles.web.chart.note import Note, leading, note_views
from felles.web.chart.place import Directory
from felles.web.chart.plan import plans
from felles.web.chart.problem import Problem, problem_views
from felles.web.chart.result import Analysis, analyses
from felles.web.chart.text import Resource
from felles.web.chart.timeline import Lanes, lanes, timeline
from felles.web.chart.vitals import Vital, vital_views

Parts = Mapping[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Overview:
    """The page's content, in the order it is read."""

    banner: Banner
    problems: list[Problem]
    medicines: list[Medicine]
    allergies: list[Allergy]
    results: list[Analysis]
    vitals: list[Vital]
    contacts: list[Contact]
    notes: list[Note]
    older_notes: list[Note]
    plans: list[Event]
    events: list[Event]
    lanes: Lanes


def _is_laboratory(report: Resource) -> bool:
    codes = {c.get("code") for kind in report.get("category", ()) for c in kind.get("coding", ())}
    return "LAB" in codes or "laboratory" in codes


def notes(parts: Parts, places: Directory) -> list[Note]:
    """Documents, compositions and the reports that are read as text (laboratory reports are numbers)."""
    reports = [r for r in parts["reports"] if not _is_laboratory(r)]
    return note_views([*parts["documents"], *parts["compositions"], *reports], places)


def overview(patient: Resource, parts: Parts, places: Directory, today: date) -> Overview:
    """Of the parts named in `felles.web.source.CHART`."""
    contacts = contact_views(parts["encounters"], places)
    written = notes(parts, places)
    latest, older = leading(written)
    events = timeline(
        [
            *contact_events(contacts),
            *note_events(written),
            *request_events(parts["requests"], places),
            *vaccine_events(parts["vaccines"], places),
            *procedure_events(parts["procedures"], places),
            *message_events(parts["messages"], places),
            *appointment_events(parts["appointments"], places),
        ]
    )
    return Overview(
        banner=banner(patient, parts["allergies"], parts["flags"], places, today),
        problems=problem_views(parts["conditions"]),
        medicines=medicine_views([*parts["orders"], *parts["statements"]], places),
        allergies=allergy_views(parts["allergies"]),
        results=analyses(parts["labs"]),
        vitals=vital_views(parts["vitals"]),
        contacts=contact_series(contacts),
        notes=latest,
        older_notes=older,
        plans=plans(parts["appointments"], parts["requests"], places, today),
        events=events,
        lanes=lanes(events, today),
    )
