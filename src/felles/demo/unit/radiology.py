"""The imaging section's work of today: orders in every state for patients of other units."""

from datetime import timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.event import imaging, order
from felles.demo.place import place

STATES = ("new", "protocolled", "booked", "today", "performed", "preliminary", "final")
"""From an order just received to a report that is final."""

NOTES = {
    "chest": "Hoste og feber. Pneumoni?",
    "knee": "Smerter ved belastning. Artrose?",
    "kneemr": "Låsninger. Meniskskade?",
    "shoulder": "Nedsatt kraft. Cuffruptur?",
    "head": "Fall med hodetraume, bruker apiksaban. Blødning?",
    "abdomen": "Magesmerter og CRP-stigning. Divertikulitt?",
    "ankle": "Overtråkk. Brudd?",
    "spinemr": "Isjias med nedsatt kraft. Prolaps?",
}


def work(chart: Chart, number: int) -> None:
    """The `number`-th order of the section's list."""
    name = list(NOTES)[number % len(NOTES)]
    state = STATES[number % len(STATES)]
    who = staff.worker("lege") if chart.person.track == "ward" else chart.person.gp
    ago = STATES.index(state)
    authored = clock.at(chart.today - timedelta(days=1 + ago), 8 + number % 7, 5 * (number % 12))
    urgent = "urgent" if number % 6 == 0 else "routine"
    status = "completed" if state == "final" else "active"
    made = imaging.order(chart, name, who, authored, NOTES[name], priority=urgent, status=status)
    tasks = {
        "new": ("requested", "Mottatt"),
        "protocolled": ("accepted", "Protokollert"),
        "booked": ("accepted", "Time satt"),
        "today": ("ready", "På dagens liste"),
        "performed": ("in-progress", "Til beskrivelse"),
        "preliminary": ("in-progress", "Foreløpig svar"),
        "final": ("completed", "Endelig svar"),
    }
    imaging.open_task(chart, made, authored, *tasks[state], 1 if urgent == "urgent" else 28)
    if state in ("booked", "today"):
        _book(chart, name, made, number, 0 if state == "today" else 1 + number % 12)
    if ago >= 4:
        started = clock.at(chart.today - timedelta(days=1), 9 + number % 6, 20)
        images = imaging.study(chart, name, made, started)
        if ago >= 5:
            status = "preliminary" if state == "preliminary" else "final"
            imaging.report(chart, name, made, images, started, started + timedelta(hours=3), status=status)


def _book(chart: Chart, name: str, made: str, number: int, days: int) -> None:
    section = place("bilde")
    radiographers = staff.at("bilde", "RA")
    who = radiographers[number % len(radiographers)]
    start = clock.at(chart.today + timedelta(days=days), 8 + number % 7, 20 * (number % 3))
    kind = str(imaging.code(name)["text"])
    order.appointment(chart, section, who, start, kind, minutes=20, based_on=made)
