"""The patient's block of a named person: holds always, in emergencies too (pasientjournalloven § 17)."""

from typing import Any

from felles.access import consent, lock
from felles.access.consent import Said, Span, said_by
from felles.access.ground import Kind
from felles.access.lock import Wish
from felles.access.representation import authorise
from felles.access.who import Who
from felles.record.outcome import problem
from felles.record.record import Record

Json = dict[str, Any]


def build(patient: str, wish: Wish, said: Said, now: int) -> Json:
    """The Consent that says it."""
    return consent.consent(Kind.BLOCK, patient, said, Span(now, wish.until), wish.part.provision, wish.named)


async def put(record: Record, who: Who, patient: str, wish: Wish, now: int, text: str | None = None) -> str:
    """Blocks the people that `wish` names ("Practitioner/x"), in all their roles; returns the Consent's id. Raises
    Problem 403, 404, 422."""
    said = said_by(who, patient, text)
    if not wish.named or any(not one.startswith("Practitioner/") for one in wish.named):
        raise problem(422, "required", "a block names one or more persons at work", "Consent.provision.actor")
    await authorise(record, who, patient, now)
    await lock.check(record, patient, wish, now)
    return await consent.put(record, build(patient, wish, said, now))


async def lift(record: Record, who: Who, patient: str, id: str, now: int, text: str | None = None) -> None:
    """Takes a block away: never the one whom it names. Raises Problem 403, 404, 409."""
    said_by(who, patient, text)
    await authorise(record, who, patient, now)
    found = await consent.elevated(record).resource("Consent", id)
    named = [one["reference"].get("reference") for one in found.get("provision", {}).get("actor") or ()]
    if who.id in named:
        raise problem(403, "forbidden", "whom the patient has blocked does not take the block away")
    await consent.lift(record, Kind.BLOCK, patient, id, now)


async def standing(record: Record, patient: str) -> list[Json]:
    """The blocks that are in force or will be."""
    return await consent.standing(record, Kind.BLOCK, patient)
