"""Clinics for mental health and addiction: DPS (adults), BUP (children and youth), TSB (addiction)."""

from datetime import datetime, timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import measure, medicine, order, problem, visit
from felles.demo.event.document import document
from felles.demo.history import child, life
from felles.demo.place import Place, place
from felles.demo.resource import Json, reference, text

_MEDICINES = {
    "F33.1": "N06AB10", "F41.1": "N06AB06", "F43.1": "N06AX11", "F31.9": "N05AH04", "F40.1": "N06AB06",
    "F32.1": "N06AB10", "F90.0": "N06BA04", "F10.2": "N07BB04", "F11.2": "N07BC01",
}  # fmt: skip
_SCORES = {"dps": ("phq9", 18, 9), "tsb": ("audit", 10, 4)}
LABELS = {"dps": "PSY", "bup": "PSY", "tsb": "ETH"}
"""HL7 v3 ActCode of information that patients often want closed: psychiatry, substance abuse."""
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_FIELDS = {"dps": "adult-mental", "bup": "child-mental", "tsb": "addiction"}
_GOALS = {
    "dps": "Redusere symptomer, gjenoppta arbeid gradvis, krise- og mestringsplan.",
    "bup": "Bedre fungering hjemme og på skolen, samarbeid med foreldre.",
    "tsb": "Rusmestring, stabil bolig, individuell plan med kommunen.",
}


def patient(chart: Chart, index: int) -> None:
    """One in treatment since some months: episode, plan, talks every other week, times ahead."""
    life.ordinary(chart, most=2, visits=1)
    before = len(chart.resources)
    clinic = place(chart.person.track)
    words = table("units")[clinic.key]
    icd = words["diagnoses"][index % len(words["diagnoses"])]
    weeks = 4 + index * 7 % 30
    start = chart.today - timedelta(weeks=weeks, days=index % 5)
    therapists = [w for w in staff.at(clinic.key) if w.profession != "HE"]
    who = therapists[index % len(therapists)]
    referred = clock.at(clock.weekday(start - timedelta(weeks=5)), 11)
    reason = problem.diagnosis(icd=icd)
    said = "Ber om vurdering og behandling i spesialisthelsetjenesten. Tiltak i kommunen er prøvd."
    made = order.referral(chart, chart.person.gp, clinic, referred, text("Utredning og behandling"), said,
                          reason=reason, status="completed")  # fmt: skip
    assessed = clock.working_days(referred.date(), 3 + index % 5)
    deadline = clock.weekday(start + timedelta(days=10))
    right = order.Assessed(referred.date(), assessed, deadline, "treatment", _FIELDS[clinic.key])
    order.ended(chart, made, clinic, right, clock.weekday(start), "1", active=True)
    condition = problem.condition(chart, reason, start, who=who)
    visit.episode(chart, clinic, who, "Behandlingsforløp", start, condition)
    plan(chart, clinic, who, start)
    _treat(chart, icd, who, condition)
    _talks(chart, who, (made, condition), weeks, index)
    _ahead(chart, clinic, who, index)
    label: Json = {"system": ACT_CODE, "code": LABELS[clinic.key]}
    for found in chart.resources[before:]:
        found["meta"] = {**found["meta"], "security": [label]}


def plan(chart: Chart, clinic: Place, who: staff.Worker, start: object) -> str:
    """The treatment plan, a CarePlan (https://hl7.org/fhir/R4/careplan.html)."""
    return chart.add(
        "CarePlan",
        {
            "status": "active",
            "intent": "plan",
            "title": "Behandlingsplan",
            "description": _GOALS[clinic.key],
            "subject": chart.subject,
            "period": {"start": str(start)},
            "author": who.as_reference(),
        },
    )


def _treat(chart: Chart, icd: str, who: staff.Worker, condition: str) -> None:
    doctors = staff.at(who.place.key, "LE")
    atc = _MEDICINES.get(icd, "")
    if atc and atc not in chart.medicines:
        day = chart.today - timedelta(days=20 + chart.person.index % 60)
        medicine.prescribe(chart, atc, day, doctors[chart.person.index % len(doctors)], condition=condition)


def _talks(chart: Chart, who: staff.Worker, about: tuple[str, str], weeks: int, index: int) -> None:
    """Talks every other week, led to by a referral and coded; of some the last one is not coded yet."""
    referral, condition, clinic = *about, who.place
    notes = table("units")[clinic.key]["notes"]
    for number, ago in enumerate(range(weeks, 0, -2)):
        day = clock.weekday(chart.today - timedelta(weeks=ago, days=index % 5))
        if day >= chart.today:
            continue
        moment = clock.at(day, 9 + index % 5, 0)
        coded = "" if ago <= 2 and index % 6 == 0 else condition
        found = visit.encounter(
            chart, clinic, who, moment, minutes=45, kind="Behandlingssamtale", condition=coded,
            extra={"basedOn": [reference(referral)]},
        )  # fmt: skip
        share = number / max(1, weeks // 2)
        if clinic.key in _SCORES and number % 3 == 0:
            name, first, last = _SCORES[clinic.key]
            measure.score(chart, name, first + (last - first) * share + chart.rng.gauss(0, 1), moment, found)
        if clinic.key == "bup" and number % 4 == 2:
            _measured(chart, moment, found)
        said = notes[(number + index) % len(notes)]
        document(
            chart, clinic, who, moment + timedelta(minutes=50), "34108-1", "Poliklinisk notat", said, encounter=found
        )


def _measured(chart: Chart, moment: datetime, encounter: str) -> None:
    weight, height, _ = child.growth(chart, (moment.date() - chart.person.birth).days)
    measure.vital(chart, "weight", weight, moment, encounter)
    measure.vital(chart, "height", height, moment, encounter)
    measure.vital(chart, "pulse", 82 + chart.rng.gauss(0, 6), moment, encounter)
    measure.pressure(chart, 108 + chart.rng.gauss(0, 5), 66 + chart.rng.gauss(0, 4), moment, encounter)


def _ahead(chart: Chart, clinic: Place, who: staff.Worker, index: int) -> None:
    for weeks in (0, 2, 4):
        day = clock.weekday(chart.today + timedelta(weeks=weeks, days=index % 5))
        start = clock.at(day, 9 + index % 5, 0)
        order.appointment(chart, clinic, who, start, "Behandlingssamtale", minutes=45)
