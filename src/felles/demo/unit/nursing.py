"""The nursing home: residents with dementia, plans, weights, daily notes and the doctor's round."""

from datetime import timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import laboratory, measure, medicine, problem, visit
from felles.demo.event.document import document
from felles.demo.history import illness, life
from felles.demo.place import place
from felles.demo.resource import Json, text


def resident(chart: Chart, room: int) -> None:
    """Who lives in room `room` (0 to 35): since months or years."""
    illness.live_with(chart, "dementia", 3 + room % 3)
    life.ordinary(chart, most=4, visits=0)
    home = place("sykehjem")
    nurses = staff.at(home.key, "SP")
    nurse, doctor = nurses[room % len(nurses)], staff.at(home.key, "LE")[0]
    days = 60 + room * 37 % 900
    start = chart.today - timedelta(days=days)
    where = text(f"Avdeling {1 + room // 12}, rom {101 + room}")
    stay = visit.encounter(
        chart, home, nurse, clock.at(start, 11), code="IMP", kind="Langtidsopphold", status="in-progress",
        condition=chart.problems["dementia"], extra={"serviceType": where},
    )  # fmt: skip
    visit.episode(chart, home, nurse, "Langtidsopphold i sykehjem", start, chart.problems["dementia"])
    plan(chart, nurse, start)
    _weights(chart, stay, nurse, min(days, 180))
    _notes(chart, stay, nurse, room)
    _round(chart, stay, doctor, room)
    medicine.rounds(chart, clock.at(start, 11), nurses, stay)
    if room % 3 == 0:
        problem.flag(chart, "Fallrisiko", "safety", start, nurse)
    if room % 4 == 1:
        problem.flag(chart, "HLR minus", "clinical", start, doctor)


def plan(chart: Chart, nurse: staff.Worker, start: object) -> str:
    """The care plan with its measures (https://hl7.org/fhir/R4/careplan.html)."""
    measures = ("Stell med tilrettelegging", "Ernæringsoppfølging", "Aktivitet daglig", "Fallforebygging")
    activities: list[Json] = [
        {"detail": {"status": "in-progress", "description": words, "kind": "Task"}} for words in measures
    ]
    return chart.add(
        "CarePlan",
        {
            "status": "active",
            "intent": "plan",
            "title": "Tiltaksplan sykehjem",
            "description": table("units")["nursing"]["goals"],
            "subject": chart.subject,
            "period": {"start": str(start)},
            "author": nurse.as_reference(),
            "activity": activities,
        },
    )


def _weights(chart: Chart, stay: str, nurse: staff.Worker, days: int) -> None:
    for ago in range(days, 0, -14):
        moment = clock.at(chart.today - timedelta(days=ago), 9, 10)
        measure.vital(chart, "weight", illness.weight(chart) - 8 + ago / 90, moment, stay, nurse.as_reference())
    moment = clock.at(chart.today - timedelta(days=chart.person.index % 28), 10)
    moment = min(moment, clock.at(chart.today, 7))
    measure.pressure(
        chart, 132 + chart.rng.gauss(0, 10), 74 + chart.rng.gauss(0, 6), moment, stay, nurse.as_reference()
    )


def _notes(chart: Chart, stay: str, nurse: staff.Worker, room: int) -> None:
    notes = table("units")["nursing"]["notes"]
    home = place("sykehjem")
    for ago in range(8, 0, -1):
        moment = clock.at(chart.today - timedelta(days=ago), 14 if ago % 2 else 21, 30)
        said = notes[(room + ago) % len(notes)]
        document(chart, home, nurse, moment, "34746-8", "Sykepleienotat", said, encounter=stay)


def _round(chart: Chart, stay: str, doctor: staff.Worker, room: int) -> None:
    day = clock.weekday(chart.today - timedelta(days=20 + room % 60))
    moment = clock.at(day, 10, 20)
    laboratory.panel(chart, "elderly", clock.at(day, 7, 30), encounter=stay)
    said = "Legevisitt. Stabil siden sist. Årskontroll med blodprøver tatt. Legemiddelliste gjennomgått, ingen endring."
    document(chart, place("sykehjem"), doctor, moment, "11506-3", "Legevisitt", said, encounter=stay)
