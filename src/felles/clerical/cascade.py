"""A clinician is away: new times for everybody who had one, proposed together with the smallest change and those first
who have a deadline; what cannot be given a time says why, and what would help.

Each proposal takes one offer or none; no slot is taken twice (an assignment, solved by CP-SAT). Proposals are moved one
by one, each in its own transaction with its letter: of two clerks the second is told what is taken by now.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from felles.access.age import NORWAY as ZONE
from felles.access.consent import instant, micros
from felles.access.who import Who
from felles.clerical import diary, vacancy
from felles.clerical.appointment import FORMS, Booking, committed, may, move
from felles.clerical.statement import COLUMNS
from felles.clerical.vacancy import MINUTE, Offer, Wish
from felles.duties.calendar import NORWAY
from felles.duties.reading import Outside
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.record import Record
from felles.record.rule import Put

AHEAD = 120
"""Days after the absence in which new times are looked for."""
MOST = 400
"""Appointments that are dealt with together, and offers that are looked at for each length."""
SECONDS = 5.0
UNPLACED, BROKEN, LATER, EARLIER, OTHER_DAY, OTHER_HOUR = 100_000_000, 100_000, 20, 60, 6, 1
"""What it costs to have no time, to break a deadline (and again for each day), a day later, a day earlier (of which
one hears late), another weekday, an hour from the old hour. That one has no time costs more than all the times of
everybody else together."""
AT_ONCE = 40
BOOKED = ("status", "booked")
CLOSED = "busy-unavailable"
"""What a slot of somebody who is away becomes."""
EPOCH = date(1970, 1, 1).toordinal()
Json = dict[str, Any]
Need = tuple[int, str]
"""Minutes, and the code of the service (or empty)."""


class Why(StrEnum):
    """Why there is no new time: nothing of that length is free; what is free goes to those with less time; a group, or
    a visit that takes time of several calendars at once, is moved by hand with everybody in it."""

    NOTHING_FREE = "nothing-free"
    NOT_ENOUGH = "not-enough"
    GROUP = "group"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment that cannot be kept: id, "Patient/x", its time, the ServiceRequest that it answers (or empty),
    what it is about, and the last day on which care must begin."""

    id: str
    patient: str
    start: int
    end: int
    referral: str
    description: str
    form: str = ""
    deadline: date | None = None
    service: str = ""
    several: bool = False

    @property
    def minutes(self) -> int:
        return (self.end - self.start) // MINUTE

    @property
    def need(self) -> Need:
        """What an offer must be for."""
        return self.minutes, self.service

    @property
    def by_hand(self) -> Why | None:
        """Why it is not dealt a new time like the others."""
        return Why.GROUP if self.form == "group" else Why.SEVERAL if self.several else None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A visit's new time, or why there is none. `late`: after the deadline."""

    visit: Visit
    offer: Offer | None
    late: bool = False
    why: Why | None = None


def cost(visit: Visit, offer: Offer) -> int:
    """What a visit's move to an offer costs. Pure."""
    old, new = (datetime.fromtimestamp(one / 1_000_000, ZONE) for one in (visit.start, offer.start))
    days = (new.date() - old.date()).days
    total = LATER * max(0, days) + EARLIER * max(0, -days) + OTHER_DAY * (new.weekday() != old.weekday())
    total += OTHER_HOUR * abs(new.hour - old.hour)
    if visit.deadline is not None and new.date() > visit.deadline:
        total += BROKEN + LATER * 10 * (new.date() - visit.deadline).days
    return min(total, UNPLACED - 1)


