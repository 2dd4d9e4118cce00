"""Contacts with the services (FHIR R4 Encounter)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from felles.web.chart.level import level_of
from felles.web.chart.moment import Moment, parse_moment, span_text
from felles.web.chart.place import Directory
from felles.web.chart.text import Resource, coded, first
from felles.web.chart.words import N_

# http://terminology.hl7.org/CodeSystem/v3-ActCode
CLASSES = {
    "AMB": N_("Poliklinisk"),
    "EMER": N_("Øyeblikkelig hjelp"),
    "FLD": N_("Utrykning"),
    "HH": N_("Hjemmebesøk"),
    "IMP": N_("Innleggelse"),
    "ACUTE": N_("Innleggelse"),
    "NONAC": N_("Innleggelse"),
    "OBSENC": N_("Observasjon"),
    "PRENC": N_("Forundersøkelse"),
    "SS": N_("Dagbehandling"),
    "VR": N_("Video eller telefon"),
}


@dataclass(frozen=True, slots=True)
class Contact:
    """One encounter; `kind` is the class in words."""

    id: str
    kind: str
    title: str
    unit: str
    reason: str
    start: Moment | None
    end: Moment | None
    ongoing: bool
    planned: bool
    level: str
    count: int = 1
    first: Moment | None = None

    @property
    def when(self) -> str:
        return span_text(self.start, self.end)


def _reason(encounter: Resource) -> str:
    words = [coded(reason) for reason in encounter.get("reasonCode", ())]
    return ", ".join(word for word in words if word)


def contact(encounter: Resource, places: Directory) -> Contact:
    """One encounter for a list."""
    status, period = encounter.get("status"), encounter.get("period", {})
    kind = encounter.get("class", {})
    words = CLASSES.get(kind.get("code", ""), str(kind.get("display", "")))
    location = first(encounter.get("location")).get("location")
    return Contact(
        id=encounter["id"],
        kind=words,
        title=coded(first(encounter.get("type")) or None) or words,
        unit=places.name(encounter.get("serviceProvider")) or places.name(location),
        reason=_reason(encounter),
        start=parse_moment(period.get("start")),
        end=parse_moment(period.get("end")),
        ongoing=status in ("in-progress", "onleave", "arrived", "triaged"),
        planned=status == "planned",
        level=level_of(encounter, places),
    )


def contact_views(encounters: Iterable[Resource], places: Directory) -> list[Contact]:
    """Ongoing first, then newest first."""
    shown = [e for e in encounters if e.get("status") not in ("entered-in-error", "cancelled")]
    return sorted((contact(e, places) for e in shown), key=lambda c: (not c.ongoing, _newest_first(c)))


def _newest_first(view: Contact) -> float:
    return -view.start.at.timestamp() if view.start else 0.0


def _alike(view: Contact) -> tuple[str, ...]:
    return (view.kind, view.title, view.reason, view.unit, str(view.ongoing), str(view.planned))


def contact_series(contacts: Iterable[Contact]) -> list[Contact]:
    """Contacts that are alike (weekly home visits) as one row with a count, at the place of the latest."""
    series: dict[tuple[str, ...], Contact] = {}
    for view in contacts:
        latest = series.get(_alike(view))
        series[_alike(view)] = replace(latest, count=latest.count + 1, first=view.start) if latest else view
    return list(series.values())
