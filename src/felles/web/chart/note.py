"""Notes, epicrises and letters as readable text (FHIR R4 DocumentReference, Composition, DiagnosticReport)."""

from base64 import b64decode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from felles.web.chart.level import level_of
from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.place import Directory
from felles.web.chart.text import Resource, coded, first, narrative_lines

SHOWN = 7
SHOWN_TYPES = ("text/plain", "text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (may be empty) and its lines."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """One note; `attached` is the media type of what cannot be shown as text here."""

    id: str
    title: str
    at: Moment | None
    author: str
    unit: str
    level: str
    sections: tuple[Section, ...]
    attached: str
    preliminary: bool

    @property
    def opening(self) -> str:
        """The first words, for lists."""
        return next((line for section in self.sections for line in section.lines), "")


def _plain_lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _attachment_lines(attachment: Resource) -> tuple[str, ...]:
    kind = str(attachment.get("contentType", "")).partition(";")[0]
    if kind not in SHOWN_TYPES or not attachment.get("data"):
        return ()
    text = b64decode(attachment["data"]).decode("utf-8", "replace")
    return _plain_lines(text) if kind == "text/plain" else tuple(narrative_lines(text))


def _document_sections(document: Resource) -> tuple[Section, ...]:
    found = [_attachment_lines(content.get("attachment", {})) for content in document.get("content", ())]
    return tuple(Section("", lines) for lines in found if lines)


def _composition_sections(composition: Resource) -> tuple[Section, ...]:
    parts = [
        Section(str(s.get("title", "")), tuple(narrative_lines(s.get("text", {}).get("div", ""))))
        for s in composition.get("section", ())
    ]
    return tuple(part for part in parts if part.lines)


def _report_sections(report: Resource) -> tuple[Section, ...]:
    lines = _plain_lines(report.get("conclusion", "")) or _report_text(report)
    return (Section("", lines),) if lines else ()


def _report_text(report: Resource) -> tuple[str, ...]:
    for form in report.get("presentedForm", ()):
        if lines := _attachment_lines(form):
            return lines
    return tuple(narrative_lines(report.get("text", {}).get("div", "")))


def _sections(resource: Resource) -> tuple[Section, ...]:
    kinds = {"Composition": _composition_sections, "DiagnosticReport": _report_sections}
    return kinds.get(resource["resourceType"], _document_sections)(resource)


def _written(resource: Resource) -> str:
    period = resource.get("effectivePeriod", {}).get("start")
    return str(resource.get("date") or resource.get("effectiveDateTime") or period or resource.get("issued") or "")


def _title(resource: Resource) -> str:
    given = resource.get("description") or resource.get("title")
    return str(given or coded(resource.get("type") or resource.get("code")))


def _unit(resource: Resource, places: Directory) -> str:
    authors = resource.get("author") or resource.get("performer") or ()
    organisations = [a for a in authors if "Organization/" in a.get("reference", "")]
    return places.name(resource.get("custodian") or first(organisations) or None)


def _author(resource: Resource, places: Directory) -> str:
    authors = resource.get("author") or resource.get("performer") or ()
    people = [a for a in authors if "Practitioner" in a.get("reference", "")]
    return places.name(first(people) or None)


def note_view(resource: Resource, places: Directory) -> Note:
    """One document as readable text."""
    sections = _sections(resource)
    attachment = first(resource.get("content")).get("attachment", {}) if not sections else {}
    return Note(
        id=resource["id"],
        title=_title(resource),
        at=parse_moment(_written(resource)),
        author=_author(resource, places),
        unit=_unit(resource, places),
        level=level_of(resource, places),
        sections=sections,
        attached=str(attachment.get("contentType", "")),
        preliminary=resource.get("docStatus", resource.get("status")) in ("preliminary", "registered", "partial"),
    )


def note_views(resources: Iterable[Resource], places: Directory) -> list[Note]:
    """Newest first; withdrawn ones are not shown."""
    shown = [r for r in resources if r.get("status") not in ("entered-in-error", "superseded")]
    return sorted((note_view(r, places) for r in shown), key=_newest_first)


def _newest_first(note: Note) -> float:
    return -note.at.at.timestamp() if note.at else 0.0


def leading(notes: Sequence[Note]) -> tuple[list[Note], list[Note]]:
    """(the latest of each title, the others): daily reports then do not hide the one epicrisis."""
    first_of: dict[str, Note] = {}
    for note in notes:
        first_of.setdefault(note.title, note)
    shown = list(first_of.values())[:SHOWN]
    return shown, [note for note in notes if note not in shown]
