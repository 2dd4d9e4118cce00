"""The patient's own appointments: those to come, and that one has come (self check-in)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.consent import instant, micros
from felles.clerical.reception.attendance import check_in, may_check_in
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.web.chart.moment import OSLO
from felles.web.chart.place import Directory
from felles.web.chart.words import N_
from felles.web.duties import now_of
from felles.web.guard import guarded
from felles.web.own_lock import seated
from felles.web.page import answer
from felles.web.place import Place, at_home
from felles.web.source import directory
from felles.web.visit import Visit, read_form, token_fits, visit_of

HERE = "/own/appointments"
SHOWN = frozenset(("booked", "pending", "checked-in", "arrived"))
Json = dict[str, Any]


def sees(visit: Visit) -> bool:
    """Patients, and those who act for them and see appointments."""
    return at_home(visit) and visit.sees("Appointment")


own = guarded(sees)


@dataclass(frozen=True, slots=True)
class Mine:
    """One appointment. `now`: one may say that one has come."""

    id: str
    when: str
    words: str
    where: str
    status: str
    now: bool


def _mine(one: Json, places: Directory, now: bool) -> Mine:
    start = micros(one["start"])
    spoken = datetime.fromtimestamp(start / 1_000_000, OSLO).strftime("%d.%m.%Y %H:%M")
    words = one.get("description") or next((each.get("text", "") for each in one.get("serviceType") or ()), "")
    actors = [each["actor"] for each in one.get("participant") or () if each.get("actor")]
    where = [places.name(each) for each in actors if str(each.get("reference", "")).startswith("Location/")]
    return Mine(str(one["id"]), spoken, words, ", ".join(filter(None, where)), str(one["status"]), now)


async def _page(request: Request, status: int = 200, wrong: bool = False) -> Response:
    sitting, now = seated(request), now_of(request)
    since = instant(NORWAY.moment(NORWAY.day(now)))
    asked = [("patient", sitting.home), ("date", f"ge{since}"), ("_sort", "date"), ("_count", "50")]
    found = [one for one in await sitting.record.resources("Appointment", asked) if one["status"] in SHOWN]
    places = await directory(visit_of(request).record, found)
    shown = [_mine(one, places, await may_check_in(sitting.record, one, now)) for one in found]
    return answer(request, "own-appointments.html", status, times=shown, wrong=wrong)


@own
async def show(request: Request) -> Response:
    """GET /own/appointments"""
    return await _page(request)


@own
async def come(request: Request) -> Response:
    """POST /own/appointments: one has come."""
    form = await read_form(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    sitting = seated(request)
    try:
        await check_in(sitting.record, sitting.who, form.get("id", ""), now_of(request))
    except Problem as error:
        if error.status not in (409, 412):
            raise
        return await _page(request, error.status, True)
    return RedirectResponse(HERE, 303)


ROUTES = [Route(HERE, show), Route(HERE, come, methods=["POST"])]
PLACES = [Place("clock", N_("Timene mine"), HERE, "time innkalling oppmøte jeg er her appointments check in", sees)]
