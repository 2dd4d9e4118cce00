"""Imaging orders, studies and reports (https://hl7.org/fhir/R4/imagingstudy.html)."""

from datetime import datetime, timedelta

from felles.demo import clock, staff
from felles.demo.chart import Chart
from felles.demo.code import coding, concept, table
from felles.demo.event.order import request, task
from felles.demo.place import Place, place
from felles.demo.resource import Json, hl7, key, local, reference
from felles.demo.staff import Worker

IMAGING_TASK = local("imaging", "Utfør bildeundersøkelse")


def _uid(seed: str) -> str:
    """A DICOM UID from a UUID-sized number under 2.25 (ISO/IEC 9834-8, DICOM PS3.5 B.2)."""
    return f"2.25.{int(key(seed) + key(seed, 2)[:11], 16)}"


def _series(uid: str, entry: Json, started: datetime) -> Json:
    return {
        "uid": _uid(f"{uid}/series"),
        "number": 1,
        "modality": _modality(entry),
        "description": entry["name"],
        "numberOfInstances": entry["images"],
        "bodySite": coding("snomed", entry["site"]),
        "started": clock.instant(started),
    }


def _modality(entry: Json) -> Json:
    return {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": entry["modality"]}


def section(chart: Chart) -> Place:
    """Who takes the images: the imaging section in Trondheim, or the hospital that serves the municipality."""
    return place({"hnt": "levanger-sykehus", "hmr": "alesund-sjukehus"}.get(chart.person.town.trust, "bilde"))


def code(name: str) -> Json:
    """The CodeableConcept of an examination of data/imaging.toml."""
    entry = table("imaging")[name]
    return concept("snomed", entry["code"], entry["name"])


def order(chart: Chart, name: str, who: Worker, authored: datetime, note: str, **more: object) -> str:
    """A ServiceRequest to the imaging section."""
    return request(chart, "imaging", code(name), who, section(chart), authored, note=note, **more)  # type: ignore[arg-type]


def open_task(chart: Chart, focus: str, authored: datetime, status: str, business: str, days: int) -> str:
    """The imaging section's open work for an order."""
    owner = place("bilde").as_reference()
    due = authored.date() + timedelta(days=days)
    return task(chart, IMAGING_TASK, focus, owner, authored, status=status, business=business, due=due)


def study(chart: Chart, name: str, based_on: str, started: datetime, encounter: str = "") -> str:
    """An ImagingStudy of one series."""
    entry = table("imaging")[name]
    uid = _uid(f"{chart.person.id}/{name}/{started}")
    body: Json = {
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}],
        "status": "available",
        "modality": [_modality(entry)],
        "subject": chart.subject,
        "started": clock.instant(started),
        "basedOn": [reference(based_on)],
        "numberOfSeries": 1,
        "numberOfInstances": entry["images"],
        "description": entry["name"],
        "series": [_series(uid, entry, started)],
    }
    if encounter:
        body["encounter"] = reference(encounter)
    return chart.add("ImagingStudy", body)


def report(
    chart: Chart,
    name: str,
    based_on: str,
    images: str,
    taken: datetime,
    issued: datetime,
    *,
    status: str = "final",
    finding: str = "",
) -> str:
    """The radiologist's DiagnosticReport; `finding` chooses another text than the ordinary one."""
    entry = table("imaging")[name]
    doctor = staff.at("bilde", "LE")[chart.person.ordinal % 5]
    body: Json = {
        "status": status,
        "category": [hl7("v2-0074", "RAD", "Bildediagnostikk")],
        "code": code(name),
        "subject": chart.subject,
        "effectiveDateTime": clock.instant(taken),
        "issued": clock.instant(issued),
        "performer": [section(chart).as_reference()],
        "basedOn": [reference(based_on)],
        "imagingStudy": [reference(images)],
        "conclusion": finding or entry["report"],
    }
    if section(chart).key == "bilde":
        body["resultsInterpreter"] = [doctor.as_reference()]
    return chart.add("DiagnosticReport", body)


def examined(
    chart: Chart,
    name: str,
    who: Worker,
    when: datetime,
    note: str,
    *,
    encounter: str = "",
    pace: float = 1.0,
    finding: str = "",
) -> str:
    """A finished examination: order three hours before, report two hours after, times `pace`. Returns the report."""
    ordered, issued = when - timedelta(hours=3 * pace), when + timedelta(hours=2 * pace)
    made = order(chart, name, who, ordered, note, status="completed", encounter=encounter)
    images = study(chart, name, made, when, encounter)
    return report(chart, name, made, images, when, issued, finding=finding)
