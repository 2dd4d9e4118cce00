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


def span(first: int, last: int) -> str:
    """From a moment of the log to another as people read it: `14.03.2026 08:05–09:10`."""
    begun, ended = (datetime.fromtimestamp(micros / 1_000_000, OSLO) for micros in (first, last))
    after = "%H:%M" if ended.date() == begun.date() else "%d.%m.%Y %H:%M"
    whole = f"{begun:%d.%m.%Y %H:%M}–{ended.strftime(after)}"
    return whole if f"{begun:%d.%m.%Y %H:%M}" != f"{ended:%d.%m.%Y %H:%M}" else whole.partition("–")[0]


@by_oneself
async def log(request: Request) -> Response:
    """GET /own/log: visits to one's own record, newest first; `before` is where older ones begin."""
    before, sitting = request.query_params.get("before", ""), at_work(request)
    if (before and not (before.isascii() and before.isdigit() and len(before) < 19)) or sitting is None:
        raise HTTPException(404)
    found = await site_of(request).desk.visits(sitting.who, int(before) if before else None)
    return answer(request, "own-log.html", visits=found.visits, older=found.older, span=span)


ROUTES = [Route("/own/log", log)]
PLACES = [
    Place("note", N_("Journalen"), "/", "min journal oversikt record", at_home),
    Place("list", N_("Hvem har sett journalen min"), "/own/log", "logg innsyn log access", alone),
]
