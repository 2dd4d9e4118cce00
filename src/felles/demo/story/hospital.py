"""The hospital's part: a week on the medical ward, and the way home."""

from datetime import datetime, timedelta
from typing import Any

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import imaging, measure, medicine, order, problem, visit
from felles.demo.event.document import LETTER, document, message
from felles.demo.history import admission
from felles.demo.history.admission import Stay
from felles.demo.place import bed_name, place
from felles.demo.resource import Json, reference
from felles.demo.story.calendar import Calendar, say
from felles.demo.unit import ward

BED = 7
WEIGHTS = (77.3, 76.4, 75.4, 74.1, 72.9, 72.0, 71.5, 71.2)
"""Weight in kg, day by day from admission to discharge."""

NOTES = (
    # day, hour, writer, LOINC, title, line of data/story.toml
    (0, 14, "lege", "34117-2", "Innkomstnotat", "arrival"),
    (1, 10, "lege", "11506-3", "Visittnotat", "round_1"),
    (1, 21, "sykepleier", "34746-8", "Sykepleienotat", "nurse_1"),
    (2, 10, "lege", "11506-3", "Visittnotat", "round_2"),
    (4, 14, "sykepleier", "34746-8", "Sykepleienotat", "nurse_2"),
    (6, 10, "lege", "11506-3", "Visittnotat", "round_3"),
)


def stay(chart: Chart, days: Calendar, referral: str) -> None:
    """Admission, course, notes, images, discharge."""
    found = _admitted(chart, days, referral)
    _noted(chart, found)
    _images(chart, found)
    admission.course(chart, found, vitals_a_day=2)
    for day, weight in enumerate(WEIGHTS):
        moment = found.start + timedelta(minutes=30) if day == 0 else _on(found, day, 7)
        measure.vital(chart, "weight", weight, moment, found.encounter)
    _discharged(chart, days, found)


def _on(found: Stay, day: int, hour: int, minute: int = 0) -> datetime:
    return clock.at(found.start.date() + timedelta(days=day), hour, minute)


def _admitted(chart: Chart, days: Calendar, referral: str) -> Stay:
    unit, doctor = place("medisin-sengepost"), staff.worker("lege")
    start, end = clock.at(days.admitted, 13, 20), clock.at(days.home, 12, 30)
    diagnoses = [_diagnosis(chart, icd, start, end) for icd in ("I50.9", "J18.9")]
    extra: Json = {
        "basedOn": [reference(referral)],
        "location": [{"location": reference(unit.bed(BED), bed_name(BED)), "status": "completed"}],
        "diagnosis": [{"condition": reference(found)} for found in diagnoses],
    }
    reason = problem.diagnosis(icd="I50.9")
    found = visit.encounter(
        chart, unit, doctor, start, code="IMP", end=end, kind="Innleggelse", reason=reason, extra=extra
    )
    medicine.prescribe(chart, "J01AA02", start.date(), doctor, status="completed", encounter=found, setting="inpatient")
    entry: dict[str, Any] = {**table("admissions")["heartfailure"], "crp": [86, 11]}
    return Stay("heartfailure", entry, unit, start, end, found, diagnoses[0])


def _diagnosis(chart: Chart, icd: str, start: datetime, end: datetime) -> str:
    return problem.condition(
        chart, problem.diagnosis(icd=icd), start.date(), category="encounter-diagnosis", ended=end.date(),
        who=staff.worker("lege"),
    )  # fmt: skip


def _noted(chart: Chart, found: Stay) -> None:
    for day, hour, who, code, title, line in NOTES:
        moment, words = _on(found, day, hour, 25), say(chart, line)
        document(chart, found.ward, staff.worker(who), moment, code, title, words, encounter=found.encounter)


def _images(chart: Chart, found: Stay) -> None:
    doctor = staff.worker("lege")
    for examination, day, hour in (("chest", 0, 15), ("heart", 1, 12)):
        when = _on(found, day, hour)
        finding = say(chart, f"image_{examination}")
        imaging.examined(
            chart,
            examination,
            doctor,
            when,
            "Hjertesvikt, feber.",
            encounter=found.encounter,
            pace=0.3,
            finding=finding,
        )


def _discharged(chart: Chart, days: Calendar, found: Stay) -> None:
    ward.ready(chart, found, days.ready, answered=True)
    office, doctor, home = place("tildeling"), staff.worker("lege"), clock.norwegian(days.home)
    answer, topic = say(chart, "municipality", date=home), "Svar på melding om utskrivningsklar pasient"
    moment = clock.at(days.ready, 14, 10)
    message(chart, office.as_reference(), found.ward.as_reference(), moment, topic, answer)
    words = say(chart, "epicrisis", start=clock.norwegian(days.admitted), end=home)
    end, letter = clock.at(days.home, 11, 50), say(chart, "patient_letter")
    document(chart, found.ward, doctor, end, "18842-5", "Epikrise", words, category=LETTER, encounter=found.encounter)
    document(chart, found.ward, doctor, end, "51851-4", "Brev til deg etter utskriving", letter, category=LETTER)
    for atc in ("A10BK03", "C07AB02/100", "C03CA01/2"):
        medicine.prescribe(chart, atc, days.home, doctor, condition=chart.problems["heartfailure"])
    _clinic(chart, days)


def _clinic(chart: Chart, days: Calendar) -> None:
    clinic = place("hjertepoliklinikk")
    day = clock.weekday(chart.today + timedelta(days=20))
    doctor, clerk = staff.at(clinic.key, "LE")[0], staff.at(clinic.key, "HE")[0]
    order.appointment(chart, clinic, doctor, clock.at(day, 10, 30), "Kontroll hjertesvikt", minutes=45)
    words, sent = say(chart, "invitation", date=clock.norwegian(day)), clock.at(days.home, 14)
    document(chart, clinic, clerk, sent, "51851-4", "Innkalling til time", words, category=LETTER)
