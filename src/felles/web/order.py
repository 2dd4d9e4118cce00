"""Ordering: panels ticked and signed at once, and what has been ordered with where it stands."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import order
from felles.clinical.order import CATEGORIES, IN_FORCE, PRIORITIES, Basket, answers, category_of, items
from felles.record.outcome import Problem
from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.place import Directory
from felles.web.chart.text import coded
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.source import chart_parts, directory
from felles.web.visit import Visit, read_form, token_fits, visit_of

HERE = "/patient/{id}/orders"
GROUPS: Mapping[str, str] = {"laboratory": N_("Blodprøver"), "imaging": N_("Bildediagnostikk")}
SOON: Mapping[str, str] = {"routine": N_("Vanlig"), "urgent": N_("Innen et døgn"), "stat": N_("Øyeblikkelig")}
STALE = N_("Siden var for gammel. Det du valgte er her fortsatt: send en gang til.")
NOTHING = N_("Velg hva som skal rekvireres.")
NOBODY = N_("Ingen enhet tar imot dette. Ingenting er sendt.")
DEAD = N_("Det kan ikke rekvireres: pasienten er død, eller journalen er slått sammen med en annen.")
WHY = N_("Skriv hvorfor rekvisisjonen trekkes.")
CHANGED = N_("Andre har endret eller besvart rekvisisjonen. Slik er den nå.")
DONE: Mapping[str, str] = {"sign": N_("Rekvirert."), "revoke": N_("Rekvisisjonen er trukket.")}
Json = dict[str, Any]


def orders(visit: Visit) -> bool:
    """Staff whose role orders and sees answers."""
    return finds(visit) and visit.writes("ServiceRequest") and visit.sees("Condition")


ordering = guarded(orders)


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order as people read it. `open`: in force; `owed`: not answered yet."""

    id: str
    version: int
    title: str
    at: Moment | None
    by: str
    to: str
    soon: str
    open: bool
    owed: bool


async def _page(request: Request, form: Mapping[str, str], status: int = 200, words: str = "") -> Response:
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    groups = [(said, [one for one in items().values() if one.category == name]) for name, said in GROUPS.items()]
    return answer(
        request, "orders.html", status, banner=banner, groups=groups, soon=SOON, words=words,
        ordered=await _ordered(request),
        typed=defaultdict(str, form), done=DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


async def _ordered(request: Request) -> list[Ordered]:
    parts = await chart_parts(visit_of(request).record, request.path_params["id"], ("requests", "reports"))
    held = [one for one in parts["requests"] if category_of(one) in CATEGORIES]
    places = await directory(visit_of(request).record, held)
    answered = {ref for one in parts["reports"] for ref in answers(one)}
    return [_line(one, places, answered) for one in held]


def _line(one: Json, places: Directory, answered: set[str]) -> Ordered:
    taker: Json = next(iter(one.get("performer") or ()), {})
    stands = one.get("status") in IN_FORCE
    return Ordered(
        str(one["id"]), int(one["meta"]["versionId"]), coded(one.get("code")), parse_moment(one.get("authoredOn")),
        places.name(one.get("requester")), places.name(taker), SOON.get(str(one.get("priority")), ""), stands,
        stands and f"ServiceRequest/{one['id']}" not in answered,
    )  # fmt: skip


@ordering
async def show(request: Request) -> Response:
    """GET /patient/{id}/orders"""
    return await _page(request, {})


@ordering
async def sign(request: Request) -> Response:
    """POST /patient/{id}/orders: everything that is ticked, or nothing."""
    form, sitting = await read_form(request), sitting_of(request)
    if not token_fits(request, form):
        return await _page(request, form, 403, STALE)
    codes = tuple(name.removeprefix("o-") for name in form if name.startswith("o-"))
    soon = form["priority"] if form.get("priority") in PRIORITIES else PRIORITIES[0]
    basket = Basket(f"Patient/{request.path_params['id']}", codes, form.get("why", "")[:300], soon)
    try:
        await order.sign(sitting.record, sitting.who, basket, now_of(request))
    except Problem as error:
        if error.status != 422:
            raise
        said = {"ServiceRequest.code": NOTHING, "ServiceRequest.performer": NOBODY}
        return await _page(request, form, 422, said.get(error.issues[0].expression or "", DEAD))
    return RedirectResponse(f"/patient/{request.path_params['id']}/orders?done=sign", 303)


@ordering
async def revoke(request: Request) -> Response:
    """POST /patient/{id}/orders/revoke"""
    form, sitting = defaultdict(str, await read_form(request)), sitting_of(request)
    if not token_fits(request, form):
        return await _page(request, form, 403, STALE)
    held = await sitting.record.resource("ServiceRequest", form["order"])
    version = form["version"]
    if (held.get("subject") or {}).get("reference") != f"Patient/{request.path_params['id']}" or not version.isdigit():
        raise HTTPException(404)
    try:
        await order.revoke(sitting.record, sitting.who, form["order"], int(version[:9]), form["why"])
    except Problem as error:
        if error.status not in (409, 422):
            raise
        return await _page(request, form, error.status, CHANGED if error.status == 409 else WHY)
    return RedirectResponse(f"/patient/{request.path_params['id']}/orders?done=revoke", 303)


ROUTES = [Route(HERE, show), Route(HERE, sign, methods=["POST"]), Route(f"{HERE}/revoke", revoke, methods=["POST"])]
