"""Wishes that stand, as a page tells them: what is closed or given, for whom, since when, until when, by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from felles.access.area import named
from felles.access.audit.words import thing
from felles.access.emergency import reason_of
from felles.record.outcome import Problem
from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.note import note_views
from felles.web.chart.place import Directory
from felles.web.chart.text import code_of
from felles.web.source import Record, chart_parts, decode, directory

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """`areas` are names of `access.area`, `other` words for what no area covers; `labelled`: what carries a mark of its
    own. `named` are people and units by name, `by` who took it down (empty: the patient; `other`: somebody for them).
    `last` is the last day; `acts`: a power of attorney for more than reading; `said`: what was noted of
    the conversation."""

    id: str
    areas: tuple[str, ...]
    other: tuple[str, ...]
    documents: tuple[str, ...]
    labelled: bool
    period: tuple[Moment | None, Moment | None]
    named: tuple[str, ...]
    since: Moment | None
    last: Moment | None
    by: str
    acts: bool = False
    said: str = ""

    @property
    def whole(self) -> bool:
        return not (self.areas or self.other or self.documents or self.labelled or any(self.period))


@dataclass(frozen=True, slots=True)
class Document:
    """One document to choose: "Type/id", title and day."""

    reference: str
    title: str
    day: str


async def standing(record: Record, patient: str, consents: Sequence[Json]) -> list[Standing]:
    """The Consents of "Patient/x" in words, as the reader of `record` may see what they point to."""
    actors = [actor.get("reference") for one in consents for actor in (one.get("provision") or {}).get("actor") or ()]
    places = await directory(record, [*actors, *(one.get("performer") for one in consents)])
    titles = await _titles(record, consents)
    return [_view(one, patient, places, titles) for one in consents]


def _view(consent: Json, patient: str, places: Directory, titles: Mapping[str, str]) -> Standing:
    provision = consent.get("provision") or {}
    areas, left = named(one.get("code", "") for one in provision.get("class") or ())
    span, dated = provision.get("period") or {}, provision.get("dataPeriod") or {}
    return Standing(
        str(consent["id"]),
        tuple(areas),
        tuple(dict.fromkeys(thing(one) for one in left)),
        tuple(titles.get(one, "") for one in _documents(consent)),
        bool(provision.get("securityLabel")),
        (parse_moment(dated.get("start")), parse_moment(dated.get("end"))),
        tuple(places.name(one.get("reference")) for one in provision.get("actor") or ()),
        parse_moment(span.get("start") or consent.get("dateTime")),
        last_day(span.get("end")),
        _by(consent, patient, places),
        any(code_of(one) == "act" for one in provision.get("action") or ()),
        reason_of(consent)[1],
    )


def last_day(end: str | None) -> Moment | None:
    """The day before an end at midnight, or the moment itself."""
    found = parse_moment(end)
    return Moment(found.at - timedelta(seconds=1), "day") if found and found.clock == "00:00" else found


def _by(consent: Json, patient: str, places: Directory) -> str:
    performer: Json = next(iter(consent.get("performer") or ()), {})
    reference = str(performer.get("reference", ""))
    if reference in ("", patient):
        return ""
    return "other" if reference.startswith("Patient/") else places.name(performer)


def _documents(consent: Json) -> list[str]:
    data = (consent.get("provision") or {}).get("data") or ()
    return [str((one.get("reference") or {}).get("reference", "")) for one in data]


async def _titles(record: Record, consents: Sequence[Json]) -> dict[str, str]:
    """Titles of single documents by "Type/id"; nothing of those that are not there for the reader."""
    found = {}
    for reference in sorted({one for consent in consents for one in _documents(consent)}):
        type_name, _, id = reference.partition("/")
        try:
            resources = decode(await record.search(type_name, [("_id", id)]))
        except Problem:
            continue
        for note in note_views(resources, Directory()):
            found[reference] = f"{note.title} {note.at.day if note.at else ''}".strip()
    return found


async def documents(record: Record, id: str) -> list[Document]:
    """The documents of a patient, the newest first."""
    parts = await chart_parts(record, id, ("documents", "compositions", "reports"))
    found = [(one["resourceType"], one) for kind in parts.values() for one in kind]
    views = [(f"{name}/{one['id']}", note) for name, one in found for note in note_views([one], Directory())]
    views.sort(key=lambda pair: pair[1].at.machine if pair[1].at else "", reverse=True)
    return [Document(reference, note.title, note.at.day if note.at else "") for reference, note in views]
