"""The owner leaves: what somebody owed is the unit's at once, in the transaction that ends the employment."""

from collections.abc import Iterable
from dataclasses import replace

from felles.duties.deed import moment_of
from felles.duties.duty import Duty, left, waiting
from felles.duties.owner import stay
from felles.duties.reading import Reading, names
from felles.duties.view import turn
from felles.record.index.value import key64
from felles.record.rule import Deed, Inside, Rule, Woken
from felles.record.store import Kind, Line

SHOWN_AT_ONCE = 200
"""Tasks that are drawn again at once; of somebody who owes more, a worker draws the rest within seconds."""


def people(woken: Woken) -> set[str]:
    """Whose employment may have changed. A new role takes nothing from anybody."""
    if woken.type == "Practitioner":
        return {f"Practitioner/{woken.id}"} if woken.before is not None else set()
    if woken.kind is Kind.CREATE:
        return set()
    references = ((one.get("practitioner") or {}).get("reference") for one in (woken.before, woken.after) if one)
    return {reference for reference in references if reference}


async def _leave(woken: Woken, inside: Inside) -> Iterable[Deed]:
    deeds: list[Deed] = []
    for person in sorted(people(woken)):
        await inside.ask("duty lock", [key64(person)])
        duties = [Duty.of(row) for row in await inside.ask("duty to leave", [key64(person)])]
        deeds += await followed(inside, person, duties, moment_of(woken))
    return deeds


async def followed(read: Reading, person: str, duties: list[Duty], now: int) -> list[Deed]:
    """What becomes of somebody's duties with the employment as it is now, unit by unit."""
    deeds: list[Deed] = []
    units = await names(read, {duty.unit for duty in duties})
    for key, unit in units.items():
        end = await stay(read, person, unit, now)
        for duty in (one for one in duties if one.unit == key):
            if end is not None and end <= now:
                deeds += await _pooled(read, duty, now, len(deeds) < 2 * SHOWN_AT_ONCE)
            elif end != duty.until:
                other = waiting(replace(duty, until=end))
                deeds.append(Line("duty until", [other.id, other.until, other.next]))
    return deeds


async def _pooled(read: Reading, duty: Duty, now: int, shown: bool) -> list[Deed]:
    gone = left(duty, now)
    if shown:
        return await turn(read, gone)
    return [Line("duty turn", gone.row())]


RULE = Rule(
    "what somebody who leaves owed is the unit's", frozenset({"Practitioner", "PractitionerRole"}), _leave, imports=True
)
