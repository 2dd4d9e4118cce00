"""Home care's part: a visit every morning, medicines reconciled, a message to the GP when the weight rises."""

from datetime import date, datetime, timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import concept
from felles.demo.event import measure, visit
from felles.demo.event.document import document, message
from felles.demo.place import place
from felles.demo.resource import Json, reference
from felles.demo.story.calendar import Calendar, say
from felles.demo.unit import homecare

MEASURES = ["Måle vekt og blodtrykk", "Administrere legemidler fra multidose"]


def received(chart: Chart, days: Calendar) -> str:
    """The decision and the CarePlan, which is returned."""
    return homecare.plan(chart, place("sone-nord"), days.home, MEASURES)


def visited(chart: Chart, days: Calendar, plan: str) -> None:
    """Every morning since the day after discharge, and the visits planned for today and tomorrow."""
    day = days.home + timedelta(days=1)
    while day < chart.today:
        _morning(chart, days, day)
        day += timedelta(days=1)
    for ahead in (0, 1):
        day = chart.today + timedelta(days=ahead)
        homecare.listed(chart, place("sone-nord"), plan, day, homecare.STORY_SLOT, 0, ", ".join(MEASURES))


def _weight(chart: Chart, days: Calendar, day: date) -> float:
    if day < days.told:
        return 71.1 + chart.rng.gauss(0, 0.15)
    return max(71.2, 72.5 - 0.5 * (day - days.told).days)


def _morning(chart: Chart, days: Calendar, day: date) -> None:
    zone, first = place("sone-nord"), day == days.home + timedelta(days=1)
    told = day == days.told
    own = staff.worker("hjemmesykepleier")
    who = own if first or told or day.weekday() == 2 else homecare.worker(zone, day.toordinal())
    start = homecare.start_of(day, homecare.STORY_SLOT, 0)
    found = visit.encounter(chart, zone, who, start, code="HH", kind="Hjemmebesøk", minutes=18)
    measure.vital(chart, "weight", _weight(chart, days, day), start, found, who.as_reference())
    systolic = 128 + chart.rng.gauss(0, 5)
    measure.pressure(chart, systolic, systolic * 0.58, start, found, who.as_reference())
    words = say(chart, "home_1" if first else "home_3" if told else f"home_2{'abc'[day.day % 3]}")
    ended = start + timedelta(minutes=16)
    document(chart, zone, who, ended, "34746-8", "Rapport hjemmebesøk", words, encounter=found)
    if first:
        _reconciled(chart, who, ended, found)
    if told:
        _asked(chart, day)


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


def _asked(chart: Chart, day: date) -> None:
    gp, nurse = chart.person.gp.as_reference(), staff.worker("hjemmesykepleier").as_reference()
    topic = "Vektøkning ved hjertesvikt"
    message(chart, nurse, gp, clock.at(day, 9, 50), topic, say(chart, "home_message"))
    message(chart, gp, nurse, clock.at(day, 13, 5), topic, say(chart, "gp_answer"))
