"""Laboratory results: the last of each analysis, its flag, its trend and its curve (FHIR R4 Observation)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.quantity import Range, number_of, reference_range, value_text
from felles.web.chart.sparkline import Sparkline, sparkline
from felles.web.chart.text import Resource, code_of, coded

CURVE_LENGTH = 12
STEADY = 0.03
LOWS, HIGHS, CRITICALS = {"L", "LL"}, {"H", "HH"}, {"LL", "HH", "AA"}
DISCARDED = ("entered-in-error", "cancelled")
# the order in which a clinician reads a panel: blood, infection, salts, kidney, liver, sugar, heart
READING_ORDER = (
    "hemoglobin", "leukocytt", "trombocytt", "crp", "c-reaktiv", "senkning", "natrium", "kalium", "kreatinin", "egfr",
    "karbamid", "albumin", "kalsium", "alat", "asat", "alp", "ggt", "bilirubin", "glukose", "hba1c", "bnp", "troponin",
    "inr", "d-dimer", "kolesterol", "ldl", "tsh", "ferritin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one analysis. `flag` is `high`, `low`, `abnormal` or empty."""

    value: str
    unit: str
    number: float | None
    at: Moment | None
    flag: str
    critical: bool
    preliminary: bool
    reference: Range | None

    @property
    def day(self) -> str:
        """The day in an order that sorts."""
        return self.at.date.isoformat() if self.at else ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The measurements of one code, newest first. `trend` is `up`, `down`, `level` or empty."""

    name: str
    code: str
    measurements: tuple[Measurement, ...]
    trend: str
    curve: Sparkline | None

    @property
    def last(self) -> Measurement:
        return self.measurements[0]

    @property
    def previous(self) -> Measurement | None:
        return self.measurements[1] if len(self.measurements) > 1 else None


def taken(observation: Resource) -> Moment | None:
    """When it was true of the patient (Observation.effective[x]), else when it was made available."""
    start = observation.get("effectivePeriod", {}).get("start")
    return parse_moment(
        observation.get("effectiveDateTime")
        or start
        or observation.get("effectiveInstant")
        or observation.get("issued")
    )


def _flag(observation: Resource, number: float | None, reference: Range | None) -> str:
    given = {code_of(concept) for concept in observation.get("interpretation", ())}
    if given & HIGHS or _beyond(number, reference, above=True):
        return "high"
    if given & LOWS or _beyond(number, reference, above=False):
        return "low"
    return "abnormal" if given & {"A", "AA", "POS"} else ""


def _beyond(number: float | None, reference: Range | None, above: bool) -> bool:
    if number is None or reference is None:
        return False
    if above:
        return reference.high is not None and number > reference.high
    return reference.low is not None and number < reference.low


def measurement(observation: Resource) -> Measurement:
    """One Observation (or one component of it) as a value with flag."""
    value, unit = value_text(observation)
    number, reference = number_of(observation), reference_range(observation)
    interpreted = {code_of(concept) for concept in observation.get("interpretation", ())}
    return Measurement(
        value=value,
        unit=unit,
        number=number,
        at=taken(observation),
        flag=_flag(observation, number, reference),
        critical=bool(interpreted & CRITICALS),
        preliminary=observation.get("status") in ("registered", "preliminary"),
        reference=reference,
    )


def trend(numbers: Sequence[float]) -> str:
    """From the value before to the last one (newest first); less than 3 % of change is level."""
    if len(numbers) < 2:
        return ""
    now, before = numbers[0], numbers[1]
    if abs(now - before) <= STEADY * max(abs(before), 1e-9):
        return "level"
    return "up" if now > before else "down"


def analysis(name: str, code: str, measurements: Sequence[Measurement]) -> Analysis:
    """Of measurements newest first."""
    drawn = [(m.at.at, m.number) for m in measurements if m.at and m.number is not None][:CURVE_LENGTH]
    return Analysis(
        name=name,
        code=code,
        measurements=tuple(measurements),
        trend=trend([number for _, number in drawn]),
        curve=sparkline(drawn[::-1], measurements[0].reference),
    )


def _time(m: Measurement) -> float:
    return m.at.at.timestamp() if m.at else 0.0


def analyses(observations: Iterable[Resource]) -> list[Analysis]:
    """One Analysis for each code, the most recently measured first; equal times by name."""
    series: dict[str, tuple[str, list[Measurement]]] = {}
    for observation in observations:
        if observation.get("status") not in DISCARDED:
            concept = observation.get("code")
            _, found = series.setdefault(code_of(concept) or coded(concept), (coded(concept), []))
            found.append(measurement(observation))
    views = [
        analysis(name, code, sorted(found, key=_time, reverse=True))
        for code, (name, found) in series.items()
        if any(m.value for m in found)
    ]
    return sorted(views, key=lambda view: (-_day(view.last), reading_place(view.name), view.name.casefold()))


def reading_place(name: str) -> int:
    """The place of an analysis in a panel; unknown ones come last."""
    words = name.casefold()
    return next((place for place, stem in enumerate(READING_ORDER) if stem in words), len(READING_ORDER))


def _day(m: Measurement) -> int:
    return m.at.date.toordinal() if m.at else 0
