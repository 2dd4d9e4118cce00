"""Who can own a duty, and for how long: units in their tree, people in their roles.

A person stays at a unit as long as one of the roles (FHIR R4 practitionerrole.html) is there, above it or below it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from felles.access.role import employment
from felles.duties.duty import Owner
from felles.duties.reading import Reading, names
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.store import Line

Json = dict[str, Any]
GONE = 0
DEEP = 16
"""Levels of units above each other at the most; a circle ends here."""


def reference_id(reference: str, type_name: str) -> str:
    """The id in "Type/id". Raises Problem 422 for a reference to anything else."""
    name, _, id = reference.partition("/")
    if name != type_name or not id or "/" in id:
        raise problem(422, "invalid", f"a reference to {type_name} is needed here")
    return id


def until(roles: Iterable[Json], line: Sequence[str], lines: Mapping[str, Sequence[str]], now: int) -> int | None:
    """When somebody with these roles leaves a unit (None: no end is known; GONE: is not there).

    `line` is the unit and everything above it, `lines` the same of each role's unit.
    """
    ends: list[int | None] = []
    for held in filter(None, map(employment, roles)):
        place = held.role.unit
        if held.holds(now) and (place in line or line[0] in lines.get(place, ())):
            ends.append(held.role.end)
    return None if None in ends else max((end for end in ends if end is not None), default=GONE)


async def ancestry(read: Reading, unit: str) -> list[str]:
    """A unit and everything above it, the unit first."""
    found = [unit]
    while len(found) < DEEP:
        resource = await read.read("Organization", reference_id(found[-1], "Organization"))
        above = ((resource or {}).get("partOf") or {}).get("reference")
        if not above or above in found:
            break
        found.append(above)
    return found


async def stay(read: Reading, person: str, unit: str, now: int) -> int | None:
    """When a person leaves a unit: None where no end is known, GONE or a past moment where not there (any more)."""
    practitioner = await read.read("Practitioner", reference_id(person, "Practitioner"))
    if practitioner is None or practitioner.get("active") is False:
        return GONE
    roles = await read.search("PractitionerRole", [("practitioner", person)])
    places = {place for role in roles if (place := (role.get("organization") or {}).get("reference"))}
    lines = {place: await ancestry(read, place) for place in places}
    return until(roles, await ancestry(read, unit), lines, now)


async def held(read: Reading, person: int | None) -> list[Line]:
    """Lines that refuse a transaction when the house has changed since this was called: what is read of somebody's
    employment outside a transaction still holds inside. They take the lock that whoever ends an employment takes."""
    if person is None:
        return []
    epoch = (await read.ask("duty house"))[0][0]
    return [Line("duty lock", [person], 1), Line("duty house stands", [epoch], 1)]


async def owner(read: Reading, unit: str, person: str | None, substitute: str | None, now: int) -> Owner:
    """The owner as the ledger keeps it; a person who is not there is not named. Raises Problem 422 for a unit that
    does not exist: nothing is owed by nobody."""
    reference_id(unit, "Organization")
    if key64(unit) not in await names(read, [key64(unit)]):
        raise problem(422, "not-found", "a duty needs a unit that exists")
    deputy = key64(substitute) if substitute else None
    if person is None:
        return Owner(key64(unit), substitute=deputy)
    await read.ask("duty lock", [key64(person)])
    end = await stay(read, person, unit, now)
    if end is not None and end <= now:
        return Owner(key64(unit), substitute=deputy)
    return Owner(key64(unit), key64(person), end, deputy)
