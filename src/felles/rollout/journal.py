"""The roll-out's journal: what was planned, seen, answered and decided, each entry sealed over the one before.

Nothing is changed or taken out; who edits history breaks the seals, and `broken` says where. Two who write at once do
not overwrite each other: the second is told that there is something newer.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from felles.record.guard import EVERYTHING
from felles.record.record import Record
from felles.record.store import Line, Sql

_ALL = "number, at, kind, subject, author, body, seal"
AT_ONCE = 500


class Kind(StrEnum):
    """PLAN: a version of a plan. RECORD: a raw record brought in. EVIDENCE: readings. ANSWER: what a gate answered.
    CASE: what a board is shown. DECISION: what somebody decided, signed and with a reason."""

    PLAN = "plan"
    RECORD = "record"
    EVIDENCE = "evidence"
    ANSWER = "answer"
    CASE = "case"
    DECISION = "decision"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry; `subject` is what it is about (a plan, a unit, a fault), `author` who wrote it, `body` JSON."""

    number: int
    at: int
    kind: str
    subject: str
    author: str
    body: str
    seal: str = ""

    def told(self) -> Any:
        """The body as data."""
        return msgspec.json.decode(self.body)


class NewerError(Exception):
    """Somebody has written since this was read."""


LINES: Mapping[str, Sql] = {
    "rollout put": Sql(
        f"INSERT INTO rollout ({_ALL}) SELECT $1, $2, $3, $4, $5, $6, $7 "  # noqa: S608
        "WHERE coalesce((SELECT seal FROM rollout WHERE number = $1 - 1), '') = $8 ON CONFLICT DO NOTHING",
        f"INSERT INTO rollout ({_ALL}) SELECT $1::int8, $2::int8, $3::text, $4::text, $5::text, $6::text, $7::text "  # noqa: S608
        "WHERE coalesce((SELECT seal FROM rollout WHERE number = $1::int8 - 1), '') = $8::text ON CONFLICT DO NOTHING",
    ),
    "rollout head": Sql(f"SELECT {_ALL} FROM rollout ORDER BY number DESC LIMIT 1"),  # noqa: S608
    "rollout after": Sql(f"SELECT {_ALL} FROM rollout WHERE number > $1 ORDER BY number LIMIT $2"),  # noqa: S608
    "rollout kind": Sql(f"SELECT {_ALL} FROM rollout WHERE kind = $1 AND number > $2 ORDER BY number LIMIT $3"),  # noqa: S608
    "rollout last": Sql(
        f"SELECT {_ALL} FROM rollout WHERE kind = $1 AND subject = $2 ORDER BY number DESC LIMIT 1"  # noqa: S608
    ),
    "rollout bodies": Sql(
        "SELECT rid, body FROM resource WHERE type = $1 AND deleted = 0 AND rid > $2 ORDER BY rid LIMIT $3"
    ),
}  # fmt: skip
"""The statements on the journal, and on the bodies that evidence is counted from."""


def seal(before: str, entry: Entry) -> str:
    """SHA-256 over the seal of the entry before and all of this one but its own seal."""
    told = msgspec.json.encode([before, entry.number, entry.at, entry.kind, entry.subject, entry.author, entry.body])
    return hashlib.sha256(told).hexdigest()


def broken(entries: Sequence[Entry], before: str = "") -> int | None:
    """The number of the first entry whose seal does not hold, or that is missing; None where all hold."""
    number = entries[0].number if entries else 1
    for entry in entries:
        if entry.number != number or entry.seal != seal(before, entry):
            return number
        before, number = entry.seal, number + 1
    return None


async def head(record: Record) -> Entry | None:
    """The newest entry."""
    rows = await record.seen_by(EVERYTHING).ask("rollout head")
    return _entry(rows[0]) if rows else None


async def write(
    record: Record, entries: Sequence[tuple[Kind, str, Any]], author: str, at: int, expected: int | None = None
) -> list[Entry]:
    """Appends (kind, subject, what) in one transaction. `expected`: the number of the newest entry that its writer has
    seen. Raises NewerError where there is a newer one."""
    newest = await head(record)
    number, before = (newest.number, newest.seal) if newest else (0, "")
    if expected is not None and number != expected:
        raise NewerError(number)
    made: list[Entry] = []
    lines: list[Line] = []
    for place, (kind, subject, what) in enumerate(entries, 1):
        body = msgspec.json.encode(what, order="deterministic").decode()
        entry = Entry(number=number + place, at=at, kind=kind.value, subject=subject, author=author, body=body)
        entry = msgspec.structs.replace(entry, seal=seal(before, entry))
        made.append(entry)
        lines.append(Line("rollout put", [*msgspec.structs.astuple(entry), before]))
        before = entry.seal
    system = record.seen_by(EVERYTHING)
    await system.commit([], lines=lines)
    kept = {entry.number: entry.seal async for entry in after(record, number)}
    if any(kept.get(entry.number) != entry.seal for entry in made):
        raise NewerError(number)
    return made


async def after(record: Record, number: int = 0) -> AsyncIterator[Entry]:
    """All entries after a number, in order."""
    system = record.seen_by(EVERYTHING)
    while rows := await system.ask("rollout after", [number, AT_ONCE]):
        for row in rows:
            yield _entry(row)
        number = int(rows[-1][0])


async def of_kind(record: Record, kind: Kind) -> AsyncIterator[Entry]:
    """All entries of a kind, in order."""
    system, number = record.seen_by(EVERYTHING), 0
    while rows := await system.ask("rollout kind", [kind.value, number, AT_ONCE]):
        for row in rows:
            yield _entry(row)
        number = int(rows[-1][0])


async def last(record: Record, kind: Kind, subject: str) -> Entry | None:
    """The newest entry of a kind about something."""
    rows = await record.seen_by(EVERYTHING).ask("rollout last", [kind.value, subject])
    return _entry(rows[0]) if rows else None


def _entry(row: Sequence[Any]) -> Entry:
    number, at, *words = row
    kind, subject, author, body, mark = (str(each) for each in words)
    return Entry(number=int(number), at=int(at), kind=kind, subject=subject, author=author, body=body, seal=mark)
