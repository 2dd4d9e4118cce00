"""Vital signs and scores: Observation (https://hl7.org/fhir/R4/observation-vitalsigns.html)."""

from datetime import datetime

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.code import concept
from felles.demo.resource import Json, hl7, local, quantity, reference

VITALS: dict[str, tuple[str, str, str, int]] = {
    # name: LOINC, UCUM unit, unit as shown, decimals
    "pulse": ("8867-4", "/min", "slag/min", 0),
    "breaths": ("9279-1", "/min", "/min", 0),
    "temperature": ("8310-5", "Cel", "°C", 1),
    "saturation": ("59408-5", "%", "%", 0),
    "weight": ("29463-7", "kg", "kg", 1),
    "height": ("8302-2", "cm", "cm", 1),
    "bmi": ("39156-5", "kg/m2", "kg/m²", 1),
    "head": ("9843-4", "cm", "cm", 1),
    "fev1": ("20150-9", "L", "L", 2),
    "fundus": ("11881-0", "cm", "cm", 0),
    "fetal": ("55283-6", "/min", "slag/min", 0),
}
SCORES: dict[str, tuple[str, int, int]] = {
    # name: LOINC, least, most
    "phq9": ("44261-6", 0, 27),
    "mmse": ("72106-8", 0, 30),
    "audit": ("75626-2", 0, 12),
    "pain": ("72514-3", 0, 10),
}


def number(value: float, decimals: int) -> float:
    """A value with so many decimals; an int when there are none."""
    return round(value, decimals) if decimals else round(value)


def shown(value: float) -> str:
    """A figure as it stands in Norwegian text (decimal comma)."""
    return str(value).replace(".", ",")


def observation(
    chart: Chart,
    code: Json,
    category: str,
    moment: datetime,
    value: Json,
    *,
    encounter: str = "",
    who: Json | None = None,
) -> str:
    """A final Observation; `value` holds value[x] or components and what belongs to them."""
    body: Json = {
        "status": "final",
        "category": [hl7("observation-category", category)],
        "code": code,
        "subject": chart.subject,
        "effectiveDateTime": clock.instant(moment),
        **value,
    }
    if encounter:
        body["encounter"] = reference(encounter)
    if who:
        body["performer"] = [who]
    return chart.add("Observation", body)


def vital(chart: Chart, name: str, value: float, moment: datetime, encounter: str = "", who: Json | None = None) -> str:
    """One of `VITALS`."""
    code, unit, words, decimals = VITALS[name]
    rounded = number(value, decimals)
    chart.figures[name] = shown(rounded)
    found = {"valueQuantity": quantity(rounded, unit, words)}
    return observation(chart, concept("loinc", code), "vital-signs", moment, found, encounter=encounter, who=who)


def pressure(
    chart: Chart, systolic: float, diastolic: float, moment: datetime, encounter: str = "", who: Json | None = None
) -> str:
    """A blood pressure, mm[Hg], as a panel of two components."""
    chart.figures["pressure"] = f"{round(systolic)}/{round(diastolic)}"
    parts = (("8480-6", systolic), ("8462-4", diastolic))
    found = [
        {"code": concept("loinc", code), "valueQuantity": quantity(round(value), "mm[Hg]", "mmHg")}
        for code, value in parts
    ]
    value = {"component": found}
    return observation(chart, concept("loinc", "85354-9"), "vital-signs", moment, value, encounter=encounter, who=who)


def score(chart: Chart, name: str, value: float, moment: datetime, encounter: str = "") -> str:
    """One of `SCORES`, a whole number within its bounds."""
    code, least, most = SCORES[name]
    whole = max(least, min(most, round(value)))
    chart.figures[name] = str(whole)
    found = {"valueQuantity": quantity(whole, "{score}", "poeng")}
    return observation(chart, concept("loinc", code), "survey", moment, found, encounter=encounter)


def news(chart: Chart, value: int, moment: datetime, encounter: str, who: Json) -> str:
    """The NEWS2 score of a set of vital signs."""
    found = {"valueQuantity": quantity(value, "{score}", "poeng")}
    return observation(chart, local("news2", "NEWS2"), "survey", moment, found, encounter=encounter, who=who)


def smoking(chart: Chart, code: str, moment: datetime) -> str:
    """Tobacco smoking status (LOINC 72166-2) by SNOMED CT."""
    value = {"valueCodeableConcept": concept("snomed", code)}
    return observation(chart, concept("loinc", "72166-2"), "social-history", moment, value)
