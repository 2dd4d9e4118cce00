"""Watchdogs over the ledger's own counts: work that stops coming, comes in a flood, or is no longer done, and work that
lies long past its due moment. Each is told once to the leaders of the unit, the day after.

What would pass in silence makes noise here: a referral interface that is down opens no duties, and nobody misses them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from time import time_ns

import structlog

from felles.duties.calendar import NORWAY, day_of
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Owe, opened
from felles.duties.escalation import Level, Step
from felles.duties.kind import Kind, View, declare, kinds
from felles.duties.reading import Outside, names
from felles.duties.usual import WEEKS, Series, fewer, more, usual_on
from felles.record.guard import EVERYTHING
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import parted
from felles.record.store import Sql

OLD = timedelta(days=30)
"""So long past the due moment, work is told of as old."""
PAUSE = 900.0
told_of = structlog.get_logger("felles.duties")

VOLUME = declare(
    Kind(
        3, "volume-unusual", "Uvanlig mengde arbeid", WorkingDays(1), (Step(Level.REGION, WorkingDays(2)),),
        proof="Hva som ble funnet ut", level=Level.LEADER, view=View.NONE,
    )
)  # fmt: skip
AGE = declare(
    Kind(
        4, "work-too-old", "Arbeid ligger lenge over fristen", WorkingDays(2), (Step(Level.REGION, WorkingDays(5)),),
        proof="Hva som blir gjort med det", level=Level.LEADER, view=View.NONE,
    )
)  # fmt: skip
OWN = frozenset((VOLUME.number, AGE.number))

LINES: Mapping[str, Sql] = {
    "watchdog days": Sql(
        "SELECT unit, kind, day, opened, closed FROM duty_fold WHERE day >= $1 AND day <= $2 AND opened + closed > 0"
    ),
    "watchdog old": Sql(
        "SELECT unit, kind, count(*), min(due) FROM duty WHERE state = 0 AND due < $1 GROUP BY unit, kind"
    ),
}


class What(StrEnum):
    """MISSING: less came than usual, or nothing. FLOOD: more came. STILL: less was done than usual."""

    MISSING = "missing"
    FLOOD = "flood"
    STILL = "still"


@dataclass(frozen=True, slots=True)
class Finding:
    """Of a kind of duty, at a unit (key), on a day: so many, where `usual` is usual."""

    what: What
    unit: int
    kind: int
    day: int
    found: int
    usual: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What was opened and closed, by day."""

    opened: Series
    closed: Series


def counted(rows: Iterable[Sequence[int]]) -> dict[tuple[int, int], Counted]:
    """Rows of unit, kind, day, opened and closed, by unit and kind."""
    found: dict[tuple[int, int], Counted] = defaultdict(lambda: Counted({}, {}))
    for unit, kind, day, came, done in rows:
        if kind not in OWN:
            series = found[unit, kind]
            series.opened[day], series.closed[day] = int(came), int(done)
    return found


def findings(by: Mapping[tuple[int, int], Counted], day: int) -> Iterator[Finding]:
    """What is unusual about a day. Pure."""
    for (unit, kind), series in by.items():
        came, done = series.opened.get(day, 0), series.closed.get(day, 0)
        usual = usual_on(_before(series.opened, day), day)
        if usual is not None and fewer(came, usual):
            yield Finding(What.MISSING, unit, kind, day, came, usual)
        if usual is not None and more(came, usual):
            yield Finding(What.FLOOD, unit, kind, day, came, usual)
        pace = usual_on(_before(series.closed, day), day)
        if pace is not None and fewer(done, pace):
            yield Finding(What.STILL, unit, kind, day, done, pace)


def _before(series: Series, day: int) -> Series:
    return {past: count for past, count in series.items() if day - 7 * WEEKS <= past < day and count}


async def look(record: Record, now: int) -> int:
    """Looks at yesterday's counts and at what is old today. Returns how many new duties that made."""
    system, today = record.seen_by(EVERYTHING), NORWAY.day_number(now)
    rows = await system.ask("watchdog days", [today - 1 - 7 * WEEKS, today - 1])
    titles = {kind.number: kind.title for kind in kinds()}
    owed = [_volume(one, titles) for one in findings(counted(rows), today - 1)]
    old = await system.ask("watchdog old", [now - OLD // timedelta(microseconds=1)])
    owed += [_old(row, titles, today) for row in old if row[1] not in OWN]
    known = await names(Outside(system), [unit for unit, *_ in owed])
    made = [
        await _owed(system, kind, known[unit], reason, f"{known[unit]}:{key}", now)
        for unit, kind, reason, key in owed
        if unit in known
    ]
    return sum(made)


Said = tuple[int, Kind, str, str]
"""Key of the unit, kind of the alarm, the reason in words, and what makes it the same alarm again."""


def _volume(one: Finding, titles: Mapping[int, str]) -> Said:
    words = {What.MISSING: "kom inn", What.FLOOD: "kom inn", What.STILL: "ble gjort"}[one.what]
    title = titles.get(one.kind, str(one.kind))
    reason = f"{day_of(one.day):%d.%m.%Y}: av «{title}» {words} {one.found}, det vanlige er {one.usual:.0f}"
    return one.unit, VOLUME, reason, f"{one.what}:{one.kind}:{one.day}"


def _old(row: Sequence[int], titles: Mapping[int, str], today: int) -> Said:
    """Told anew each week as long as it lasts."""
    unit, kind, number, due = row
    title, day = titles.get(kind, str(kind)), NORWAY.day(due)
    reason = f"av «{title}» ligger {number} mer enn {OLD.days} dager over fristen, den eldste fra {day:%d.%m.%Y}"
    return unit, AGE, reason, f"{kind}:{today // 7}"


async def _owed(record: Record, kind: Kind, unit: str, reason: str, once: str, now: int) -> bool:
    deeds = await opened(Owe(kind, unit, unit, reason=reason, once=once), Outside(record), now)
    if not deeds:
        return False
    try:
        writes, lines = parted(deeds)
        await record.commit(writes, lines=lines)
    except Problem as error:  # another process was faster
        told_of.info("a watchdog's finding waits", error=error.status)
        return False
    return True


async def watch(record: Record, pause: float = PAUSE) -> None:
    """Looks once a day until it is cancelled; any number of processes may."""
    looked = -1
    while True:
        now = time_ns() // 1_000
        try:
            if NORWAY.day_number(now) != looked:
                await look(record, now)
                looked = NORWAY.day_number(now)
        except Exception as error:
            told_of.warning("the watchdogs could not look; again later", error=type(error).__name__)
        await asyncio.sleep(pause)
