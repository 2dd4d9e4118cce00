"""Pieces of FHIR R4 resources as plain data (https://hl7.org/fhir/R4/datatypes.html), marked as exercise data."""

from hashlib import blake2b
from typing import Any

Json = dict[str, Any]

TAG: Json = {"system": "urn:felles:mark", "code": "exercise", "display": "Øvingsdata"}
"""The tag in `meta.tag` of every resource of the made-up region; search with `_tag=urn:felles:mark|exercise`."""

OUTSIDE: Json = {"system": "urn:felles:platform", "code": "outside", "display": "Utenfor plattformen"}
"""Tag of organisations that do not work in the shared record (GP offices and municipalities not yet on it)."""

LOCAL = "urn:felles:code"
"""Code system of the few codes that no open code system has."""


def key(*parts: object) -> str:
    """An opaque id of 20 characters that is the same for the same parts (Resource.id, 1 to 64 characters)."""
    return blake2b("/".join(map(str, parts)).encode(), digest_size=10).hexdigest()


def resource(kind: str, identity: str, body: Json) -> Json:
    """A resource of type `kind` with id and exercise tag before its body."""
    return {"resourceType": kind, "id": identity, "meta": {"tag": [TAG]}, **body}


def reference(target: str, display: str | None = None) -> Json:
    """Reference to "Type/id" (https://hl7.org/fhir/R4/references.html)."""
    return {"reference": target, "display": display} if display else {"reference": target}


def text(words: str) -> Json:
    """A CodeableConcept of words alone."""
    return {"text": words}


def local(code: str, display: str) -> Json:
    """A CodeableConcept of one of the region's own codes."""
    return {"coding": [{"system": LOCAL, "code": code, "display": display}], "text": display}


def hl7(system: str, code: str, display: str | None = None) -> Json:
    """A CodeableConcept from http://terminology.hl7.org/CodeSystem/."""
    coding = {"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}
    if display:
        return {"coding": [coding | {"display": display}], "text": display}
    return {"coding": [coding]}


def quantity(value: float, unit: str, shown: str | None = None) -> Json:
    """A Quantity with a UCUM unit; `shown` is how a Norwegian reader writes the unit."""
    return {"value": value, "unit": shown or unit, "system": "http://unitsofmeasure.org", "code": unit}


def identifier(system: str, value: str, use: str = "official") -> Json:
    """An Identifier."""
    return {"use": use, "system": system, "value": value}
