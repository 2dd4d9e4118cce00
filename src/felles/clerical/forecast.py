"""Deadline breaches are seen before they happen: who has no appointment, or a late one, and too little time left; and
for whom there will be no free time before the deadline.

Helfo is told as soon as a breach is predominantly probable (pasient- og brukerrettighetsloven § 2-2 a, Helfo's rules):
the unit owes another offer or the notification, whose draft is made in the same transaction.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from time import time_ns
from typing import Any

import structlog

from felles.clerical import clock
from felles.clerical.capacity import short
from felles.clerical.period import Period, of
from felles.clerical.promise import BREACH
from felles.clerical.statement import number
from felles.duties.calendar import NORWAY
from felles.duties.deed import Owe, opened
from felles.duties.reading import Outside, names
from felles.record.guard import EVERYTHING
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import Put, parted

AT_ONCE = 100
PAUSE = 600.0
FULL = "Ingen ledig time før fristen for alle som står foran og denne"
HELFO = "urn:felles:helfo"
"""Category of the draft of a notification to Helfo."""
Json = dict[str, Any]
log = structlog.get_logger("felles.clerical")


async def foresee(record: Record, now: int) -> int:
    """Owes each probable breach once. Returns how many were new; may be called by any number of processes."""
    system, read, made = record.seen_by(EVERYTHING), Outside(record), 0
    last = NORWAY.day(now) + timedelta(days=clock.LEAD_DAYS)
    after: tuple[int, int] = (-1, -1 << 63)
    while rows := await system.ask("waiting near", [number(last), *after, AT_ONCE]):
        after = (int(rows[-1][7]), int(rows[-1][0]))
        known = await names(read, [row[0] for row in rows])
        for row in rows:
            made += await _foreseen(system, read, row, known, now)
    wanting = await short(system, now)
    known = await names(read, [row[0] for row in wanting])
    for row in wanting:
        made += await _foreseen(system, read, row, known, now, FULL)
    return made


async def _foreseen(
    record: Record, read: Outside, row: Sequence[Any], known: dict[int, str], now: int, full: str = ""
) -> bool:
    episode = await read.read("EpisodeOfCare", known[row[0]].partition("/")[2]) if row[0] in known else None
    if episode is None:
        return False
    one = of(episode)
    late = row[8] is not None
    why = full or ("Timen er etter fristen" if late else f"Ingen time, {_left(one, now)} dager igjen til fristen")
    owe = Owe(BREACH, f"EpisodeOfCare/{one.id}", one.unit, patient=one.patient, reason=why, once=_key(one))
    deeds = await opened(owe, read, now)
    if not deeds:
        return False
    try:
        writes, lines = parted([*deeds, Put(draft(one))])
        await record.commit(writes, lines=lines)
    except Problem as error:  # another process was faster, or the unit has closed: the next turn looks again
        log.info("a forecast waits", period=one.id, error=error.status)
        return False
    return True


def _left(one: Period, now: int) -> int:
    return (one.deadline - NORWAY.day(now)).days if one.deadline else 0


def _key(one: Period) -> str:
    """One breach for each deadline: one that was changed is foreseen anew."""
    return f"{one.id}:{one.deadline}"


def draft(one: Period) -> Json:
    """The draft of the notification: whose, what the deadline is and who has it. Never sent by itself."""
    said = f"Varsel om forventet fristbrudd. Frist for helsehjelp: {one.deadline:%d.%m.%Y}. Ansiennitetsdato: "
    said += f"{one.seniority:%d.%m.%Y}. Fagområde: {one.field or 'ikke oppgitt'}."
    return {
        "resourceType": "Communication",
        "status": "preparation",
        "category": [{"coding": [{"system": HELFO, "code": "breach"}], "text": "Varsel til Helfo om fristbrudd"}],
        "subject": {"reference": one.patient},
        "sender": {"reference": one.unit},
        "recipient": [{"display": "Helfo"}],
        "about": [{"reference": f"EpisodeOfCare/{one.id}"}],
        "payload": [{"contentString": said}],
    }


async def watch(record: Record, pause: float = PAUSE) -> None:
    """Runs until it is cancelled."""
    while True:
        try:
            await foresee(record, time_ns() // 1_000)
        except Exception as error:
            log.warning("the forecast failed and tries again", error=type(error).__name__)
        await asyncio.sleep(pause)
