"""Whom in the record somebody who signs in is: found by their official number, never created."""

from collections.abc import Sequence
from typing import Any, Protocol

import orjson

HPR = "urn:oid:2.16.578.1.12.4.1.4.4"
FNR, DNR = "urn:oid:2.16.578.1.12.4.1.4.1", "urn:oid:2.16.578.1.12.4.1.4.2"
SEVERAL = 2


class Match(Protocol):
    @property
    def body(self) -> bytes | None: ...


class Result(Protocol):
    @property
    def matches(self) -> Sequence[Match]: ...


class Register(Protocol):
    """The part of the record that knows people."""

    async def search(self, type: str, parameters: Sequence[tuple[str, str]], /) -> Result: ...


async def practitioner_of(record: Register, hpr: str) -> str | None:
    """ "Practitioner/x" of an HPR number; None where nobody, or more than one, has it."""
    return await _only(record, "Practitioner", [("identifier", f"{HPR}|{hpr}")])


async def practitioner_of_pid(record: Register, pid: str) -> str | None:
    """ "Practitioner/x" of a fødselsnummer or D-nummer: staff without authorisation have no HPR number."""
    return await _only(record, "Practitioner", [("identifier", f"{_system(pid)}|{pid}")])


async def patient_of(record: Register, pid: str) -> str | None:
    """ "Patient/x" of a fødselsnummer or D-nummer (whose day is raised by 40); None as above."""
    return await _only(record, "Patient", [("identifier", f"{_system(pid)}|{pid}")])


def _system(pid: str) -> str:
    return DNR if pid[:1] in "4567" else FNR


async def _only(record: Register, type_name: str, parameters: Sequence[tuple[str, str]]) -> str | None:
    found = await record.search(type_name, [*parameters, ("_count", str(SEVERAL))])
    people = [orjson.loads(match.body) for match in found.matches if match.body]
    current = [one for one in people if is_current(one)]
    return f"{type_name}/{current[0]['id']}" if len(current) == 1 else None


def is_current(person: dict[str, Any]) -> bool:
    """Not struck out, and not merged into another (FHIR R4 Patient.link `replaced-by`)."""
    return person.get("active") is not False and not any(
        link.get("type") == "replaced-by" for link in person.get("link", ())
    )
