"""What some patients have decided about their record, as FHIR Consent (https://hl7.org/fhir/R4/consent.html)."""

from collections.abc import Callable
from datetime import timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.place import place
from felles.demo.resource import Json, hl7, reference
from felles.demo.story import STORY
from felles.demo.unit.therapy import ACT_CODE, LABELS

CONSENT, ACTION = "urn:felles:consent", "urn:felles:action"
_LAWS = {
    "lock": "https://lovdata.no/lov/2014-06-20-42/§17",
    "block": "https://lovdata.no/lov/2014-06-20-42/§17",
    "opening": "https://lovdata.no/lov/1999-07-02-63/§5-3",
    "representation": "https://lovdata.no/lov/1918-05-31-4",
}


def write(chart: Chart) -> None:
    """The wishes of this person, if there are any."""
    found = _WISHES.get((chart.person.track, chart.person.index))
    if found:
        found(chart)


def _consent(chart: Chart, code: str, days: int, provision: Json, named: list[Json]) -> None:
    """A wish that the patient put down `days` ago and that still holds."""
    start = clock.instant(clock.at(chart.today - timedelta(days=days), 18, 5))
    actors = [{"role": hl7("v3-ParticipationType", "IRCP"), "reference": one} for one in named]
    body: Json = {
        "status": "active",
        "scope": hl7("consentscope", "patient-privacy"),
        "category": [{"coding": [{"system": CONSENT, "code": code}]}],
        "patient": chart.subject,
        "dateTime": start,
        "performer": [chart.subject],
        "policy": [{"uri": _LAWS[code]}],
        "provision": {
            "type": "deny" if code in ("lock", "block") else "permit",
            "period": {"start": start},
            **({"actor": actors} if actors else {}),
            **provision,
        },
    }
    chart.add("Consent", body)


def _locked(chart: Chart) -> None:
    """What the clinic for mental health has written is for the clinic alone."""
    part: Json = {"securityLabel": [{"system": ACT_CODE, "code": LABELS["dps"]}]}
    _consent(chart, "lock", 40, part, [])
    _consent(chart, "opening", 40, part, [place("dps").as_reference()])


def _blocked(chart: Chart) -> None:
    """A neighbour works at the ward."""
    _consent(chart, "block", 1, {}, [staff.at("medisin-sengepost", "HF")[0].as_reference()])


def _represented(chart: Chart) -> None:
    """The patient of the story helps with appointments and medicines."""
    types = ("Appointment", "AppointmentResponse", "MedicationRequest", "MedicationStatement", "AllergyIntolerance")
    actions = [{"coding": [{"system": ACTION, "code": code}]} for code in ("read", "act")]
    part: Json = {
        "action": actions,
        "class": [{"system": "http://hl7.org/fhir/resource-types", "code": name} for name in (*types, "Patient")],
    }
    _consent(chart, "representation", 75, part, [reference(f"Patient/{STORY['patient']}", STORY["name"])])


_WISHES: dict[tuple[str, int], Callable[[Chart], None]] = {
    ("dps", 5): _locked,
    ("ward", 6): _blocked,
    ("north", 8): _represented,
}
