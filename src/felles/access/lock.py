"""The patient's lock on a record, or a part of it: opens on the patient's consent or in an emergency
(pasientjournalloven § 17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.access import consent, extent
from felles.access.consent import Said, Span, said_by
from felles.access.extent import WHOLE, Extent
from felles.access.ground import Kind
from felles.access.representation import authorise
from felles.access.who import Who
from felles.record.outcome import problem
from felles.record.record import Record

Json = dict[str, Any]
STAFF = frozenset(("Practitioner", "PractitionerRole", "Organization"))


@dataclass(frozen=True, slots=True)
class Wish:
    """What is closed or opened: which part, for whom ("Type/id" of staff or units; nobody named is everybody), until
    when (microseconds; None: until it is withdrawn)."""

    part: Extent = WHOLE
    named: Sequence[str] = ()
    until: int | None = None


def build(patient: str, wish: Wish, said: Said, now: int, kind: Kind = Kind.LOCK) -> Json:
    """The Consent that says it."""
    return consent.consent(kind, patient, said, Span(now, wish.until), wish.part.provision, wish.named)


async def put(record: Record, who: Who, patient: str, wish: Wish, now: int, text: str | None = None) -> str:
    """Locks; returns the Consent's id. `text`: what the patient said, which staff must note. Raises Problem 403 for
    whom it is no matter of, 404 for whom the record is closed to, 422 for what cannot be locked."""
    return await _put(record, who, patient, wish, now, text, Kind.LOCK)


async def open_(record: Record, who: Who, patient: str, wish: Wish, now: int, text: str | None = None) -> str:
    """Opens on the patient's consent what is locked, or the record to whom it names; returns the Consent's id."""
    return await _put(record, who, patient, wish, now, text, Kind.OPENING)


async def _put(record: Record, who: Who, patient: str, wish: Wish, now: int, text: str | None, kind: Kind) -> str:
    said = said_by(who, patient, text)
    await authorise(record, who, patient, now)
    await check(record, patient, wish, now)
    return await consent.put(record, build(patient, wish, said, now, kind))


async def check(record: Record, patient: str, wish: Wish, now: int) -> None:
    """Raises Problem 422 for an end that is past, somebody who is no staff or does not exist, or no part of this
    record."""
    if wish.until is not None and wish.until <= now:
        raise problem(422, "value", "the end must lie ahead", "Consent.provision.period.end")
    await extent.check(record, patient, wish.part)
    for one in wish.named:
        type_name, _, id = one.partition("/")
        if type_name not in STAFF or not id:
            raise problem(422, "value", "name people at work, roles or units", "Consent.provision.actor")
        await consent.elevated(record).read(type_name, id)


async def lift(record: Record, who: Who, patient: str, id: str, now: int, text: str | None = None) -> None:
    """Takes a lock away. Raises Problem 403, 404, 409."""
    said_by(who, patient, text)
    await authorise(record, who, patient, now)
    await consent.lift(record, Kind.LOCK, patient, id, now)


async def close(record: Record, who: Who, patient: str, id: str, now: int, text: str | None = None) -> None:
    """Takes an opening back. Raises Problem 403, 404, 409."""
    said_by(who, patient, text)
    await authorise(record, who, patient, now)
    await consent.lift(record, Kind.OPENING, patient, id, now)


async def standing(record: Record, patient: str) -> list[Json]:
    """The locks that are in force or will be."""
    return await consent.standing(record, Kind.LOCK, patient)


async def openings(record: Record, patient: str) -> list[Json]:
    """What the patient has opened."""
    return await consent.standing(record, Kind.OPENING, patient)
