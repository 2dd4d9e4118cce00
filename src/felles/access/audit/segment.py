"""A segment: the file to which one process adds its rows. Only its maker writes it, and holds its lock while it lives.

The file begins with MAGIC; then frames of length (4 bytes), CRC-32 (4 bytes) and row. A frame that is cut or does not
fit its sum is the end: what follows a failed write is never acknowledged. Room is written out in advance as zeros, so
that a sync moves the row and nothing of the file system's own.
"""

import fcntl
import os
import secrets
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

MAGIC = b"felles log 1\n"
SUFFIX = ".rows"
TORN = ".torn"
FULL = 16 * 1024 * 1024
"""Bytes after which a process begins a new segment, so that old ones can go."""
_FRAME = struct.Struct("<II")
ROOM = 1 << 20
"""Bytes of zeros that are put down at once."""
LONGEST = 1 << 18
"""Bytes of one row at the most."""


def folder_of_log(folder: Path) -> Path:
    """The folder of segments, made for this user alone. Raises PermissionError where others may enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077 or folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} holds the access log and must belong to this user alone (mode 0700)")
    return folder


def synced(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Segment:
    """An open segment of this process. `seconds`: what the last sync took."""

    seconds = 0.0

    def __init__(self, folder: Path) -> None:
        """Makes a new one. Raises OSError."""
        self.path = folder / f"{secrets.token_hex(8)}{SUFFIX}"
        part = self.path.with_suffix(".new")
        self._file = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_DSYNC, 0o600)
        self._room = 0
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            self.size = 0
            self._put(MAGIC)
            part.rename(self.path)  # under its name it is locked: the sealer never takes it for a dead one
            synced(folder)
        except OSError:
            part.unlink(missing_ok=True)
            os.close(self._file)
            raise

    def append(self, rows: Sequence[bytes]) -> None:
        """Adds rows; they are durable on return. Raises OSError, after which nothing may be added any more."""
        self._put(b"".join([frame(one) for one in rows]))

    def _put(self, data: bytes) -> None:
        end = self.size + len(data)
        while self._room < end:
            self._room += _written(self._file, bytes(ROOM), self._room)
        begun = perf_counter()
        _written(self._file, data, self.size)
        self.seconds = perf_counter() - begun
        self.size = end

    def close(self) -> None:
        """Lets go of the lock: the sealer may take what is left and remove the file."""
        os.close(self._file)


def _written(file: int, data: bytes, place: int) -> int:
    """Puts all of `data` down at a place, durable on return."""
    done = 0
    while done < len(data):
        done += os.pwrite(file, data[done:] if done else data, place + done)
    return done


def frame(one: bytes) -> bytes:
    """A row as it stands in the file."""
    return _FRAME.pack(len(one), zlib.crc32(one)) + one


def frames(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The whole rows at the beginning of `data`, each with the place where it ends."""
    start = 0
    while len(data) - start >= _FRAME.size:
        length, checksum = _FRAME.unpack_from(data, start)
        end = start + _FRAME.size + length
        if not 0 < length <= LONGEST or end > len(data):
            return
        one = data[start + _FRAME.size : end]
        if zlib.crc32(one) != checksum:
            return
        yield one, end
        start = end


def is_held(path: Path) -> bool:
    """Whether the process that made a segment still writes it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_torn(path: Path, position: int) -> bool:
    """Whether anything but room stands after the last row."""
    with path.open("rb") as file:
        file.seek(max(position, len(MAGIC)))
        return bool(file.read(LONGEST).strip(b"\0"))


def segments(folder: Path) -> list[Path]:
    """The segments in a folder."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def rows_from(path: Path, position: int, most: int = ROOM) -> Iterator[tuple[bytes, int]]:
    """Whole rows after `position` (0: the beginning) with the positions where they end."""
    begin = max(position, len(MAGIC))
    with path.open("rb") as file:
        file.seek(begin)
        data = file.read(most)
    for one, end in frames(data):
        yield one, begin + end
