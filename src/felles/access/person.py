"""Who has signed in, in words for people; and, in a store marked as demo, the made-up ones to sign in as."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import orjson

from felles.access.session import Session
from felles.record.outcome import Problem


class Person(Protocol):
    """Somebody to sign in as. `id` is stable; `role`, `unit` and `description` are words for people.

    `patient` is "Patient/<id>" of somebody who signs in as a patient, None for staff.
    """

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def patient(self) -> str | None: ...


class DemoPerson(Person, Protocol):
    """A made-up person, with whom they are in the record ("Type/id"), and the heading they stand under."""

    @property
    def practitioner(self) -> str | None: ...
    @property
    def practitioner_role(self) -> str | None: ...
    @property
    def group(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Known:
    """A person whom the record knows."""

    id: str
    name: str
    role: str = ""
    unit: str = ""
    description: str = ""
    patient: str | None = None


class Stored(Protocol):
    @property
    def body(self) -> bytes | None: ...


class Directory(Protocol):
    """The part of the record that names people and places."""

    async def read(self, type: str, id: str, /) -> Stored: ...


P = TypeVar("P", bound=Person)


def person_by_id(people: Sequence[P], wanted: str) -> P | None:
    """The person of this id, or None when nobody has it."""
    return next((person for person in people if person.id == wanted), None)


async def person_of(record: Directory, session: Session) -> Known:
    """Who works in a session, as the record names them."""
    who = await _resource(record, session.person)
    role = await _resource(record, session.role) if session.role else {}
    unit = await _resource(record, role.get("organization", {}).get("reference", ""))
    own = session.person if session.person.startswith("Patient/") else None
    return Known(session.person, name_of(who), words(role.get("code", ())), str(unit.get("name", "")), patient=own)


async def _resource(record: Directory, reference: str) -> dict[str, Any]:
    """What a reference leads to; {} for what is not there."""
    type_name, _, id = reference.partition("/")
    if not id:
        return {}
    try:
        found: dict[str, Any] = orjson.loads((await record.read(type_name, id)).body or b"{}")
    except Problem:
        return {}
    return found


def name_of(person: dict[str, Any]) -> str:
    """`Kari Anne Nordmann`, the official name before others."""
    names = sorted(person.get("name", ()), key=lambda name: name.get("use") != "official")
    name = names[0] if names else {}
    return str(name.get("text") or " ".join([*name.get("given", ()), name.get("family", "")]).strip())


def words(codes: Sequence[dict[str, Any]]) -> str:
    """The words of the first of some codes."""
    one = codes[0] if codes else {}
    displays = [coding["display"] for coding in one.get("coding", ()) if "display" in coding]
    return str(one.get("text") or next(iter(displays), ""))
