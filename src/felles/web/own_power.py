"""Powers of attorney: who has one from me, from whom I have one, what parents see until when (avtaleloven ch. 2)."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access import power
from felles.access.area import AREAS
from felles.access.desk import Sitting
from felles.access.power import Power
from felles.access.representation import parental, represented
from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.mandate import facets
from felles.web.opening import at_work
from felles.web.own import alone, by_oneself
from felles.web.page import answer
from felles.web.place import Place
from felles.web.source import patient
from felles.web.standing import standing
from felles.web.visit import read_form, site_of, token_fits
from felles.web.wish import end_of

HERE = "/own/powers"
_NOTHING: Mapping[str, str] = {}
_WRONG = {422: "who", 404: "who", 429: "often"}


def _seated(request: Request) -> Sitting:
    sitting = at_work(request)
    if sitting is None:
        raise HTTPException(403)
    return sitting


async def _page(request: Request, status: int = 200, wrong: str = "", form: Mapping[str, str] = _NOTHING) -> Response:
    """`wrong` names the field that did not do; `form` is filled in again."""
    sitting, now = _seated(request), int(site_of(request).clock() * 1e6)
    record, me = sitting.record, sitting.who.id
    given = await standing(record, me, await power.standing(record, me))
    mine = [(one, facets(one.mandates)) for one in await represented(record, me, now)]
    parents = await parental(record, me, now)
    return answer(
        request, "own-powers.html", status, given=given, mine=mine, parents=facets([parents] if parents else []),
        hindrance=power.hindrance(await patient(record, sitting.home), now), areas_offered=list(AREAS),
        wrong=wrong, form=form,
    )  # fmt: skip


@by_oneself
async def show(request: Request) -> Response:
    """GET /own/powers: who represents whom, for what, until when."""
    return await _page(request)


def _asked(form: Mapping[str, str], now: int) -> tuple[Power, str]:
    """The power of attorney without its recipient, and which field does not do."""
    areas = [name for name in AREAS if form.get(f"area-{name}")]
    until = end_of(form.get("until", ""))
    wrong = "areas" if not areas else "until" if until is not None and until <= now else ""
    return Power("", areas, form.get("deeds") == "act", until), wrong


@by_oneself
async def give(request: Request) -> Response:
    """POST /own/powers: gives one to somebody by number and family name."""
    form, sitting, now = await read_form(request), _seated(request), int(site_of(request).clock() * 1e6)
    if not token_fits(request, form):
        return await _page(request, 403, "stale", form)
    wanted, wrong = _asked(form, now)
    if wrong:
        return await _page(request, 422, wrong, form)
    try:
        await power.give_by_number(
            sitting.record, sitting.who, wanted, form.get("number", ""), form.get("family", ""), now
        )
    except Problem as error:
        if error.status not in _WRONG:
            raise
        return await _page(request, 429 if error.status == 429 else 422, _WRONG[error.status], form)
    return RedirectResponse(HERE, 303)


@by_oneself
async def revoke(request: Request) -> Response:
    """POST /own/powers/revoke: the giver takes it back, or the recipient lays it down."""
    form, sitting, now = await read_form(request), _seated(request), int(site_of(request).clock() * 1e6)
    if not token_fits(request, form):
        return await _page(request, 403, "stale", form)
    giver = form.get("giver") or sitting.who.id
    try:
        await power.revoke(sitting.record, sitting.who, giver, form.get("id", ""), now)
    except Problem as error:
        if error.status != 409:
            raise
    return RedirectResponse(HERE, 303)


PLACES = [Place("key", N_("Fullmakter"), HERE, "representere barn foreldre verge power attorney", alone)]
ROUTES = [
    Route(HERE, show),
    Route(HERE, give, methods=["POST"]),
    Route(f"{HERE}/revoke", revoke, methods=["POST"]),
]
