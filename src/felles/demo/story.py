"""Solveig Tindvoll's story: GP, hospital, home care and back; the patient who signs in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from felles.demo import clock, name, number, staff
from felles.demo.chart import Chart
from felles.demo.code import concept, table
from felles.demo.event import imaging, laboratory, measure, medicine, order, problem, visit
from felles.demo.event.document import LETTER, document, message
from felles.demo.history import admission, illness, life, passing
from felles.demo.history.admission import Stay
from felles.demo.place import bed_name, municipalities, place
from felles.demo.population import Person, Register, Relative
from felles.demo.resource import Json, key, local, reference, text
from felles.demo.unit import homecare, ward

STORY: Mapping[str, str] = MappingProxyType(
    {"patient": key("story", "solveig"), "given": "Solveig", "family": "Tindvoll", "name": "Solveig Tindvoll"}
)
"""The patient of the story: `patient` is the id of the Patient, the same for every seed and day."""

BED = 7
GP_VISIT, ADMITTED, READY, HOME = 24, 22, 16, 15
"""Days before today of the story's turns."""

WEIGHTS = (77.3, 76.4, 75.4, 74.1, 72.9, 72.0, 71.5, 71.2)
"""Weight in kg, day by day in hospital."""


def person(register: Register) -> Person:
    """Solveig, 78 or so, who lives alone in Trondheim; GP is the demo's fastlege."""
    rng = register.rng("story")
    birth = clock.years_before(register.today, 78).replace(month=3, day=14)
    if clock.age(birth, register.today) < 78:
        birth = clock.years_before(birth, 1)
    fnr = number.personal_number(birth, "female", 214, register.taken)
    town = municipalities()["trondheim"]
    daughter = Relative("DAUC", "Datter", "Kari", "Tindvoll", "female", number.telephone(499_999))
    return Person(
        STORY["patient"], "story", 999_000, "female", birth, STORY["given"], STORY["family"], name.origin_of("norsk"),
        town, name.address(rng, town), False, (number.FNR, fnr), staff.worker("fastlege"), "story", 0, [daughter],
    )  # fmt: skip


def write(chart: Chart, _index: int = 0) -> None:
    """The whole story in order of time."""
    _before(chart)
    referral = _gp(chart)
    stay = _hospital(chart, referral)
    plan = _transfer(chart, stay)
    _home(chart, plan)
    _back(chart)


def say(chart: Chart, line: str, **fields: str) -> str:
    """A text of data/story.toml with the chart's figures."""
    chart.figures.update(fields)
    words: str = table("story")[line]
    return words.format_map(chart.figures)


def _day(chart: Chart, ago: int, hour: int, minute: int = 0) -> datetime:
    return clock.at(chart.today - timedelta(days=ago), hour, minute)


def _before(chart: Chart) -> None:
    problem.allergy(chart, "764146007", "medication", "high", "126485001", chart.today - timedelta(days=4100))
    for illness_name, years in (("hypertension", 11), ("diabetes", 8), ("fibrillation", 4), ("heartfailure", 3)):
        illness.live_with(chart, illness_name, years)
    for atc in ("C09CA06", "C03CA01", "C07AB02", "B01AF02", "A10BA02", "C10AA05"):
        if atc not in chart.medicines:
            medicine.prescribe(chart, atc, chart.today - timedelta(days=160), chart.person.gp)
    measure.smoking(chart, "8517006", _day(chart, 400, 10))
    passing.complaint(chart, "urine", clock.weekday(chart.today - timedelta(days=210)))
    life.season(chart)


def _gp(chart: Chart) -> str:
    gp = chart.person.gp
    start = _day(chart, GP_VISIT, 9, 40)
    found = visit.encounter(
        chart, gp.place, gp, start, reason=problem.diagnosis("K77"), condition=chart.problems["heartfailure"]
    )
    measure.vital(chart, "weight", 76.8, start, found)
    measure.pressure(chart, 148, 86, start, found)
    measure.vital(chart, "pulse", 102, start, found)
    measure.vital(chart, "saturation", 92, start, found)
    levels = {"probnp": 5820.0, "creatinine": 112.0, "egfr": 42.0, "potassium": 4.4, "sodium": 138.0}
    laboratory.panel(chart, "heart", start, levels, encounter=found)
    words = say(chart, "gp_visit")
    document(
        chart, gp.place, gp, start + timedelta(minutes=20), "11488-4", "Konsultasjonsnotat", words, encounter=found
    )
    reason = problem.diagnosis("K77", "I50.9")
    said = say(chart, "gp_referral")
    return order.referral(
        chart, gp, place("akuttmottak"), _day(chart, ADMITTED, 11, 15), text("Innleggelse, øyeblikkelig hjelp"), said,
        reason=reason, priority="urgent", status="completed",
    )  # fmt: skip


