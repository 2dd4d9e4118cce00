"""The import itself: pieces are prepared side by side and committed in the order of the input, so that the same
input always gives the same store."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Protocol

from felles.record.bulk.crew import Crew
from felles.record.bulk.fault import Fault
from felles.record.bulk.preparation import Prepared
from felles.record.bulk.source import Piece
from felles.record.outcome import problem
from felles.record.store import UNLESS_THERE, Kind, Refused, Request, Store, Write, Written

BATCH = 4_000
"""Writes that are handed to the store together: one COMMIT of many requests touches each page of the index once."""
BATCH_SERVED = 400
"""The same, where people wait for the writer too."""
AHEAD = 32 << 20
"""Bytes of the input that are prepared ahead of the writer."""
IN_FLIGHT = 2
ROUNDS = 4


@dataclass(slots=True)
class Tally:
    """What an import did, counted in resources: read = created + updated + unchanged + failed."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    seconds: float = 0.0

    def count(self, write: Write, written: Written) -> None:
        self.read += 1
        if written.kept:
            self.unchanged += 1
        elif written.created and write.kind != Kind.DELETE:
            self.created += 1
        else:
            self.updated += 1

    def stay(self, count: int) -> None:
        self.read += count
        self.unchanged += count

    def plain(self) -> dict[str, int | float]:
        return {**asdict(self), "seconds": round(self.seconds, 3)}


class Watch(Protocol):
    """Is told how it goes. `begun` hands over the tally that is counted in from then on."""

    def begun(self, tally: Tally) -> None: ...
    def moved(self, size: int, tally: Tally) -> None: ...
    def faulty(self, fault: Fault) -> None: ...


class Intake:
    """One import into one store. `begun`: the moment (time.monotonic) from which it is timed."""

    def __init__(self, store: Store, crew: Crew, watch: Watch, begun: float) -> None:
        self._store, self._crew, self._watch, self._begun = store, crew, watch, begun
        self._tally = Tally()
        self._running: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._ready: list[_Work] = []
        self._batch = BATCH_SERVED if store.served else BATCH
        self._again: list[Piece] = []
        self._last_round = False
        self._shared = _Shared()

    async def run(self, pieces: Iterable[Piece | Fault]) -> Tally:
        """Takes everything. Raises Problem when the store can take no more (full, out of reach)."""
        self._watch.begun(self._tally)
        try:
            await self._all(pieces)
            await self._repeat()
        finally:
            self._tally.seconds = time.monotonic() - self._begun
            for task in self._running:
                task.cancel()
        return self._tally

    async def _all(self, pieces: Iterable[Piece | Fault]) -> None:
        waiting: deque[tuple[Piece, asyncio.Future[Prepared]]] = deque()
        size = 0
        for piece in pieces:
            if isinstance(piece, Fault):
                self._fault(piece)
                continue
            waiting.append((piece, self._crew.prepare(piece)))
            size += piece.size
            while waiting and (len(waiting) >= self._crew.window or (size > AHEAD and len(waiting) > 2)):
                size -= waiting[0][0].size
                await self._take(*waiting.popleft())
        while waiting:
            await self._take(*waiting.popleft())
        await self._settled()

    async def _repeat(self) -> None:
        """What hung on others, one by one, now that they are there."""
        for left in reversed(range(ROUNDS)):
            pieces, self._again = self._again, []
            self._last_round = left == 0
            for piece in pieces:
                await self._take(piece, self._crew.prepare(piece))
                await self._settled()

    async def _settled(self) -> None:
        await self._send()
        while self._running:
            await asyncio.gather(*self._running)

    async def _take(self, piece: Piece, coming: "asyncio.Future[Prepared]") -> None:
        prepared = await coming
        if prepared.again and not self._last_round:
            self._again.append(piece)
            return
        if not prepared.whole and any(request.criteria for request in prepared.requests):
            await self._settled()
            prepared = await self._crew.prepare(piece)
        for one in prepared.faults:
            self._fault(one)
        self._tally.stay(prepared.done)
        kept = prepared.kept
        for request, places in zip(prepared.requests, prepared.places, strict=True):
            await self._begin(_Work(piece, request, places, prepared.whole, kept))
            kept = 0
        self._watch.moved(piece.size, self._tally)

    def _fault(self, one: Fault) -> None:
        self._tally.read += one.count
        self._tally.failed += one.count
        self._watch.faulty(one)

    async def _begin(self, work: "_Work") -> None:
        work.kept += self._shared.strip(work)
        self._ready.append(work)
        if sum(len(one.request.writes) for one in self._ready) >= self._batch:
            await self._send()

    async def _send(self) -> None:
        """What is ready goes to the store at once, in its order."""
        await self._slots.acquire()
        for task in self._running:
            if task.done():
                task.result()
        ready, self._ready = self._ready, []
        task = asyncio.create_task(self._together(ready))
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def _together(self, works: "list[_Work]") -> None:
        await asyncio.gather(*(self._commit(work) for work in works))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """A task that failed stays, so that whoever looks next raises what it raised."""
        self._slots.release()
        if not task.cancelled() and task.exception() is None:
            self._running.discard(task)

    async def _commit(self, work: "_Work") -> None:
        reply = await self._store.submit(work.request)
        if reply.refused is None:
            self._tally.stay(work.kept)
            for write, written in zip(work.request.writes, reply.written, strict=False):
                self._tally.count(write, written)
            self._shared.stand(work.request)
            return
        for orphan in self._shared.fall(work.request):
            await self._commit(_Work(work.piece, Request([orphan], origin=work.request.origin), [""]))
        await self._refused(work, reply.refused)

    async def _refused(self, work: "_Work", why: Refused) -> None:
        if why.reason == "full" or why.status == 503:
            raise problem(why.status, "exception", why.text)
        if work.whole and why.reason in ("changed", "moved") and not self._last_round:
            self._again.append(work.piece)
            return
        alone = not work.whole and 0 <= why.position < len(work.places)
        at = work.places[why.position] if 0 <= why.position < len(work.places) else ""
        lost = 1 if alone else max(1, len(work.request.writes))
        self._fault(Fault(work.piece.name, at, "", _reasons.get(why.reason) or why.text, lost))
        if alone:
            await self._commit(work.without(why.position))


