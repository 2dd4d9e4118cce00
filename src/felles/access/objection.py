"""The patient's objection to a use of the record, such as quality work and learning (helsepersonelloven § 29 c)."""

from collections.abc import Sequence
from typing import Any

from felles.access import consent
from felles.access.consent import Said, Span, said_by
from felles.access.ground import Kind
from felles.access.representation import authorise
from felles.access.who import Purpose, Who
from felles.record.outcome import problem
from felles.record.record import Record

Json = dict[str, Any]
PURPOSES = (Purpose.QUALITY,)
"""What may be objected to: policy as data."""
_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def build(patient: str, purposes: Sequence[Purpose], said: Said, now: int) -> Json:
    """The Consent that says it."""
    coded = [{"system": _SYSTEM, "code": one.value} for one in purposes]
    return consent.consent(Kind.OBJECTION, patient, said, Span(now), {"purpose": coded})


async def put(
    record: Record, who: Who, patient: str, purposes: Sequence[Purpose], now: int, text: str | None = None
) -> str:
    """Objects; returns the Consent's id. `text`: what the patient said, which staff must note. Raises Problem 403, 404,
    422."""
    said = said_by(who, patient, text)
    if not purposes or any(one not in PURPOSES for one in purposes):
        raise problem(422, "value", "this use cannot be objected to", "Consent.provision.purpose")
    await authorise(record, who, patient, now)
    return await consent.put(record, build(patient, purposes, said, now))


async def lift(record: Record, who: Who, patient: str, id: str, now: int, text: str | None = None) -> None:
    """Takes an objection back. Raises Problem 403, 404, 409."""
    said_by(who, patient, text)
    await authorise(record, who, patient, now)
    await consent.lift(record, Kind.OBJECTION, patient, id, now)


async def standing(record: Record, patient: str) -> list[Json]:
    """The objections that are in force."""
    return await consent.standing(record, Kind.OBJECTION, patient)
