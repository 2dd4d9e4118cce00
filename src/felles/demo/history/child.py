"""Children at the health station: growth along WHO-like curves, consultations and the vaccination programme."""

from datetime import date, timedelta
from itertools import pairwise

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.event import laboratory, measure, medicine, visit
from felles.demo.event.document import document
from felles.demo.place import Place, of_kind, place
from felles.demo.staff import Worker

PROGRAMME = (
    # age in days, words, vaccines (ATC, dose, series)
    (42, "6 uker", (("J07BH01", 1, "Rotavirus"),)),
    (90, "3 måneder", (("J07CA09", 1, "Hexyon"), ("J07AL02", 1, "Pneumokokk"), ("J07BH01", 2, "Rotavirus"))),
    (152, "5 måneder", (("J07CA09", 2, "Hexyon"), ("J07AL02", 2, "Pneumokokk"))),
    (183, "6 måneder", ()),
    (243, "8 måneder", ()),
    (304, "10 måneder", ()),
    (365, "12 måneder", (("J07CA09", 3, "Hexyon"), ("J07AL02", 3, "Pneumokokk"))),
    (457, "15 måneder", (("J07BD52", 1, "MMR"),)),
    (540, "17–18 måneder", ()),
    (731, "2 år", ()),
    (1461, "4 år", ()),
    (2200, "6 år", ()),
    (2740, "2. klasse", (("J07CA02", 1, "DTP-polio"),)),
    (4300, "6. klasse", (("J07BD52", 2, "MMR"),)),
    (4500, "7. klasse", (("J07BM03", 1, "HPV"), ("J07BM03", 2, "HPV"))),
)
"""The visits and vaccines of the Norwegian childhood programme."""

SCHOOL = 6
"""From this age the school health service follows a child, not the station."""

_MEDIAN = (
    # age in months, weight kg, length cm, head cm
    (0, 3.5, 50.5, 35.0), (1.4, 4.8, 56, 38.3), (3, 6.2, 61, 40.6), (5, 7.4, 65.5, 42.6), (6, 7.9, 67.5, 43.4),
    (8, 8.7, 71, 44.7), (10, 9.3, 74, 45.6), (12, 9.8, 76.5, 46.3), (15, 10.5, 80, 47.0), (18, 11.2, 83, 47.5),
    (24, 12.5, 88.5, 48.5), (48, 16.8, 104, 50.2), (72, 21.5, 118, 51.4), (96, 27, 130, 52.2), (144, 42, 151, 54),
    (216, 62, 172, 56),
)  # fmt: skip


def median(months: float) -> tuple[float, float, float]:
    """Median weight (kg), length (cm) and head circumference (cm) at an age in months."""
    for low, high in pairwise(_MEDIAN):
        if months <= high[0]:
            share = (months - low[0]) / (high[0] - low[0])
            weight, length, head = (a + (b - a) * share for a, b in zip(low[1:], high[1:], strict=True))
            return weight, length, head
    return _MEDIAN[-1][1:]


def station(chart: Chart) -> Place | None:
    """The health station of the child's municipality, if it works in the record."""
    found = of_kind("station", chart.person.town.key)
    return found[0] if found else None


def upbringing(chart: Chart) -> None:
    """Every visit of the programme up to today; without a station only the vaccines are known."""
    where = station(chart)
    if where and chart.age < SCHOOL and not chart.person.died:
        visit.episode(chart, where, _nurse(chart, where), "Helsestasjonsprogram", chart.person.birth)
    for days, words, vaccines in PROGRAMME:
        day = clock.weekday(chart.person.birth + timedelta(days=days + chart.rng.randint(-4, 9)))
        if day >= chart.end:
            return
        if where and days < 2300:
            _visit(chart, where, day, words, days)
        for atc, dose, series in vaccines:
            giver = _nurse(chart, where)
            medicine.vaccine(chart, atc, day, giver.place, giver, dose, series)


def _nurse(chart: Chart, where: Place | None) -> Worker:
    spot = where or place("helsestasjon")
    nurses = staff.at(spot.key, "SP")
    return nurses[chart.person.ordinal % len(nurses)]


def growth(chart: Chart, days: int) -> tuple[float, float, float]:
    """Weight, length and head circumference of this child at an age in days."""
    own = laboratory.hash_share(chart, "growth") - 0.5
    weight, length, head = median(days / 30.44)
    return (
        weight * (1 + 0.22 * own) + chart.rng.gauss(0, 0.06),
        length * (1 + 0.06 * own) + chart.rng.gauss(0, 0.3),
        head * (1 + 0.03 * own) + chart.rng.gauss(0, 0.1),
    )


def _visit(chart: Chart, where: Place, day: date, words: str, days: int) -> None:
    nurse = _nurse(chart, where)
    moment = chart.moment(day, 8, 14)
    found = visit.encounter(chart, where, nurse, moment, kind=f"Helsestasjonskonsultasjon {words}", minutes=30)
    weight, length, head = growth(chart, days)
    measure.vital(chart, "weight", weight, moment, found, nurse.as_reference())
    measure.vital(chart, "height", length, moment, found, nurse.as_reference())
    if days < 740:
        measure.vital(chart, "head", head, moment, found, nurse.as_reference())
    chart.figures["age"] = (
        words if where.language == "nb" else words.replace("uker", "veker").replace("måneder", "månader")
    )
    written = chart.words("notes", "child", where)
    if days >= 740:
        written = written.replace(f", hodeomkrets {chart.figures['head']} cm", "")
        written = written.replace(f", hovudomkrins {chart.figures['head']} cm", "")
    title = f"Helsestasjon {chart.figures['age']}"
    document(chart, where, nurse, moment + timedelta(minutes=25), "11506-3", title, written, encounter=found)
