"""What has been seen already: the `jti` of proofs, for all processes of one machine (RFC 9449 §11.1).

A table of fixed size in a file that they all map: 16 bytes for each proof, which are free again when its time is over.
Hosts do not share it: there a proof that was copied in transit is bounded by its few seconds, its address and token.
"""

import fcntl
import hashlib
import mmap
import os
import struct
from pathlib import Path

SLOTS = 1 << 18
STEPS = 32
"""How many neighbouring places a proof may stand in."""
_SLOT = struct.Struct("<QQ")
_SIZE = SLOTS * _SLOT.size


class Replay:
    """Seen once, and refused from then on until its time is over."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size != _SIZE:
            os.ftruncate(self._file, _SIZE)
        self._table = mmap.mmap(self._file, _SIZE)

    def first(self, value: str, until: float, now: float) -> bool:
        """Whether `value` is seen for the first time; it is remembered until `until` (seconds). False as well when
        so much is remembered around it that it has no place: what cannot be told apart is refused."""
        mark, start = struct.unpack("<QQ", hashlib.blake2b(value.encode(), digest_size=16).digest())
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            return self._put(mark or 1, start % (SLOTS - STEPS), int(until * 1_000), int(now * 1_000))
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _put(self, mark: int, start: int, until: int, now: int) -> bool:
        free = -1
        for slot in range(start, start + STEPS):
            held, expires = _SLOT.unpack_from(self._table, slot * _SLOT.size)
            if expires < now:
                free = slot if free < 0 else free
            elif held == mark:
                return False
        if free >= 0:
            _SLOT.pack_into(self._table, free * _SLOT.size, mark, until)
        return free >= 0

    def close(self) -> None:
        self._table.close()
        os.close(self._file)
