"""Passing complaints seen by the GP or out of hours, by data/visits.toml."""

from datetime import date, datetime, timedelta
from typing import Any

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import table
from felles.demo.event import laboratory, medicine, problem, visit
from felles.demo.event.document import document
from felles.demo.history import illness
from felles.demo.staff import Worker


def draw(chart: Chart, count: int, window: int = 900) -> None:
    """So many complaints over the last days of the window, in order of time."""
    days = sorted(chart.rng.randint(3, window) for _ in range(count))
    for ago in reversed(days):
        day = chart.end - timedelta(days=ago)
        if clock.age(chart.person.birth, day) >= 0 and day > chart.person.birth:
            complaint(chart, choose(chart, day), day)


def choose(chart: Chart, day: date) -> str:
    """A complaint that fits age and sex."""
    age = clock.age(chart.person.birth, day)
    entries = {
        name: entry
        for name, entry in table("visits").items()
        if _fits(entry, age, chart.person.sex) and not medicine.unsuited(chart, entry.get("medicine", "-"))
    }
    return chart.rng.choices(list(entries), [entry["weight"] for entry in entries.values()])[0]


def _fits(entry: dict[str, Any], age: int, sex: str) -> bool:
    return bool(entry["ages"][0] <= age <= entry["ages"][1] and entry.get("sex", sex) == sex)


def _seen_by(chart: Chart, day: date) -> tuple[Worker, datetime] | None:
    if not clock.is_workday(day):
        if chart.person.town.key != "trondheim":
            return None
        return chart.rng.choice(staff.at("legevakt", "LE")), chart.moment(day, 9, 22)
    return (chart.person.gp, chart.moment(day)) if chart.gp_on_platform else None


def complaint(chart: Chart, name: str, day: date) -> None:
    """One visit: tests, note and perhaps a short course of medicine. Outside the platform only the course shows."""
    entry = table("visits")[name]
    seen = _seen_by(chart, day)
    if seen is None:
        _cure(chart, entry, day, chart.person.gp, "")
        return
    who, moment = seen
    reason = problem.diagnosis(entry["icpc"])
    kind = "Legevaktkonsultasjon" if who.place.key == "legevakt" else "Konsultasjon"
    code = "EMER" if who.place.key == "legevakt" else "AMB"
    found = visit.encounter(chart, who.place, who, moment, code=code, kind=kind, reason=reason)
    _tests(chart, entry, moment, found)
    loinc, title = ("34111-5", "Legevaktnotat") if code == "EMER" else ("11488-4", "Konsultasjonsnotat")
    words = chart.words("notes", entry["note"], who.place)
    document(chart, who.place, who, moment + timedelta(minutes=12), loinc, title, words, encounter=found)
    _cure(chart, entry, day, who, found)


def _cure(chart: Chart, entry: dict[str, Any], day: date, who: Worker, encounter: str) -> None:
    if "medicine" in entry and chart.chance(0.6):
        old = (chart.end - day).days > 20
        status = "completed" if old else "active"
        medicine.prescribe(chart, entry["medicine"], day, who, status=status, encounter=encounter, setting="course")


def _tests(chart: Chart, entry: dict[str, Any], moment: datetime, encounter: str) -> None:
    for name in entry["tests"]:
        if name == "crp":
            laboratory.result(chart, "crp", chart.rng.uniform(2, 60), moment, encounter)
        elif name == "hb":
            laboratory.result(chart, "hb", laboratory.ordinary(chart, "hb"), moment, encounter)
        elif name == "urine":
            continue
        elif chart.age >= 16 or name not in ("weight", "pressure"):
            illness.measured(chart, {"vitals": [name]}, moment, 1.0, encounter)
    if "panel" in entry:
        laboratory.panel(chart, entry["panel"], moment, encounter=encounter)


def renewals(chart: Chart, count: int) -> None:
    """E-consultations about lasting medicines, with the messages that belong to them."""
    gp = chart.person.gp
    if not chart.gp_on_platform or not chart.medicines:
        return
    for _ in range(count):
        day = clock.weekday(chart.end - timedelta(days=chart.rng.randint(8, 400)))
        moment = chart.moment(day)
        found = visit.encounter(chart, gp.place, gp, moment, code="VR", minutes=5, kind="E-konsultasjon")
        words = chart.words("notes", "econsultation", gp.place)
        document(chart, gp.place, gp, moment, "11506-3", "E-konsultasjon", words, encounter=found)
