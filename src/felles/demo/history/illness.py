"""Lasting illness by data/illnesses.toml: diagnosis, medicines, and checks whose figures follow a course."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import laboratory, measure, medicine, problem, visit
from felles.demo.event.document import document
from felles.demo.event.laboratory import Levels
from felles.demo.history import admission, child

WINDOW = timedelta(days=800)
"""How far back checks are written out; diagnosis and medicines go back to the beginning."""


def share(entry: dict[str, Any], chart: Chart) -> float:
    """How many of the patient's age and sex have the illness."""
    if entry.get("sex", chart.person.sex) != chart.person.sex:
        return 0.0
    return max((part for least, part in entry["share"] if chart.age >= least), default=0.0)


def draw(chart: Chart, most: int = 4) -> None:
    """Gives the patient illnesses by chance, at most so many."""
    entries = table("illnesses")
    found = [name for name, entry in entries.items() if chart.chance(share(entry, chart))]
    for name in found[:most]:
        live_with(chart, name)


def live_with(
    chart: Chart, name: str, years: int | None = None, *, treated: bool = True, until: date | None = None
) -> None:
    """Writes an illness from diagnosis to today; nothing when the patient has it already.

    With `treated` false the medicines are left to the caller; checks end at `until`.
    """
    if name in chart.problems:
        return
    entry = table("illnesses")[name]
    onset = _onset(chart, entry, years)
    if onset >= chart.end:
        return
    condition = problem.condition(
        chart, problem.diagnosis(entry["icpc"], entry.get("icd", "")), onset, who=chart.person.gp
    )
    chart.problems[name] = condition
    if treated:
        _treat(chart, entry, onset, condition)
    if entry.get("smoker"):
        measure.smoking(chart, chart.rng.choice(("8517006", "449868002")), clock.at(onset, 12))
    for day in _checks(chart, entry, onset, until or chart.end):
        _check(chart, name, entry, day, _progress(onset, day, chart.end))
    reason = entry.get("admission")
    if reason and treated and chart.chance(0.3):
        admission.past(chart, reason, chart.rng.randint(40, 700))


def _onset(chart: Chart, entry: dict[str, Any], years: int | None) -> date:
    least, most = entry["years"]
    span = years if years is not None else chart.rng.randint(least, most)
    onset = chart.end - timedelta(days=span * 365 + chart.rng.randint(10, 300))
    return max(onset, chart.person.birth + timedelta(days=200))


def _treat(chart: Chart, entry: dict[str, Any], onset: date, condition: str) -> None:
    for atc, probability in entry["medicines"]:
        if chart.chance(probability) and atc not in chart.medicines and not medicine.unsuited(chart, atc):
            started = onset + timedelta(days=chart.rng.randint(0, 40))
            renewed = min(chart.end, max(started, chart.end - timedelta(days=chart.rng.randint(5, 330))))
            status = "active" if chart.person.died is None else "completed"
            medicine.prescribe(chart, atc, renewed, chart.person.gp, status=status, condition=condition)


def _checks(chart: Chart, entry: dict[str, Any], onset: date, end: date) -> Iterator[date]:
    months = entry.get("every", 12)
    day = max(onset, chart.end - WINDOW) + timedelta(days=chart.rng.randint(0, months * 20))
    while day < end:
        yield max(clock.workday_before(day), onset)
        day += timedelta(days=round(months * 30.4) + chart.rng.randint(-15, 15))


def _progress(onset: date, day: date, end: date) -> float:
    """How far treatment has come: 0 at diagnosis, near 1 after the first years."""
    return 1 - 0.5 ** ((day - onset).days / 240) if (end - onset).days > 0 else 1.0


def levels(chart: Chart, entry: dict[str, Any], progress: float) -> Levels:
    """The figures of the illness at a point of its course."""
    found = {}
    for analysis, (first, last, spread) in entry.get("levels", {}).items():
        found[analysis] = max(0.05, first + (last - first) * progress + chart.rng.gauss(0, spread))
    return found


def _check(chart: Chart, name: str, entry: dict[str, Any], day: date, progress: float) -> None:
    gp = chart.person.gp
    moment = chart.moment(day)
    found = ""
    if chart.gp_on_platform:
        reason = problem.diagnosis(entry["icpc"])
        found = visit.encounter(chart, gp.place, gp, moment, reason=reason, condition=chart.problems[name])
    measured(chart, entry, moment, progress, found)
    if "panel" in entry:
        taken = moment - timedelta(minutes=5)
        laboratory.panel(chart, entry["panel"], taken, levels(chart, entry, progress), encounter=found)
    if chart.gp_on_platform:
        title = "Kontroll hos fastlege"
        words = chart.words("notes", entry["note"], gp.place)
        document(chart, gp.place, gp, moment + timedelta(minutes=15), "11488-4", title, words, encounter=found)


def weight(chart: Chart) -> float:
    """A plausible weight in kg, the person's own."""
    if chart.person.track == "story":
        return 72.4 + chart.rng.gauss(0, 0.5)
    if chart.age < 18:
        return child.growth(chart, (chart.today - chart.person.birth).days)[0]
    base = 82 if chart.person.sex == "male" else 69
    extra = 34 if "obesity" in chart.problems else 10 if "diabetes" in chart.problems else 0
    return base + extra + 24 * (laboratory.hash_share(chart, "weight") - 0.5) + chart.rng.gauss(0, 0.9)


def measured(chart: Chart, entry: dict[str, Any], moment: Any, progress: float, encounter: str = "") -> None:
    """Vital signs that belong to a check."""
    rng = chart.rng
    for name in entry.get("vitals", ()):
        if name == "pressure":
            first, last = entry.get("pressure", (146, 134))
            young = 22 if chart.age < 35 else 0
            systolic = first + (last - first) * progress - young + rng.gauss(0, 6)
            measure.pressure(chart, systolic, systolic * 0.6 + rng.gauss(0, 4), moment, encounter)
        elif name == "spirometry":
            measure.vital(
                chart, "fev1", max(0.7, 2.4 - chart.age / 80 - 0.2 * progress + rng.gauss(0, 0.1)), moment, encounter
            )
        elif name in measure.SCORES:
            first, last = {"phq9": (17, 8), "mmse": (26, 20)}.get(name, (6, 3))
            measure.score(chart, name, first + (last - first) * progress + rng.gauss(0, 1.5), moment, encounter)
        else:
            measure.vital(chart, name, _vital(chart, name), moment, encounter)


def _vital(chart: Chart, name: str) -> float:
    rng = chart.rng
    if name == "weight":
        return weight(chart)
    if name == "saturation":
        return min(99.0, (93 if "copd" in chart.problems else 97.5) + rng.gauss(0, 1))
    if name == "temperature":
        return 36.9 + rng.gauss(0, 0.3)
    return 74 + rng.gauss(0, 8)
