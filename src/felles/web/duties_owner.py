"""To whom a duty can be handed: units, and the people of the unit that has it now."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request

from felles.access.role import employment
from felles.record.outcome import Problem
from felles.web.label import labels
from felles.web.source import decode
from felles.web.visit import site_of, visit_of

MOST = "500"


@dataclass(frozen=True, slots=True)
class Choice:
    """(id, name) of units and of people, by name; `unit` is the id of the one that has it."""

    unit: str = ""
    units: Sequence[tuple[str, str]] = ()
    people: Sequence[tuple[str, str]] = ()


async def units(request: Request) -> list[tuple[str, str]]:
    """Every unit that stands."""
    found = decode(await visit_of(request).record.search("Organization", [("active", "true"), ("_count", MOST)]))
    named = [(str(one["id"]), str(one.get("name") or one["id"])) for one in found]
    return sorted(named, key=lambda one: one[1].casefold())


async def owners(request: Request, unit: str) -> Choice:
    """Whom a duty of "Organization/x" can go to."""
    now = int(site_of(request).clock() * 1_000_000)
    try:
        roles = decode(
            await visit_of(request).record.search("PractitionerRole", [("organization", unit), ("_count", MOST)])
        )
    except Problem:
        roles = []
    held = {one.practitioner for one in map(employment, roles) if one is not None and one.holds(now)}
    known = await labels(request, held)
    people = sorted(((one.partition("/")[2], known[one] or one) for one in held), key=lambda one: one[1].casefold())
    return Choice(unit.partition("/")[2], await units(request), people)
