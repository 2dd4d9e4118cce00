"""The log of one process: `await append(row)` returns when the row is durable; under load one sync serves many.

Where the disk is quick, what a few turns of the event loop bring is written at once, as a group. Where it is slow a
thread writes, and a group begins when half of those that came with the two groups before are there again, so that one
half is answered while the other is written; nobody waits for more than LINGER, and without load nobody waits.

Fails closed (pasientjournalloven § 22): without room or a disk that works, no answer leaves.
"""

import asyncio
import errno
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

from felles.access.audit.row import Row, encode, parted
from felles.access.audit.segment import FULL, Segment, folder_of_log
from felles.record.outcome import Problem, problem
from felles.record.store import Line

Waiting = list[tuple[list[bytes], "asyncio.Future[None]"]]
LINGER = 0.002
TURNS = 8
"""Turns of the event loop that a group gathers in at the most, as long as each brings more."""
PROBE = 64
"""Every so often a slow disk is tried on the event loop."""
QUICK = 0.0007
"""Seconds that a sync may take to be done on the event loop: handing it to a thread costs as much."""
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Log:
    """Rows of answers, added to this process's own segment in `folder`."""

    def __init__(self, folder: Path, *, full: int = FULL) -> None:
        """Raises OSError, PermissionError."""
        self._folder = folder_of_log(folder)
        self._full = full
        self._segment: Segment | None = Segment(self._folder)
        self._waiting: Waiting = []
        self._running = self._soon = False
        self._seconds, self._turn = QUICK, 0
        self._met = self._turns = 0
        self._last, self._enough = 1, 1
        self._timer: asyncio.TimerHandle | None = None
        self._groups: SimpleQueue[tuple[asyncio.AbstractEventLoop, Waiting] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    @property
    def folder(self) -> Path:
        """Where the segments lie."""
        return self._folder

    async def append(self, *rows: Row) -> None:
        """Returns when the rows are durable. Raises Problem 507 (no room) or 503 (the disk fails): send no answer."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        self._waiting.append(([encode(one) for row in rows for one in parted(row)], answer))
        self._consider(loop)
        await answer

    def _consider(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._running or not self._waiting:
            return
        if self._seconds <= QUICK or self._turn % PROBE == 0:
            if not self._soon:
                self._soon = True
                loop.call_soon(self._at_once)
        elif len(self._waiting) >= self._enough:
            self._begin(loop)
        elif self._timer is None:
            self._timer = loop.call_later(LINGER, self._begin, loop)

    def _at_once(self) -> None:
        """Once a turn of the event loop has brought no more rows, or some turns have passed."""
        if len(self._waiting) > self._met and self._turns < TURNS:
            self._met, self._turns = len(self._waiting), self._turns + 1
            asyncio.get_running_loop().call_soon(self._at_once)
            return
        self._met = self._turns = 0
        group, self._waiting, self._soon = self._waiting, [], False
        self._turn += 1
        _answered(group, self._put([one for rows, _ in group for one in rows]))

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        group, self._waiting, self._running = self._waiting, [], True
        self._turn += 1
        self._enough, self._last = (self._last + len(group) + 1) // 2, len(group)
        self._groups.put((loop, group))

    def _work(self) -> None:
        """On the log's own thread, until it is given None."""
        while (given := self._groups.get()) is not None:
            loop, group = given
            error = self._put([one for rows, _ in group for one in rows])
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._written, loop, group, error)

    def _put(self, rows: list[bytes]) -> OSError | None:
        try:
            if self._segment is None:
                self._segment = Segment(self._folder)
            self._segment.append(rows)
            self._seconds += (self._segment.seconds - self._seconds) / 8
            if self._segment.size >= self._full:
                self._leave()
        except OSError as error:
            self._leave()
            return error
        return None

    def _leave(self) -> None:
        """The segment is full, or not to be trusted after a failure: the next row begins another."""
        if self._segment is not None:
            self._segment.close()
            self._segment = None

    def _written(self, loop: asyncio.AbstractEventLoop, group: Waiting, error: OSError | None) -> None:
        _answered(group, error)
        self._running = False
        self._consider(loop)

    async def close(self) -> None:
        """Waits for what is under way and lets the segment go."""
        while self._running or self._soon or self._waiting:  # noqa: ASYNC110 - at the end, once
            await asyncio.sleep(LINGER)
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)
        self._leave()


def _answered(group: Waiting, error: OSError | None) -> None:
    for _, answer in group:
        if answer.done():
            continue
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(refusal(error))


def refusal(error: OSError) -> Problem:
    """What is told instead of the answer."""
    if error.errno in _NO_ROOM:
        return problem(507, "exception", "the disk of the access log is full: nothing is shown that cannot be logged")
    return problem(503, "transient", "the access log cannot be written: nothing is shown that cannot be logged")


def lines(row: Row) -> list[Line]:
    """What logs a write in the write's own transaction."""
    return [Line("log.append", [encode(one)]) for one in parted(row)]
