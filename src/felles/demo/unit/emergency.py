"""The emergency clinic now: who came in the night and this morning, with triage."""

from datetime import timedelta
from typing import Any

from felles.demo import clock, number, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import laboratory, problem, visit
from felles.demo.event.document import document
from felles.demo.history import admission, life
from felles.demo.place import place
from felles.demo.resource import identifier, local

TRIAGE = {"Rød": "red", "Oransje": "orange", "Gul": "yellow", "Grønn": "green"}
UNKNOWN = 15
"""The place in line of the patient whom nobody knows yet."""


def patient(chart: Chart, index: int) -> None:
    """One who is in the clinic now; the newest have only arrived."""
    if index == UNKNOWN:
        unknown(chart)
    else:
        life.ordinary(chart, most=3, visits=1)
    cases = table("units")["emergency"]["cases"]
    case = cases[index % len(cases)]
    clinic = place("akuttmottak")
    doctors = staff.at(clinic.key, "LE")
    doctor = doctors[index % len(doctors)]
    start = clock.at(chart.today, 7, 10) - timedelta(minutes=11 + 29 * index)
    status = "arrived" if index < 2 else "triaged" if index < 5 else "in-progress"
    found = visit.encounter(
        chart, clinic, doctor, start, code="EMER", kind="Akuttmottak", reason=problem.diagnosis(icd=case["icd"]),
        status=status, extra={"priority": local(TRIAGE[case["triage"]], f"Triage {case['triage'].lower()}")},
    )  # fmt: skip
    if index >= 2:
        _examined(chart, case, doctor, found, index)


def _examined(chart: Chart, case: dict[str, Any], doctor: staff.Worker, encounter: str, index: int) -> None:
    start = clock.at(chart.today, 7, 10) - timedelta(minutes=29 * index)
    nurses = staff.at("akuttmottak", "SP")
    ill = {"Rød": 1.0, "Oransje": 0.6, "Gul": 0.3, "Grønn": 0.05}[case["triage"]]
    nurse, fever = nurses[index % len(nurses)].as_reference(), case["crp"] > 30
    admission.vital_signs(chart, start + timedelta(minutes=2), ill, encounter, nurse, fever=fever)
    if index >= 5:
        levels = {"crp": case["crp"] * chart.rng.uniform(0.8, 1.2), "troponin": 6 + 6 * chart.rng.random()}
        laboratory.panel(chart, "arrival", start + timedelta(minutes=15), levels, encounter=encounter)
        moment = start + timedelta(minutes=25)
        title = "Notat akuttmottak"
        document(chart, doctor.place, doctor, moment, "34111-5", title, case["words"], encounter=encounter)


def unknown(chart: Chart) -> None:
    """Somebody brought in without papers: a name of convenience and a common help number (FH-nummer)."""
    chart.person.sex = "male"
    body = chart.resources[0]
    body["identifier"] = [identifier(number.FHN, number.help_number(chart.person.ordinal), "temp")]
    body["name"] = [{"use": "anonymous", "text": "Ukjent mann", "family": "Ukjent", "given": ["Mann"]}]
    body["gender"] = "male"
    keep = ("resourceType", "id", "meta", "active", "identifier", "name", "gender")
    for element in [name for name in body if name not in keep]:
        del body[element]
    del chart.resources[1:]
