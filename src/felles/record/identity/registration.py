"""Newborn and unknown persons put on record, and known later: each one transaction."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from felles.record.condition import criterion
from felles.record.identity.act import Act, parsed, tried
from felles.record.identity.identification import Finding, identified
from felles.record.identity.identifier import key, keys
from felles.record.identity.number import provisional
from felles.record.identity.person import Appearance, Birth, mother_of, newborn, unknown, with_relative
from felles.record.identity.resolution import replaced_by
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record

_NORWAY = ZoneInfo("Europe/Oslo")


def today() -> str:
    """The day in Norway as a FHIR date."""
    return datetime.now(_NORWAY).date().isoformat()


async def register_newborn(record: Record, mother_id: str, birth: Birth, number: dict[str, Any] | None) -> str:
    """The child's Patient, its mother as RelatedPerson, and the link on her Patient. Returns the child's id.

    Raises Problem 404 or 410 when there is no such mother, 422 when she has been merged away or the number is wrong.
    """
    return await tried(lambda: _register_newborn(record, mother_id, birth, number))


async def _register_newborn(record: Record, mother_id: str, birth: Birth, number: dict[str, Any] | None) -> str:
    stored = await record.read("Patient", mother_id)
    mother = parsed(stored)
    _refuse_replaced(mother)
    act = Act()
    child = act.create(newborn(birth, mother, provisional(number, today())))
    related = act.create(mother_of(child, mother, birth), new_id())
    act.revise(stored, with_relative(mother, related))
    if number is not None:
        await _reserve(record, act, child, number)
    await act.commit(record)
    return child


async def register_unknown(record: Record, seen: Appearance, number: dict[str, Any] | None) -> str:
    """The Patient of a person nobody knows. Returns its id."""

    async def attempt() -> str:
        act = Act()
        id = act.create(unknown(seen, provisional(number, today()), int(today()[:4])))
        if number is not None:
            await _reserve(record, act, id, number)
        await act.commit(record)
        return id

    return await tried(attempt)


async def identify(record: Record, id: str, finding: Finding) -> bool:
    """Puts a fødselsnummer or D-number on a Patient. Returns whether anything changed.

    Raises Problem 409 when another Patient has the number (the answer points to $merge), 422 for what contradicts.
    """

    async def attempt() -> bool:
        stored = await record.read("Patient", id)
        was = parsed(stored)
        _refuse_replaced(was)
        after = identified(was, finding, today())
        if after == was:
            return False
        act = Act()
        await _reserve(record, act, id, finding.identifier)
        act.revise(stored, after)
        await act.commit(record)
        return True

    return await tried(attempt)


def _refuse_replaced(patient: dict[str, Any]) -> None:
    on = replaced_by(patient)
    if on is not None:
        raise problem(422, "business-rule", f"this record has been merged into Patient/{on}: use that one")


async def _reserve(record: Record, act: Act, id: str, identifier: dict[str, Any]) -> None:
    """Makes sure, to the moment of commit, that nobody else has the number. Raises Problem 409 pointing to $merge."""
    system, value = key(identifier)
    found = await record.matching("Patient", [("identifier", f"{system}|{value}")])
    act.criteria.append(criterion("Patient", found))
    for patient in await record.resources("Patient", found.parameters) if set(found.ids) - {id} else ():
        on = replaced_by(patient)
        if patient["id"] != id and on != id and (system, value) in keys(patient.get("identifier", ())):
            other = f"Patient/{on or patient['id']}"
            text = f"{other} has this number: if they are one person, merge them (POST Patient/$merge with "
            text += f"source-patient Patient/{id} and target-patient {other})"
            raise problem(409, "duplicate", text, "identifier")
