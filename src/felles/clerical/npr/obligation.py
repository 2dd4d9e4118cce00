"""A month's extract is owed to NPR by the fifth of the following month, until both its messages are accepted.

Every night the extracts of this month and of those that are not accepted yet are taken anew, so that what does not add
up is seen long before it is due.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from time import time_ns
from typing import Any

import structlog

from felles.access.consent import instant
from felles.clerical.npr.extract import Extract, extract
from felles.clerical.npr.message import Heading
from felles.clerical.npr.month import Month
from felles.clerical.npr.night import apart
from felles.clerical.npr.place import NPR, REPORTS
from felles.clerical.npr.report import Report, of, report, report_id, resource
from felles.duties import Kind, Level, Owe, Step, declare
from felles.duties.calendar import NORWAY
from felles.duties.deadline import Days, WorkingDays
from felles.duties.deed import opened
from felles.duties.kind import View
from felles.duties.reading import Outside
from felles.record.guard import EVERYTHING
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import Put, parted

DELIVERY = declare(
    Kind(
        111, "npr-delivery", "Lever månedens uttrekk til NPR", Days(5),
        (Step(Level.LEADER, WorkingDays(1)), Step(Level.REGION, WorkingDays(2))),
        proof="NPR har godtatt begge meldingene", view=View.SOON,
    )
)  # fmt: skip
FAULT = declare(
    Kind(
        112, "npr-error", "Rett det som NPR har funnet feil i", WorkingDays(5),
        (Step(Level.LEADER, WorkingDays(5)), Step(Level.REGION, WorkingDays(10))),
        proof="NPR melder ikke feilen lenger", view=View.SOON,
    )
)  # fmt: skip
DUE_DAY = 5
"""Of the following month (Helsedirektoratet: the 2nd to the 5th)."""
NIGHT = 2
"""The hour from which the night's extract is taken."""
PAUSE = 900.0
FIRST = 60
"""Seconds after which a serving process looks first; several do not look at the same moment."""
Json = dict[str, Any]
log = structlog.get_logger("felles.clerical")


async def institutions(record: Record) -> list[str]:
    """The institutions that report, "Organization/x"."""
    found = await Outside(record).search("Organization", [("type", f"{REPORTS}|{NPR}"), ("_sort", "_id")])
    return [f"Organization/{one['id']}" for one in found]


async def kept(record: Record, institution: str, month: Month) -> Report | None:
    """What is kept of an extract; None for one that was never taken."""
    found = await Outside(record).read("MeasureReport", report_id(institution, month))
    return of(found) if found else None


async def owe(record: Record, now: int) -> int:
    """Owes the delivery of the month that is over, once for each institution. Returns how many were new."""
    month, made = Month.before(NORWAY.day(now)), 0
    until = NORWAY.moment(month.after + timedelta(days=DUE_DAY))
    for one in await institutions(record):
        subject = f"MeasureReport/{report_id(one, month)}"
        said = Owe(DELIVERY, subject, one, opened=NORWAY.moment(month.after), due=until, once=f"{one}:{month}")
        first = await kept(record, one, month) is None
        planned = [Put(resource(Report(one, month, instant(now), pending=True)))] if first else []
        duty = await opened(said, Outside(record), now)
        writes, lines = parted([*planned, *duty] if duty else [])
        if lines:
            await record.seen_by(EVERYTHING).commit(writes, lines=lines)
            made += 1
    return made


async def take(record: Record, month: Month, folder: Path, schemas: Path | None, now: int) -> list[Extract]:
    """Takes a month's extracts and keeps their results."""
    found = await extract(record.store.address, month, folder, Heading(NORWAY.day(now)), schemas)
    await keep(record, [report(one, instant(now)) for one in found])
    return found


async def keep(record: Record, reports: Sequence[Report]) -> None:
    """Keeps results, each only if nobody has kept another meanwhile."""
    for one in reports:
        held = await kept(record, one.institution, one.month)
        same = held and held.sent and [s.fingerprint for s in held.sent] == [s.fingerprint for s in one.sent]
        writes, lines = parted([Put(resource(_answered(one, held) if held and same else one))])
        writes[0].match = held.version if held else -1
        await record.seen_by(EVERYTHING).commit(writes, lines=lines)


def _answered(made: Report, held: Report) -> Report:
    """The same messages as before keep the answers they have got."""
    return Report(
        made.institution, made.month, made.taken, made.patients, made.joined, held.sent, made.tallies, held.errors
    )


async def nightly(record: Record, folder: Path | None, schemas: Path | None, now: int) -> list[Month]:
    """Takes what has not been taken since the night began. Returns the months."""
    today = NORWAY.day(now)
    night = NORWAY.moment(today) + NIGHT * 3_600_000_000
    taken = []
    for month in (Month(today.year, today.month), Month.before(today)) if now >= night else ():
        if await _waits(record, month, today):
            await keep(record, await apart(record.store.address, month, folder, schemas, now))
            taken.append(month)
    return taken


async def _waits(record: Record, month: Month, today: date) -> bool:
    for one in await institutions(record):
        held = await kept(record, one, month)
        if held is None or held.pending or (not held.answered and held.taken[:10] < today.isoformat()):
            return True
    return False


async def watch(record: Record, folder: Path | None, schemas: Path | None, pause: float = PAUSE) -> None:
    """Runs until it is cancelled; any number of processes may. Without a folder only results are kept."""
    await asyncio.sleep(FIRST + os.getpid() % FIRST)
    while True:
        try:
            await owe(record, time_ns() // 1_000)
            await nightly(record, folder, schemas, time_ns() // 1_000)
        except Problem as error:  # another process was faster
            log.info("the extract of the month waits", error=error.status)
        except Exception as error:
            log.warning("the extract of the month could not be taken; again later", error=type(error).__name__)
        await asyncio.sleep(pause)
