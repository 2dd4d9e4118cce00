"""The calendars of a unit: a week, a day, and what to do when somebody is away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_date
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clerical import appointment, cascade, diary
from felles.clerical.appointment import Booking
from felles.clerical.cascade import Proposal, Visit, Why
from felles.clerical.diary import Entry, Filled
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.web.booking import FORMS, named, offer_of, written
from felles.web.chart.moment import OSLO, day_of
from felles.web.chart.text import listed_name
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of, unit_names, unit_of
from felles.web.label import patient_labels
from felles.web.page import answer
from felles.web.place import Place
from felles.web.referral_letter import Letter, drafts
from felles.web.referral_list import handles, handling
from felles.web.source import directory
from felles.web.visit import read_form, token_fits, visit_of

HERE = "/calendar"
BYTES = 131_072
"""A form with every appointment of some weeks."""
LONGEST = 60
"""Days: the longest absence that is dealt with at once."""
STATES: Mapping[str, str] = {"free": N_("Ledig"), "busy": N_("Opptatt"), "busy-tentative": N_("Holdt av")}
CLOSED = N_("Stengt")
WHYS: Mapping[Why, str] = {
    Why.NOTHING_FREE: N_("Ingen ledig tid av denne lengden de neste fire månedene. Åpne flere timer, bruk en kortere "
                         "time, eller finn en annen enhet."),
    Why.NOT_ENOUGH: N_("De ledige tidene går til dem som har kortere tid til fristen. Åpne flere timer."),
    Why.GROUP: N_("En gruppe flyttes for hånd, med alle som er i den."),
    Why.SEVERAL: N_("Timen tar tid i flere kalendere på en gang, og flyttes for hånd."),
}  # fmt: skip
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A calendar and its week."""

    id: str
    name: str
    days: Sequence[tuple[date, Filled]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A slot of a day as people read it."""

    entry: Entry
    clock: str
    state: str
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class New:
    """A proposal as people read it."""

    made: Proposal
    name: str
    whom: str
    old: str
    new: str
    value: str
    why: str


def _span(asked: Mapping[str, str], today: date) -> tuple[date, date]:
    """The first and the last day of an absence: none that is over, and no more than there may be."""
    first = max(day_of(asked.get("first", "")) or today, today)
    return first, min(max(day_of(asked.get("last", "")) or first, first), first + timedelta(days=LONGEST))


async def _named(request: Request, schedules: Sequence[Json]) -> dict[str, str]:
    places = await directory(sitting_of(request).record, schedules)
    return {str(one["id"]): named(one.get("actor") or (), places) or str(one["id"]) for one in schedules}


@handling
async def show(request: Request) -> Response:
    """GET /calendar: a unit's week, and one day of one calendar."""
    asked, record, today = request.query_params, sitting_of(request).record, NORWAY.day(now_of(request))
    unit, units = await unit_of(request, asked.get("unit", ""))
    when = day_of(asked.get("day", "")) or today
    monday = when - timedelta(days=when.weekday())
    schedules = await diary.calendars(record, unit)
    names = await _named(request, schedules)
    lines = [await _line(request, one, names, monday) for one in schedules]
    lines.sort(key=lambda one: one.name)
    chosen = next((one for one in schedules if one["id"] == asked.get("calendar")), None)
    return answer(
        request, "calendar.html", unit=unit.partition("/")[2], units=await unit_names(request, units), lines=lines,
        days=[monday + timedelta(days=place) for place in range(5)], when=when, monday=monday, this_day=today,
        week=monday.isocalendar().week, step=timedelta(days=7), chosen=chosen, own=_own(request, unit),
        name=names.get(str(chosen["id"])) if chosen else "",
        entries=[_shown(one) for one in await diary.day(record, chosen, when)] if chosen else [],
        spoken=format_date(when, "EEEE d. MMMM y", locale=visit_of(request).language),
    )  # fmt: skip


async def _line(request: Request, one: Json, names: Mapping[str, str], monday: date) -> Line:
    found = await diary.week(sitting_of(request).record, f"Schedule/{one['id']}", monday)
    days = [monday + timedelta(days=place) for place in range(5)]
    return Line(str(one["id"]), names[str(one["id"])], [(day, found.get(day, Filled())) for day in days])


def _own(request: Request, unit: str) -> bool:
    """Whether the visitor may change the unit's appointments."""
    who = sitting_of(request).who
    return who.role is not None and who.role.unit == unit


def _shown(entry: Entry) -> Shown:
    start, end = (datetime.fromtimestamp(one / 1_000_000, OSLO) for one in (entry.start, entry.end))
    return Shown(
        entry, f"{start:%H.%M}–{end:%H.%M}", STATES.get(str(entry.slot["status"]), CLOSED),
        listed_name(entry.patient) if entry.patient else "", str(entry.appointment.get("description") or ""),
    )  # fmt: skip


async def _schedule(request: Request, id: str) -> tuple[Json, str]:
    """A calendar of one's own unit. Raises HTTPException 404."""
    unit, _ = await unit_of(request, "")
    for one in await diary.calendars(sitting_of(request).record, unit):
        if one["id"] == id:
            return one, unit
    raise HTTPException(404)


@handling
async def absent(request: Request) -> Response:
    """GET /calendar/absence?calendar=&first=&last="""
    return await _absence(request, request.query_params)


async def _absence(
    request: Request, asked: Mapping[str, str], status: int = 200, wrong: str = "", left: Sequence[str] = ()
) -> Response:
    """Who had a time with somebody on the days of an absence, and a new time for each."""
    record, now = sitting_of(request).record, now_of(request)
    schedule, unit = await _schedule(request, asked.get("calendar", ""))
    today = NORWAY.day(now)
    first, last = _span(asked, today)
    visits, hidden = await cascade.visits(record, schedule, first, last)
    visits = [one for one in visits if one.start > now]
    if len(visits) >= cascade.MOST:
        visits, wrong = visits[: cascade.MOST - 1], N_("Så mange på en gang går ikke. De første er tatt med.")
    made = await cascade.proposed(record, unit, f"Schedule/{schedule['id']}", visits, first, last, now)
    shown = await _news(request, unit, made)
    example = await _example(request, unit, made, asked.get("text", ""))
    entries = await diary.slots(record, schedule, NORWAY.moment(first), NORWAY.moment(last + timedelta(days=1)))
    return answer(
        request, "calendar-absence.html", status, id=schedule["id"], first=first, last=last, shown=shown, wrong=wrong,
        name=(await _named(request, [schedule]))[str(schedule["id"])], hidden=hidden, text=asked.get("text", ""),
        free=sum(one["status"] == "free" for one in entries), example=example, forms=FORMS,
        left=[one for one in shown if one.made.visit.id in left], done=asked.get("done", ""),
        placed=sum(one.made.offer is not None for one in shown), late=sum(one.made.late for one in shown),
    )  # fmt: skip


async def _news(request: Request, unit: str, made: Sequence[Proposal]) -> list[New]:
    names = await patient_labels(request, [one.visit.patient for one in made])
    whose = await _named(request, await diary.calendars(sitting_of(request).record, unit))
    return [_new(one, names.get(one.visit.patient, ""), whose) for one in made]


def _new(one: Proposal, name: str, whose: Mapping[str, str]) -> New:
    old, offer, why = _clock(one.visit.start), one.offer, WHYS[one.why] if one.why else ""
    ids = (ref.partition("/")[2] for ref in offer.schedules) if offer else ()
    whom = ", ".join(whose[id] for id in ids if id in whose)
    return New(one, name, whom, old, _clock(offer.start) if offer else "", written(offer) if offer else "", why)


def _clock(micros: int) -> str:
    return f"{datetime.fromtimestamp(micros / 1_000_000, OSLO):%d.%m.%Y %H.%M}"


def _booking(unit: str, visit: Visit, text: str) -> Booking:
    return Booking((visit.patient,), unit, visit.description, visit.referral, visit.form, text)


async def _example(request: Request, unit: str, made: Sequence[Proposal], text: str) -> Letter | None:
    """The letter of the first who gets a new time; the others' are like it."""
    sitting, first = sitting_of(request), next((one for one in made if one.offer), None)
    if first is None or first.offer is None:
        return None
    booking = _booking(unit, first.visit, text)
    try:
        puts = await appointment.letters(
            sitting.record, sitting.who, first.offer, booking, now_of(request), first.visit.id
        )
    except Problem:
        return None
    return next(iter(drafts(puts)), None)


@handling
async def carry_out(request: Request) -> Response:
    """POST /calendar/absence: closes what is free on these days, and moves everybody who was marked."""
    form, sitting, now = await read_form(request, BYTES), sitting_of(request), now_of(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    schedule, unit = await _schedule(request, form.get("calendar", ""))
    today = NORWAY.day(now)
    first, last = _span(form, today)
    if form.get("show"):
        return await _absence(request, form)
    visits, _ = await cascade.visits(sitting.record, schedule, first, last)
    offers = {one.id: offer_of(form[f"v-{one.id}"]) for one in visits if form.get(f"v-{one.id}")}
    chosen = [(one, offer) for one in visits if (offer := offers.get(one.id)) is not None]
    try:
        await cascade.away(sitting.record, sitting.who, unit, schedule, first, last)
    except Problem as error:
        if error.status == 403:
            raise
        return await _absence(request, form, 409, N_("Andre bestilte mens du så på. Se på listen en gang til."))
    left = await cascade.carried_out(sitting.record, sitting.who, unit, chosen, form.get("text", ""), now)
    if left:
        return await _absence(
            request,
            form,
            409,
            N_("Noen tider ble tatt, timen ble endret, eller brevet kunne ikke sendes. De har fått nye forslag."),
            left,
        )
    query = f"calendar={schedule['id']}&first={first}&last={last}&done={len(chosen)}"
    return RedirectResponse(f"{HERE}/absence?{query}", 303)


ROUTES = [
    Route(HERE, show),
    Route(f"{HERE}/absence", absent),
    Route(f"{HERE}/absence", carry_out, methods=["POST"]),
]
PLACES = [Place("clock", N_("Timebok"), HERE, "kalender timer ledig fravær syk calendar appointments absence", handles)]
