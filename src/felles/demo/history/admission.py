"""Stays in hospital by data/admissions.toml: Encounter, tests with a course, image, procedure, epikrise."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import concept, table
from felles.demo.event import imaging, laboratory, measure, medicine, problem, visit
from felles.demo.event.document import LETTER, document
from felles.demo.place import Place, place
from felles.demo.resource import Json, reference, text

LATER = (2, 5, 9, 3, 30, 1, 14, 70, 4, 200)
"""Hours from discharge until the epikrise is signed."""
_WARDS = {
    "levanger": "levanger-medisin", "verdal": "levanger-medisin", "namsos": "namsos-medisin",
    "snasa": "namsos-medisin", "alesund": "alesund-medisin", "molde": "molde-medisin",
    "kristiansund": "molde-medisin", "volda": "volda-medisin",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stay:
    """An admission in hand: its entry, ward, times and encounter."""

    reason: str
    entry: dict[str, Any]
    ward: Place
    start: datetime
    end: datetime | None
    encounter: str
    condition: str

    def last(self, today: date) -> datetime:
        return self.end or clock.at(today, 7)


def ward_of(chart: Chart) -> Place:
    """The medical ward that serves the patient's municipality."""
    return place(_WARDS.get(chart.person.town.key, "medisin-sengepost"))


def past(chart: Chart, reason: str, days_ago: int) -> None:
    """A finished stay some days ago (cut off by a death in hospital)."""
    entry = table("admissions")[reason]
    if any(medicine.unsuited(chart, atc) for atc in entry["medicines"] if atc.startswith("J01C")):
        return
    start = clock.at(chart.end - timedelta(days=days_ago), chart.rng.randint(0, 22), 5 * chart.rng.randrange(12))
    length = min(chart.rng.randint(*entry["days"]), max(1, days_ago - 1))
    end = clock.at(start.date() + timedelta(days=length), 13, 30)
    stay = admit(chart, reason, ward_of(chart), start, end)
    course(chart, stay, vitals_a_day=1, labs_every=2)
    discharge(chart, stay)


def admit(
    chart: Chart, reason: str, ward: Place, start: datetime, end: datetime | None, extra: Json | None = None
) -> Stay:
    """The Encounter, its diagnosis, the first note, image and medicines in hospital."""
    entry = table("admissions")[reason]
    doctor = chart.rng.choice(staff.at(ward.key, "LE") or staff.at("medisin", "LE"))
    code = problem.diagnosis(icd=entry["icd"])
    condition = problem.condition(
        chart, code, start.date(), category="encounter-diagnosis", ended=end.date() if end else None, who=doctor
    )
    status = "finished" if end else "in-progress"
    found = visit.encounter(
        chart, ward, doctor, start, code="IMP", end=end, kind="Innleggelse", reason=code, condition=condition,
        status=status, extra=extra,
    )  # fmt: skip
    words = chart.words("admissions", reason, ward, "arrival_")
    noted = start + timedelta(hours=1)
    document(chart, ward, doctor, noted, "34117-2", "Innkomstnotat", words, encounter=found)
    stay = Stay(reason, entry, ward, start, end, found, condition)
    _arrange(chart, stay, doctor)
    return stay


def _arrange(chart: Chart, stay: Stay, doctor: staff.Worker) -> None:
    if "image" in stay.entry:
        finding = chart.words("admissions", stay.reason, stay.ward, "finding_")
        imaging.examined(
            chart, stay.entry["image"], doctor, stay.start + timedelta(minutes=75), "Innlagt som øyeblikkelig hjelp.",
            encounter=stay.encounter, pace=0.3, finding=finding,
        )  # fmt: skip
    for atc in stay.entry["medicines"]:
        status = "completed" if stay.end else "active"
        medicine.prescribe(
            chart, atc, stay.start.date(), doctor, status=status, encounter=stay.encounter, setting="inpatient"
        )
    if "procedure" in stay.entry:
        _procedure(chart, stay, doctor)


def _procedure(chart: Chart, stay: Stay, doctor: staff.Worker) -> None:
    when = min(stay.start + timedelta(hours=16), stay.last(chart.today))
    body: Json = {
        "status": "completed",
        "code": concept("snomed", stay.entry["procedure"]),
        "subject": chart.subject,
        "encounter": reference(stay.encounter),
        "performedDateTime": clock.instant(when),
        "performer": [{"actor": doctor.as_reference()}],
        "category": text("Behandling"),
    }
    chart.add("Procedure", body)


def course(chart: Chart, stay: Stay, *, vitals_a_day: int, labs_every: int = 1) -> None:
    """Daily tests with falling CRP, and vital signs that settle."""
    last = stay.last(chart.today)
    days = max(1, (last.date() - stay.start.date()).days)
    chart.figures["crp_first"] = str(round(stay.entry["crp"][0]))
    for day in range(days + 1):
        share = day / days if stay.end else min(1.0, day / 6)
        _vitals(chart, stay, day, share, vitals_a_day, last)
        if day % labs_every == 0 or day == days:
            _tests(chart, stay, day, share, last)
    chart.figures["crp_last"] = chart.figures["crp"]


