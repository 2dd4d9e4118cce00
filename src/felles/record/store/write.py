"""What the writer is asked to do, as plain data that crosses a process boundary.

Everything costly (parsing, validation, index rows) is done before; the writer checks conditions, numbers the
versions and puts rows down.
"""

from enum import IntEnum
from typing import Any, Literal

import msgspec


class Kind(IntEnum):
    """What a version came from (Bundle.entry.request.method of its history entry)."""

    CREATE = 0
    UPDATE = 1
    DELETE = 2


class Origin(IntEnum):
    """Where a change comes from. Imports and the demo wake no sending rule."""

    ACT = 0
    MESSAGE = 1
    IMPORT = 2
    DEMO = 3


Row = tuple[Any, ...]


UNLESS_SAME = -2
UNLESS_THERE = -3


class Write(msgspec.Struct, array_like=True, gc=False):
    """One version to be written.

    The body is `head` + version number + `middle` + instant + `tail`. `rows` holds, per table of
    `table.INDEXES`, the index rows without patient, date and rid (those are the same for all rows of a resource).
    `match` is the version that must be current (If-Match; 0: whatever is, -1: none may exist, UNLESS_SAME: nothing is
    written when the current version has this content, UNLESS_THERE: nothing is written when there is any).
    """

    kind: int
    type: int
    id: str
    key: int
    patient: int = 0
    date: int = 0
    head: bytes = b""
    middle: bytes = b""
    tail: bytes = b""
    rows: tuple[list[Any], ...] = ()
    match: int = 0


class Criterion(msgspec.Struct, array_like=True):
    """A search that the caller has done and that must still give the same inside the transaction.

    `lock` is the stable hash of the criteria, `expected` the ids that were found (FHIR R4 http.html#ccreate).
    """

    lock: int
    type: str
    parameters: list[tuple[str, str]]
    expected: list[str]


class Advance(msgspec.Struct, array_like=True):
    """Moves a feed worker's cursor in the same transaction; refused if the cursor is not at `start`."""

    name: str
    start: list[int]
    end: list[int]


class Reindex(msgspec.Struct, array_like=True, gc=False):
    """Index rows of one resource that go and come, if version `number` is still current. Rows per table of
    `table.INDEXES`, whole and in the order of its columns; `patient` and `date` are the ones that are right."""

    key: int
    number: int
    patient: int
    date: int
    gone: tuple[list[Row], ...]
    come: tuple[list[Row], ...]


class Line(msgspec.Struct, array_like=True):
    """A change of a room's own table in the record's transaction: the registered statement `name` with `args`.

    `rows`: how many rows it must touch (None: any number); otherwise the whole request is refused as `changed`.
    """

    name: str
    args: list[Any]
    rows: int | None = None


class Request(msgspec.Struct, array_like=True):
    """One transaction: all of it or nothing. `lines` follow the writes and what rules add to them."""

    writes: list[Write]
    criteria: list[Criterion] = []
    origin: int = Origin.ACT
    advance: Advance | None = None
    reindex: list[Reindex] = []
    lines: list[Line] = []


class Written(msgspec.Struct, array_like=True, gc=False):
    """What became of one write. `created`: the resource did not exist (or was deleted) before. `kept`: nothing was
    written, `number` is the version that stands."""

    number: int
    updated: int
    created: bool
    kept: bool = False


Refusal = Literal["conflict", "exists", "changed", "collision", "gone", "failed", "moved", "full", "line"]


class Refused(msgspec.Struct, array_like=True):
    """Why a request was not done. `position`: index of the write, -1 for the whole.

    conflict: another version is current. exists: it may not exist but does. changed: a criterion no longer gives
    what it gave (the caller prepares anew). collision: two ids with one 64-bit key. moved: a cursor was advanced
    by somebody else. line: a room's statement touched other rows than it must. full: the disk is full. failed: a rule
    or the store failed, `text` says how (no patient data).
    """

    reason: Refusal
    position: int = -1
    number: int = 0
    text: str = ""
    issues: list[tuple[str, str, str | None]] = []
    status: int = 500


class Reply(msgspec.Struct, array_like=True):
    """The answer to one request: either `written`, one per write and then one per reindex, or `refused`."""

    written: list[Written] = []
    refused: Refused | None = None
