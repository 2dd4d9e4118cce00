"""Referrals that staff write, or register when they come on paper: the same door as everybody else's, with the original
and the day on which it came, in one transaction.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from felles.access.consent import instant
from felles.access.who import Kind, Who
from felles.clerical.conservation import addressed, period_id
from felles.clerical.period import Period, Status, resource
from felles.duties.calendar import NORWAY
from felles.duties.reading import Outside
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Put, parted

MOST_BYTES = 5 * 1024 * 1024
"""Policy: of one scanned original."""
HPR = "urn:oid:2.16.578.1.12.4.1.4.4"
NOTE = {"system": "http://loinc.org", "code": "57133-1", "display": "Henvisning"}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanned original."""

    kind: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A referral as somebody writes it down. References are "Type/id". `received`: the day on which it came on paper,
    None for one that is written now; `referrer`: as FHIR Reference, empty for whoever writes."""

    patient: str
    unit: str
    what: str
    text: str = ""
    urgent: bool = False
    received: date | None = None
    referrer: Mapping[str, Any] | None = None
    scan: Scan | None = None


def kind_of(data: bytes) -> str:
    """The media type of an original by its bytes (ISO 32000 §7.5.2, JPEG ITU-T T.81 B.1.1.3). Raises Problem 422 for
    what is neither, or not whole, and 413 for what is too large."""
    if len(data) > MOST_BYTES:
        raise problem(413, "too-long", f"an original has at most {MOST_BYTES // 1024 // 1024} MB", "file")
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2_048:]:
        return "application/pdf"
    if data.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in data[-2_048:]:
        return "image/jpeg"
    raise problem(422, "invalid", "an original is a whole PDF or JPEG file", "file")


async def refer(record: Record, who: Who, said: Incoming, now: int) -> str:
    """Writes a referral down. Returns the id of its period. Raises Problem 403, 404 for a record that is not open, 422
    for a unit that does not stand and for a day in the future."""
    if who.kind is not Kind.STAFF or who.role is None:
        raise problem(403, "forbidden", "referrals are written by staff")
    today = NORWAY.day(now)
    if said.received is not None and said.received > today:
        raise problem(422, "business-rule", "a referral is not received in the future", "received")
    if not said.what.strip():
        raise problem(422, "required", "say what the patient is referred for", "ServiceRequest.code")
    request, read = _request(who, said, now), Outside(record)
    unit = await addressed(read, request)
    documents = [_document(who, said, said.scan, request, now)] if said.scan else []
    if documents:
        request["supportingInfo"] = [{"reference": f"DocumentReference/{one['id']}"} for one in documents]
    referral, day = f"ServiceRequest/{request['id']}", said.received or today
    made = Period(
        period_id(referral), said.patient, unit, (referral,), Status.RECEIVED, day, day, by=who.id
    )  # fmt: skip
    writes, lines = parted([Put(request), *map(Put, documents), Put(resource(made))])
    for write in writes:
        write.match = -1
    await record.commit(writes, lines=lines)
    return made.id


def _request(who: Who, said: Incoming, now: int) -> Json:
    writer = {"reference": who.role.id if who.role else who.id, "display": who.name}
    notes = [{"text": said.text.strip()}] if said.text.strip() else []
    coding = {"system": "urn:felles:category", "code": "referral", "display": "Henvisning"}
    return {
        "resourceType": "ServiceRequest",
        "id": new_id(),
        "status": "active",
        "intent": "order",
        "category": [{"coding": [coding], "text": "Henvisning"}],
        "priority": "urgent" if said.urgent else "routine",
        "code": {"text": said.what.strip()},
        "subject": {"reference": said.patient},
        "authoredOn": said.received.isoformat() if said.received else instant(now),
        "requester": dict(said.referrer) if said.referrer else writer,
        "performer": [{"reference": said.unit}],
        **({"note": notes} if notes else {}),
    }


def _document(who: Who, said: Incoming, scan: Scan, request: Json, now: int) -> Json:
    """The original (documentreference.html). Its bytes stand in it, so that they are open to whom it is open."""
    return {
        "resourceType": "DocumentReference",
        "id": new_id(),
        "status": "current",
        "docStatus": "final",
        "type": {"coding": [NOTE], "text": "Henvisning"},
        "subject": {"reference": said.patient},
        "date": instant(now),
        "author": [request["requester"]],
        "custodian": {"reference": who.role.unit if who.role else said.unit},
        "description": "Henvisning på papir",
        "content": [
            {
                "attachment": {
                    "contentType": scan.kind,
                    "data": b64encode(scan.data).decode(),
                    "size": len(scan.data),
                    "hash": b64encode(hashlib.sha1(scan.data, usedforsecurity=False).digest()).decode(),
                    "title": "Henvisning på papir",
                }
            }
        ],
        "context": {"related": [{"reference": f"ServiceRequest/{request['id']}"}]},
    }
