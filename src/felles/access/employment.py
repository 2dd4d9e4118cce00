"""In which roles somebody may work today: PractitionerRole, of which one is chosen at sign-in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import orjson

from felles.access.person import words


@dataclass(frozen=True, slots=True)
class Employment:
    """`id` is "PractitionerRole/x"; the rest is for people."""

    id: str
    role: str
    unit: str


class Match(Protocol):
    @property
    def body(self) -> bytes | None: ...


class Result(Protocol):
    @property
    def matches(self) -> Sequence[Match]: ...
    @property
    def included(self) -> Sequence[Match]: ...


class Register(Protocol):
    async def search(self, type: str, parameters: Sequence[tuple[str, str]], /) -> Result: ...


async def employments(record: Register, person: str, today: date) -> list[Employment]:
    """The roles of "Practitioner/x" that hold on a day, by unit; nobody else has any."""
    if not person.startswith("Practitioner/"):
        return []
    asked = [("practitioner", person), ("_include", "PractitionerRole:organization"), ("_count", "50")]
    found = await record.search("PractitionerRole", asked)
    units = {f"Organization/{one['id']}": str(one.get("name", "")) for one in _all(found.included)}
    roles = [role for role in _all(found.matches) if holds(role, today)]
    made = [
        Employment(f"PractitionerRole/{role['id']}", words(role.get("code", ())),
                   units.get(role.get("organization", {}).get("reference", ""), ""))
        for role in roles
    ]  # fmt: skip
    return sorted(made, key=lambda one: (one.unit, one.role, one.id))


async def only_role(record: Register, person: str, today: date) -> str | None:
    """The role of somebody who has just one: there is nothing to choose."""
    found = await employments(record, person, today)
    return found[0].id if len(found) == 1 else None


def _all(found: Sequence[Match]) -> list[dict[str, Any]]:
    return [orjson.loads(one.body) for one in found if one.body]


def holds(role: dict[str, Any], today: date) -> bool:
    """Whether a role is in use on a day (its period counts both ends, FHIR R4 datatypes.html#Period)."""
    period, day = role.get("period", {}), today.isoformat()
    begun = str(period.get("start", ""))[:10] <= day
    return role.get("active") is not False and begun and _last(str(period.get("end", ""))) >= day


def _last(end: str) -> str:
    """The last day of an end that may be a month or year; no end is never."""
    return (end[:10] + "-99-99"[len(end[:10]) - 4 :]) if 4 <= len(end[:10]) < 10 else end[:10] or "9999-12-31"
