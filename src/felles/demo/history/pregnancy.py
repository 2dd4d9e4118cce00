"""Pregnancy: controls by the midwife with figures that follow the weeks."""

from datetime import date, timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.event import laboratory, measure, medicine, order, problem, visit
from felles.demo.event.document import document
from felles.demo.history import illness
from felles.demo.place import Place

WEEKS = (10, 18, 24, 28, 32, 34, 36, 38, 40)
"""Weeks of the controls in the Norwegian programme (first visit, ultrasound week, then closer)."""


def expecting(chart: Chart, week: int, where: Place) -> None:
    """A pregnancy that is in `week` today, followed at a health station."""
    start = chart.today - timedelta(weeks=week)
    midwives = staff.at(where.key, "JO")
    midwife = midwives[chart.person.ordinal % len(midwives)]
    condition = problem.condition(chart, problem.diagnosis("W78"), start + timedelta(weeks=7), who=midwife)
    chart.problems["pregnancy"] = condition
    medicine.prescribe(chart, "B03BB01", start + timedelta(weeks=6), chart.person.gp)
    due = start + timedelta(weeks=40)
    visit.episode(chart, where, midwife, f"Svangerskap, termin {clock.norwegian(due)}", start, condition)
    for planned in WEEKS:
        day = clock.weekday(start + timedelta(weeks=planned, days=chart.rng.randint(-2, 2)))
        if day < chart.today:
            _control(chart, where, midwife, day, planned)
        else:
            moment = chart.moment(day, 8, 14)
            order.appointment(chart, where, midwife, moment, f"Svangerskapskontroll uke {planned}", minutes=45)


def _control(chart: Chart, where: Place, midwife: staff.Worker, day: date, week: int) -> None:
    moment = chart.moment(day, 8, 14)
    found = visit.encounter(chart, where, midwife, moment, kind=f"Svangerskapskontroll uke {week}", minutes=45)
    who = midwife.as_reference()
    systolic = 112 + chart.rng.gauss(0, 6) + max(0, week - 30) * 0.6
    measure.pressure(chart, systolic, systolic * 0.62, moment, found, who)
    measure.vital(chart, "weight", illness.weight(chart) + 0.35 * max(0, week - 8), moment, found, who)
    if week >= 24:
        measure.vital(chart, "fundus", week - 1 + chart.rng.gauss(0, 1), moment, found, who)
        measure.vital(chart, "fetal", 142 + chart.rng.gauss(0, 7), moment, found, who)
    if week in (10, 28, 36):
        levels = {"hb": 12.4 - max(0, week - 10) * 0.03 + chart.rng.gauss(0, 0.3), "hba1c": 33.0}
        laboratory.panel(chart, "pregnancy", moment, levels, encounter=found)
    chart.figures["week"] = str(week)
    words = chart.words("notes", "pregnancy", where)
    if week < 24:
        words = words.split("SF-mål")[0].strip()
    title = f"Svangerskapskontroll uke {week}"
    document(chart, where, midwife, moment + timedelta(minutes=35), "11506-3", title, words, encounter=found)
