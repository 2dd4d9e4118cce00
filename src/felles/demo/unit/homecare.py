"""Two home-care zones: plans and decisions, visits of the last days, and 25 visits on each shift."""

from datetime import date, datetime, timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import measure, order, problem, visit
from felles.demo.event.document import LETTER, document
from felles.demo.history import illness, life
from felles.demo.place import Place, place
from felles.demo.resource import Json

ZONES = {"north": "sone-nord", "south": "sone-sor"}
VISITS = 25
"""Visits of a zone on one shift."""
SHIFTS = (("Dag", 8), ("Kveld", 16))
STORY_SLOT = 2
"""The place on the northern day list that the story's patient has."""
_ILLNESSES = ("diabetes", "heartfailure", "copd", "dementia", "stroke", "parkinson", "fibrillation")


def receiver(chart: Chart, index: int) -> None:
    """Patient `index` (0 to 29) of a zone; the first 25 have day visits, numbers 5 to 29 evening visits."""
    illness.live_with(chart, _ILLNESSES[index % len(_ILLNESSES)])
    life.ordinary(chart, most=4, visits=1)
    zone = place(ZONES[chart.person.track])
    since = chart.today - timedelta(days=40 + index * 23 % 700)
    measures = chosen(index)
    made = plan(chart, zone, since, measures)
    past(chart, zone, index)
    if index < VISITS and not (zone.key == "sone-nord" and index == STORY_SLOT):
        _planned(chart, zone, made, index, 0, measures[0])
    if index >= 30 - VISITS:
        _planned(chart, zone, made, index - (30 - VISITS), 1, measures[-1])
    if index % 4 == 0:
        problem.flag(chart, "Nøkkelboks ved inngangsdøren", "admin", since, worker(zone, index))


def chosen(index: int) -> list[str]:
    """Two or three measures of data/units.toml."""
    measures: list[str] = table("units")["homecare"]["measures"]
    return [measures[(index * 2 + step) % len(measures)] for step in range(2 + index % 2)]


def worker(zone: Place, number: int) -> staff.Worker:
    """Who of the zone's staff has visit `number`."""
    people = staff.at(zone.key)
    return people[number % len(people)]


def plan(chart: Chart, zone: Place, since: date, measures: list[str]) -> str:
    """Decision, episode and CarePlan of help at home. Returns the plan."""
    office = staff.at("tildeling", "SP")
    who = office[chart.person.ordinal % len(office)]
    made = clock.at(clock.workday_before(since - timedelta(days=1)), 13)
    decision = table("units")["homecare"]["decision"]
    document(chart, who.place, who, made, "51851-4", "Vedtak om helsehjelp hjemme", decision, category=LETTER)
    visit.episode(chart, zone, worker(zone, 0), "Helsetjenester i hjemmet", since)
    activities: list[Json] = [
        {"detail": {"kind": "Task", "status": "in-progress", "description": words, "performer": [zone.as_reference()]}}
        for words in measures
    ]
    body: Json = {
        "status": "active",
        "intent": "plan",
        "title": "Tiltaksplan hjemmetjeneste",
        "subject": chart.subject,
        "period": {"start": since.isoformat()},
        "author": worker(zone, chart.person.index).as_reference(),
        "activity": activities,
    }
    return chart.add("CarePlan", body)


def past(chart: Chart, zone: Place, index: int, days: int = 4) -> None:
    """The finished visits of the last days, with a note each."""
    notes = table("units")["homecare"]["notes"]
    for ago in range(days, 0, -1):
        who = worker(zone, index + ago)
        moment = start_of(chart.today - timedelta(days=ago), index % VISITS, 0)
        found = visit.encounter(chart, zone, who, moment, code="HH", kind="Hjemmebesøk", minutes=15)
        if ago % 2 == 0:
            systolic = 134 + chart.rng.gauss(0, 9)
            measure.pressure(chart, systolic, systolic * 0.58, moment, found, who.as_reference())
        said = notes[(index + ago) % len(notes)]
        ended = moment + timedelta(minutes=14)
        document(chart, zone, who, ended, "34746-8", "Rapport hjemmebesøk", said, encounter=found)


def start_of(day: date, number: int, shift: int) -> datetime:
    """When visit `number` of a shift begins: 25 visits shared by five workers, 50 minutes apart."""
    hour = SHIFTS[shift][1]
    return clock.at(day, hour) + timedelta(minutes=50 * (number // 5) + 5 * (number % 5))


def _planned(chart: Chart, zone: Place, made: str, number: int, shift: int, measure_: str) -> None:
    for days in (0, 1):
        day = chart.today + timedelta(days=days)
        listed(chart, zone, made, day, number, shift, measure_)


def listed(chart: Chart, zone: Place, made: str, day: date, number: int, shift: int, measure_: str) -> str:
    """A visit on the list of a shift, an Appointment that points at the plan."""
    who = worker(zone, 5 * shift + number % 5 + day.toordinal() % 3)
    name = SHIFTS[shift][0]
    start = start_of(day, number, shift)
    kind = f"Hjemmebesøk, {name.lower()}vakt"
    return order.appointment(chart, zone, who, start, kind, minutes=20, words=measure_, support=made)
