"""Who prepares the pieces: this process, or processes on the other cores."""

import asyncio
import gc
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Protocol

import msgspec

from felles.record.bulk.preparation import Preparation, Prepared
from felles.record.bulk.source import Piece
from felles.record.record import Record
from felles.record.store import Origin

AHEAD = 16
"""Pieces for each process: while the embedded engine commits a batch, they go on with those of the next."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Prepared).decode


class Crew(Protocol):
    """Prepares pieces; `window` is how many it should have at once, less when they are large."""

    window: int

    def prepare(self, piece: Piece) -> "asyncio.Future[Prepared]": ...
    def close(self) -> None: ...


class Alone:
    """For little work: no processes."""

    window = 1

    def __init__(self, preparation: Preparation) -> None:
        self._preparation = preparation

    def prepare(self, piece: Piece) -> "asyncio.Future[Prepared]":
        return asyncio.ensure_future(self._preparation.prepare(piece))

    def close(self) -> None:
        """Nothing to end."""


class Many:
    """Processes, forked before the store is opened and before there are threads."""

    def __init__(self, count: int, address: str, base: str, origin: Origin, *, anew: bool) -> None:
        self.window = AHEAD * count
        self._pool = ProcessPoolExecutor(
            count, get_context("fork"), initializer=_begin, initargs=(address, base, int(origin), anew, os.getpid())
        )
        self._pool.submit(os.getpid).result()

    def prepare(self, piece: Piece) -> "asyncio.Future[Prepared]":
        return asyncio.ensure_future(self._prepared(piece))

    async def _prepared(self, piece: Piece) -> Prepared:
        return _decode(await asyncio.wrap_future(self._pool.submit(_prepare, _encode(piece))))

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class _Hand:
    """What one of the processes keeps between pieces."""

    def __init__(self, address: str, base: str, origin: int, anew: bool) -> None:
        self._loop = asyncio.new_event_loop()
        self._how = (address, base, Origin(origin), anew)
        self._preparation: Preparation | None = None

    def prepare(self, piece: Piece) -> Prepared:
        return self._loop.run_until_complete(self._prepare(piece))

    async def _prepare(self, piece: Piece) -> Prepared:
        if self._preparation is None:
            address, base, origin, anew = self._how
            self._preparation = Preparation(await Record.open(address, base=base), origin, anew=anew)
            settle()
        return await self._preparation.prepare(piece)


_hands: list[_Hand] = []
_piece = msgspec.msgpack.Decoder(Piece).decode


def _begin(address: str, base: str, origin: int, anew: bool, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _hands.append(_Hand(address, base, origin, anew))


def _end_with(parent: int) -> None:
    """A killed parent tells nobody; its processes look for themselves."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _prepare(piece: bytes) -> bytes:
    return _encode(_hands[0].prepare(_piece(piece)))


def settle() -> None:
    """What is loaded now stays: the garbage collector need not walk it again and again while rows come and go."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0))
