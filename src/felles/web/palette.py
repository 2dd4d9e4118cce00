"""Ctrl-K: one field from which a patient, an action or a page is reached."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from felles.web.chart.words import N_
from felles.web.find import matching
from felles.web.guard import signed_in
from felles.web.language import translations
from felles.web.page import answer
from felles.web.place import Place, places_of
from felles.web.visit import read_form, token_fits, visit_of

PATIENTS_SHOWN = 7


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of the list: an address to open (`href`) or a form of the page to send (`form`)."""

    icon: str
    words: str
    href: str = ""
    form: str = ""
    keywords: str = ""


ACTIONS = (
    Choice("leave", N_("Logg ut"), form="sign-out", keywords="avslutt sign out exit"),
    Choice("globe", N_("Språk: bokmål"), form="language-nb", keywords="language norsk språk"),
    Choice("globe", N_("Språk: nynorsk"), form="language-nn", keywords="language norsk språk"),
    Choice("globe", N_("Språk: engelsk"), form="language-en", keywords="language english språk"),
)
SECTIONS = (
    Choice("person", N_("Oversikt"), "", keywords="overview journal"),
    Choice("list", N_("Problemer"), "#problems", keywords="diagnoser problems"),
    Choice("pill", N_("Medisiner"), "#medicines", keywords="legemidler medicines medication"),
    Choice("warning", N_("Allergier"), "#allergies", keywords="cave kritisk allergies"),
    Choice("flask", N_("Siste prøvesvar"), "#results", keywords="lab blodprøver results"),
    Choice("pulse", N_("Vitale mål"), "#vitals", keywords="blodtrykk puls vitals"),
    Choice("note", N_("Notater"), "#notes", keywords="dokumenter brev notes"),
    Choice("building", N_("Kontakter"), "#contacts", keywords="innleggelser encounters"),
    Choice("clock", N_("Timer og henvisninger"), "#plans", keywords="avtaler appointments referrals"),
    Choice("clock", N_("Tidslinje"), "#timeline", keywords="historikk timeline"),
    Choice("flask", N_("Alle prøvesvar"), "/results", keywords="lab tabell all results"),
    Choice("list", N_("Apper for pasienten"), "/apps", keywords="åpne program smart apps"),
    Choice("print", N_("Skriv ut oversikten"), "/print", keywords="utskrift papir print"),
)


WISHES = Choice(
    "lock", N_("Pasientens ønsker"), "/wishes", keywords="sperre sperring blokkere samtykke lock block wishes"
)
"""Of staff alone."""


def fits(choice: Choice, shown: str, text: str) -> bool:
    """Every typed word begins a word of the choice, in the reader's language or as a keyword."""
    words = f"{shown} {choice.keywords}".casefold().split()
    return all(any(word.startswith(part) for word in words) for part in text.casefold().split())


def choices(text: str, patient: str, language: str, places: Sequence[Place], staff: bool = False) -> list[Choice]:
    """What fits the text: the open patient's pages first, then the visitor's places, then what can be done anywhere."""
    say = translations(language).gettext
    sections = (*SECTIONS, WISHES) if staff else SECTIONS
    own = [Choice(c.icon, c.words, f"/patient/{patient}{c.href}", "", c.keywords) for c in sections] if patient else []
    pages = [Choice(place.icon, place.words, place.href, "", place.keywords) for place in places]
    return [c for c in [*own, *pages, *ACTIONS] if fits(c, say(c.words), text)]


def patient_in(path: str) -> str:
    """The open patient's id of `/patient/{id}...`, else empty."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "patient" else ""


@signed_in
async def show(request: Request) -> Response:
    """POST /palette: the list under the field."""
    visit, form = visit_of(request), await read_form(request)
    text, stale = form.get("text", "").strip(), not token_fits(request, form)
    found = await matching(request, text) if visit.finds and not stale else []
    offered = choices(text, patient_in(form.get("from", "")), visit.language, places_of(request), visit.finds)
    return answer(request, "part/palette.html", text=text, found=found[:PATIENTS_SHOWN], choices=offered, stale=stale)
