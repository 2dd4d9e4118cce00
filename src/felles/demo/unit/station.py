"""The health station: this week's children and expectant mothers."""

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.event import order
from felles.demo.history import life, pregnancy
from felles.demo.place import place


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
