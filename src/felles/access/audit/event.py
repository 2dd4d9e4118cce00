"""A row of the log as AuditEvent (https://hl7.org/fhir/R4/auditevent.html), in the manner of IHE BALP: the patient and
each resource as entities, a search as a query entity that carries parameter names only."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from felles.access.audit.act import KINDS, OWN, own_code
from felles.access.audit.row import Act, Result, Row
from felles.record.store.commit import instant

Json = dict[str, Any]
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_PURPOSE = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_PART = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_PROFESSION = "urn:oid:2.16.578.1.12.4.1.1.9060"
_HOUSE = "urn:felles:role"
_DETAILS = "urn:oid:2.16.578.1.12.4.1.1.9151"
_OUTCOME = {Result.OK: "0", Result.REFUSED: "4", Result.FAILED: "8"}
_SAID = {Result.REFUSED: "refused", Result.FAILED: "failed"}
KEY = "urn:felles:key"
"""System of a patient's 64-bit key, for a patient who is in the record no more."""


def audit_event(seq: int, row: Row, patients: Sequence[int], names: Mapping[int, str]) -> Json:
    """The AuditEvent of row `seq`. `patients`: those of the row's patients whom the reader may learn of; `names`: ids
    of Patient resources by key."""
    kind = KINDS[row.act]
    subtype = [_coding(*kind.subtype)] if kind.subtype else []
    event: Json = {
        "resourceType": "AuditEvent",
        "id": f"log-{seq}",
        "type": _coding(*kind.type),
        "subtype": [*subtype, {"system": OWN, "code": own_code(row.act)}],
        "action": kind.action,
        "recorded": instant(row.moment).decode(),
        "outcome": _OUTCOME[row.result],
        "outcomeDesc": _SAID.get(row.result),
        "purposeOfEvent": [{"coding": list(_purposes(row))}] if row.purpose else None,
        "agent": list(_agents(row)),
        "source": {
            "observer": {"display": "Felles"},
            "type": [_coding(_SOURCE, "4", "Application Server")],
        },
        "entity": [*_people(patients, names), *_things(row, len(patients))] or None,
    }
    return {name: value for name, value in event.items() if value is not None}


def _coding(system: str, code: str, display: str = "") -> Json:
    return {"system": system, "code": code, **({"display": display} if display else {})}


def _purposes(row: Row) -> Iterator[Json]:
    yield _coding(_PURPOSE, row.purpose)
    if row.details:
        yield _coding(_DETAILS, row.details)


def _agents(row: Row) -> Iterator[Json]:
    """Who did it, for whom, in which unit, with which program. No network address is kept."""
    who = {"who": {"reference": row.person}} if row.person else {"who": {"display": "unknown"}}
    profession = _PROFESSION if len(row.authorization) == 2 else _HOUSE
    policies = [*(f"urn:felles:ground:{one}" for one in row.ground.split(",") if one)]
    policies += [f"urn:felles:decision:{row.decision}"] if row.decision else []
    policies += [f"urn:felles:reason:{row.reason}"] if row.reason else []
    yield {
        "type": {"coding": [_coding(_PART, "IRCP", "information recipient")]},
        **({"role": [{"coding": [_coding(profession, row.authorization)]}]} if row.authorization else {}),
        **who,
        "requestor": True,
        **({"policy": policies} if policies else {}),
    }
    for reference in dict.fromkeys(
        one for one in (row.role, row.department, row.point_of_care, row.legal_entity) if one
    ):
        yield {"who": {"reference": reference}, "requestor": False}
    if row.acts_for:
        yield {"who": {"reference": row.acts_for}, "requestor": False}
    if row.client:
        yield {
            "type": {"coding": [_coding("http://dicom.nema.org/resources/ontology/DCM", "110150", "Application")]},
            "who": {"identifier": {"system": "urn:felles:client", "value": row.client}},
            "requestor": False,
        }


def _people(patients: Sequence[int], names: Mapping[int, str]) -> Iterator[Json]:
    for key in patients:
        known = {"reference": f"Patient/{names[key]}"} if key in names else {"identifier": _key(key)}
        yield {
            "what": known,
            "type": _coding(_ENTITY, "1", "Person"),
            "role": _coding(_ROLE, "1", "Patient"),
        }


def _key(key: int) -> Json:
    return {"system": KEY, "value": str(key)}


def _things(row: Row, known: int) -> Iterator[Json]:
    """Resources by id, unless they may be of patients whom the reader does not learn of; and the query."""
    if len(row.patients) == known or len(row.patients) <= 1:
        for id in row.ids:
            if row.type != "Patient" or not row.patients:
                yield {
                    "what": {"reference": f"{row.type}/{id}"},
                    "type": _coding(_ENTITY, "2", "System Object"),
                    "role": _coding(_ROLE, "4", "Domain Resource"),
                }
    if row.parameters or row.act in (Act.SEARCH, Act.FIND):
        query = f"{row.type}?{'&'.join(row.parameters)}"
        yield {
            "type": _coding(_ENTITY, "2", "System Object"),
            "role": _coding(_ROLE, "24", "Query"),
            "query": b64encode(query.encode()).decode(),
            "detail": [{"type": "count", "valueString": str(row.count)}],
        }
