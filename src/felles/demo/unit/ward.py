"""The medical ward with 22 beds, full today (https://hl7.org/fhir/R4/encounter.html)."""

from datetime import date, datetime, timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import medicine, order, problem
from felles.demo.event.document import document
from felles.demo.history import admission, illness, life
from felles.demo.history.admission import Stay
from felles.demo.place import bed_name, place
from felles.demo.resource import Json, hl7, local, reference, text

BEFORE = {
    "copd": ("copd", "hypertension"),
    "heartfailure": ("heartfailure", "fibrillation"),
    "infarction": ("hypertension", "lipids"),
    "stroke": ("hypertension", "fibrillation"),
    "delirium": ("dementia", "osteoporosis"),
}
"""Reason for the stay → illnesses that the patient has had for long."""

DISCHARGE = local("discharge", "Svar på melding om utskrivningsklar pasient")


def patient(chart: Chart, bed: int) -> None:
    """The patient in bed `bed` (0 to 21); two came in the last night."""
    words = table("units")["ward"]
    reason = words["reasons"][bed % len(words["reasons"])]
    for name in BEFORE.get(reason, ("hypertension", "diabetes")[bed % 2 :]):
        illness.live_with(chart, name)
    life.ordinary(chart, visits=2)
    if problem.PENICILLIN in chart.allergies:
        reason = "pyelonephritis"
    days = 0 if bed in (4, 17) else 1 + bed % 7
    stay = admit(chart, reason, bed, chart.today - timedelta(days=days))
    admission.course(chart, stay, vitals_a_day=3)
    _notes(chart, stay, days)
    _flags(chart, stay, bed)
    medicine.rounds(chart, stay.start, staff.at("medisin-sengepost", "SP"), stay.encounter)
    if days >= 5:
        ready(chart, stay, chart.today - timedelta(days=1))


def admit(chart: Chart, reason: str, bed: int, day: date, end: datetime | None = None) -> Stay:
    """A stay in a bed of this ward; those of today came in the night."""
    ward = place("medisin-sengepost")
    hour = chart.rng.randint(0, 4) if day == chart.today else chart.rng.randint(9, 22)
    start = clock.at(day, hour, 5 * chart.rng.randrange(12))
    extra: Json = {
        "location": [{"location": reference(ward.bed(bed), bed_name(bed)), "status": "completed" if end else "active"}],
        "hospitalization": {"admitSource": hl7("admit-source", "emd", "Fra akuttmottak")},
        "priority": hl7("v3-ActPriority", "EM", "Øyeblikkelig hjelp"),
    }
    return admission.admit(chart, reason, ward, start, end, extra)


def _notes(chart: Chart, stay: Stay, days: int) -> None:
    words = table("units")["ward"]
    doctors, nurses = staff.at("medisin", "LE"), staff.at("medisin-sengepost", "SP")
    for day in range(1, days + 1):
        doctor = doctors[(chart.person.index + day) % len(doctors)] if day % 3 else staff.worker("lege")
        seen = clock.at(stay.start.date() + timedelta(days=day), 10, 15)
        if seen.date() < chart.today:
            said = words["rounds"][min(day // 2, 2)]
            document(chart, stay.ward, doctor, seen, "11506-3", "Visittnotat", said, encounter=stay.encounter)
        nurse = nurses[(chart.person.index + day) % len(nurses)]
        said = words["nursing"][(chart.person.index + day) % (4 if chart.age >= 80 else 3)]
        watch = clock.at(seen.date(), 6, 30)
        document(chart, stay.ward, nurse, watch, "34746-8", "Sykepleienotat", said, encounter=stay.encounter)


def _flags(chart: Chart, stay: Stay, bed: int) -> None:
    nurse = staff.at("medisin-sengepost", "SP")[bed % 8]
    if chart.age >= 78 or bed % 5 == 0:
        problem.flag(chart, "Fallrisiko", "safety", stay.start.date(), nurse)
    if bed in (3, 12):
        problem.flag(chart, "Dråpesmitte – isolert", "clinical", stay.start.date(), nurse)
    if bed % 6 == 1:
        problem.flag(chart, "HLR minus", "clinical", stay.start.date(), staff.worker("lege"))


def ready(chart: Chart, stay: Stay, day: date, answered: bool = False) -> str:
    """The message to the municipality that the patient is ready, as a Task at its office."""
    said = table("units")["ward"]["ready"]
    moment = clock.at(day, 11, 40)
    office = place("tildeling")
    ward = stay.ward.as_reference()
    status = "completed" if answered else "requested"
    business = "Kommunen tar imot" if answered else "Venter på svar fra kommunen"
    made = order.task(
        chart, DISCHARGE, stay.encounter, office.as_reference(), moment, due=day + timedelta(days=1), requester=ward,
        words=said, status=status, business=business,
    )  # fmt: skip
    body: Json = {
        "status": "completed",
        "subject": chart.subject,
        "topic": text("Melding om utskrivningsklar pasient"),
        "encounter": reference(stay.encounter),
        "sent": clock.instant(moment),
        "received": clock.instant(moment + timedelta(minutes=1)),
        "sender": ward,
        "recipient": [office.as_reference()],
        "payload": [{"contentString": said}],
        "about": [reference(made)],
    }
    chart.add("Communication", body)
    return made
