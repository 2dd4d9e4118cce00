"""The waiting list built anew from the resources, while others write (part of `felles reindex`)."""

from collections.abc import Mapping
from typing import Any

from felles.clerical.period import is_period, of
from felles.clerical.statement import booked, put
from felles.record.definition import type_number
from felles.record.guard import EVERYTHING
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.store import Line

AT_ONCE = 500


async def renew(record: Record) -> int:
    """Makes the list what the periods and appointments say. Returns how many rows were put right."""
    system, after, changed = record.seen_by(EVERYTHING), -1, 0
    while rows := await system.ask("clerical bodies", [type_number("EpisodeOfCare"), after, AT_ONCE]):
        after = int(rows[-1][0])
        for _, id in rows:
            changed += await _renewed(record, str(id))
    return changed


async def _renewed(record: Record, id: str) -> bool:
    """One that changes meanwhile is looked at again: its own rule or this act wrote last, both from what stands."""
    changed = False
    while (lines := await _wanted(record, id)) is not None:
        await record.commit([], lines=lines)
        changed = True
    return changed


async def _wanted(record: Record, id: str) -> list[Line] | None:
    """The lines that put a row right; None where it is right."""
    key, episode = key64(f"EpisodeOfCare/{id}"), await _held(record, id)
    if not is_period(episode):
        return None
    one = of(episode or {})
    times = [time for ref in one.referrals for time in await record.resources("Appointment", [("based-on", ref)])]
    moment = booked(times)
    row, *referrals = put(one)
    wanted = [*row.args[:8], moment, *row.args[9:]]
    found = [list(held) for held in await record.ask("waiting of", [key])]
    known = [await record.ask("waiting of referral", [line.args[0]]) for line in referrals]
    if found == [wanted] and all((key,) in rows for rows in known):
        return None
    return [row, Line("waiting booked", [key, moment]), *referrals]


async def _held(record: Record, id: str) -> Mapping[str, Any] | None:
    try:
        return await record.resource("EpisodeOfCare", id)
    except Problem:
        return None
