"""Everything that is current as NDJSON, one file per type, with a manifest as FHIR Bulk Data has it
(https://hl7.org/fhir/uv/bulkdata/export.html#response---complete-status)."""

import gzip
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import orjson

from felles.record import definition
from felles.record.store.snapshot import Snapshot, snapshot

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BODIES = "SELECT body FROM resource WHERE deleted = 0 AND type = $1 AND updated >= $2 ORDER BY updated, rid"
Moved = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is exported: types (none: all), versions since a moment (microseconds), packed or not.

    `mark` is the tag that every resource of a demo store bears, `note` what its manifest says.
    """

    types: Sequence[str] = ()
    since: int = 0
    packed: bool = False
    mark: dict[str, str] | None = None
    note: str = ""


async def export(address: str, folder: Path, wanted: Wanted, moved: Moved = lambda _: None) -> dict[str, int]:
    """Writes into `folder`, which must be new or empty. Returns resources by type. Raises ValueError, OSError."""
    _begin(folder)
    counts: dict[str, int] = {}
    async with snapshot(address) as moment:
        demo = await moment.rows("SELECT value FROM store WHERE name = 'demo'") == [("yes",)]
        mark = wanted.mark if demo else None
        for name in wanted.types or await _types(moment):
            count = await _one_type(moment, folder, name, wanted, mark, moved)
            if count:
                counts[name] = count
    _finish(folder, counts, wanted, demo)
    return counts


def _begin(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: an export needs a folder of its own")


async def total(address: str) -> int:
    """How many resources there are, about."""
    async with snapshot(address) as moment:
        return int((await moment.rows("SELECT count(*) FROM directory"))[0][0])


async def _types(moment: Snapshot) -> list[str]:
    rows = await moment.rows("SELECT DISTINCT type FROM resource WHERE deleted = 0 ORDER BY type")
    return [definition.type_name(row[0]) for row in rows]


async def _one_type(
    moment: Snapshot, folder: Path, name: str, wanted: Wanted, mark: dict[str, str] | None, moved: Moved
) -> int:
    path = folder / _file_name(name, wanted)
    count = 0
    with private(path, packed=wanted.packed) as file:
        async for line in _lines(moment, name, wanted.since, mark):
            file.write(line)
            count += 1
            if count % 1_000 == 0:
                moved(1_000)
    moved(count % 1_000)
    if not count:
        path.unlink()
    return count


def _file_name(name: str, wanted: Wanted) -> str:
    return f"{name}.ndjson.gz" if wanted.packed else f"{name}.ndjson"


async def _lines(moment: Snapshot, name: str, since: int, mark: dict[str, str] | None) -> AsyncIterator[bytes]:
    async for (body,) in moment.stream(_BODIES, (definition.type_number(name), since)):
        line = msgspec.json.format(body, indent=-1) if b"\n" in body else body
        yield (marked(line, mark) if mark else line) + b"\n"


def marked(body: bytes, mark: dict[str, str]) -> bytes:
    """The body with this tag in `meta.tag`; every other byte as it was."""
    if b'"%b"' % mark["system"].encode() in body:
        return body
    members: dict[str, Any] = _members.decode(body)
    meta = _members.decode(members["meta"])
    others = _list.decode(meta["tag"]) if "tag" in meta else []
    meta["tag"] = msgspec.Raw(b"[" + b",".join([orjson.dumps(mark), *map(bytes, others)]) + b"]")
    members["meta"] = _object(meta)
    return _object(members)


_list = msgspec.json.Decoder(list[msgspec.Raw])


def _object(members: dict[str, Any]) -> bytes:
    return b"{" + b",".join(b'"%b":%b' % (name.encode(), bytes(value)) for name, value in members.items()) + b"}"


@contextmanager
def private(path: Path, *, packed: bool = False) -> Iterator[IO[bytes]]:
    """A new file for this user alone, on the disk when it is left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
        if packed:
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as inner:
                yield inner  # type: ignore[misc]
        else:
            yield file
        file.flush()
        os.fsync(file.fileno())


def _finish(folder: Path, counts: dict[str, int], wanted: Wanted, demo: bool) -> None:
    output = [{"type": name, "url": _file_name(name, wanted), "count": count} for name, count in counts.items()]
    manifest: dict[str, Any] = {
        "transactionTime": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "request": "felles export",
        "requiresAccessToken": False,
        "output": output,
        "error": [],
    }
    if demo and wanted.note:
        manifest["note"] = wanted.note
    with private(folder / "manifest.json") as file:
        file.write(orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n")
