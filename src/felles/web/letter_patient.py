"""A patient's letters: each with every receiver and where it is; what does not come through is seen to, with a
reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.delivery.act import settle
from felles.delivery.conservation import is_done
from felles.delivery.letter import DELIVERY, KIND, LEFT_OUT, ROLE, channel_of, coded, is_delivery, state_of
from felles.delivery.state import Event, after
from felles.record.outcome import Problem
from felles.web.chart.moment import parse_moment
from felles.web.chart.text import narrative_lines
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.letter_choice import choices
from felles.web.letter_new import STALE, writing
from felles.web.letter_words import CHANNELS, EVENTS, ROLES, standing
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.referral_letter import Json
from felles.web.source import decode
from felles.web.visit import read_form, token_fits, visit_of

SHOWN = "100"
TOO_SHORT = N_("Skriv i noen ord hva som er gjort, eller hvorfor.")
OTHERS = N_("Brevet er kommet lenger siden du så det, eller en annen enhet sendte det. Slik står det nå.")
DONE = {
    "sign": N_("Brevet er signert. Under ser du hvor det er hos hver mottaker."),
    "again": N_("Brevet er lagt i kø på nytt."),
    "settle": N_("Notert: ordnet på annen måte."),
    "void": N_("Notert: skal ikke sendes."),
    "refuse": N_("Notert: kom i retur. Enheten har det som oppgave."),
}


@dataclass(frozen=True, slots=True)
class To:
    """One receiver. `acts`: what may be said of this delivery now; `open`: the unit still owes it."""

    id: str
    name: str
    role: str
    channel: str
    state: str
    said: str
    when: str
    open: bool
    acts: Sequence[Event]


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as staff read it; `left`: roles that were left out, and why."""

    id: str
    title: str
    language: str
    lines: Sequence[str]
    day: str
    unit: str
    signed: str
    to: Sequence[To]
    left: Sequence[tuple[str, str]]


async def letters(request: Request) -> list[Letter]:
    """Those that were signed, the newest first."""
    record, id = visit_of(request).record, request.path_params["id"]
    asked = [("patient", id), ("category", f"{DELIVERY}|{KIND}"), ("_sort", "-_lastUpdated"), ("_count", SHOWN)]
    deliveries = [one for one in decode(await record.search("Communication", asked)) if is_delivery(one)]
    ids = sorted({str(one["partOf"][0]["reference"]).partition("/")[2] for one in deliveries})
    bodies = decode(await record.search("Composition", [("_id", ",".join(ids)), ("_count", SHOWN)])) if ids else []
    bodies.sort(key=lambda one: str(one.get("date")), reverse=True)
    role = sitting_of(request).who.role
    unit = role.unit if role else ""
    return [_letter(one, [each for each in deliveries if _is_of(each, one)], unit) for one in bodies]


def _is_of(delivery: Json, letter: Json) -> bool:
    return bool(delivery["partOf"][0]["reference"] == f"Composition/{letter['id']}")


def _letter(letter: Json, deliveries: Sequence[Json], unit: str) -> Letter:
    lines = [line for one in letter.get("section") or () for line in narrative_lines((one.get("text") or {})["div"])]
    day = parse_moment(letter.get("date"))
    custodian = letter.get("custodian") or {}
    left = [one["extension"] for one in letter.get("extension") or () if one["url"] == LEFT_OUT]
    order = list(ROLES)
    to = sorted((_to(one, unit) for one in deliveries), key=lambda one: order.index(one.role))
    return Letter(
        str(letter["id"]), str(letter.get("title")), str(letter.get("language", "nb")), lines, day.text if day else "",
        str(custodian.get("display", "")), str((letter.get("author") or [{}])[0].get("display", "")), to,
        [(role["valueCode"], why["valueString"]) for role, why in left],
    )  # fmt: skip


def _to(one: Json, unit: str) -> To:
    mine, state = one["sender"]["reference"] == unit, state_of(one)
    acts = [event for event in EVENTS if mine and after(state, event) not in (None, state)]
    when = parse_moment(one.get("received") or one.get("sent"))
    return To(
        str(one["id"]), str(one["recipient"][0].get("display", "")), coded(one.get("category"), ROLE) or "copy",
        CHANNELS[channel_of(one)], standing(one), str(one["statusReason"].get("text", "")), when.text if when else "",
        not is_done(one), acts,
    )  # fmt: skip


async def _page(request: Request, status: int = 200, wrong: str = "", at: str = "", typed: str = "") -> Response:
    """`wrong` is said at the delivery `at`, whose reason was `typed`."""
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    done = DONE.get(request.query_params.get("done", ""), "") if not wrong else ""
    return answer(
        request, "letters-patient.html", status, banner=banner, letters=await letters(request), done=done,
        offered=await choices(request), roles=ROLES, events=EVENTS, wrong=wrong, at=at, typed=typed,
    )  # fmt: skip


@writing
async def show(request: Request) -> Response:
    """GET /patient/{id}/letters"""
    return await _page(request)


@writing
async def see_to(request: Request) -> Response:
    """POST /patient/{id}/letters/{delivery}/{event}: says what became of one delivery, with a reason."""
    form, sitting, id = await read_form(request), sitting_of(request), request.path_params["delivery"]
    await read_banner(request)
    if request.path_params["event"] not in EVENTS:
        raise HTTPException(404)
    event, reason = Event(request.path_params["event"]), form.get("reason", "")
    if not token_fits(request, form):
        return await _page(request, 403, STALE, id, reason)
    try:
        await settle(sitting.record, sitting.who, id, event, reason, now_of(request))
    except Problem as error:
        if error.status == 422:
            return await _page(request, 422, TOO_SHORT, id, reason)
        if error.status not in (403, 409, 412):
            raise
        return await _page(request, 409, OTHERS, id, reason)
    return RedirectResponse(f"/patient/{request.path_params['id']}/letters?done={event.value}#d-{id}", 303)


ROUTES = [
    Route("/patient/{id}/letters", show),
    Route("/patient/{id}/letters/{delivery}/{event}", see_to, methods=["POST"]),
]