def dealt(visits: Sequence[Visit], offers: Mapping[Need, Sequence[Offer]], seconds: float = SECONDS) -> list[Proposal]:
    """A new time for each visit, of the offers that fit its need; the same offers in any order give proposals that
    cost the same. Of each visit as many of its cheapest offers are looked at as there are visits: more can never
    be needed. Pure."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    chosen: list[list[tuple[Offer, Any]]] = []
    takers: dict[str, list[Any]] = {}
    total: Any = 0
    for number, visit in enumerate(visits):
        fitting = () if visit.by_hand else offers.get(visit.need, ())
        best = sorted(fitting, key=lambda offer: (cost(visit, offer), offer.start, offer.slots))
        pairs = [(offer, model.new_bool_var(f"v{number}_{at}")) for at, offer in enumerate(best[: len(visits)])]
        none = model.new_bool_var(f"v{number}")
        model.add_exactly_one([none, *(taken for _, taken in pairs)])
        total += _without(visit) * none + sum(cost(visit, offer) * taken for offer, taken in pairs)
        for offer, taken in pairs:
            for slot in offer.slots:
                takers.setdefault(slot, []).append(taken)
        chosen.append(pairs)
    for many in takers.values():
        model.add_at_most_one(many)
    model.minimize(total)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return [Proposal(visit, None, why=Why.NOT_ENOUGH) for visit in visits]
    given = [next((offer for offer, taken in pairs if solver.boolean_value(taken)), None) for pairs in chosen]
    return [_said(visit, offer, bool(pairs)) for visit, offer, pairs in zip(visits, given, chosen, strict=True)]


def _without(visit: Visit) -> int:
    """Who has a deadline, and less time to it, is the last to be left without a time."""
    if visit.deadline is None:
        return UNPLACED
    left = max(0, min(999, (visit.deadline - NORWAY.day(visit.start)).days))
    return 3 * UNPLACED - 1_000 * left


def _said(visit: Visit, offer: Offer | None, any_free: bool) -> Proposal:
    if offer is None:
        return Proposal(visit, None, why=visit.by_hand or (Why.NOT_ENOUGH if any_free else Why.NOTHING_FREE))
    late = visit.deadline is not None and NORWAY.day(offer.start) > visit.deadline
    return Proposal(visit, offer, late)


async def visits(record: Record, schedule: Json, first: date, last: date) -> tuple[list[Visit], int]:
    """The booked appointments of a calendar on the days from first to last, in order, and how many more there are that
    are not open to the reader."""
    begin, after = NORWAY.moment(first), NORWAY.moment(last + timedelta(days=1))
    asked: list[list[tuple[str, str]]] = []
    slots = [f"Slot/{one['id']}" for one in await diary.slots(record, schedule, begin, after)]
    asked += [[("slot", ",".join(slots[start : start + AT_ONCE]))] for start in range(0, len(slots), AT_ONCE)]
    days = [("date", f"ge{instant(begin)}"), ("date", f"lt{instant(after)}"), ("_count", str(MOST))]
    asked += [[("actor", str(one["reference"])), *days] for one in schedule.get("actor") or ()]
    found: dict[str, Json] = {}
    every: set[str] = set()
    for one in asked:
        every |= {str(each["id"]) for each in await Outside(record).search("Appointment", [*one, BOOKED], MOST)}
        found |= {str(each["id"]): each for each in await record.resources("Appointment", [*one, BOOKED])}
    made = [await _visit(record, one, slots) for one in found.values() if one.get("start") and one.get("end")]
    mine = [one for one in made if begin <= one.start < after]
    return sorted(mine, key=lambda one: (one.start, one.id)), len(every - found.keys())


async def _visit(record: Record, held: Json, slots: Container[str]) -> Visit:
    """An appointment as a visit of the calendar that has these slots."""
    parties = (str((one.get("actor") or {}).get("reference", "")) for one in held.get("participant") or ())
    referral = next((str(one.get("reference", "")) for one in held.get("basedOn") or ()), "")
    coded = [one.get("code") for one in (held.get("appointmentType") or {}).get("coding") or ()]
    form = next((name for name, (code, _) in FORMS.items() if code in coded), "")
    services = (one.get("code") for each in held.get("serviceType") or () for one in each.get("coding") or ())
    return Visit(
        str(held["id"]), next((one for one in parties if one.startswith("Patient/")), ""), micros(held["start"]),
        micros(held["end"]), referral, _words(held), form, await _deadline(record, referral),
        next(filter(None, services), ""), any(one.get("reference") not in slots for one in held.get("slot") or ()),
    )  # fmt: skip


def _words(held: Json) -> str:
    """What an appointment is about, as people read it."""
    kinds = (*(held.get("serviceType") or ()), *(held.get("reasonCode") or ()))
    said = [one.get("text") or next((each.get("display") for each in one.get("coding") or ()), "") for one in kinds]
    return str(held.get("description") or next(filter(None, said), ""))


async def _deadline(record: Record, referral: str) -> date | None:
    """The deadline of a referral's period that still waits."""
    if not referral:
        return None
    for (period,) in await record.ask("waiting of referral", [key64(referral)]):
        for row in await record.ask("waiting of", [period]):
            number = dict(zip(COLUMNS, row, strict=True))["deadline"]
            if number is not None:
                return date.fromordinal(int(number) + EPOCH)
    return None


async def proposed(
    record: Record, unit: str, schedule: str, found: Sequence[Visit], first: date, last: date, now: int
) -> list[Proposal]:
    """New times in the unit for visits, none of them in the calendar ("Schedule/x") of who is away on these days.
    Raises Problem 422 for too many at once, or for days that end before they begin."""
    if last < first:
        raise problem(422, "business-rule", "the absence ends before it begins")
    if len(found) >= MOST:
        raise problem(422, "too-costly", f"{MOST} appointments or more at once: take fewer days")
    begin, after = NORWAY.moment(first), NORWAY.moment(last + timedelta(days=1))
    until = after + AHEAD * 24 * 60 * MINUTE
    offers: dict[Need, list[Offer]] = {}
    for minutes, service in sorted({visit.need for visit in found if not visit.by_hand}):
        free = await vacancy.find(record, Wish(unit, minutes, max(now, begin), until, service), MOST)
        offers[minutes, service] = [
            one for one in free if schedule not in one.schedules or not begin <= one.start < after
        ]
    return dealt(found, offers)


async def away(record: Record, who: Who, unit: str, schedule: Json, first: date, last: date) -> int:
    """Takes what is still free in a calendar on these days away; returns how many slots. Raises Problem 403 for another
    unit's, 409 where others book meanwhile."""
    may(who, unit)
    found = await diary.slots(record, schedule, NORWAY.moment(first), NORWAY.moment(last + timedelta(days=1)))
    free = [one for one in found if one["status"] == "free"]
    if free:
        await committed(record, [Put({**one, "status": CLOSED}) for one in free], free)
    return len(free)


async def carried_out(
    record: Record, who: Who, unit: str, chosen: Sequence[tuple[Visit, Offer]], text: str, now: int
) -> list[str]:
    """Moves visits to their new times, each with its letter in a transaction of its own. Returns the ids of those that
    others had taken or changed meanwhile, which keep what they had. Raises Problem 403 for another unit's."""
    may(who, unit)
    left = []
    for visit, offer in chosen:
        booking = Booking((visit.patient,), unit, visit.description, visit.referral, visit.form, text)
        try:
            await move(record, who, visit.id, offer, booking, now, left=CLOSED)
        except Problem as error:
            if error.status not in (404, 409, 412, 422):
                raise
            left.append(visit.id)
    return left
