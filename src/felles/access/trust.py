"""What a process has lately read of sessions and grants, and may believe for a moment.

Whatever ends (a session, a grant, an app) changes a number that all processes of this machine see, so that it is
felt here at once; what other machines end is felt after TRUSTED_SECONDS at the latest.
"""

import hashlib
import mmap
import os
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from felles.record.store.channel import folder_of_user

TRUSTED_SECONDS = 1.0
KEPT = 4_096
ENDS = frozenset(
    {
        "session end",
        "session end of person",
        "sessions end",
        "sessions end of account",
        "sessions end of subject",
        "account remove",
        "app end",
        "app grant end",
        "app grants end",
        "app grant end of person",
    }
)
"""The statements after which nothing is believed that was read before."""
T = TypeVar("T")


class Ended:
    """A number in memory that the processes of one store share on this machine; without a store, this process's own."""

    def __init__(self, path: Path | None) -> None:
        self._map = mmap.mmap(-1, 8) if path is None else _shared(path)

    @property
    def number(self) -> bytes:
        return self._map[:8]

    def mark(self) -> None:
        """Something has ended."""
        self._map[:8] = struct.pack("<Q", time.time_ns())


def _shared(path: Path) -> mmap.mmap:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, 8)
        return mmap.mmap(descriptor, 8)
    finally:
        os.close(descriptor)


_OF: WeakKeyDictionary[object, Ended] = WeakKeyDictionary()


def ended(tables: object) -> Ended:
    """The number of the store behind `tables`."""
    store = getattr(tables, "store", tables)
    found = _OF.get(store)
    if found is None:
        address = getattr(store, "address", None)
        found = _OF[store] = Ended(_path(address) if address else None)
    return found


def _path(address: str) -> Path:
    place = address if "://" in address else str(Path(address).resolve())
    return folder_of_user() / f"{hashlib.blake2b(place.encode(), digest_size=12).hexdigest()}.ended"


class Trust(Generic[T]):
    """Answers by key; never a no, never older than TRUSTED_SECONDS or than the last end on this machine.

    The age counts from before the store was asked, on a clock that nobody sets.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, bytes, T]] = {}

    async def of(self, tables: object, key: str, ask: Callable[[], Awaitable[T | None]]) -> T | None:
        """What is believed, else what `ask` gives."""
        number, now = ended(tables).number, monotonic()
        moment, before, known = self._kept.get(key, (0.0, b"", None))
        if known is not None and before == number and now - moment < TRUSTED_SECONDS:
            return known
        found = await ask()
        if found is not None:
            self.put(key, found, number, now)
        return found

    def put(self, key: str, found: T, number: bytes, asked: float) -> None:
        """Keeps an answer that was asked for when `number` held."""
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept[key] = (asked, number, found)
