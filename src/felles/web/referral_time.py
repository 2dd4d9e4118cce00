"""Booking for a referral: book, move, call off, each with its letter shown before it is signed."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.clerical import act, appointment
from felles.clerical.appointment import Booking
from felles.clerical.period import Period
from felles.clerical.vacancy import Offer
from felles.duties.calendar import NORWAY
from felles.web import booking
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.referral_fault import Fault
from felles.web.referral_letter import drafts
from felles.web.referral_list import HERE, handling
from felles.web.referral_one import Form, Wrong, done, sign_page
from felles.web.visit import visit_of


async def _period(request: Request) -> Period:
    return await act.period(sitting_of(request).record, request.path_params["id"])


def _booking(one: Period, form: Form) -> Booking:
    without = {"patient": form["without"].strip()} if form.get("without", "").strip() else {}
    return Booking(
        (one.patient,), one.unit, form.get("description", "").strip()[:200], one.referrals[0], form.get("form", ""),
        form.get("text", ""), without=without,
    )  # fmt: skip


def _offer(form: Form) -> Offer:
    offer, missing = booking.offer_of(form.get("offer", "")), []
    if offer is None:
        missing.append(Fault("offer", N_("Velg et tidspunkt.")))
    if not form.get("description", "").strip():
        missing.append(Fault("description", N_("Skriv hva timen gjelder. Det står i brevet.")))
    if offer is None or missing:
        raise Wrong(*missing)
    return offer


async def _book(request: Request, form: Form) -> Response | None:
    sitting, now, one = sitting_of(request), now_of(request), await _period(request)
    offer, said, move = _offer(form), _booking(one, form), form.get("move", "")
    if form.get("sign") and move:
        await appointment.move(sitting.record, sitting.who, move, offer, said, now)
        return None
    if form.get("sign"):
        await appointment.book(sitting.record, sitting.who, offer, said, now)
        return None
    letters = await appointment.letters(sitting.record, sitting.who, offer, said, now, move)
    late = one.deadline is not None and NORWAY.day(offer.start) > one.deadline
    when = booking.spoken(offer, visit_of(request).language)
    return await sign_page(request, form, "move" if move else "book", drafts(letters), when=when, late=late)


async def _call_off(request: Request, form: Form) -> Response | None:
    sitting, now, one = sitting_of(request), now_of(request), await _period(request)
    said, id, why = _booking(one, form), form.get("appointment", ""), form.get("why", "")
    if len(why.strip()) < 4:
        raise Wrong(Fault("why", N_("Skriv hvorfor timen avlyses.")))
    if form.get("sign"):
        await appointment.call_off(sitting.record, sitting.who, id, said, why, now)
        return None
    letters = await appointment.farewell(sitting.record, sitting.who, id, said, now)
    return await sign_page(request, form, "call-off", drafts(letters))


@handling
async def book(request: Request) -> Response:
    """POST /referrals/{id}/book: an appointment, or another time for one."""
    return await done(request, "book", _book)


@handling
async def move(request: Request) -> Response:
    """POST /referrals/{id}/move"""
    return await done(request, "move", _book)


@handling
async def call_off(request: Request) -> Response:
    """POST /referrals/{id}/call-off"""
    return await done(request, "call-off", _call_off)


ROUTES = [
    Route(f"{HERE}/{{id}}/book", book, methods=["POST"]),
    Route(f"{HERE}/{{id}}/move", move, methods=["POST"]),
    Route(f"{HERE}/{{id}}/call-off", call_off, methods=["POST"]),
]
