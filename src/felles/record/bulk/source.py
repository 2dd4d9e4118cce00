"""What an import reads: files, folders and archives, cut into pieces that are prepared one by one."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from felles.record.bulk import archive
from felles.record.bulk.fault import Fault, fault
from felles.record.outcome import Problem

KNOWN = (".json", ".ndjson", ".jsonl", ".gz", ".zip")
LINES = (".ndjson", ".jsonl")
FIRST = ("hospitalInformation", "practitionerInformation")
"""Synthea's files that its other files refer to by condition."""
PIECE = 1 << 20
MAX_LINE = 64 << 20


class Piece(msgspec.Struct, array_like=True):
    """A whole document (`first` 0, read by whoever prepares it) or the lines of NDJSON from line `first`.

    `size` is its share of the bytes on disk.
    """

    name: str
    path: str
    member: str | None
    size: int
    first: int = 0
    lines: bytes = b""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, by the name that reports show."""

    path: Path
    name: str
    size: int


def sources(paths: Iterable[Path]) -> list[Source]:
    """The files at `paths`; of folders those whose ending is known, in order of their names."""
    found: dict[Path, Source] = {}
    for path in paths:
        for file in _files(path):
            found.setdefault(file.resolve(), Source(file, str(file), file.stat().st_size))
    return list(found.values())


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    inside = [file for file in path.rglob("*") if file.suffix.lower() in KNOWN and file.is_file()]
    return sorted((file for file in inside if file.name != "manifest.json"), key=_order)


def _order(file: Path) -> tuple[bool, str]:
    return not file.name.startswith(FIRST), str(file)


def pieces(source: Source) -> Iterator[Piece | Fault]:
    """The pieces of one file. A damaged file gives a Fault after what could be read of it."""
    try:
        archive.check(source.path)
        if zipfile.is_zipfile(source.path):
            yield from _members(source)
        else:
            yield from _file(source.path, None, source.name, source.size)
    except Problem as error:
        yield fault(source.name, error)
    except archive.BROKEN as error:
        yield Fault(source.name, "", "", archive.reason(error))


def _members(source: Source) -> Iterator[Piece | Fault]:
    with zipfile.ZipFile(source.path) as box:
        members = sorted((one for one in box.infolist() if not one.is_dir()), key=lambda one: one.filename)
    for one in members:
        name = f"{source.name}!{one.filename}"
        path = Path(one.filename)
        if path.suffix.lower() in (".zip", ".gz"):
            yield Fault(name, "", "", "an archive inside an archive is not opened")
        elif path.suffix.lower() in KNOWN and path.name != "manifest.json":
            try:
                yield from _file(source.path, one.filename, name, one.compress_size)
            except Problem as error:
                yield fault(name, error)
            except archive.BROKEN as error:
                yield Fault(name, "", "", archive.reason(error))


def _file(path: Path, member: str | None, name: str, size: int) -> Iterator[Piece | Fault]:
    inner = Path(member or path.name)
    if inner.suffix.lower() == ".gz":
        inner = inner.with_suffix("")
    if inner.suffix.lower() not in LINES:
        yield Piece(name, str(path), member, size)
        return
    with archive.stream(path, member) as opened:
        yield from _lines(opened, Piece(name, str(path), member, 0))


def _lines(opened: archive.Reader, shape: Piece) -> Iterator[Piece | Fault]:
    """Whole lines, about PIECE bytes at a time: the same bytes always give the same pieces."""
    kept, line, done = b"", 1, 0
    while data := opened.read(PIECE):
        data = kept + data
        end = data.rfind(b"\n") + 1
        kept = data[end:]
        if len(kept) > MAX_LINE:
            yield Fault(shape.name, f"line {line + data.count(10, 0, end)}", "", "a line may have 64 MiB")
            return
        if end:
            yield msgspec.structs.replace(shape, size=opened.consumed - done, first=line, lines=data[:end])
            line += data.count(b"\n", 0, end)
            done = opened.consumed
    if kept.strip():
        yield msgspec.structs.replace(shape, size=opened.consumed - done, first=line, lines=kept)
