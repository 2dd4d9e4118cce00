"""Medicines in use (FHIR R4 MedicationRequest, MedicationStatement): regular, as needed, then ended."""

from collections.abc import Iterable
from dataclasses import dataclass

from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.place import Directory
from felles.web.chart.text import Resource, code_of, coded, first
from felles.web.chart.words import N_

CURRENT = ("active", "on-hold", "intended")
STATES = {"on-hold": N_("pauset"), "stopped": N_("seponert"), "completed": N_("avsluttet"), "cancelled": N_("avlyst")}


@dataclass(frozen=True, slots=True)
class Medicine:
    """One medicine and how it is taken."""

    name: str
    dosage: str
    reason: str
    start: Moment | None
    as_needed: bool
    current: bool
    state: str


def _drug(order: Resource, places: Directory) -> str:
    reference = order.get("medicationReference")
    if reference:
        return places.name(reference) or coded(places.find(reference).get("code"))
    return coded(order.get("medicationCodeableConcept"))


def _dosages(order: Resource) -> list[Resource]:
    return list(order.get("dosageInstruction") or order.get("dosage") or ())


def _as_needed(order: Resource) -> bool:
    return any(d.get("asNeededBoolean") or d.get("asNeededCodeableConcept") for d in _dosages(order))


def _view(order: Resource, places: Directory) -> Medicine:
    status = str(order.get("status", ""))
    start = order.get("effectivePeriod", {}).get("start") or order.get("effectiveDateTime")
    return Medicine(
        name=_drug(order, places),
        dosage="; ".join(d["text"] for d in _dosages(order) if d.get("text")),
        reason=coded(first(order.get("reasonCode")) or None),
        start=parse_moment(start or order.get("authoredOn") or order.get("dateAsserted")),
        as_needed=_as_needed(order),
        current=status in CURRENT,
        state=STATES.get(status, ""),
    )


def _key(order: Resource) -> str:
    concept = order.get("medicationCodeableConcept")
    return code_of(concept) or coded(concept) or str(order.get("medicationReference"))


def medicine_views(orders: Iterable[Resource], places: Directory) -> list[Medicine]:
    """The newest order of each drug: in use before ended, regular before as needed, then by name."""
    newest: dict[str, Resource] = {}
    for order in sorted(orders, key=lambda o: str(o.get("authoredOn") or o.get("dateAsserted") or ""), reverse=True):
        if order.get("status") != "entered-in-error":
            newest.setdefault(_key(order), order)
    views = [_view(order, places) for order in newest.values()]
    return sorted(views, key=lambda m: (not m.current, m.as_needed, m.name.casefold()))
