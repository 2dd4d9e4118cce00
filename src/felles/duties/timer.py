"""The ledger's clock: takes escalation steps and ended employments when their moment has come.

What is due stands in the store, so that a process may be killed at any instruction and any number of them may run:
each step is one transaction that holds only if the duty still stands at the turn that was read. One that comes late
takes the steps in order, each once.
"""

import asyncio
from time import time_ns

import structlog

from felles.duties.duty import Duty, Owner, escalated
from felles.duties.escalation import Level
from felles.duties.kind import kind_of
from felles.duties.leaving import followed
from felles.duties.owner import ancestry, held, stay
from felles.duties.reading import Outside, Reading, names
from felles.duties.view import drawn, turn
from felles.record.guard import EVERYTHING
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import Deed, Put, parted
from felles.record.store import Line

AT_ONCE = 100
CONFLICT = 409
log = structlog.get_logger("felles.duties")


async def step(record: Record, now: int, limit: int = AT_ONCE) -> int:
    """Takes one step of each duty whose moment has come. Returns how many were taken here."""
    read = Outside(record)
    taken = 0
    for row in await read.ask("duty due", [now, limit]):
        try:
            taken += await _commit(record, await advanced(read, Duty.of(row), now))
        except (LookupError, Problem) as error:  # one duty that cannot go on holds up no other
            log.error("a duty cannot take its step", duty=row[0], error=type(error).__name__)
    return taken


async def advanced(read: Reading, duty: Duty, now: int) -> list[Deed]:
    """The deeds of the next thing that is due: the person has left, or a step."""
    if duty.person is not None and duty.until is not None and duty.until <= now:
        known = await names(read, [duty.person])
        return await followed(read, known[duty.person], [duty], now)
    return await _escalated(read, duty, now)


async def _escalated(read: Reading, duty: Duty, now: int) -> list[Deed]:
    level = duty.moments[duty.step][0]
    watch = duty.unit if level == Level.LEADER else None
    if level == Level.REGION:
        unit = (await names(read, [duty.unit]))[duty.unit]
        watch = key64((await ancestry(read, unit))[-1])
    standing: list[Deed] = []
    substitute: Owner | None = None
    if level == Level.SUBSTITUTE:
        standing += await held(read, duty.substitute)
        substitute = await _substitute(read, duty, now)
    return standing + await turn(read, escalated(duty, now, watch, substitute))


async def _substitute(read: Reading, duty: Duty, now: int) -> Owner | None:
    """The named substitute, if there is one who is still there; otherwise everybody in the unit sees the duty."""
    if duty.substitute is None:
        return None
    known = await names(read, [duty.substitute, duty.unit])
    if duty.substitute not in known:
        return None
    end = await stay(read, known[duty.substitute], known[duty.unit], now)
    return None if end is not None and end <= now else Owner(duty.unit, duty.substitute, end)


async def refresh(record: Record, limit: int = AT_ONCE) -> int:
    """Draws the Tasks that do not show the last turn of their duty."""
    read = Outside(record)
    done = 0
    for row in await read.ask("duty stale", [limit]):
        duty = Duty.of(row)
        shown = [Put(await drawn(read, duty))] if kind_of(duty.kind).view else []
        done += await _commit(record, [*shown, Line("duty viewed", [duty.id, duty.turn])])
    return done


async def _commit(record: Record, deeds: list[Deed]) -> bool:
    """One transaction; False when somebody else was faster."""
    writes, lines = parted(deeds)
    held = [Line(line.name, line.args, 1) for line in lines]
    try:
        await record.seen_by(EVERYTHING).commit(writes, lines=held)
    except Problem as error:
        if error.status != CONFLICT:
            raise
        return False
    return bool(lines)


async def watch(record: Record, pause: float = 1.0) -> None:
    """Runs until it is cancelled. A failure is tried again, later and later."""
    waits = 0
    while True:
        try:
            busy = await step(record, time_ns() // 1_000) + await refresh(record)
        except Exception as error:
            waits = min(waits + 1, 6)
            log.warning("the clock of the ledger failed and tries again", error=type(error).__name__)
            await asyncio.sleep(pause * 2**waits)
            continue
        waits = 0
        if not busy:
            await asyncio.sleep(pause)
