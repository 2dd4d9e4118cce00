"""Names and words out of FHIR datatypes."""

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

Resource = Mapping[str, Any]

_BLOCKS = {"p", "div", "li", "tr", "br", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table"}
_SILENT = {"script", "style"}


def coded(concept: Resource | None) -> str:
    """The words of a CodeableConcept (FHIR R4 §2.24.0.9): its text, else a display, else a bare code."""
    if not concept:
        return ""
    codings = concept.get("coding", ())
    displays = [coding["display"] for coding in codings if coding.get("display")]
    codes = [coding["code"] for coding in codings if coding.get("code")]
    return str(concept.get("text") or next(iter(displays + codes), ""))


def code_of(concept: Resource | None) -> str:
    """The first code of a CodeableConcept."""
    return next((str(c["code"]) for c in (concept or {}).get("coding", ()) if c.get("code")), "")


def first(items: Iterable[Any] | None) -> Any:
    """The first item, or an empty mapping when there is none."""
    return next(iter(items or ()), {})


def _chosen_name(person: Resource) -> Resource:
    order = {"official": 0, "usual": 1, None: 2}
    names = sorted(person.get("name", ()), key=lambda name: order.get(name.get("use"), 3))
    chosen: Resource = first(names)
    return chosen


def listed_name(person: Resource) -> str:
    """`Nordmann, Kari Anne`, the form of lists and banners: nobody is taken for another by a given name."""
    name = _chosen_name(person)
    given = " ".join(name.get("given", ()))
    return ", ".join(part for part in (name.get("family", ""), given) if part) or str(name.get("text", ""))


def spoken_name(person: Resource) -> str:
    """`Kari Anne Nordmann`."""
    name = _chosen_name(person)
    if name.get("text"):
        return str(name["text"])
    return " ".join([*name.get("prefix", ()), *name.get("given", ()), name.get("family", "")]).strip()


class _Paragraphs(HTMLParser):
    """Keeps the words of a narrative and drops every tag: what a page shows can then carry no script."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.lines[-1] += data


def narrative_lines(markup: str) -> list[str]:
    """The lines of an XHTML narrative (FHIR R4 §2.24.0.7) as bare words."""
    parser = _Paragraphs()
    parser.feed(markup)
    parser.close()
    return [" ".join(line.split()) for line in parser.lines if line.strip()]
