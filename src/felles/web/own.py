"""The patient's own pages: who has read the record, in plain words (pasientjournalloven § 18, innsyn i logg)."""

from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.web.chart.moment import OSLO
from felles.web.chart.words import N_
from felles.web.guard import guarded
from felles.web.opening import at_work
from felles.web.page import answer
from felles.web.place import Place, at_home
from felles.web.visit import Visit, site_of


def alone(visit: Visit) -> bool:
    """Patients in their own record and name: what is for nobody who acts for them."""
    return at_home(visit) and visit.acting is None


own, by_oneself = guarded(at_home), guarded(alone)


def moment(micros: int) -> str:
    """A moment of the log as people read it: dd.mm.yyyy and the 24-hour clock."""
    return datetime.fromtimestamp(micros / 1_000_000, OSLO).strftime("%d.%m.%Y %H:%M")


@by_oneself
async def log(request: Request) -> Response:
    """GET /own/log: visits to one's own record, newest first; `before` is where older ones begin."""
    before, sitting = request.query_params.get("before", ""), at_work(request)
    if (before and not (before.isascii() and before.isdigit() and len(before) < 19)) or sitting is None:
        raise HTTPException(404)
    found = await site_of(request).desk.visits(sitting.who, int(before) if before else None)
    return answer(request, "own-log.html", visits=found.visits, older=found.older, moment=moment)


ROUTES = [Route("/own/log", log)]
PLACES = [
    Place("note", N_("Journalen"), "/", "min journal oversikt record", at_home),
    Place("list", N_("Hvem har sett journalen min"), "/own/log", "logg innsyn log access", alone),
]
