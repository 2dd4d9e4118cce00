"""Acting for a child or for who has given a power of attorney, and going back to one's own (pbrl. § 4-4)."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.access import acting
from felles.access.desk import Desk
from felles.access.representation import represented
from felles.access.session import Session
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.web.chart.words import N_
from felles.web.guard import guarded
from felles.web.mandate import facets
from felles.web.onward import Onward, arrive
from felles.web.page import answer
from felles.web.place import Place
from felles.web.visit import Visit, is_secure, read_form, site_of, token_fits, visit_of

HERE = "/own/acting"


def is_patient(visit: Visit) -> bool:
    """Whoever has signed in as a patient, for whomever they act."""
    return visit.session is not None and visit.session.person.startswith("Patient/")


patients = guarded(is_patient)


def _session(request: Request) -> Session:
    session = visit_of(request).session
    if session is None:
        raise HTTPException(403)
    return session


def _record(request: Request) -> Record:
    """The system's own: whom somebody represents is asked before there is anything to see."""
    desk = site_of(request).desk
    if not isinstance(desk, Desk):
        raise HTTPException(403)
    return desk.record


async def _page(request: Request, status: int = 200, wrong: str = "") -> Response:
    site, visit = site_of(request), visit_of(request)
    found = await represented(_record(request), _session(request).person, int(site.clock() * 1e6))
    people = [(one, facets(one.mandates)) for one in found]
    return answer(request, "own-acting.html", status, people=people, wrong=wrong, lapsed=visit.lapsed)


@patients
async def show(request: Request) -> Response:
    """GET /own/acting: whom one may act for, and for whom one does."""
    return await _page(request)


@patients
async def begin(request: Request) -> Response:
    """POST /own/acting: acts for this person from now on, and goes to their record."""
    site, form = site_of(request), await read_form(request)
    if not token_fits(request, form):
        return await _page(request, 403, "stale")
    whom = form.get("patient", "")
    try:
        begun = await acting.begin(_record(request), _session(request), whom, site.clock(), secure=is_secure(request))
    except Problem as error:
        return await _page(request, error.status, "refused")
    return await arrive(request, *begun, Onward()) if begun else await _page(request, 403, "stale")


@patients
async def end(request: Request) -> Response:
    """POST /own/acting/end: in one's own name again."""
    site = site_of(request)
    if not token_fits(request, await read_form(request)):
        return await _page(request, 403, "stale")
    begun = await acting.end(_record(request), _session(request), site.clock(), secure=is_secure(request))
    return await arrive(request, *begun, Onward(HERE)) if begun else await _page(request)


PLACES = [
    Place("people", N_("Handle for andre"), HERE, "barn foreldre fullmakt representere children acting", is_patient)
]
ROUTES = [
    Route(HERE, show),
    Route(HERE, begin, methods=["POST"]),
    Route(f"{HERE}/end", end, methods=["POST"]),
]
