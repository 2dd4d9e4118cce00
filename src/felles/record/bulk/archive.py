"""Files that are opened for reading: plain, gzip, members of a zip. Bombs are refused by what comes out, not by
what an archive says of itself."""

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from felles.record.outcome import problem

MAX_DOCUMENT = 1 << 30
"""Bytes of one JSON document."""
MAX_RATIO = 250
"""How many bytes may come out of one, once FREE have come. Synthea's bundles give 20, dense NDJSON about 60."""
FREE = 64 << 20
BROKEN = (OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError)
"""What reading a damaged, encrypted or vanished file raises."""


_DAMAGED = (EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


def reason(error: BaseException) -> str:
    """What BROKEN says, for who reads the report."""
    said = f": {error}" if str(error) else ""
    if isinstance(error, _DAMAGED):
        return f"the archive is damaged or cut off{said}"
    return f"cannot be read{said or f': {type(error).__name__}'}"


def check(path: Path) -> None:
    """Raises BadZipFile or BadGzipFile for what is named as an archive and is none. Plain JSON under the name of a
    gzip is taken."""
    suffix = path.suffix.lower()
    if suffix == ".zip" and not zipfile.is_zipfile(path):
        raise zipfile.BadZipFile("no zip directory at its end")
    if suffix == ".gz":
        with path.open("rb") as disk:
            head = disk.read(512)
        if not head.startswith(b"\x1f\x8b") and not head.lstrip().startswith((b"{", b"\xef\xbb\xbf")):
            raise gzip.BadGzipFile("it does not begin like gzip")


class Reader(Protocol):
    """Bytes that come, and how many bytes on disk they were."""

    def read(self, size: int) -> bytes: ...
    @property
    def consumed(self) -> int: ...


class Stream:
    """A reader that counts, and refuses more than MAX_RATIO times what it has read on disk."""

    def __init__(self, opened: IO[bytes], disk: IO[bytes] | None, size: int) -> None:
        self._opened, self._disk, self._size = opened, disk, size
        self._out = 0

    @property
    def consumed(self) -> int:
        return min(self._disk.tell(), self._size) if self._disk else min(self._out, self._size)

    def read(self, size: int) -> bytes:
        data = self._opened.read(size)
        self._out += len(data)
        read = self._disk.tell() if self._disk else self._size
        if self._out > FREE and self._out > MAX_RATIO * max(read, 1):
            raise problem(413, "too-long", f"more than {MAX_RATIO} times its size comes out of this file: refused")
        return data


@contextmanager
def stream(path: Path, member: str | None = None) -> Iterator[Stream]:
    """The content of a file, unpacked when its first bytes say gzip; of a member when it is a zip."""
    with path.open("rb") as disk:
        if member is not None:
            with zipfile.ZipFile(disk) as box:
                packed = box.getinfo(member).compress_size
                with box.open(member) as inside:
                    yield Stream(inside, None, packed)
        elif disk.read(2) == b"\x1f\x8b":
            disk.seek(0)
            with gzip.GzipFile(fileobj=disk) as unpacked:
                yield Stream(io.BufferedReader(unpacked, 1 << 18), disk, path.stat().st_size)
        else:
            disk.seek(0)
            yield Stream(disk, disk, path.stat().st_size)


def document(path: Path, member: str | None = None) -> bytes:
    """All of one document. Raises Problem 413 past MAX_DOCUMENT, and what BROKEN names."""
    parts, size = [], 0
    with stream(path, member) as opened:
        while part := opened.read(1 << 22):
            parts.append(part)
            size += len(part)
            if size > MAX_DOCUMENT:
                raise problem(413, "too-long", f"one document may have {MAX_DOCUMENT >> 20} MiB; use NDJSON")
    return b"".join(parts)
