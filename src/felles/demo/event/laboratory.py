"""Laboratory answers: Observation per analysis, DiagnosticReport per sample (https://hl7.org/fhir/R4/diagnosticreport.html)."""

from datetime import datetime, timedelta

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.code import concept, table
from felles.demo.event.measure import number, observation, shown
from felles.demo.place import place
from felles.demo.resource import Json, hl7, quantity, reference

Levels = dict[str, float]
"""analysis → value to be reported instead of one drawn from the reference range."""

_MARKS = {"L": "Lav", "H": "Høy"}


def interval(analysis: str, sex: str) -> tuple[float, float]:
    """The reference interval of an analysis for a sex."""
    entry = table("labs")["analysis"][analysis]
    low, high = entry.get(sex, entry["female"])
    return low, high


def ordinary(chart: Chart, analysis: str) -> float:
    """A value well inside the reference interval, somewhat stable for the person."""
    low, high = interval(analysis, chart.person.sex)
    own = (hash_share(chart, analysis) - 0.5) * 0.4
    return low + (high - low) * min(0.97, max(0.03, 0.5 + own + chart.rng.gauss(0, 0.09)))


def hash_share(chart: Chart, analysis: str) -> float:
    """A share from 0 to 1 that is the person's own for an analysis."""
    return (sum(map(ord, analysis)) * 7919 + chart.person.ordinal * 104729) % 1000 / 1000


def result(chart: Chart, analysis: str, value: float, moment: datetime, encounter: str = "") -> str:
    """One answer with unit, reference range and mark when it lies outside."""
    entry = table("labs")["analysis"][analysis]
    low, high = interval(analysis, chart.person.sex)
    unit, words = entry["unit"], entry.get("shown")
    rounded = number(max(value, 0), entry["decimals"])
    chart.figures[analysis] = shown(rounded)
    found: Json = {
        "valueQuantity": quantity(rounded, unit, words),
        "referenceRange": [_range(low, high, unit, words)],
    }
    mark = "L" if rounded < low else "H" if rounded > high else ""
    if mark:
        found["interpretation"] = [hl7("v3-ObservationInterpretation", mark, _MARKS[mark])]
    code = concept("nlk", entry["code"])
    laboratory = place("laboratorium").as_reference()
    return observation(chart, code, "laboratory", moment, found, encounter=encounter, who=laboratory)


def _range(low: float, high: float, unit: str, words: str | None) -> Json:
    found = {"high": quantity(high, unit, words)}
    return {"low": quantity(low, unit, words), **found} if low > 0 else found


def filtration(creatinine: float, sex: str, age: int) -> float:
    """Estimated GFR, mL/min/1.73 m², from creatinine in µmol/L (CKD-EPI 2009, Levey et al.)."""
    factor, power, own = (0.7, -0.329, 1.018) if sex == "female" else (0.9, -0.411, 1.0)
    share = creatinine / 88.4 / factor
    return float(141 * min(share, 1) ** power * max(share, 1) ** -1.209 * 0.993**age * own)


def _values(chart: Chart, analyses: list[str], levels: Levels) -> Levels:
    found = {analysis: levels.get(analysis, ordinary(chart, analysis)) for analysis in analyses}
    if "egfr" in found:
        found["egfr"] = min(120.0, filtration(found["creatinine"], chart.person.sex, chart.age))
    return found


def panel(
    chart: Chart, name: str, moment: datetime, levels: Levels | None = None, *, encounter: str = "", order: str = ""
) -> str:
    """The answers of a panel of data/labs.toml and the report that gathers them."""
    entry = table("labs")["panel"][name]
    results = [
        result(chart, analysis, value, moment, encounter)
        for analysis, value in _values(chart, entry["analyses"], levels or {}).items()
    ]
    wait = timedelta(minutes=50) if moment.date() == chart.today else timedelta(hours=4)
    report: Json = {
        "status": "final",
        "category": [hl7("v2-0074", "LAB", "Laboratorium")],
        "code": concept("loinc", "11502-2", entry["name"]),
        "subject": chart.subject,
        "effectiveDateTime": clock.instant(moment),
        "issued": clock.instant(moment + wait),
        "performer": [place("laboratorium").as_reference()],
        "result": [reference(found) for found in results],
    }
    if encounter:
        report["encounter"] = reference(encounter)
    if order:
        report["basedOn"] = [reference(order)]
    return chart.add("DiagnosticReport", report)
