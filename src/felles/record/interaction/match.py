"""Patient/$match: https://hl7.org/fhir/R4/patient-operation-match.html."""

from typing import Any

import orjson

from felles.record.identity.candidate import Hit, hits
from felles.record.interaction.argument import Parameters, first, flag, known, whole
from felles.record.outcome import Issue, Problem, operation_outcome, problem
from felles.record.record import Record
from felles.record.rest.bundle import Link, bundle, entry
from felles.record.rest.message import Request, Response
from felles.record.validation import validate

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
_KNOWN = ("resource", "onlyCertainMatches", "count")


async def match(record: Record, request: Request, type_name: str, id: str | None, parameters: Parameters) -> Response:
    """Patients that may be the one described, the likeliest first, each with score and grade.

    With onlyCertainMatches the one that certainly is; none when several are certain, and the answer says so.
    """
    known(parameters, _KNOWN, "$match")
    asked = _asked(first(parameters, "resource"))
    certain, count = flag(parameters, "onlyCertainMatches"), whole(parameters, "count", 0, 1_000)
    found = await hits(record, asked)
    notes = []
    if certain:
        found = [hit for hit in found if hit.score.grade == "certain"]
        if len(found) > 1:
            notes.append(Issue("multiple-matches", "several are certain matches, so none is", severity="warning"))
            found = []
    total = len(found)
    found = found[: count if count is not None else 100]
    record.guard.show([hit.patient for hit in found])
    entries = [_entry(record, hit) for hit in found]
    if notes:
        entries.append(entry(None, orjson.dumps(operation_outcome(notes)), search={"mode": "outcome"}))
    return bundle("searchset", entries, [Link("self", f"{record.base}/Patient/$match")], total)


def _asked(resource: Any) -> dict[str, Any]:
    """The described Patient, checked: a wrong national number must not find anybody by chance."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Patient":
        raise problem(400, "required", "send a Patient, or Parameters with a Patient as `resource`", "resource")
    issues = [issue for issue in validate("Patient", resource) if issue.severity in ("error", "fatal")]
    if issues:
        raise Problem(422, tuple(issues))
    if not any(resource.get(name) for name in ("identifier", "name", "birthDate", "telecom")):
        raise problem(422, "required", "to match needs an identifier, a name, a birth date or a telephone", "resource")
    return resource


def _entry(record: Record, hit: Hit) -> bytes:
    search = {
        "extension": [{"url": GRADE, "valueCode": hit.score.grade}],
        "mode": "match",
        "score": hit.score.value,
    }
    return entry(f"{record.base}/{hit.patient.address}", hit.patient.body, search=search)
