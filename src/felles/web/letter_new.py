"""Writing a letter: as it stands, to whom and how, before it is signed; and what was shown is what is signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.delivery.case import Order
from felles.delivery.preview import Preview, preview, sign_seen
from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.letter_choice import choices
from felles.web.letter_words import CHANNELS, FIELDS, ROLES, why
from felles.web.opening import opening
from felles.web.page import answer, wants_part
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.referral_fault import Fault
from felles.web.unit_choice import Unit, chosen, fault, units
from felles.web.visit import Visit, read_form, token_fits

Form = Mapping[str, str]
LONGEST = 4_000
STALE = N_("Siden var for gammel. Det du skrev er her fortsatt: send en gang til.")
CHANGED = N_("Se gjennom brevet og mottakerne slik de er nå, og signer.")
LACKS = N_("Brevet kan ikke signeres ennå. Det som mangler, står under.")
REFUSED = N_("Brevet kan ikke skrives: malen og saken passer ikke sammen.")


def writes(visit: Visit) -> bool:
    """Staff whose role writes letters."""
    return finds(visit) and visit.writes("Composition")


writing = guarded(writes)


@dataclass(frozen=True, slots=True)
class Told:
    """What a page says besides the letter: `words` to the writer, units that may be meant, the fault at the copy."""

    words: str = ""
    units: Sequence[Unit] = ()
    copy: Fault | None = None


NOTHING = Told()


def _order(request: Request, form: Form, what: str, copies: Sequence[Unit]) -> Order:
    code, _, about = what.partition(" ")
    who = sitting_of(request).who
    return Order(
        code, f"Patient/{request.path_params['id']}", about, who.role.unit if who.role else "", who.id,
        form.get("text", "")[:LONGEST],
        chosen={"copy": tuple(f"Organization/{one.id}" for one in copies)},
        without=_named(form, "without-", ROLES), fields=_named(form, "field-", FIELDS),
    )  # fmt: skip


def _named(form: Form, prefix: str, names: Mapping[str, str]) -> dict[str, str]:
    given = {name: form.get(f"{prefix}{name}", "").strip()[:200] for name in names}
    return {name: value for name, value in given.items() if value}


async def _copies(request: Request, form: Form, known: Sequence[Unit]) -> tuple[list[Unit], Told]:
    """The unit that gets a copy, if one is asked for."""
    if not form.get("unit", "").strip() and "unit-id" not in form:
        return [], NOTHING
    found = chosen(known, form)
    return (found, NOTHING) if len(found) == 1 else ([], Told(units=found, copy=fault(found)))


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter that is being written. `seen` is None where it cannot be a letter at all."""

    what: str
    label: str
    known: Sequence[Unit]
    order: Order
    seen: Preview | None
    told: Told


async def _draft(request: Request, form: Form) -> Draft:
    known, what = await units(request), form.get("what", "")
    able = {one.value: one.label for choice in await choices(request) for one in choice.subjects}
    if what not in able:
        raise HTTPException(404)
    copies, told = await _copies(request, form, known)
    order = _order(request, form, what, copies)
    try:
        seen = await preview(sitting_of(request).record, order, now_of(request))
    except Problem as error:
        if error.status != 422:
            raise
        return Draft(what, able[what], known, order, None, Told(REFUSED, told.units, told.copy))
    return Draft(what, able[what], known, order, seen, told)


async def _page(request: Request, form: Form, status: int = 200, words: str = "") -> Response:
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    draft = await _draft(request, form)
    template = "part/letter-preview.html" if wants_part(request) else "letter-new.html"
    return answer(
        request, template, status, banner=banner, typed=form, draft=draft, one=draft.seen,
        words=words or draft.told.words, roles=ROLES, channels=CHANNELS, fields=FIELDS, why=why, longest=LONGEST,
    )  # fmt: skip


@writing
async def show(request: Request) -> Response:
    """GET /patient/{id}/letters/new: `what` is the template and what it is about."""
    return await _page(
        request, {"what": request.query_params.get("what", f"letter Patient/{request.path_params['id']}")}
    )


@writing
async def write(request: Request) -> Response:
    """POST /patient/{id}/letters/new: shows the letter; signs it where `sign` comes with what was shown."""
    form = await read_form(request)
    if not token_fits(request, form):
        return await _page(request, form, 403, STALE)
    if not form.get("sign"):
        return await _page(request, form)
    draft, sitting = await _draft(request, form), sitting_of(request)
    if draft.seen is None or draft.told.copy is not None or not draft.seen.whole:
        return await _page(request, form, 422, LACKS)
    try:
        await sign_seen(sitting.record, sitting.who, draft.order, form.get("seal", ""), now_of(request))
    except Problem as error:
        if error.status not in (412, 422):
            raise
        return await _page(request, form, 409, CHANGED if error.status == 412 else LACKS)
    return RedirectResponse(f"/patient/{request.path_params['id']}/letters?done=sign", 303)


ROUTES = [
    Route("/patient/{id}/letters/new", show),
    Route("/patient/{id}/letters/new", write, methods=["POST"]),
]
