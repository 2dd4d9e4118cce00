"""A prescription as it will be signed: the dose, what speaks against it, and the patient's name and birth date."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import medication
from felles.clinical.check import Cause, Severity, Warning
from felles.clinical.dose import Dose, written
from felles.clinical.dose_reading import Unreadable, parsed
from felles.clinical.medication import REFUNDS, Script, dose_of, product_of, words_of
from felles.clinical.product import SOURCE, Product
from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.medicine import HERE, STALE, prescribing
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.visit import read_form, token_fits, visit_of

CAUSES: Mapping[Cause, str] = {
    Cause.WEEKLY: N_("Tas én gang i uken. Du har skrevet den oftere"), Cause.ALLERGY: N_("Allergi"),
    Cause.INTERACTION: N_("Interaksjon med"), Cause.DUPLICATE: N_("Pasienten bruker allerede"),
    Cause.GROUP: N_("Pasienten bruker en i samme gruppe"), Cause.TOO_MUCH: N_("Mer enn det høyeste på ett døgn"),
}  # fmt: skip
LOOK = N_("Se på advarslene, og signer igjen.")
LACKS = N_("Skriv hvorfor den forskrives likevel.")
TWICE = N_("Kryss av for at den skal tas oftere enn ukentlig, og skriv hvorfor.")
CHANGED = N_("Andre har endret denne medisinen siden du åpnet den. Gå tilbake til listen og se.")
UNREAD = N_("Vi forstår ikke denne delen av doseringen:")
DEAD = N_("Det kan ikke forskrives: pasienten er død, eller journalen er slått sammen med en annen.")
UNIT = N_("Dosen er i en enhet som ikke passer for denne medisinen.")
LONGEST = 200
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A prescription that is being written. `script` is None where the dose could not be read; `unread`: its part."""

    product: Product
    script: Script | None
    found: Sequence[Warning] = ()
    unread: str = ""
    fault: str = ""
    old: str = ""


async def _subject(request: Request, form: Form) -> tuple[Product, str, tuple[str, int] | None, str]:
    """The medicine, the dose to begin with, what is replaced, and what that said. Raises HTTPException 404."""
    order = form.get("order", "")
    if not order:
        found = SOURCE.product(form.get("product", ""))
        if found is None:
            raise HTTPException(404)
        return found, form.get("dose", "") or next(iter(found.usual), ""), None, ""
    held = await sitting_of(request).record.resource("MedicationRequest", order)
    if (held.get("subject") or {}).get("reference") != f"Patient/{request.path_params['id']}":
        raise HTTPException(404)
    version = form.get("version", "")
    dose, words = dose_of(held), words_of(held)
    text = written(dose, visit_of(request).language) if dose else words
    known = int(version) if version.isdigit() and len(version) < 9 else int(held["meta"]["versionId"])
    return product_of(held), form.get("dose", "") or text, (order, known), words or text


async def _draft(request: Request, form: Form) -> tuple[Draft, str]:
    product, text, replaces, old = await _subject(request, form)
    try:
        dose = parsed(text)
    except Unreadable as error:
        return Draft(product, None, unread=error.part, old=old), text
    script = _script(request, form, product, dose, replaces)
    try:
        return Draft(product, script, await medication.looked_at(sitting_of(request).record, script), old=old), text
    except Problem as error:
        if error.status != 422:
            raise
        return Draft(product, None, fault=UNIT, old=old), text


def _script(request: Request, form: Form, product: Product, dose: Dose, replaces: tuple[str, int] | None) -> Script:
    numbers = {
        name: int(form[name]) if form.get(name, "").isdigit() and len(form[name]) < 4 else 0 for name in _NUMBERS
    }
    return Script(
        f"Patient/{request.path_params['id']}", product, replace(dose, unit=dose.unit or product.unit),
        form.get("why", "")[:LONGEST], form.get("despite", "")[:LONGEST], form.get("twice") == "1",
        form["refund"] if form.get("refund") in REFUNDS else REFUNDS[0], numbers["packs"], numbers["repeats"], replaces,
    )  # fmt: skip


_NUMBERS = ("packs", "repeats")


def _seal(found: Sequence[Warning]) -> str:
    """What warnings somebody has seen, as a form carries it."""
    return ",".join(sorted({f"{one.cause}:{'.'.join(one.refs)}" for one in found}))


async def _page(request: Request, form: Form, status: int = 200, words: str = "") -> Response:
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    draft, text = await _draft(request, form)
    language = visit_of(request).language
    return answer(
        request, "medicine-new.html", status, banner=banner, draft=draft, typed=defaultdict(str, form), text=text,
        words=words or draft.fault,
        spoken=written(draft.script.dose, language) if draft.script else "", seal=_seal(draft.found), causes=CAUSES,
        serious=any(one.severity is not Severity.NOTE for one in draft.found), refunds=REFUNDS, unread=UNREAD,
        stopped=any(one.severity is Severity.STOP for one in draft.found),
    )  # fmt: skip


@prescribing
async def show(request: Request) -> Response:
    """GET /patient/{id}/medicines/new: `product` and `dose`, or the `order` that is changed."""
    return await _page(request, request.query_params)


@prescribing
async def sign(request: Request) -> Response:
    """POST /patient/{id}/medicines/new: signs what was shown; new warnings are shown first."""
    form = await read_form(request)
    if not token_fits(request, form):
        return await _page(request, form, 403, STALE)
    draft, _ = await _draft(request, form)
    if not form.get("sign") or draft.script is None:
        return await _page(request, form, 200 if not form.get("sign") else 422)
    if form.get("seal", "") != _seal(draft.found):
        return await _page(request, form, 409, LOOK)
    sitting = sitting_of(request)
    try:
        await medication.prescribe(sitting.record, sitting.who, draft.script, now_of(request))
    except Problem as error:
        if error.status not in (409, 422):
            raise
        return await _page(request, form, error.status, _why(error, draft))
    return RedirectResponse(f"/patient/{request.path_params['id']}/medicines?done=new", 303)


def _why(error: Problem, draft: Draft) -> str:
    if error.status == 409:
        return CHANGED
    if error.issues[0].expression == "subject":
        return DEAD
    stopped = any(one.severity is Severity.STOP for one in draft.found)
    return TWICE if stopped and draft.script and not draft.script.twice else LACKS


ROUTES = [Route(f"{HERE}/new", show), Route(f"{HERE}/new", sign, methods=["POST"])]