@dataclass(slots=True)
class _Work:
    """One request on its way. `kept`: resources of its piece that need no write."""

    piece: Piece
    request: Request
    places: list[str]
    whole: bool = False
    kept: int = 0

    def without(self, place: int) -> "_Work":
        """The same, less one bad write; it is no longer all of the piece."""
        writes, places = list(self.request.writes), list(self.places)
        del writes[place], places[place]
        return _Work(self.piece, Request(writes, self.request.criteria, self.request.origin), places, False, self.kept)


_reasons = {
    "conflict": "another version is current than the one that ifMatch names",
    "exists": "the resource exists already",
    "collision": "this id cannot be used in this store",
    "changed": "others keep changing what its conditions ask",
    "moved": "another import takes the same file",
}


class _Shared:
    """Resources that many pieces bring along: the first in the order of the input is written, the others lean on it."""

    def __init__(self) -> None:
        self._standing: set[int] = set()
        self._pending: dict[int, Write | None] = {}

    def strip(self, work: _Work) -> int:
        """Takes out of a request what is on its way already; how many."""
        writes = work.request.writes
        kept = [n for n, write in enumerate(writes) if write.match != UNLESS_THERE or not self._brought(write)]
        if len(kept) < len(writes):
            work.request.writes = [writes[n] for n in kept]
            work.places = [work.places[n] for n in kept]
        return len(writes) - len(kept)

    def _brought(self, write: Write) -> bool:
        if write.key in self._standing:
            return True
        if write.key not in self._pending:
            self._pending[write.key] = None
            return False
        self._pending[write.key] = self._pending[write.key] or write
        return True

    def stand(self, request: Request) -> None:
        """The request is durable."""
        for write in request.writes:
            if write.match == UNLESS_THERE:
                self._standing.add(write.key)
                self._pending.pop(write.key, None)

    def fall(self, request: Request) -> list[Write]:
        """The request is refused: what others lean on must be written by itself."""
        orphans = [self._pending.pop(write.key, None) for write in request.writes if write.match == UNLESS_THERE]
        return [write for write in orphans if write is not None]
