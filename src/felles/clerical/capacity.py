"""Who will get no time before the deadline because there are not enough of them: free times are dealt out in the order
of deadlines, as far ahead as the calendars are open. Whom that leaves without one, nobody helps by booking faster.

It is Hall's condition on a line: if those with the nearest deadlines take the first free times and one of them comes
too late, no other way of dealing them out helps all.
"""

from collections.abc import Sequence
from typing import Any

from felles.clerical import clock
from felles.clerical.statement import COLUMNS
from felles.duties.calendar import day_of
from felles.record.record import Record

MOST = 5_000
"""Of a unit's list, so many are looked at, those with the nearest deadlines; the rest comes when they have."""


def without(deadlines: Sequence[int], starts: Sequence[int], open_until: int) -> list[int]:
    """The places of those who get none: `deadlines` are the moments from which it is too late, in order, `starts` those
    at which free times begin, in order. Whoever's deadline lies after `open_until` is not judged. Pure."""
    left, at = [], 0
    for place, late in enumerate(deadlines):
        if late > open_until:
            break
        if at < len(starts) and starts[at] < late:
            at += 1
        else:
            left.append(place)
    return left


async def short(record: Record, now: int) -> list[tuple[Any, ...]]:
    """The rows of all units' waiting lists for whom there is no free time before the deadline."""
    found: list[tuple[Any, ...]] = []
    for unit, last in await record.ask("vacancy open", [now]):
        rows = await record.ask("waiting unbooked", [unit, MOST])
        if not rows:
            continue
        starts = [int(one) for (one,) in await record.ask("vacancy starts", [unit, now, len(rows)])]
        deadlines = [clock.late_from(day_of(row[COLUMNS.index("deadline")])) for row in rows]
        found += [rows[place] for place in without(deadlines, starts, int(last))]
    return found