def _hospital(chart: Chart, referral: str) -> Stay:
    unit, doctor = place("medisin-sengepost"), staff.worker("lege")
    start, end = _day(chart, ADMITTED, 13, 20), _day(chart, HOME, 12, 30)
    reason = problem.diagnosis(icd="I50.9")
    diagnoses = [
        problem.condition(chart, problem.diagnosis(icd=icd), start.date(), category="encounter-diagnosis",
                          ended=end.date(), who=doctor)
        for icd in ("I50.9", "J18.9")
    ]  # fmt: skip
    extra: Json = {
        "basedOn": [reference(referral)],
        "location": [{"location": reference(unit.bed(BED), bed_name(BED)), "status": "completed"}],
        "diagnosis": [{"condition": reference(found)} for found in diagnoses],
    }
    found = visit.encounter(
        chart, unit, doctor, start, code="IMP", end=end, kind="Innleggelse", reason=reason, extra=extra
    )
    entry: dict[str, Any] = {**table("admissions")["heartfailure"], "crp": [86, 11], "medicines": ["J01AA02"]}
    stay = Stay(entry, unit, start, end, found, diagnoses[0])
    _stay_notes(chart, stay, doctor)
    _images(chart, stay, doctor)
    medicine.prescribe(chart, "J01AA02", start.date(), doctor, status="completed", encounter=found, setting="inpatient")
    admission.course(chart, stay, vitals_a_day=2)
    for day, weight in enumerate(WEIGHTS):
        measure.vital(chart, "weight", weight, _day(chart, ADMITTED - day, 14 if day == 0 else 7), found)
    return stay


def _stay_notes(chart: Chart, stay: Stay, doctor: staff.Worker) -> None:
    nurse = staff.worker("sykepleier")
    lines = (
        (ADMITTED, 14, doctor, "34117-2", "Innkomstnotat", "arrival"),
        (ADMITTED - 1, 10, doctor, "11506-3", "Visittnotat", "round_1"),
        (ADMITTED - 1, 21, nurse, "34746-8", "Sykepleienotat", "nurse_1"),
        (ADMITTED - 3, 10, doctor, "11506-3", "Visittnotat", "round_2"),
        (ADMITTED - 4, 14, nurse, "34746-8", "Sykepleienotat", "nurse_2"),
        (READY, 10, doctor, "11506-3", "Visittnotat", "round_3"),
    )
    for ago, hour, who, code, title, line in lines:
        words = say(chart, line)
        document(chart, stay.ward, who, _day(chart, ago, hour, 25), code, title, words, encounter=stay.encounter)


def _images(chart: Chart, stay: Stay, doctor: staff.Worker) -> None:
    for name_, ago, hour in (("chest", ADMITTED, 15), ("heart", ADMITTED - 1, 12)):
        when = _day(chart, ago, hour)
        made = imaging.order(chart, name_, doctor, when - timedelta(hours=1), "Hjertesvikt, feber.", status="completed")
        images = imaging.study(chart, name_, made, when, stay.encounter)
        imaging.report(chart, name_, made, images, when + timedelta(hours=2), finding=say(chart, f"image_{name_}"))


def _transfer(chart: Chart, stay: Stay) -> str:
    ward.ready(chart, stay, chart.today - timedelta(days=READY), answered=True)
    office, doctor = place("tildeling"), staff.worker("lege")
    home = chart.today - timedelta(days=HOME)
    words = say(chart, "municipality", date=clock.norwegian(home))
    topic = "Svar på melding om utskrivningsklar pasient"
    message(chart, office.as_reference(), stay.ward.as_reference(), _day(chart, READY, 14, 10), topic, words)
    words = say(chart, "epicrisis", start=clock.norwegian(stay.start.date()), end=clock.norwegian(home))
    end = _day(chart, HOME, 11, 50)
    document(chart, stay.ward, doctor, end, "18842-5", "Epikrise", words, category=LETTER, encounter=stay.encounter)
    words = say(chart, "patient_letter")
    document(chart, stay.ward, doctor, end, "51851-4", "Brev til deg etter utskriving", words, category=LETTER)
    medicine.prescribe(chart, "A10BK03", home, doctor, condition=chart.problems["heartfailure"])
    _visit_clinic(chart)
    measures = ["Måle vekt og blodtrykk", "Administrere legemidler fra multidose"]
    return homecare.plan(chart, place("sone-nord"), home, measures)


