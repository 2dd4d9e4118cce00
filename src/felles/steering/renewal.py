"""The facts made anew from the resources, while others write (part of `felles reindex`)."""

from collections.abc import Mapping
from typing import Any

from felles.duties.reading import Outside
from felles.record.definition import type_number
from felles.record.guard import EVERYTHING
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.store import Line
from felles.steering.fact import Fact, of_episode, of_stay
from felles.steering.happening import epicrises, times
from felles.steering.statement import put, row

TYPES = ("EpisodeOfCare", "Appointment", "Encounter")
AT_ONCE = 500


async def renew(record: Record) -> int:
    """Makes the facts what the resources say. Returns how many resources' facts were put right."""
    system, changed = record.seen_by(EVERYTHING), 0
    for name in TYPES:
        after = -1
        while rows := await system.ask("clerical bodies", [type_number(name), after, AT_ONCE]):
            after = int(rows[-1][0])
            for _, id in rows:
                changed += await _renewed(system, name, str(id))
    return changed


async def _renewed(record: Record, name: str, id: str) -> bool:
    """One that changes meanwhile is looked at again: its own rule or this act wrote last, both from what stands."""
    changed = False
    while lines := await _wanted(record, f"{name}/{id}"):
        await record.commit([], lines=lines)
        changed = True
    return changed


async def _wanted(record: Record, subject: str) -> list[Line]:
    """The lines that put a resource's facts right; none where they are."""
    facts = await _facts(Outside(record), subject)
    held = {int(one[0]): list(one) for one in await record.ask("steering of", [key64(subject)])}
    wanted = {one.kind.value: one for one in facts}
    gone = [Line("steering gone", [key64(subject), kind]) for kind in held if kind not in wanted]
    return [*gone, *(put(subject, one) for kind, one in wanted.items() if held.get(kind) != row(one))]


async def _facts(read: Outside, subject: str) -> list[Fact]:
    name, _, id = subject.partition("/")
    found: Mapping[str, Any] | None = await read.read(name, id)
    if name == "EpisodeOfCare":
        return of_episode(found)
    if name == "Appointment":
        return await times(read, dict(found) if found else None)
    return of_stay(found, await epicrises(read, subject)) if found else []
