"""The patient's own referrals: where each stands, by when something is to happen, and what one may do if it does not
(pasient- og brukerrettighetsloven §§ 2-2, 2-2 a, 7-2). An independent second control of the lists."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.clerical import clock
from felles.clerical.period import OPEN, Period, Status, is_period, of
from felles.duties.calendar import NORWAY
from felles.web.chart.moment import parse_moment
from felles.web.chart.place import Directory
from felles.web.chart.text import coded, first
from felles.web.chart.words import N_
from felles.web.duties import now_of
from felles.web.guard import guarded
from felles.web.own_lock import seated
from felles.web.page import answer
from felles.web.place import Place, at_home
from felles.web.referral_list import coded as clerical
from felles.web.source import directory
from felles.web.visit import Visit, visit_of

HERE = "/own/referrals"
Json = dict[str, Any]


def sees(visit: Visit) -> bool:
    """Patients, and those who act for them and see such things."""
    return at_home(visit) and visit.sees("EpisodeOfCare")


own = guarded(sees)


@dataclass(frozen=True, slots=True)
class Time:
    """An appointment to come."""

    when: str
    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Mine:
    """One referral in the patient's words. `last`: the day by which something is to happen; `expect`: the day from
    which one should ask; `end`: how the wait ended, in words."""

    period: Period
    what: str
    referrer: str
    unit: str
    phone: str
    last: date | None
    late: bool
    expect: date | None
    times: Sequence[Time]
    end: str


@own
async def show(request: Request) -> Response:
    """GET /own/referrals"""
    record, home = seated(request).record, seated(request).home
    asked = [("patient", f"Patient/{home}"), ("type", "urn:felles:episode|referral-period"), ("_count", "100")]
    periods = [of(one) for one in await record.resources("EpisodeOfCare", asked) if is_period(one)]
    refs = sorted({ref for one in periods for ref in one.referrals})
    requests, appointments = await _around(request, refs)
    places = await directory(record, [*requests.values(), *appointments, *({"reference": one.unit} for one in periods)])
    today, language = NORWAY.day(now_of(request)), visit_of(request).language
    found = [_mine(one, requests, appointments, places, today, language) for one in periods]
    found.sort(key=lambda one: one.period.received, reverse=True)
    waits = [one for one in found if one.period.status in OPEN or one.period.status is Status.ACTIVE]
    return answer(request, "own-referrals.html", waits=waits, over=[one for one in found if one not in waits])


async def _around(request: Request, refs: Sequence[str]) -> tuple[dict[str, Json], list[Json]]:
    """The requests by reference, and the appointments that they have led to."""
    record = seated(request).record
    if not refs:
        return {}, []
    ids = ",".join(one.partition("/")[2] for one in refs)
    requests, appointments = await asyncio.gather(
        record.resources("ServiceRequest", [("_id", ids), ("_count", "100")]),
        record.resources("Appointment", [("based-on", ",".join(refs)), ("_sort", "date"), ("_count", "100")]),
    )
    return {f"ServiceRequest/{one['id']}": one for one in requests}, appointments


def _mine(
    one: Period, requests: dict[str, Json], appointments: Sequence[Json], places: Directory, today: date, language: str
) -> Mine:
    request: Json = next((requests[ref] for ref in one.referrals if ref in requests), {})
    unit = places.find({"reference": one.unit})
    phone = next((str(each.get("value")) for each in unit.get("telecom") or () if each.get("system") == "phone"), "")
    times = [_time(each, places) for each in appointments if _ahead(each, one, today)]
    last = clock.last_day_to_assess(one.seniority) if one.status is Status.RECEIVED else None
    last = one.deadline if one.status is Status.WAITING else last
    expect = last - timedelta(days=clock.LEAD_DAYS) if last and one.status is Status.WAITING else None
    return Mine(
        one, coded(request.get("code")) or coded(first(request.get("reasonCode"))),
        places.name(request.get("requester")), str(unit.get("name", "")), phone, last,
        last is not None and today > last, expect, times, clerical("end", one.end, language),
    )  # fmt: skip


def _ahead(appointment: Json, one: Period, today: date) -> bool:
    start = parse_moment(appointment.get("start"))
    based = {each.get("reference") for each in appointment.get("basedOn") or ()} & set(one.referrals)
    return bool(based) and appointment.get("status") == "booked" and start is not None and start.date >= today


def _time(appointment: Json, places: Directory) -> Time:
    start = parse_moment(appointment.get("start"))
    actors = [one.get("actor") or {} for one in appointment.get("participant") or ()]
    where = [one for one in actors if str(one.get("reference", "")).startswith("Location/")]
    return Time(
        start.text if start else "", str(appointment.get("description", "")), places.name(first(where)) if where else ""
    )


PLACES = [
    Place("inbox", N_("Henvisningene mine"), HERE, "henvisning ventetid frist time referral waiting", sees)
]  # fmt: skip
ROUTES = [Route(HERE, show)]
