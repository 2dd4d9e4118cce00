"""Measuring at the bedside: by Tab alone or pasted, with the score before and after it is written."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical.measuring import measure
from felles.clinical.vitals import SIGNS, Mind, Taken, Unreadable, news, number, pasted
from felles.record.outcome import Problem
from felles.web.chart.vitals import vital_views
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.source import chart_parts
from felles.web.visit import Visit, read_form, token_fits, visit_of

HERE = "/patient/{id}/vitals"
FIELDS: Mapping[str, str] = {
    "systolic": N_("Blodtrykk, over"), "diastolic": N_("under"), "pulse": N_("Puls"), "breaths": N_("Respirasjon"),
    "saturation": N_("SpO₂"), "temperature": N_("Temperatur"), "oxygen": N_("Oksygen, liter"),
}  # fmt: skip
MINDS: Mapping[Mind, str] = {
    Mind.ALERT: N_("A · våken"), Mind.CONFUSED: N_("C · nyoppstått forvirring"),
    Mind.VOICE: N_("V · reagerer på tiltale"),
    Mind.PAIN: N_("P · reagerer på smerte"), Mind.NONE: N_("U · reagerer ikke"),
}  # fmt: skip
"""The letter first: by keyboard it is the letter that is typed, and V must never choose who is awake (våken)."""
RISKS: Mapping[str, str] = {
    "low": N_("Lav risiko"), "low-medium": N_("Ett mål gir 3 poeng: vurder straks"),
    "medium": N_("Middels risiko: lege tilkalles"), "high": N_("Høy risiko: akutteam"),
}  # fmt: skip
STALE = N_("Siden var for gammel. Det du skrev er her fortsatt: send en gang til.")
UNREAD = N_("Vi forstår ikke dette, eller tallet kan ikke stemme:")
NOTHING = N_("Skriv minst ett mål.")
DEAD = N_("Det kan ikke måles: pasienten er død, eller journalen er slått sammen med en annen.")
PAIR = N_("Begge tallene i blodtrykket trengs, og det øverste er størst.")
Form = Mapping[str, str]


def measures(visit: Visit) -> bool:
    """Staff whose role measures."""
    return finds(visit) and visit.sees("Observation") and visit.writes("Observation")


measuring = guarded(measures)


def _taken(form: Form) -> tuple[Taken, dict[str, str], str]:
    """What was measured, the fields that could not be read, and what of the pasted line could not."""
    numbers: dict[str, Decimal] = {}
    wrong: dict[str, str] = {}
    mind = Mind(form["mind"]) if form.get("mind") in set(Mind) else None
    for name in SIGNS:
        if form.get(name, "").strip():
            try:
                numbers[name] = number(name, form[name][:12])
            except Unreadable as error:
                wrong[name] = error.part
    unread = ""
    if form.get("pasted", "").strip():
        try:
            said = pasted(form["pasted"][:200])
            numbers |= said.numbers
            mind = said.mind or mind
        except Unreadable as error:
            unread = error.part
    return Taken(numbers, mind, form.get("scale2") == "1"), wrong, unread


def _odd(taken: Taken) -> bool:
    """Whether a blood pressure is half, or the wrong way round."""
    high, low = taken.numbers.get("systolic"), taken.numbers.get("diastolic")
    return (high is None) != (low is None) or (high is not None and low is not None and low >= high)


async def _page(request: Request, form: Form, status: int = 200, words: str = "") -> Response:
    visit = visit_of(request)
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    taken, wrong, unread = _taken(form)
    typed = defaultdict(str, form)
    typed |= {name: f"{value:f}".replace(".", ",") for name, value in taken.numbers.items()}
    typed["mind"] = taken.mind.value if taken.mind else ""
    if not unread:
        typed["pasted"] = ""
    parts = await chart_parts(visit.record, request.path_params["id"], ("vitals",))
    return answer(
        request, "vitals.html", status, banner=banner, fields=FIELDS, signs=SIGNS, minds=MINDS, typed=typed,
        wrong=wrong, unread=unread, said_unread=UNREAD, words=words, score=news(taken), risks=RISKS,
        vitals=vital_views(parts["vitals"]), done=request.query_params.get("done", ""),
    )  # fmt: skip


@measuring
async def show(request: Request) -> Response:
    """GET /patient/{id}/vitals"""
    return await _page(request, {})


@measuring
async def write(request: Request) -> Response:
    """POST /patient/{id}/vitals: shows the score, or writes the set."""
    form, sitting = await read_form(request), sitting_of(request)
    if not token_fits(request, form):
        return await _page(request, form, 403, STALE)
    taken, wrong, unread = _taken(form)
    if wrong or unread:
        return await _page(request, form, 422)
    if _odd(taken):
        return await _page(request, form, 422, PAIR)
    if not form.get("sign"):
        return await _page(request, form)
    try:
        await measure(sitting.record, sitting.who, f"Patient/{request.path_params['id']}", taken, now_of(request))
    except Problem as error:
        if error.status != 422:
            raise
        return await _page(request, form, 422, NOTHING if error.issues[0].code == "required" else DEAD)
    return RedirectResponse(f"/patient/{request.path_params['id']}/vitals?done=1", 303)


ROUTES = [Route(HERE, show), Route(HERE, write, methods=["POST"])]
