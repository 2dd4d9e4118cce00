"""The medicines of one patient: the shared list, what was given, and the acts on them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import giving, medication
from felles.clinical.dose import Dose, written
from felles.clinical.dose_reading import Unreadable, parsed
from felles.clinical.giving import DAY, Given, Handed
from felles.clinical.medication import CURRENT, dose_of, name_of, product_of, words_of
from felles.clinical.prescription import handed, leaves
from felles.clinical.product import SOURCE, Product
from felles.record.outcome import Problem
from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.place import Directory
from felles.web.chart.text import coded, first
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.label import moment
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.source import chart_parts, directory
from felles.web.visit import Visit, read_form, token_fits, visit_of

STALE = N_("Siden var for gammel. Ingenting er gjort: prøv en gang til.")
CHANGED = N_("Andre har endret denne medisinen. Slik er den nå.")
WORDS: Mapping[str, str] = {
    "too-soon": N_("For kort tid siden forrige dose. Skriv hvorfor den gis likevel."),
    "too-much": N_("Mer enn det høyeste på ett døgn. Skriv hvorfor det gis likevel."),
    "allergy": N_("Pasienten har en allergi mot denne. Skriv hvorfor den gis likevel."),
    "not-due": N_("Ikke tid for denne nå: den er gitt, eller kommer senere. Skriv hvorfor den gis likevel."),
}
WRONG: Mapping[str, str] = {
    "stop": N_("Skriv hvorfor den seponeres."),
    "renew": N_("Doseringen er ikke strukturert, eller noe taler mot den. Trykk Endre: der står det."),
    "give": N_("Denne kan ikke gis slik: se på dosen."), "undo": CHANGED,
}  # fmt: skip
DONE: Mapping[str, str] = {
    "stop": N_("Seponert."), "renew": N_("Fornyet."), "give": N_("Gitt og ført."), "undo": N_("Angret: ikke gitt."),
    "new": N_("Forskrevet."), "reconcile": N_("Medisinene er samstemt."),
}  # fmt: skip
STATES: Mapping[str, str] = {
    "on-hold": N_("pauset"), "stopped": N_("seponert"), "completed": N_("avsluttet"), "cancelled": N_("avlyst"),
    "draft": N_("utkast"),
}  # fmt: skip
PAST = 40
Json = dict[str, Any]
Form = Mapping[str, str]


def sees(visit: Visit) -> bool:
    """Staff to whose role medicines belong."""
    return finds(visit) and visit.sees("MedicationRequest")


def prescribes(visit: Visit) -> bool:
    """Staff whose role prescribes."""
    return sees(visit) and visit.writes("MedicationRequest")


def gives(visit: Visit) -> bool:
    """Staff whose role gives medicines."""
    return sees(visit) and visit.writes("MedicationAdministration")


seeing, prescribing, giving_out = guarded(sees), guarded(prescribes), guarded(gives)


@dataclass(frozen=True, slots=True)
class Line:
    """A medicine as people read it. `dose` is None where its dose is words alone."""

    id: str
    version: int
    order: bool
    name: str
    words: str
    dose: Dose | None
    product: Product
    why: str
    by: str
    unit: str
    since: Moment | None
    current: bool
    state: str
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Dosed:
    """A dose that was given, as people read it."""

    one: Given
    when: str
    by: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Offered:
    """A medicine that was looked for, and the dosages that are offered first."""

    product: Product
    usual: Sequence[tuple[str, str]]


def _line(one: Json, places: Directory, language: str) -> Line:
    dose, role = dose_of(one), places.find(one.get("requester") or one.get("informationSource"))
    texts = words_of(one)
    own = dose is not None and written(dose) == texts
    why = coded(first(one.get("reasonCode")) or None) or str(
        (first(one.get("reasonReference")) or {}).get("display", "")
    )
    started = (one.get("effectivePeriod") or {}).get("start") or one.get("authoredOn") or one.get("dateAsserted")
    return Line(
        str(one["id"]), int(one["meta"]["versionId"]), one["resourceType"] == "MedicationRequest", name_of(one),
        written(dose, language) if dose and own else texts, dose, product_of(one), why,
        places.name(one.get("requester") or one.get("informationSource")), places.name(role.get("organization")),
        parse_moment(started), one.get("status") in CURRENT, STATES.get(str(one.get("status")), ""), leaves(one),
    )  # fmt: skip


async def lines(request: Request) -> list[Line]:
    """The shared list: in use before ended, by name; ended ones the newest first."""
    visit, id = visit_of(request), request.path_params["id"]
    parts = await chart_parts(visit.record, id, ("orders", "statements"))
    held = [one for one in (*parts["orders"], *parts["statements"]) if one.get("status") != "entered-in-error"]
    places = await directory(visit.record, held)
    made = [_line(one, places, visit.language) for one in held]
    current = sorted((one for one in made if one.current), key=lambda one: (one.name.casefold(), one.id))
    past = sorted((one for one in made if not one.current), key=lambda one: str(one.since), reverse=True)
    return [*current, *past[:PAST]]


async def _doses(request: Request) -> list[Dosed]:
    sitting, now = sitting_of(request), now_of(request)
    found = await giving.given(sitting.record, f"Patient/{request.path_params['id']}", now - DAY)
    places = await directory(sitting.record, [{"reference": one.by} for one in found])
    own = sitting.who.role.id if sitting.who.role else ""
    return [Dosed(one, moment(one.at), places.name({"reference": one.by}), one.by == own) for one in found]


def _offered(text: str, language: str) -> list[Offered]:
    return [
        Offered(one, [(each, written(parsed(each), language)) for each in one.usual]) for one in SOURCE.find(text)[:12]
    ]


async def page(
    request: Request, status: int = 200, words: str = "", at: str = "", typed: Form | None = None
) -> Response:
    """`words`: what is said of an act that was not done, `at` whose line it was."""
    visit, text = visit_of(request), request.query_params.get("find", "").strip()[:60]
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    standing = SOURCE.standing()
    shown, done = await lines(request), DONE.get(request.query_params.get("done", ""), "")
    papers = await handed(sitting_of(request).record, f"Patient/{banner.id}") if prescribes(visit) else {}
    places = {one.key for one in standing} | {one.id for one in shown if one.current}
    return answer(
        request, "medicines.html", status, banner=banner, lines=shown, doses=await _doses(request),
        find=text, offered=_offered(text, visit.language) if prescribes(visit) else [], words=words,
        at=at if at in places else "", done=done, prescribes=prescribes(visit),
        typed=defaultdict(str, typed or {}), gives=gives(visit),
        standing=[(one, parsed(one.usual[0])) for one in standing], plain=plain, papers=papers,
    )  # fmt: skip


def plain(dose: Dose) -> str:
    """One dose, as it stands in a field: `2`."""
    return f"{dose.amount.normalize():f}".replace(".", ",")


@seeing
async def show(request: Request) -> Response:
    """GET /patient/{id}/medicines: the list; `find` looks for a medicine to prescribe."""
    return await page(request)


async def _done(request: Request, act: str, do: Callable[[Form], Awaitable[object]]) -> Response:
    """One act on one line, or the page with what was not done at its line."""
    form = await read_form(request)
    at = form.get("line", "")
    if not token_fits(request, form):
        return await page(request, 403, STALE, at, form)
    try:
        await do(form)
    except Problem as error:
        if error.status not in (409, 422):
            raise
        said = error.issues[0].diagnostics
        return await page(
            request, error.status, WORDS.get(said, CHANGED if error.status == 409 else WRONG[act]), at, form
        )
    except Unreadable:
        return await page(request, 422, WRONG[act], at, form)
    return RedirectResponse(f"/patient/{request.path_params['id']}/medicines?done={act}", 303)


def _version(form: Form) -> int:
    text = form.get("version", "")
    if not text.isdigit() or len(text) > 9:
        raise HTTPException(404)
    return int(text)


async def own_order(request: Request, id: str) -> Json:
    """An order of the patient of the page. Raises HTTPException 404."""
    held = await sitting_of(request).record.resource("MedicationRequest", id)
    if (held.get("subject") or {}).get("reference") != f"Patient/{request.path_params['id']}":
        raise HTTPException(404)
    return held


@prescribing
async def stop(request: Request) -> Response:
    """POST /patient/{id}/medicines/stop"""

    async def do(form: Form) -> None:
        sitting = sitting_of(request)
        await own_order(request, form.get("line", ""))
        await medication.stop(sitting.record, sitting.who, form["line"], _version(form), form.get("why", ""))

    return await _done(request, "stop", do)


@prescribing
async def renew(request: Request) -> Response:
    """POST /patient/{id}/medicines/renew"""

    async def do(form: Form) -> None:
        sitting = sitting_of(request)
        await own_order(request, form.get("line", ""))
        await medication.renew(sitting.record, sitting.who, form["line"], _version(form), now_of(request))

    return await _done(request, "renew", do)


@giving_out
async def give(request: Request) -> Response:
    """POST /patient/{id}/medicines/give: a dose of an order, or after the ward's standing order."""

    async def do(form: Form) -> None:
        sitting, patient = sitting_of(request), f"Patient/{request.path_params['id']}"
        order = form.get("line", "") if form.get("line", "") != form.get("product", "") else ""
        product = product_of(await own_order(request, order)) if order else SOURCE.product(form.get("product", ""))
        if product is None:
            raise HTTPException(404)
        amount = parsed(f"{form.get('amount', '')} 1 gang daglig")
        dose = replace(amount, unit=amount.unit or form.get("unit", ""))
        await giving.give(
            sitting.record, sitting.who, Handed(patient, product, dose, order, form.get("why", "")), now_of(request)
        )

    return await _done(request, "give", do)


@giving_out
async def undo(request: Request) -> Response:
    """POST /patient/{id}/medicines/undo: it was not given after all."""

    async def do(form: Form) -> None:
        sitting = sitting_of(request)
        await giving.take_back(sitting.record, sitting.who, form.get("line", ""))

    return await _done(request, "undo", do)


HERE = "/patient/{id}/medicines"
ROUTES = [
    Route(HERE, show),
    Route(f"{HERE}/stop", stop, methods=["POST"]),
    Route(f"{HERE}/renew", renew, methods=["POST"]),
    Route(f"{HERE}/give", give, methods=["POST"]),
    Route(f"{HERE}/undo", undo, methods=["POST"]),
]
