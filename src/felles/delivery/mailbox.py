"""The patient's own letters in Felles: a letter is there at once, a notice goes by e-mail, and what is not opened in
time goes on paper (eforvaltningsforskriften § 8).

The notice says that there is a letter, and nothing of whom it is from or what it is about.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import time_ns
from typing import Any

import structlog

from felles.access.consent import instant
from felles.access.emergency import language
from felles.delivery.act import onto_paper
from felles.delivery.case import contact, fetched
from felles.delivery.channel import OPENED_WITHIN, Channel
from felles.delivery.letter import CHANNEL, DELIVERY, KIND, standing
from felles.delivery.notice import Notice, Undeliverable
from felles.delivery.state import STATUS, State
from felles.duties.calendar import NORWAY
from felles.duties.reading import Outside
from felles.record.guard import EVERYTHING
from felles.record.outcome import Problem
from felles.record.record import Record

AT_ONCE = 50
PAUSE = 2.0
Json = dict[str, Any]
Send = Callable[[Notice], Awaitable[None]]
log = structlog.get_logger("felles.delivery")
_ALL = [("category", f"{DELIVERY}|{KIND}"), ("medium", f"{CHANNEL}|{Channel.MAILBOX.value}")]


async def deposit(record: Record, now: int) -> int:
    """Puts what waits into the patients' mailboxes, where they see it. Returns how many."""
    return await _each(
        record, [("status", STATUS[State.QUEUED])], lambda one: record.update(*_next(one, State.HANDED, now))
    )


async def notify(record: Record, send: Send, now: int) -> int:
    """Sends the notices that have not been acknowledged. Returns how many were. A letter is "sent" when the mail server
    has taken its notice; when it says that it never will, the letter goes on paper."""

    async def one(found: Json) -> None:
        to = await fetched(Outside(record), str(found["recipient"][0]["reference"])) or {}
        try:
            await send(Notice(found["id"], contact(to, "email"), language(to)))
        except Undeliverable:
            await onto_paper(record, found, now, "varselet kunne ikke leveres på e-post")
        else:
            await record.update(*_next(found, State.SENT, now))

    return await _each(record, [("status", STATUS[State.HANDED]), ("sent:missing", "true")], one)


async def lapse(record: Record, now: int) -> int:
    """What has lain unopened for too long goes on paper, noticed or not. Returns how many."""
    before = NORWAY.moment(NORWAY.day(now) - timedelta(days=OPENED_WITHIN.count))
    old = [("status", STATUS[State.SENT]), ("_lastUpdated", f"lt{instant(before)}")]
    return await _each(record, old, lambda one: onto_paper(record, one, now, "ikke åpnet i tide"))


def _next(found: Json, state: State, now: int) -> tuple[Json, int]:
    return standing(found, state, now), int(found["meta"]["versionId"])


async def _each(record: Record, asked: list[tuple[str, str]], act: Callable[[Json], Awaitable[Any]]) -> int:
    """Does something to each match; one that fails, or that others were faster with, holds up no other."""
    done = 0
    for one in await record.resources("Communication", [*_ALL, *asked, ("_count", str(AT_ONCE))]):
        try:
            await act(one)
            done += 1
        except (Problem, OSError) as error:
            log.warning("a letter waits", delivery=one["id"], error=type(error).__name__)
    return done


async def turn(record: Record, send: Send | None, now: int) -> int:
    """One turn of all three. Returns how many letters came further."""
    moved = await deposit(record, now) + (await notify(record, send, now) if send else 0)
    return moved + await lapse(record, now)


async def watch(record: Record, send: Send | None, pause: float = PAUSE) -> None:
    """Runs until it is cancelled; any number of processes may, each step holds only if it was the first."""
    system = record.seen_by(EVERYTHING)
    while True:
        try:
            busy = await turn(system, send, time_ns() // 1_000)
        except Exception as error:
            log.warning("the mailbox failed and tries again", error=type(error).__name__)
            busy = 0
        if not busy:
            await asyncio.sleep(pause)
