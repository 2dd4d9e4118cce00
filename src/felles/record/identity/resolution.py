"""Where a record that was merged away lives on: Patient.link replaced-by, followed to its end."""

from collections.abc import Mapping
from typing import Any

import orjson

from felles.record.outcome import Problem
from felles.record.reading import Stored
from felles.record.record import Record

MAX_STEPS = 50


def linked(patient: Mapping[str, Any], kind: str) -> list[str]:
    """Ids of the patients that this one links to as `kind`
    (https://hl7.org/fhir/R4/valueset-link-type.html: replaced-by, replaces, refer, seealso)."""
    found = [link.get("other", {}).get("reference", "") for link in patient.get("link", ()) if link.get("type") == kind]
    parts = [literal.partition("/_history/")[0].rsplit("/", 2)[-2:] for literal in found]
    return [part[1] for part in parts if len(part) == 2 and part[0] == "Patient"]


def replaced_by(patient: Mapping[str, Any]) -> str | None:
    """The id of the record that replaced this one, or None."""
    return next(iter(linked(patient, "replaced-by")), None)


async def survivor(record: Record, patient: Stored) -> Stored:
    """The record that stands for this one now: itself, or the end of its chain of replaced-by.

    A chain that leads nowhere or round in a circle ends at the last record that is there.
    """
    seen = {patient.id}
    for _ in range(MAX_STEPS):
        after = replaced_by(orjson.loads(patient.body or b"{}"))
        if after is None or after in seen:
            return patient
        seen.add(after)
        try:
            patient = await record.read("Patient", after)
        except Problem:
            return patient
    return patient
