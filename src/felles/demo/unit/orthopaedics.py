"""The orthopaedic clinic with 300 who wait: referral, assessment, deadline, appointment, letters."""

from datetime import date, datetime, timedelta
from typing import Any

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import imaging, order, problem
from felles.demo.event.document import LETTER, document
from felles.demo.history import illness, life
from felles.demo.place import place
from felles.demo.resource import text

BOOKED = 70
"""Those who have a time."""


def booked_at(today: date, slot: int) -> datetime:
    """When the patient number `slot` of those who have a time is to come."""
    return clock.at(clock.working_days(today, slot // 12), 8 + slot % 12 // 2, 30 * (slot % 2))


def patient(chart: Chart, index: int) -> None:
    """One who waits: the first 40 are not assessed yet, then 190 wait for a time, the last 70 have one."""
    life.ordinary(chart, most=2, visits=1)
    kinds = table("units")["orthopaedics"]["kinds"]
    kind = kinds[index * 5 % len(kinds)]
    illness.live_with(chart, "knee", 3) if kind["icpc"] == "L90" else None
    if index < 40:
        _unassessed(chart, kind, index)
    elif index < 230:
        _waiting(chart, kind, index)
    else:
        _booked(chart, kind, index)


def _refer(chart: Chart, kind: dict[str, Any], received: date, due: date | None, status: str) -> str:
    gp = chart.person.gp
    clinic = place("ortopedi-poliklinikk")
    reason = problem.diagnosis(kind["icpc"], kind["icd"])
    authored = chart.moment(received)
    if kind["image"]:
        note = "Langvarige plager, før henvisning."
        imaging.examined(chart, kind["image"], gp, authored - timedelta(days=16), note)
    urgent = "urgent" if kind["icd"] == "M51.1" else "routine"
    return order.referral(
        chart, gp, clinic, authored, text(kind["offer"]), kind["words"], reason=reason, due=due, priority=urgent,
        status=status,
    )  # fmt: skip


def _unassessed(chart: Chart, kind: dict[str, Any], index: int) -> None:
    received = clock.workday_before(chart.today - timedelta(days=1 + index * 13 // 40))
    _refer(chart, kind, received, None, "active")


def _assessed(chart: Chart, kind: dict[str, Any], received: date) -> str:
    due = received + timedelta(weeks=kind["weeks"])
    made = _refer(chart, kind, received, due, "active")
    clinic = place("ortopedi-poliklinikk")
    assessed = clock.at(clock.working_days(received, 4 + chart.person.index % 5), 12, 10)
    said = order.Assessed(received, assessed.date(), due, "treatment" if kind["icd"] == "M51.1" else "examination")
    order.waiting(chart, made, clinic, said)
    doctors = staff.at("ortopedi-poliklinikk", "LE")
    words = table("units")["orthopaedics"]["answer"].format(date=clock.norwegian(due))
    doctor = doctors[chart.person.index % len(doctors)]
    moment = assessed + timedelta(minutes=20)
    title = "Svar på henvisning"
    document(chart, clinic, doctor, moment, "51851-4", title, words, category=LETTER, related=made)
    return made


def _waiting(chart: Chart, kind: dict[str, Any], index: int) -> None:
    """Received so long ago that some deadlines are near and a few are past."""
    share = (index - 40) / 190
    received = clock.workday_before(chart.today - timedelta(days=20 + round(share * kind["weeks"] * 7.1)))
    _assessed(chart, kind, received)


def _booked(chart: Chart, kind: dict[str, Any], index: int) -> None:
    received = clock.workday_before(chart.today - timedelta(days=40 + index % 90))
    made = _assessed(chart, kind, received)
    clinic = place("ortopedi-poliklinikk")
    doctors, clerks = staff.at(clinic.key, "LE"), staff.at(clinic.key, "HE")
    slot = index - 230
    start = booked_at(chart.today, slot)
    day = start.date()
    doctor = doctors[slot % len(doctors)]
    order.appointment(
        chart, clinic, doctor, start, kind["offer"], based_on=made, created=chart.today - timedelta(days=9)
    )
    said = table("units")["orthopaedics"]["invitation"]
    words = said.format(date=clock.norwegian(day), time=f"{start:%H.%M}")
    clerk = clerks[slot % len(clerks)]
    sent = clock.at(clock.workday_before(chart.today - timedelta(days=9)), 10, 5)
    sent = min(sent, clock.at(chart.today, 7))
    document(chart, clinic, clerk, sent, "51851-4", "Innkalling til time", words, category=LETTER, related=made)
