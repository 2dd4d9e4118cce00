"""Condition, AllergyIntolerance and Flag (https://hl7.org/fhir/R4/condition.html)."""

from datetime import date

from felles.demo.chart import Chart
from felles.demo.code import coding, concept
from felles.demo.resource import Json, hl7, reference, text
from felles.demo.staff import Worker

PENICILLIN = "764146007"
"""SNOMED CT: penicillin as a substance."""

NO_ALLERGY = "716186003"
"""SNOMED CT: no known allergy."""

ALLERGIES = (
    # code, category, criticality, reaction, share of the population
    (PENICILLIN, "medication", "high", "126485001", 0.035),
    ("372665008", "medication", "high", "126485001", 0.01),
    ("387406002", "medication", "low", "271807003", 0.008),
    ("256262001", "environment", "low", "70076002", 0.06),
    ("256277009", "environment", "low", "70076002", 0.04),
    ("260152009", "environment", "low", "70076002", 0.02),
    ("762952008", "food", "high", "39579001", 0.008),
    ("735029006", "food", "high", "126485001", 0.006),
    ("111088007", "environment", "low", "271807003", 0.005),
)


def diagnosis(icpc: str = "", icd: str = "") -> Json:
    """A CodeableConcept in ICPC-2, ICD-10 or both."""
    codings = [coding("icpc2", icpc)] if icpc else []
    codings += [coding("icd10", icd)] if icd else []
    return {"coding": codings, "text": codings[-1]["display"] if not icpc else codings[0]["display"]}


def condition(
    chart: Chart,
    code: Json,
    onset: date,
    *,
    category: str = "problem-list-item",
    ended: date | None = None,
    encounter: str = "",
    who: Worker | None = None,
) -> str:
    """A Condition that is active, or resolved when it has ended."""
    body: Json = {
        "clinicalStatus": hl7("condition-clinical", "resolved" if ended else "active"),
        "verificationStatus": hl7("condition-ver-status", "confirmed"),
        "category": [hl7("condition-category", category)],
        "code": code,
        "subject": chart.subject,
        "onsetDateTime": onset.isoformat(),
        "recordedDate": onset.isoformat(),
    }
    if ended:
        body["abatementDateTime"] = ended.isoformat()
    if encounter:
        body["encounter"] = reference(encounter)
    if who:
        body["recorder"] = who.as_reference()
    return chart.add("Condition", body)


def allergy(chart: Chart, code: str, category: str, criticality: str, reaction: str, recorded: date) -> str:
    """A confirmed AllergyIntolerance."""
    chart.allergies.add(code)
    body: Json = {
        "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
        "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
        "type": "intolerance" if code == "372665008" else "allergy",
        "category": [category],
        "criticality": criticality,
        "code": concept("snomed", code),
        "patient": chart.subject,
        "recordedDate": recorded.isoformat(),
        "reaction": [{"manifestation": [concept("snomed", reaction)]}],
    }
    return chart.add("AllergyIntolerance", body)


def no_allergy(chart: Chart, recorded: date) -> str:
    """That the patient has been asked and has no known allergy (https://hl7.org/fhir/R4/allergyintolerance.html#9.1.3.3)."""
    body: Json = {
        "clinicalStatus": hl7("allergyintolerance-clinical", "active"),
        "verificationStatus": hl7("allergyintolerance-verification", "confirmed"),
        "code": concept("snomed", NO_ALLERGY),
        "patient": chart.subject,
        "recordedDate": recorded.isoformat(),
    }
    return chart.add("AllergyIntolerance", body)


def flag(chart: Chart, words: str, category: str, start: date, who: Worker) -> str:
    """A Flag that is on (https://hl7.org/fhir/R4/flag.html)."""
    body: Json = {
        "status": "active",
        "category": [hl7("flag-category", category)],
        "code": text(words),
        "subject": chart.subject,
        "period": {"start": start.isoformat()},
        "author": who.as_reference(),
    }
    return chart.add("Flag", body)