def _visit_clinic(chart: Chart) -> None:
    clinic = place("hjertepoliklinikk")
    day = clock.weekday(chart.today + timedelta(days=20))
    doctor, clerk = staff.at(clinic.key, "LE")[0], staff.at(clinic.key, "HE")[0]
    order.appointment(chart, clinic, doctor, clock.at(day, 10, 30), "Kontroll hjertesvikt", minutes=45)
    words = say(chart, "invitation", date=clock.norwegian(day))
    document(chart, clinic, clerk, _day(chart, HOME, 14), "51851-4", "Innkalling til time", words, category=LETTER)


def _home(chart: Chart, plan: str) -> None:
    zone, nurse = place("sone-nord"), staff.worker("hjemmesykepleier")
    for ago in range(HOME - 1, 0, -1):
        who = nurse if ago % 3 == 2 else homecare.worker(zone, ago)
        start = homecare.start_of(chart.today - timedelta(days=ago), homecare.STORY_SLOT, 0)
        found = visit.encounter(chart, zone, who, start, code="HH", kind="Hjemmebesøk", minutes=18)
        weight = 72.5 if ago == 3 else 71.9 if ago == 2 else 71.4 if ago == 1 else 71.1 + chart.rng.gauss(0, 0.15)
        measure.vital(chart, "weight", weight, start, found, who.as_reference())
        systolic = 128 + chart.rng.gauss(0, 5)
        measure.pressure(chart, systolic, systolic * 0.58, start, found, who.as_reference())
        words = say(chart, "home_1" if ago == HOME - 1 else "home_3" if ago == 3 else "home_2")
        ended = start + timedelta(minutes=16)
        document(chart, zone, who, ended, "34746-8", "Rapport hjemmebesøk", words, encounter=found)
        if ago == HOME - 1:
            _reconciled(chart, who, ended, found)
    for days in (0, 1):
        day = chart.today + timedelta(days=days)
        homecare.listed(chart, zone, plan, day, homecare.STORY_SLOT, 0, "Måle vekt og blodtrykk, multidose")


def _reconciled(chart: Chart, who: staff.Worker, moment: datetime, encounter: str) -> None:
    body: Json = {
        "status": "completed",
        "code": concept("snomed", "430193006"),
        "subject": chart.subject,
        "encounter": reference(encounter),
        "performedDateTime": clock.instant(moment),
        "performer": [{"actor": who.as_reference()}],
    }
    chart.add("Procedure", body)


def _back(chart: Chart) -> None:
    gp, nurse = chart.person.gp, staff.worker("hjemmesykepleier")
    sent = _day(chart, 3, 9, 50)
    topic = "Vektøkning ved hjertesvikt"
    message(chart, nurse.as_reference(), gp.as_reference(), sent, topic, say(chart, "home_message"))
    answered = _day(chart, 3, 13, 5)
    message(chart, gp.as_reference(), nurse.as_reference(), answered, topic, say(chart, "gp_answer"))
    taken = _day(chart, 2, 8, 15)
    levels = {"probnp": 2640.0, "creatinine": 108.0, "egfr": 44.0, "potassium": 4.1, "sodium": 139.0}
    laboratory.panel(chart, "heart", taken, levels)
    moment = _day(chart, 1, 15, 10)
    found = visit.encounter(chart, gp.place, gp, moment, code="VR", minutes=10, kind="E-konsultasjon")
    words = say(chart, "gp_econsult")
    document(chart, gp.place, gp, moment, "11506-3", "E-konsultasjon", words, encounter=found)
    day = clock.weekday(chart.today + timedelta(days=2))
    order.appointment(chart, gp.place, gp, clock.at(day, 9, 20), "Kontroll etter sykehusopphold", minutes=20)
    code = local("followup", "Følg opp etter utskriving")
    due = chart.today + timedelta(days=5)
    order.task(chart, code, chart.problems["heartfailure"], gp.as_reference(), moment, due=due,
               words="Vekt, BT, kreatinin og kalium. Kontrollrøntgen om seks uker.")  # fmt: skip
