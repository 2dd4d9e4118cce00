"""The sealer: once a second it takes what is new in all segments and in the trail into the log, in one order, chained
and signed. One process per folder of segments does it; several folders of one store take turns at the chain's head.

Exactly once, whenever it is killed: where a segment stands, which rows of the trail are taken and where the chain ends
move in the transaction of the rows, each only from where it was read.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import structlog

from felles.access.audit import anchor
from felles.access.audit.chain import linked
from felles.access.audit.key import signing_key
from felles.access.audit.place import Place
from felles.access.audit.row import read
from felles.access.audit.seal import Seal, sealed
from felles.access.audit.segment import TORN, folder_of_log, is_held, is_torn, rows_from, segments, synced
from felles.access.audit.statement import Known, many, patients_args, rows_args
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.store import Line

BATCH = 4_000
"""Rows of one transaction at the most, so that no write waits long behind it."""
PAUSE = 1.0
ENDING = 5.0
"""Seconds that somebody who is stopped has to end what is under way."""
log = structlog.get_logger("felles.log")


@dataclass(slots=True)
class Taken:
    """What has been read for one transaction."""

    rows: list[bytes] = field(default_factory=list)
    trail: list[int] = field(default_factory=list)
    moved: dict[str, tuple[int, int]] = field(default_factory=dict)
    ended: list[tuple[Path, int]] = field(default_factory=list)


class Sealer:
    """Seals the rows of one folder and of the store's trail."""

    def __init__(self, record: Record, place: Place) -> None:
        """Raises OSError, PermissionError, ValueError for a folder or key that is not as it must be."""
        self._record = record
        self._place = place
        self._folder = folder_of_log(place.folder)
        self._key = signing_key(place.key)
        self._anchored: int | None = None
        self._ending = False

    async def step(self) -> int:
        """Seals what there is, BATCH rows at the most. Returns how many; 0 also when another was faster."""
        record = self._record
        seq, number, before = (await record.ask("log.head"))[0]
        positions = dict(await record.ask("log.segments"))
        trail = await record.ask("log.trail", [BATCH])
        taken = await asyncio.to_thread(self._read, trail, positions)
        if taken.rows:
            lines = await asyncio.to_thread(self._lines, taken, seq, number, before)
            try:
                await record.commit((), lines=lines)
            except Problem as error:
                if error.status == 409:
                    return 0
                raise
        await self._remove(taken.ended)
        return len(taken.rows)

    def _read(self, trail: list[tuple[int, bytes]], positions: dict[str, int]) -> Taken:
        taken = Taken([body for _, body in trail], [seq for seq, _ in trail])
        for path in segments(self._folder):
            if len(taken.rows) >= BATCH:
                break
            held = is_held(path)
            start = positions.get(path.name, 0)
            new = list(islice(rows_from(path, start), BATCH - len(taken.rows)))
            if new:
                taken.rows += [body for body, _ in new]
                taken.moved[path.name] = (start, new[-1][1])
            elif not held:
                taken.ended.append((path, start))
        return taken

    def _lines(self, taken: Taken, seq: int, number: int, before: bytes) -> list[Line]:
        """The transaction: the head moves first, so that whoever comes second is refused at once."""
        dialect = self._record.store.dialect
        known = sorted(map(_known, taken.rows), key=lambda one: one[0][0])
        rows = [one for one, _ in known]
        hashes = linked(before, [row[3] for row in rows])
        seal = sealed(self._key, number + 1, seq + 1, seq + len(rows), time.time_ns() // 1_000, hashes[-1])
        pairs = [(patient, seq + place) for place, (_, patients) in enumerate(known, 1) for patient in patients]
        lines = [Line("log.head.move", [seq, seal.last, seal.number, seal.root], 1)]
        if taken.trail:
            lines.append(Line("log.trail.taken", [many(taken.trail, dialect)], len(taken.trail)))
        for name, (start, end) in taken.moved.items():
            lines += [Line("log.segment.begin", [name, start])] if start == 0 else []
            lines.append(Line("log.segment.move", [name, start, end], 1))
        lines.append(Line("log.rows", rows_args(seq + 1, rows, hashes, dialect)))
        if pairs:
            lines.append(Line("log.patients", patients_args(pairs, dialect)))
        return [*lines, Line("log.seal", _values(seal))]

    async def _remove(self, ended: Iterable[tuple[Path, int]]) -> None:
        """Files whose makers are gone and whose rows are all sealed; their position goes when they surely have."""
        for path, position in ended:
            await asyncio.to_thread(_discard, path, position)
            await self._record.commit((), lines=[Line("log.segment.gone", [path.name])])

    async def anchor(self) -> None:
        """Repeats in the anchor file the seals that do not stand there yet."""
        if self._anchored is None:
            self._anchored = await self._begin_anchoring()
        while found := [Seal(*row) for row in await self._record.ask("log.seals", [self._anchored, BATCH])]:
            await asyncio.to_thread(anchor.append, self._place.anchor, found)
            self._anchored = found[-1].number

    async def _begin_anchoring(self) -> int:
        """Anchors ahead of the log are those of a log that was longer: they stay, and the verification will say so."""
        there = await asyncio.to_thread(anchor.anchored, self._place.anchor)
        number = int((await self._record.ask("log.head"))[0][1])
        if there > number:
            log.warning(
                "the anchors are ahead of the log: was an older store put in its place?", anchored=there, log=number
            )
        return min(there, number)

    async def settle(self) -> int:
        """Seals and anchors all there is. Returns how many rows."""
        count = 0
        while not self._ending and (done := await self.step()):
            count += done
        await self.anchor()
        return count

    async def run(self, pause: float = PAUSE) -> None:
        """Seals until it is cancelled; what fails is tried again. What is under way then is ended, so that no seal is
        left without its anchor."""
        while True:
            begun = time.monotonic()
            work = asyncio.ensure_future(self._tried())
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                self._ending = True
                await asyncio.wait([work], timeout=ENDING)
                raise
            await asyncio.sleep(max(0.05, begun + pause - time.monotonic()))

    async def _tried(self) -> None:
        try:
            await self.settle()
        except Exception as error:
            log.warning("the log could not be sealed and is tried again", error=type(error).__name__)


def _known(body: bytes) -> tuple[Known, list[int]]:
    """What the log's columns say of a row, and the patients it names. A row of another program version that cannot be
    read is kept as it is."""
    row = read(body)
    if row is None:
        return (time.time_ns() // 1_000, 0, 0, body), []
    return (row.moment, key64(row.person), int(row.act), body), sorted(set(row.patients))


def _values(seal: Seal) -> list[int | bytes]:
    return [seal.number, seal.first, seal.last, seal.moment, seal.root, seal.key, seal.signature]


def _discard(path: Path, position: int) -> None:
    """A tail that no row fits is what a crash left of an answer that never went out; it is kept aside."""
    if is_torn(path, position):
        log.warning("a segment of the log ends in what is no row; it is kept", segment=path.with_suffix(TORN).name)
        path.rename(path.with_suffix(TORN))
    else:
        path.unlink()
    synced(path.parent)


async def seal(record: Record, place: Place, pause: float = PAUSE) -> None:
    """Seals while this process is the one that does it for the folder; waits for its turn otherwise."""
    folder_of_log(place.folder)
    lock = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _is_mine(lock):  # noqa: ASYNC110 - a lock among processes tells nobody that it is free
            await asyncio.sleep(pause)
        await Sealer(record, place).run(pause)
    finally:
        os.close(lock)


def _is_mine(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
