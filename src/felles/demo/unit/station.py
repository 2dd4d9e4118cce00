"""The health station: this week's children and expectant mothers."""

from datetime import timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.event import order, visit
from felles.demo.event.document import document
from felles.demo.history import life, pregnancy
from felles.demo.place import place
from felles.demo.resource import Json

HIDDEN: Json = {"system": "urn:felles:label", "code": "hidden-from-parents", "display": "Skjult for foreldre"}
"""Label of what a child wants kept from the parents (pasient- og brukerrettighetsloven § 3-4)."""


def infant(chart: Chart, index: int) -> None:
    """A small child with a time at the station within the working week."""
    life.ordinary(chart, most=1, visits=1)
    where = place("helsestasjon")
    nurses = staff.at(where.key, "SP")
    who = nurses[index % len(nurses)]
    day = clock.working_days(chart.today, index // 10)
    start = clock.at(day, 8 + index % 10 // 2, 40 * (index % 2))
    order.appointment(chart, where, who, start, "Helsestasjonskonsultasjon", minutes=40)


def mother(chart: Chart, index: int) -> None:
    """An expectant mother between week 9 and 39."""
    life.ordinary(chart, most=1, visits=1)
    pregnancy.expecting(chart, 9 + index * 2, place("helsestasjon"))


def family(chart: Chart, index: int) -> None:
    """A family that the school health service knows; the girl of fourteen has asked that her parents not be told."""
    life.ordinary(chart, most=1, visits=1)
    if chart.age >= 18:
        return
    where = place("helsestasjon")
    who = staff.worker("helsesykepleier")
    visit.episode(chart, where, who, "Skolehelsetjeneste", clock.years_before(chart.today, 2))
    if index == 0:
        _in_confidence(chart, who)


def _in_confidence(chart: Chart, who: staff.Worker) -> None:
    moment = clock.at(clock.workday_before(chart.today - timedelta(days=12)), 12, 20)
    found = visit.encounter(chart, who.place, who, moment, kind="Samtale i skolehelsetjenesten", minutes=25)
    words = (
        "Samtale på eget initiativ om kjæreste og prevensjon. Forstår informasjonen godt. Ønsker ikke at foreldrene "
        "får vite om samtalen, har gode grunner for det. Avtalt ny samtale om to uker."
    )
    document(chart, who.place, who, moment + timedelta(minutes=30), "34746-8", "Samtalenotat", words, encounter=found)
    for told in chart.resources[-2:]:
        told["meta"] = {**told["meta"], "security": [HIDDEN]}
