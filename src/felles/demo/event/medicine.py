"""MedicationRequest, MedicationStatement, MedicationAdministration and Immunization
(https://hl7.org/fhir/R4/medicationrequest.html)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache

from felles.demo import clock
from felles.demo.chart import Chart
from felles.demo.code import concept, rows
from felles.demo.event.problem import PENICILLIN
from felles.demo.place import Place
from felles.demo.resource import Json, local, reference, text
from felles.demo.staff import Worker

WEEKLY = {"A10BJ06": (1, "wk"), "M05BA04": (1, "wk"), "B03BA03": (3, "mo"), "N07BC01": (4, "wk")}
"""Medicines taken more seldom than daily: every so many units of time."""


NAMED = {"til kvelden": (20,), "morgen og 1 tablett kl. 14": (8, 14)}
"""Times of day that the words of a dose name, where they are not the ward's own."""

ALONE = ("C09", "C10AA", "N06A", "B01A", "M01A", "N05C", "R03BA")
"""Groups of which nobody has two lasting medicines at once."""

_BLEEDING = ("heartfailure", "fibrillation", "stroke", "angina")


def unsuited(chart: Chart, atc: str) -> bool:
    """Whether a careful doctor would choose another medicine: allergy, pregnancy, anti-inflammatory drugs in the
    old and in heart disease, or a second medicine of the same group."""
    if atc.startswith("J01C"):
        return PENICILLIN in chart.allergies
    if chart.person.track == "pregnant" and atc[:3] in ("C09", "C10", "M01", "G03"):
        return True
    if atc.startswith("M01A") and (chart.age > 75 or any(name in chart.problems for name in _BLEEDING)):
        return True
    group = next((prefix for prefix in ALONE if atc.startswith(prefix)), "")
    return bool(group) and any(other.startswith(group) for other in chart.medicines)


@cache
def product(atc: str) -> dict[str, str]:
    """The row of data/medicines.csv for an ATC code; `/` and a word choose among several products."""
    return next(row for row in rows("medicines.csv") if row["atc"] == atc)


def _timing(row: dict[str, str]) -> Json:
    period, unit = WEEKLY.get(row["atc"], (1, "d"))
    named = next((times for words, times in NAMED.items() if words in row["text"]), ())
    at = {"timeOfDay": [f"{hour:02}:00:00" for hour in named]} if named else {}
    return {"repeat": {"frequency": int(row["times"]) or 1, "period": period, "periodUnit": unit, **at}}


def dosage(atc: str, language: str) -> Json:
    """Dosage with text, timing and dose, https://hl7.org/fhir/R4/dosage.html."""
    row = product(atc)
    dose = float(row["dose"])
    amount = {"value": int(dose) if dose == int(dose) else dose, "unit": row["unit"]}
    return {
        "text": row["text_nn"] if language == "nn" else row["text"],
        "timing": _timing(row),
        "asNeededBoolean": row["prn"] == "yes",
        "route": text(row["route"]),
        "doseAndRate": [{"doseQuantity": amount}],
    }


def prescribe(
    chart: Chart,
    atc: str,
    authored: date,
    who: Worker,
    *,
    status: str = "active",
    encounter: str = "",
    condition: str = "",
    setting: str = "community",
) -> str:
    """A MedicationRequest; `status` active, stopped or completed."""
    words = f"{product(atc)['product']} {product(atc)['form']}"
    body: Json = {
        "status": status,
        "intent": "order",
        "category": [local(setting, {"community": "Fast medisin", "inpatient": "I sykehus"}.get(setting, "Kur"))],
        "medicationCodeableConcept": concept("atc", atc.partition("/")[0], words),
        "subject": chart.subject,
        "authoredOn": authored.isoformat(),
        "requester": who.as_reference(),
        "dosageInstruction": [dosage(atc, who.place.language)],
    }
    if encounter:
        body["encounter"] = reference(encounter)
    if condition:
        body["reasonReference"] = [reference(condition)]
    made = chart.add("MedicationRequest", body)
    if status == "active":
        chart.medicines[atc] = made
    return made


HOURS = {1: (8,), 2: (8, 20), 3: (8, 14, 20), 4: (8, 12, 18, 22)}
"""When a ward gives what is taken so many times a day."""


def rounds(chart: Chart, since: datetime, nurses: Sequence[Worker], encounter: str) -> None:
    """What has been given of the daily medicines yesterday, and in the night, in a stay that goes on."""
    first = max(since, clock.at(chart.today - timedelta(days=1), 0))
    for order in [one for one in chart.resources if one["resourceType"] == "MedicationRequest"]:
        told = order["dosageInstruction"][0]
        repeat = told["timing"]["repeat"]
        if order["status"] != "active" or told["asNeededBoolean"] or repeat["periodUnit"] != "d":
            continue
        named = [int(one[:2]) for one in repeat.get("timeOfDay", ())]
        begun = max(first, clock.at(date.fromisoformat(order["authoredOn"][:10]), 0))
        for day in (chart.today - timedelta(days=1), chart.today):
            for hour in named or HOURS[repeat["frequency"]]:
                planned = clock.at(day, hour)
                if begun <= planned <= clock.at(chart.today, 7):
                    late = timedelta(minutes=(3 * len(chart.resources)) % 25)
                    _given(chart, order, planned, planned + late, nurses[(day.day + hour) % len(nurses)], encounter)


def _given(chart: Chart, order: Json, planned: datetime, at: datetime, nurse: Worker, encounter: str) -> None:
    told = order["dosageInstruction"][0]
    body: Json = {
        "extension": [{"url": "urn:felles:planned", "valueInstant": clock.instant(planned)}],
        "status": "completed",
        "medicationCodeableConcept": order["medicationCodeableConcept"],
        "subject": chart.subject,
        "context": reference(encounter),
        "effectiveDateTime": clock.instant(at),
        "performer": [{"actor": nurse.as_reference()}],
        "request": reference(f"MedicationRequest/{order['id']}"),
        "dosage": {"route": told["route"], "dose": told["doseAndRate"][0]["doseQuantity"]},
    }
    chart.add("MedicationAdministration", body)


def taken(chart: Chart, atc: str, since: date) -> str:
    """A MedicationStatement: what the patient says is taken without prescription."""
    words = f"{product(atc)['product']} {product(atc)['form']}"
    body: Json = {
        "status": "active",
        "medicationCodeableConcept": concept("atc", atc.partition("/")[0], words),
        "subject": chart.subject,
        "effectivePeriod": {"start": since.isoformat()},
        "dateAsserted": chart.end.isoformat(),
        "informationSource": chart.subject,
        "dosage": [dosage(atc, chart.person.town.language)],
    }
    return chart.add("MedicationStatement", body)


def vaccine(chart: Chart, atc: str, day: date, place: Place, who: Worker, dose: int, series: str) -> str:
    """An Immunization that was given (https://hl7.org/fhir/R4/immunization.html)."""
    body: Json = {
        "status": "completed",
        "vaccineCode": concept("atc", atc),
        "patient": chart.subject,
        "occurrenceDateTime": day.isoformat(),
        "recorded": day.isoformat(),
        "primarySource": True,
        "performer": [{"actor": who.as_reference()}],
        "location": reference(place.location, place.name),
        "protocolApplied": [{"series": series, "doseNumberPositiveInt": dose}],
    }
    return chart.add("Immunization", body)