def _tests(chart: Chart, stay: Stay, day: int, share: float, last: datetime) -> None:
    first, final = stay.entry["crp"]
    moment = (
        stay.start + timedelta(minutes=40) if day == 0 else clock.at(stay.start.date() + timedelta(days=day), 6, 15)
    )
    if moment > last:
        return
    crp = first * (final / first) ** share * chart.rng.uniform(0.92, 1.08)
    levels = {"crp": crp, "leukocytes": 7 + crp / 28 + chart.rng.gauss(0, 0.5)}
    for analysis, value in stay.entry.get("levels", {}).items():
        levels[analysis] = value * chart.rng.uniform(0.96, 1.04)
    if stay.entry["icd"] == "K92.2":
        levels["hb"] = 8.1 + 2.2 * share
    laboratory.panel(chart, stay.entry["panel"], moment, levels, encounter=stay.encounter)


def _vitals(chart: Chart, stay: Stay, day: int, share: float, times: int, last: datetime) -> None:
    nurses = staff.at(stay.ward.key, "SP")
    for round_ in range(times):
        hour = (6, 14, 21)[round_]
        moment = clock.at(stay.start.date() + timedelta(days=day), hour, 5 * chart.rng.randrange(9))
        if stay.start < moment <= last:
            who = chart.rng.choice(nurses).as_reference()
            vital_signs(chart, moment, 1 - share, stay.encounter, who, fever=stay.entry["crp"][0] > 40)


def vital_signs(chart: Chart, moment: datetime, ill: float, encounter: str, who: Json, *, fever: bool = True) -> None:
    """A round of vital signs with NEWS2; `ill` from 0 (well) to 1 (very ill)."""
    rng = chart.rng
    breaths = 15 + 9 * ill + rng.gauss(0, 1.2)
    saturation = min(99, 97 - 5.5 * ill + rng.gauss(0, 0.8))
    pulse = 74 + 28 * ill + rng.gauss(0, 5)
    temperature = 36.8 + 1.7 * ill * fever + rng.gauss(0, 0.2)
    systolic = 128 - 14 * ill + rng.gauss(0, 8)
    measure.vital(chart, "breaths", breaths, moment, encounter, who)
    measure.vital(chart, "saturation", saturation, moment, encounter, who)
    measure.vital(chart, "pulse", pulse, moment, encounter, who)
    measure.vital(chart, "temperature", temperature, moment, encounter, who)
    measure.pressure(chart, systolic, systolic * 0.6, moment, encounter, who)
    measure.news(chart, news2(breaths, saturation, pulse, temperature, systolic), moment, encounter, who)


def news2(breaths: float, saturation: float, pulse: float, temperature: float, systolic: float) -> int:
    """NEWS2 (Royal College of Physicians, 2017) of an alert patient on room air, SpO2 scale 1."""
    return (
        _points(round(breaths), ((8, 3), (11, 1), (20, 0), (24, 2)), 3)
        + _points(round(saturation), ((91, 3), (93, 2), (95, 1)), 0)
        + _points(round(pulse), ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2)), 3)
        + _points(round(temperature, 1), ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1)), 2)
        + _points(round(systolic), ((90, 3), (100, 2), (110, 1), (219, 0)), 3)
    )


def _points(value: float, steps: tuple[tuple[float, int], ...], beyond: int) -> int:
    return next((points for highest, points in steps if value <= highest), beyond)


def discharge(chart: Chart, stay: Stay) -> str:
    """The epikrise to the GP."""
    end = stay.last(chart.today)
    doctor = chart.rng.choice(staff.at(stay.ward.key, "LE") or staff.at("medisin", "LE"))
    diagnosis = table_text(stay.entry["icd"])
    head = f"Diagnose: {diagnosis} ({stay.entry['icd']})\nInnlagt {clock.norwegian(stay.start.date())}, "
    gone = "utskrevet" if stay.ward.language == "nb" else "utskriven"
    words = f"{head}{gone} {clock.norwegian(end.date())}.\n\n" + chart.words(
        "admissions", stay.reason, stay.ward, "letter_"
    )
    signed = min(end + timedelta(hours=LATER[chart.person.ordinal % len(LATER)]), clock.at(chart.today, 7))
    moment = max(end, signed)
    return document(
        chart, stay.ward, doctor, moment, "18842-5", "Epikrise", words, category=LETTER, encounter=stay.encounter
    )


def table_text(icd: str) -> str:
    """The Norwegian text of an ICD-10 code."""
    return str(concept("icd10", icd)["text"])
