"""An ordinary life by age: allergies, illness, complaints, vaccines, appointments and letters."""

from datetime import timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.event import measure, medicine, order, problem
from felles.demo.history import child, illness, passing


def ordinary(chart: Chart, *, most: int = 4, visits: int | None = None) -> None:
    """What everybody has: written before anything a unit adds."""
    _allergies(chart)
    if chart.age < 18:
        child.upbringing(chart)
    illness.draw(chart, most)
    _habits(chart)
    passing.draw(chart, _visits(chart) if visits is None else visits)
    passing.renewals(chart, chart.rng.randint(0, 1))
    if chart.age >= 65:
        season(chart)


def _visits(chart: Chart) -> int:
    mean = 1.6 if chart.age < 16 else 2.0 if chart.age < 65 else 2.6
    return min(6, max(1, round(chart.rng.gauss(mean, 1.2))))


def _allergies(chart: Chart) -> None:
    for code, category, criticality, reaction, part in problem.ALLERGIES:
        if chart.age >= 2 and chart.chance(part):
            ago = chart.rng.randint(30, min(6000, 365 * chart.age))
            recorded = chart.end - timedelta(days=ago)
            problem.allergy(chart, code, category, criticality, reaction, recorded)
    if chart.age >= 12 and not chart.allergies and chart.chance(0.45):
        problem.no_allergy(chart, chart.end - timedelta(days=chart.rng.randint(10, 900)))


def _habits(chart: Chart) -> None:
    if chart.age >= 18 and "copd" not in chart.problems and chart.chance(0.4):
        code = chart.rng.choices(("266919005", "8517006", "449868002"), (60, 28, 12))[0]
        day = chart.end - timedelta(days=chart.rng.randint(30, 900))
        measure.smoking(chart, code, clock.at(day, 10))
    if chart.age >= 50 and chart.chance(0.2) and "N02BE01" not in chart.medicines:
        medicine.taken(chart, "N02BE01", chart.end - timedelta(days=chart.rng.randint(30, 900)))


def season(chart: Chart) -> None:
    """Influenza and covid-19 vaccine last autumn."""
    autumn = clock.weekday(chart.end - timedelta(days=chart.rng.randint(20, 60)))
    nurses = staff.at(chart.person.gp.place.key, "HE") or (chart.person.gp,)
    who = nurses[chart.person.ordinal % len(nurses)]
    if chart.chance(0.6):
        medicine.vaccine(chart, "J07BB02", autumn, who.place, who, 1, "Influensa")
    if chart.chance(0.35):
        medicine.vaccine(chart, "J07BN01", autumn, who.place, who, 6, "Covid-19")


def ahead(chart: Chart) -> None:
    """An appointment to come at the GP, for some, with its letter."""
    gp = chart.person.gp
    if chart.person.died or not chart.gp_on_platform or not chart.chance(0.22):
        return
    day = clock.weekday(chart.today + timedelta(days=chart.rng.randint(1, 60)))
    kind = "Kontroll" if chart.problems else "Konsultasjon"
    order.appointment(chart, gp.place, gp, chart.moment(day), kind, minutes=20, created=chart.today)
