"""Anchors: each seal once more, as a line of a file outside the store.

Whoever can write the store, and even sign, still cannot take back what stands here: ship the file to a place that
other people keep (another machine, write-once storage), and give it to `felles audit verify --anchor`.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from felles.access.audit.seal import Seal


class Anchor(msgspec.Struct, frozen=True):
    """One line; bytes in hex."""

    number: int
    first: int
    last: int
    moment: int
    root: str
    key: str
    signature: str

    @property
    def seal(self) -> Seal:
        """The seal it repeats."""
        root, key, signature = map(bytes.fromhex, (self.root, self.key, self.signature))
        return Seal(self.number, self.first, self.last, self.moment, root, key, signature)


@dataclass(frozen=True, slots=True)
class Cut:
    """A line that a stop has cut short; `again`: the whole line follows, written by the sealer that came next."""

    again: bool


def _line(seal: Seal) -> bytes:
    one = Anchor(seal.number, seal.first, seal.last, seal.moment, seal.root.hex(), seal.key.hex(), seal.signature.hex())
    return msgspec.json.encode(one) + b"\n"


def anchored(path: Path) -> int:
    """The number of the last seal that stands in the file; 0 for none."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8_192))
        lines = file.read().split(b"\n")[:-1]
    known = (_read(line) for line in reversed(lines))
    return next((one.number for one in known if one is not None), 0)


def append(path: Path, seals: Iterable[Seal]) -> None:
    """Adds lines, durable on return. A line that was cut by a crash is ended first, and stands there as what it is."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        waiting = (b"\n" if cut else b"") + b"".join(map(_line, seals))
        while waiting:
            waiting = waiting[os.write(descriptor, waiting) :]
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def anchors(path: Path) -> Iterator[tuple[int, Anchor | Cut | None]]:
    """The lines with their numbers; None for one that cannot be read and was not merely cut."""
    unread: list[tuple[int, bytes]] = []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if (one := _read(line)) is None:
                unread.append((number, line))
                continue
            yield from _cut(unread, line)
            yield number, one
            unread = []
    yield from _cut(unread, b"")


def _cut(unread: list[tuple[int, bytes]], following: bytes) -> Iterator[tuple[int, Cut | None]]:
    """Lines that cannot be read, before one that can: each the beginning of that one, or none of a sealer's."""
    for number, line in unread:
        begun = line.removesuffix(b"\n")
        if not line.endswith(b"\n"):
            yield number, Cut(again=False)
        else:
            yield number, Cut(again=True) if begun and following.startswith(begun) else None


def _read(line: bytes) -> Anchor | None:
    try:
        return msgspec.json.decode(line, type=Anchor)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
