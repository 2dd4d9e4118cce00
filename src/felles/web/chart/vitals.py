"""Vital signs: the last of each, blood pressure as one reading (FHIR R4 vital signs profile)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from felles.web.chart.moment import Moment
from felles.web.chart.result import Analysis, Measurement, analyses, analysis, measurement
from felles.web.chart.text import Resource, code_of
from felles.web.chart.words import N_

PRESSURE, SYSTOLIC, DIASTOLIC = "85354-9", "8480-6", "8462-4"
# LOINC code: the short name on the page and its place in the row
NAMES = {
    PRESSURE: N_("Blodtrykk"),
    "8867-4": N_("Puls"),
    "9279-1": N_("Respirasjon"),
    "2708-6": N_("SpO₂"),
    "59408-5": N_("SpO₂"),
    "8310-5": N_("Temperatur"),
    "29463-7": N_("Vekt"),
    "8302-2": N_("Høyde"),
    "39156-5": N_("KMI"),
    "9843-4": N_("Hodeomkrets"),
    "news2": N_("NEWS2"),
}
ORDER = {code: place for place, code in enumerate(NAMES)}


@dataclass(frozen=True, slots=True)
class Vital:
    """The last of one vital sign with its curve."""

    name: str
    value: str
    unit: str
    at: Moment | None
    analysis: Analysis


def _component(observation: Resource, code: str) -> Measurement | None:
    found = [c for c in observation.get("component", ()) if code_of(c.get("code")) == code]
    return measurement({**found[0], "effectiveDateTime": observation.get("effectiveDateTime")}) if found else None


def _pressure(observation: Resource) -> Measurement | None:
    high, low = _component(observation, SYSTOLIC), _component(observation, DIASTOLIC)
    if not high or not low:
        return None
    return replace(high, value=f"{high.value}/{low.value}", unit=high.unit or "mmHg")


def _pressures(observations: Iterable[Resource]) -> list[Measurement]:
    readings = [_pressure(o) for o in observations if code_of(o.get("code")) == PRESSURE]
    found = [r for r in readings if r]
    return sorted(found, key=lambda r: r.at.at.timestamp() if r.at else 0.0, reverse=True)


def _vital(view: Analysis) -> Vital:
    return Vital(NAMES.get(view.code, view.name), view.last.value, view.last.unit, view.last.at, view)


def vital_views(observations: Sequence[Resource]) -> list[Vital]:
    """Pressure, pulse, respiration, saturation, temperature, weight ... in the order of a chart."""
    views = [view for view in analyses(observations) if view.code not in (PRESSURE, SYSTOLIC, DIASTOLIC)]
    if pressures := _pressures(observations):
        views.append(analysis(NAMES[PRESSURE], PRESSURE, pressures))
    return sorted(map(_vital, views), key=lambda v: (ORDER.get(v.analysis.code, len(ORDER)), v.name))
