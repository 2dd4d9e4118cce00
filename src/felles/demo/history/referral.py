"""Referrals of the past year that are over: received, assessed, refused or given a right, attended, missed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import order, problem, visit
from felles.demo.event.document import document
from felles.demo.event.letter import letter
from felles.demo.place import Place, place
from felles.demo.resource import reference, text
from felles.demo.unit.therapy import ACT_CODE, LABELS

YEAR = 365
REFUSED, LATE, MISSED, WENT = 0.09, 0.05, 0.09, 0.06
"""Shares: no right to care; care after the deadline; a time missed first; the wait ended without care."""
GROWN = 16
"""From this age patients get their own letters (pasient- og brukerrettighetsloven § 4-3)."""
_WHY = "Plagene kan utredes og følges videre i kommunen, med råd fra oss. Ny henvisning ved forverring."


@dataclass(frozen=True, slots=True)
class Course:
    """One referral from its receipt to the end of the wait."""

    clinic: Place
    entry: dict[str, Any]
    kind: dict[str, Any]
    received: date
    assessed: date
    ended: date
    deadline: date


def past(chart: Chart) -> None:
    """Referrals that came to an end in the past year, for some of those whom the clinics of St. Olavs are for."""
    if chart.person.died or chart.person.town.trust != "stolav":
        return
    for clinic, entry in table("referrals")["clinic"].items():
        youngest, oldest = entry["ages"]
        if youngest <= chart.age <= oldest and chart.chance(entry["share"] / 100):
            _write(chart, _course(chart, place(clinic), entry))


def _course(chart: Chart, clinic: Place, entry: dict[str, Any]) -> Course:
    ago = chart.rng.randint(1, YEAR)
    mean = entry["mean"] * (1 + ago / YEAR / 6)
    waited = max(3, round(chart.rng.gammavariate(4, mean / 4)))
    ended = clock.workday_before(chart.today - timedelta(days=ago))
    received = clock.workday_before(ended - timedelta(days=waited))
    assessed = min(clock.working_days(received, chart.rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 12))), ended)
    spare = -chart.rng.randint(1, 20) if chart.chance(LATE) else chart.rng.randint(2, 28)
    deadline = max(assessed, min(ended + timedelta(days=spare), _latest(chart, entry, received)))
    return Course(clinic, entry, chart.rng.choice(entry["kinds"]), received, assessed, ended, deadline)


def _latest(chart: Chart, entry: dict[str, Any], received: date) -> date:
    """Under 23 in mental health and addiction care the deadline is 65 working days at the latest."""
    young = entry["field"] != "somatic" and clock.age(chart.person.birth, received) < 23
    return clock.working_days(received, 64) if young else date.max


def _write(chart: Chart, course: Course) -> None:
    before = len(chart.resources)
    reason = problem.diagnosis(icd=course.kind["icd"])
    referred = chart.moment(course.received)
    made = order.referral(
        chart, chart.person.gp, course.clinic, referred, text(course.kind["offer"]), course.kind["words"],
        reason=reason, due=course.deadline, status="completed",
    )  # fmt: skip
    said = order.Assessed(
        course.received, course.assessed, course.deadline, course.entry["care"], course.entry["field"]
    )
    if chart.chance(REFUSED):
        period = order.refused(chart, made, course.clinic, said, _WHY)
        _answered(chart, course, period, "no-right")
    elif chart.chance(WENT):
        code = chart.rng.choice(("2", "4", "9"))
        _answered(chart, course, order.ended(chart, made, course.clinic, said, course.ended, code), "right")
    else:
        _attended(chart, course, made, said)
    _labelled(chart, course.clinic, before)


def _answered(chart: Chart, course: Course, period: str, template: str) -> None:
    """The letter of the outcome; parents get those of children, which lie in the parents' own records."""
    entry = table("referrals")["letters"][template]
    values = {
        "clinic": course.clinic.name, "received": clock.norwegian(course.received), "name": chart.person.name,
        "deadline": clock.norwegian(course.deadline), "why": _WHY,
    }  # fmt: skip
    if chart.age >= GROWN and not chart.person.protection:
        doctors = staff.at(course.clinic.key, "LE")
        who, moment = doctors[chart.person.ordinal % len(doctors)], clock.at(course.assessed, 13, 20)
        words = [one.format_map(values) for one in entry["words"]]
        letter(chart, course.clinic, who, moment, template, entry["title"], words, period)


def _attended(chart: Chart, course: Course, made: str, said: order.Assessed) -> None:
    doctors = staff.at(course.clinic.key, "LE")
    who = doctors[chart.person.ordinal % len(doctors)]
    start = chart.moment(course.ended, 8, 14)
    missed = chart.chance(MISSED) and course.ended - timedelta(days=9) > course.assessed
    if missed:
        day = clock.workday_before(course.ended - timedelta(days=8))
        _time(chart, course, who, chart.moment(day, 8, 14), made, "noshow")
    active = chart.today - course.ended < timedelta(60)
    _answered(chart, course, order.ended(chart, made, course.clinic, said, course.ended, "1", active=active), "right")
    _time(chart, course, who, start, made, "fulfilled")
    condition = problem.condition(
        chart, problem.diagnosis(icd=course.kind["icd"]), course.ended, category="encounter-diagnosis", who=who
    )
    offer = course.kind["offer"]
    met = visit.encounter(
        chart, course.clinic, who, start, minutes=30, kind=offer, condition=condition,
        reason=problem.diagnosis(icd=course.kind["icd"]), extra={"basedOn": [reference(made)]},
    )  # fmt: skip
    words = f"{offer}. Sykehistorie og funn stemmer med henvisningen. Plan lagt sammen med pasienten."
    document(chart, course.clinic, who, start + timedelta(minutes=35), "11488-4", "Poliklinisk notat", words,
             encounter=met)  # fmt: skip


def _time(chart: Chart, course: Course, who: staff.Worker, start: datetime, made: str, status: str) -> None:
    created = clock.workday_before(course.assessed)
    order.appointment(chart, course.clinic, who, start, course.kind["offer"], status=status, based_on=made,
                      created=created)  # fmt: skip


def _labelled(chart: Chart, clinic: Place, before: int) -> None:
    """What mental health and addiction care write is labelled as such."""
    if clinic.key in LABELS:
        label = {"system": ACT_CODE, "code": LABELS[clinic.key]}
        for found in chart.resources[before:]:
            found["meta"] = {**found["meta"], "security": [label]}
