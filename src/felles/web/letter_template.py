"""The templates of letters: whom each is for and where they are found, how a letter from it looks, and new versions."""

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.role import ADMINISTRATOR
from felles.delivery import stored
from felles.delivery.stored import source, templates
from felles.delivery.template import LANGUAGES, Template, filled
from felles.duties.reading import Outside
from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.duties import sitting_of
from felles.web.guard import guarded
from felles.web.letter_fault import faults
from felles.web.letter_unit import posts
from felles.web.letter_words import ROLES
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.referral_fault import Fault
from felles.web.visit import Visit, read_form, token_fits

HERE = "/templates"
ABOUT: Mapping[str, str] = {
    "Patient": N_("pasienten"), "Appointment": N_("en time"), "ServiceRequest": N_("en henvisning"),
    "EpisodeOfCare": N_("en vurdert henvisning"), "Encounter": N_("en kontakt"),
}  # fmt: skip
SOURCES: Mapping[str, str] = {
    "subject": N_("pasienten, eller foreldre til barn under 16 år"), "gp": N_("pasientens fastlege"),
    "referrer": N_("den som henviste"), "chosen": N_("den som skriver, velger"),
}  # fmt: skip
MADE_UP: Mapping[str, str] = {
    "patient.name": "Kari Nordmann", "patient.birth": "14. mars 1962", "unit.name": "Ortopedisk poliklinikk",
    "unit.phone": "73 00 00 00", "author.name": "Ola Lege", "date": "4. mai 2026",
    "text": "Her kommer det som skrives for hver pasient.", "referral.received": "20. april 2026",
    "referral.reason": "vondt kne", "referral.referrer": "Dr. Fastlege", "referral.deadline": "1. juli 2026",
    "appointment.day": "tirsdag 12. mai 2026", "appointment.time": "09.30", "appointment.place": "Rom 4, 2. etasje",
    "appointment.for": "undersøkelse av kneet", "encounter.start": "2. mai 2026", "encounter.end": "4. mai 2026",
}  # fmt: skip
"""A case that nobody has, for looking at templates."""


def sees(visit: Visit) -> bool:
    """Staff who write letters, and administrators."""
    return posts(visit) or (works(visit) and visit.sitting is not None and _is_administrator(visit))


def _is_administrator(visit: Visit) -> bool:
    who = getattr(visit.sitting, "who", None)
    return who is not None and who.role is not None and who.role.code == ADMINISTRATOR


seeing = guarded(sees)


@seeing
async def show(request: Request) -> Response:
    """GET /templates"""
    known = await templates(Outside(sitting_of(request).record))
    done = request.query_params.get("done", "")
    return answer(
        request, "letter-templates.html", templates=known, roles=ROLES, about=ABOUT, sources=SOURCES,
        done=next((one.name for one in known if one.code == done), ""),
    )  # fmt: skip


async def _page(request: Request, status: int = 200, typed: str | None = None, found: Sequence[Fault] = ()) -> Response:
    known = {one.code: one for one in await templates(Outside(sitting_of(request).record))}
    one = known.get(request.path_params["code"])
    if one is None:
        raise HTTPException(404)
    sitting = sitting_of(request)
    changes = await stored.may_activate(sitting.record, sitting.who)
    text = typed if typed is not None else await source(Outside(sitting.record), one)
    return answer(
        request, "letter-template.html", status, one=one, letters=_letters(one), roles=ROLES, about=ABOUT,
        sources=SOURCES, changes=changes, text=text, faults=found,
    )  # fmt: skip


def _letters(one: Template) -> list[tuple[str, str, list[str]]]:
    """The template in each of its languages with the made-up case."""
    words = [(name, one.words[name]) for name in LANGUAGES if name in one.words]
    return [(name, filled(said.title, MADE_UP), filled(said.body, MADE_UP).split("\n\n")) for name, said in words]


@seeing
async def look(request: Request) -> Response:
    """GET /templates/{code}"""
    return await _page(request)


@seeing
async def activate(request: Request) -> Response:
    """POST /templates/{code}: puts a version of the house in force; 422 with every fault."""
    form, sitting = await read_form(request), sitting_of(request)
    text = form.get("text", "").replace("\r\n", "\n")
    if not token_fits(request, form):
        return await _page(request, 403, text, [Fault("text", N_("Siden var for gammel. Send en gang til."))])
    try:
        made = await stored.activate(sitting.record, sitting.who, text)
    except Problem as error:
        if error.status != 422:
            raise
        return await _page(request, 422, text, faults(error))
    return RedirectResponse(f"{HERE}?done={made.code}", 303)


PLACES = [Place("note", N_("Brevmaler"), HERE, "mal maler brev templates letters", sees)]
ROUTES = [
    Route(HERE, show),
    Route(f"{HERE}/{{code}}", look),
    Route(f"{HERE}/{{code}}", activate, methods=["POST"]),
]
