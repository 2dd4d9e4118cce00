"""One referral: what came, how the clock stands, and what one may do with it.

An act holds only at the version that the page showed. Where others were faster the page says who and what, shows the
new state, and keeps what was typed.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clerical import act
from felles.clerical.act import Assessment
from felles.clerical.period import Period
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.web import booking
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.label import moment
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.referral_fault import Fault, faults
from felles.web.referral_letter import Letter, drafts
from felles.web.referral_list import HERE, choices, handling
from felles.web.referral_view import PRIORITIES, STATES, view_of
from felles.web.unit_choice import Unit, chosen, fault, units
from felles.web.visit import read_form, token_fits, visit_of

Form = Mapping[str, str]
DONE = {
    "assess": N_("Signert. Brevene er på vei, og vurderingen står i historikken."),
    "forward": N_("Sendt videre. Fristen løper fra første mottak."),
    "postpone": N_("Utsettelsen er notert."),
    "deadline": N_("Fristen er endret."),
    "end": N_("Ventetiden er avsluttet."),
    "refer-on": N_("Henvist til den andre enheten også, med samme ansiennitetsdato."),
    "book": N_("Timen er bestilt, og brevet er signert."),
    "move": N_("Timen er flyttet, og brevet er signert."),
    "call-off": N_("Timen er avlyst. Pasienten skal ha en ny."),
    "register": N_("Henvisningen er registrert."),
}
STALE = Fault("", N_("Siden var for gammel. Det du skrev er her fortsatt: send en gang til."))
OTHERS = Fault("", N_("Henvisningen hører til en annen enhet. Bare de som arbeider der, kan gjøre dette."))
NO_DAY = N_("Velg en dag.")
WISHES = frozenset(("first", "last", "minutes", "part", "calendar", "form", "day"))
"""Parts of an address that say what is wished for."""


class Wrong(Exception):
    """A form that does not do: at which fields, and the units that may be meant."""

    def __init__(self, *found: Fault, units: Sequence[Unit] = ()) -> None:
        super().__init__()
        self.faults, self.units = found, units


@dataclass(frozen=True, slots=True)
class Told:
    """What a page says besides the referral itself."""

    deed: str = ""
    typed: Form | None = None
    faults: Sequence[Fault] = ()
    units: Sequence[Unit] = ()
    faster: bool = False


NOTHING = Told()


async def page(request: Request, status: int = 200, told: Told = NOTHING) -> Response:
    """The referral with its forms."""
    view, typed = await view_of(request), told.typed or {}
    request.state.opened = await opening(request, view.banner.id)
    language, today = visit_of(request).language, NORWAY.day(now_of(request))
    values = booking.values_of(typed["wish"]) if "wish" in typed else _values(request)
    question = booking.asked(values, view.period, today)
    waits = view.mine and view.period.status.value == "waitlist"
    tables = ("end", "postponement", "outcome", "care", "field")
    return answer(
        request, "referral.html", status, view=view, one=view.period, typed=typed, told=told,
        wrong={one.field: one for one in told.faults}, states=STATES, done=DONE.get(_done(request, told), ""),
        codes={name: choices(name, language) for name in tables}, moment=moment, priorities=PRIORITIES,
        known=await units(request) if view.mine else [], shown=typed_words(typed) if told.faster else [],
        desk=await booking.desk(request, view.period, question) if waits else None,
        minutes=booking.MINUTES, parts=booking.PARTS, forms=booking.FORMS, wishing=WISHES & set(request.query_params),
    )  # fmt: skip


def _values(request: Request) -> booking.Values:
    return {name: request.query_params.getlist(name) for name in request.query_params}


def _done(request: Request, told: Told) -> str:
    return "" if told.faults or told.faster else request.query_params.get("done", "")


WORDS = {
    "reason": N_("Begrunnelse"), "text": N_("Tekst i brevet"), "words": N_("Hva ble tilbudt og svart"),
    "guide": N_("Prioriteringsveileder"), "description": N_("Timen gjelder"), "why": N_("Hvorfor timen avlyses"),
    "deadline": N_("Frist"),
}  # fmt: skip


def typed_words(typed: Form) -> list[tuple[str, str]]:
    """What somebody has written, to be read again where its form is no longer there."""
    return [(words, typed[name].strip()) for name, words in WORDS.items() if typed.get(name, "").strip()]


def day_in(form: Form, name: str) -> date:
    """A day of a form. Raises Wrong."""
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        raise Wrong(Fault(name, NO_DAY)) from None


def version_in(form: Form) -> int:
    """The version that the page showed. Raises HTTPException 400."""
    text = form.get("version", "")
    if not text.isdigit() or len(text) > 9:
        raise HTTPException(400)
    return int(text)


async def unit_in(request: Request, form: Form) -> str:
    """ "Organization/x" of a form. Raises Wrong with those that may be meant."""
    found = chosen(await units(request), form)
    if len(found) != 1:
        raise Wrong(fault(found), units=found)
    return f"Organization/{found[0].id}"


def assessment(form: Form) -> Assessment:
    """What a form says of a referral. Raises Wrong with every field that is missing."""
    outcome, right = form.get("outcome", ""), form.get("outcome") == "right"
    missing = [Fault("outcome", N_("Velg utfall."))] if outcome not in ("right", "no-right") else []
    if right:
        missing += [Fault("care", N_("Velg utredning eller behandling."))] if not form.get("care") else []
        missing += [Fault("field", N_("Velg fagområde."))] if not form.get("field") else []
        missing += [Fault("deadline", N_("Sett en frist."))] if not form.get("deadline") else []
    if missing:
        raise Wrong(*missing)
    without = (("patient", form["without"].strip()),) if form.get("without", "").strip() else ()
    return Assessment(
        outcome, form.get("care", "") if right else "", form.get("field", ""),
        day_in(form, "deadline") if right else None, form.get("guide", "").strip()[:80],
        form.get("pathway", "").strip().upper()[:20], form.get("reason", ""), form.get("text", ""), without,
    )  # fmt: skip


async def _assess(request: Request, form: Form) -> Response | None:
    sitting, id, said = sitting_of(request), request.path_params["id"], assessment(form)
    if form.get("sign"):
        await act.assess(sitting.record, sitting.who, id, said, now_of(request), version_in(form))
        return None
    made, letters = await act.assessed(sitting.record, sitting.who, id, said, now_of(request), version_in(form))
    return await sign_page(request, form, "assess", drafts(letters), made=made)


async def sign_page(
    request: Request,
    form: Form,
    deed: str,
    letters: Sequence[Letter],
    made: Period | None = None,
    when: str = "",
    late: bool = False,
) -> Response:
    """The letters that will go, to whom, and for whom one signs."""
    carried = {name: value for name, value in form.items() if name not in ("token", "sign", "back")}
    view = await view_of(request)
    request.state.opened = await opening(request, view.banner.id)
    return answer(
        request, "referral-sign.html", view=view, deed=deed, letters=letters, carried=carried,
        made=made, when=when, late=late,
    )  # fmt: skip


async def _forward(request: Request, form: Form) -> Response | None:
    sitting, unit = sitting_of(request), await unit_in(request, form)
    await act.forward(
        sitting.record, sitting.who, request.path_params["id"], unit, form.get("reason", ""), version_in(form)
    )
    return RedirectResponse(f"{HERE}?done=forward", 303)


async def _postpone(request: Request, form: Form) -> None:
    sitting, offered = sitting_of(request), booking.offer_of(form.get("offer", ""))
    said = form.get("words", "").strip()
    if offered is not None and said:
        said = f"Tilbudt {booking.spoken(offered, 'nb')}. {said}"
    await act.postpone(
        sitting.record, sitting.who, request.path_params["id"], form.get("code", ""), said, now_of(request),
        version_in(form),
    )  # fmt: skip


async def _deadline(request: Request, form: Form) -> None:
    sitting = sitting_of(request)
    await act.change_deadline(
        sitting.record, sitting.who, request.path_params["id"], day_in(form, "deadline"), form.get("reason", ""),
        version_in(form),
    )  # fmt: skip


async def _end(request: Request, form: Form) -> None:
    sitting = sitting_of(request)
    await act.end(
        sitting.record, sitting.who, request.path_params["id"], form.get("code", ""), day_in(form, "day"),
        form.get("reason", ""), version_in(form),
    )  # fmt: skip


async def _refer_on(request: Request, form: Form) -> None:
    sitting, id, unit = sitting_of(request), request.path_params["id"], await unit_in(request, form)
    one = await act.period(sitting.record, id)
    await act.refer_on(sitting.record, sitting.who, id, one.referrals[0], unit, now_of(request))


Deed = Callable[[Request, Form], Awaitable[Response | None]]
DEEDS: Mapping[str, Deed] = {
    "assess": _assess, "forward": _forward, "postpone": _postpone, "deadline": _deadline, "end": _end,
    "refer-on": _refer_on,
}  # fmt: skip


@handling
async def show(request: Request) -> Response:
    """GET /referrals/{id}: a wish for an appointment may stand in the query."""
    return await page(request)


async def done(request: Request, name: str, deed: Deed) -> Response:
    """Does what a form says: on to the referral, or back to the form with what is wrong."""
    form, id = await read_form(request), request.path_params["id"]
    await act.period(sitting_of(request).record, id)
    told = Told(name, form)
    if not token_fits(request, form):
        return await page(request, 403, Told(name, form, [STALE]))
    if form.get("back"):
        return await page(request, 200, told)
    try:
        return await deed(request, form) or RedirectResponse(f"{HERE}/{id}?done={name}", 303)
    except Wrong as wrong:
        return await page(request, 422, Told(name, form, wrong.faults, wrong.units))
    except Problem as error:
        return await _refused(request, error, name, form)


async def _refused(request: Request, error: Problem, name: str, form: Form) -> Response:
    if error.status == 403:
        return await page(request, 403, Told(name, form, [OTHERS]))
    if error.status in (409, 412):
        return await page(request, 409, Told(name, form, faster=True))
    if error.status != 422:
        raise error
    return await page(request, 422, Told(name, form, faults(error)))


@handling
async def do(request: Request) -> Response:
    """POST /referrals/{id}/{deed}: 409 with what others did meanwhile, 422 with what is missing."""
    name = request.path_params["deed"]
    if name not in DEEDS:
        raise HTTPException(404)
    return await done(request, name, DEEDS[name])


ROUTES = [
    Route(f"{HERE}/{{id}}", show),
    Route(f"{HERE}/{{id}}/{{deed}}", do, methods=["POST"]),
]
