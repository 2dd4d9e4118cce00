"""Commits requests in groups: conditions first, then versions, then the rules that the versions wake.

The same code runs on both engines. What a refused request has staged never reaches the other requests of its group.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.store.line import Lines
from felles.record.store.stage import IndexRows, Stage
from felles.record.store.transaction import Current, Dialect, Reading, Transaction
from felles.record.store.write import (
    UNLESS_THERE,
    Advance,
    Criterion,
    Kind,
    Line,
    Refused,
    Reindex,
    Reply,
    Request,
    Write,
    Written,
)

MAX_RULE_WRITES = 1_000
"""What the rules may add to one request; past it two rules wake each other without end."""


class Refusal(Exception):
    """Ends a request; carries what the caller is told."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Change:
    """A version that is being written, as rules see it. Bodies are the stored bytes; None: there is no such version."""

    kind: Kind
    type: int
    id: str
    number: int
    origin: int
    before: bytes | None
    after: bytes | None


class Rules(Protocol):
    """The rules of the house (DESIGN: pure functions that run in the transaction of the change that woke them)."""

    def wakes(self, type_number: int) -> bool: ...
    async def woken(self, change: Change, read: Reading) -> tuple[list[Write], list[Line]]: ...


Search = Callable[[Reading, str, list[tuple[str, str]]], Awaitable[list[str]]]
"""Ids that match a criterion, two at the most."""

Extract = Callable[[int, bytes], IndexRows]
"""The index rows of a stored body."""


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


@lru_cache(maxsize=512)
def instant(micros: int) -> bytes:
    """A FHIR instant with milliseconds, in UTC."""
    return f"{_second(micros // 1_000_000)}.{micros // 1000 % 1000:03d}Z".encode()


def body_of(write: Write, number: int, updated: int) -> bytes:
    """The bytes that are stored."""
    return b"%b%d%b%b%b" % (write.head, number, write.middle, instant(updated), write.tail)


def stands(write: Write, old: Current, body: bytes) -> bool:
    """Whether the current version makes an UNLESS_ write unnecessary: it is enough, or the same but for white space."""
    if write.match == UNLESS_THERE:
        return True
    same = body_of(write, old.number, old.updated)
    return same == body or msgspec.json.format(same, indent=-1) == msgspec.json.format(body, indent=-1)


@dataclass(slots=True)
class Committer:
    """Applies requests inside an open transaction, with what it needs from the floor above the store."""

    search: Search
    extract: Extract
    rules: Rules
    lines: Lines = field(default_factory=Lines)

    async def apply(self, tx: Transaction, group: Stage, request: Request, now: int) -> Reply:
        """Does one request. Raises nothing that belongs to the request: refusals are in the reply."""
        act = _Act(self, tx, group, request, now)
        try:
            written = await act.run()
        except Refusal as refusal:
            await act.undo()
            return Reply(refused=refusal.refused)
        await act.keep()
        return Reply(written)


class _Act:
    """One request on its way."""

    def __init__(self, committer: Committer, tx: Transaction, group: Stage, request: Request, now: int) -> None:
        self.committer, self.tx, self.group, self.request, self.now = committer, tx, group, request, now
        self.own = Stage()
        self.apart = False
        self.current: dict[int, Current] = {}
        self.changes: deque[Change] = deque()
        self.lines = list(request.lines)

    async def run(self) -> list[Written]:
        if self.request.criteria:
            await self._check_criteria(self.request.criteria)
        if self.request.advance:
            await self._stands_at(self.request.advance)
        await self._load(self.request.writes)
        written = [await self._write(write, place) for place, write in enumerate(self.request.writes)]
        if self.changes:
            await self._wake()
        if self.request.reindex:
            written += await self._reindex()
        if self.lines:
            await self._run_lines()
        if self.request.advance:
            await self._advance(self.request.advance)
        return written

    async def keep(self) -> None:
        if self.apart:
            await self.own.flush(self.tx)
            await self.tx.release()
        else:
            self.group.absorb(self.own)

    async def undo(self) -> None:
        if self.apart:
            await self.tx.rollback_to_savepoint()

    async def _run_lines(self) -> None:
        """Lines that nothing can refuse wait with the rows of the group; otherwise all run now, in order."""
        if all(line.rows is None for line in self.lines):
            self.own.lines += self.lines
        else:
            await self.run_lines_now()

    async def run_lines_now(self) -> None:
        """What follows sees them: further lines, and whatever a rule asks."""
        await self.set_apart()
        lines, self.lines = self.lines, []
        for line in lines:
            touched = await self.tx.line(self.committer.lines.sql(line.name, self.tx.dialect), line.args)
            if line.rows is not None and touched != line.rows:
                raise Refusal(Refused("line", text=line.name, status=409))

    async def set_apart(self) -> None:
        """Puts down what stands, own rows behind a savepoint, so that SQL sees all of it."""
        if not self.apart:
            await self.group.flush(self.tx)
            await self.tx.savepoint()
            self.apart = True
        await self.own.flush(self.tx)

    async def _check_criteria(self, criteria: list[Criterion]) -> None:
        await self.group.flush(self.tx)
        await self.tx.lock(sorted({criterion.lock for criterion in criteria}))
        for criterion in criteria:
            found = await self.committer.search(self.tx, criterion.type, criterion.parameters)
            if sorted(found) != sorted(criterion.expected):
                raise Refusal(Refused("changed"))

    async def _stands_at(self, advance: Advance) -> None:
        await self.tx.lock([key64(f"cursor {advance.name}")])
        sql = f"SELECT {self._place} FROM cursor WHERE name = $1"  # noqa: S608 - one of two constants
        found = await self.tx.rows(sql, (advance.name,))
        at = [int(value) for value in found[0]] if found else [0] * len(advance.start)
        if at != advance.start:
            raise Refusal(Refused("moved"))

    async def _advance(self, advance: Advance) -> None:
        """Last of all: nothing refuses the request after it, so that it needs no savepoint."""
        marks = "$2::text::xid8, $3" if len(advance.end) == 2 else "$2"
        sets = ", ".join(f"{column} = excluded.{column}" for column in self._place.split(", "))
        end: list[int | str] = [str(advance.end[0]), advance.end[1]] if len(advance.end) == 2 else [advance.end[0]]
        await self.tx.rows(
            f"INSERT INTO cursor (name, {self._place}) VALUES ($1, {marks}) ON CONFLICT (name) DO UPDATE SET {sets}",  # noqa: S608
            (advance.name, *end),
        )

    @property
    def _place(self) -> str:
        return "xid, position" if self.tx.dialect == "postgresql" else "position"

    async def _load(self, writes: list[Write]) -> None:
        keys = [write.key for write in writes if write.kind != Kind.CREATE and write.key not in self.current]
        if not keys:
            return
        if not self.group.touched.isdisjoint(keys):
            await self.group.flush(self.tx)
        if not self.own.touched.isdisjoint(keys):
            await self.set_apart()
        self.current.update(await self.tx.current(sorted(keys)))

    async def _reindex(self) -> list[Written]:
        """Index rows anew (`felles reindex`). What has another version by now keeps the rows that version gave it."""
        await self.set_apart()
        current = await self.tx.current(sorted(one.key for one in self.request.reindex))
        return [self._indexed(one, current.get(one.key)) for one in self.request.reindex]

    def _indexed(self, one: Reindex, old: Current | None) -> Written:
        if old is None or old.number != one.number:
            return Written(old.number if old else 0, 0, False, True)
        self.own.reindex(old, one)
        return Written(old.number, old.updated, False)

    async def _write(self, write: Write, place: int) -> Written:
        old = self.current.get(write.key)
        self._check(write, old, place)
        if write.match < -1 and old and old.body and stands(write, old, old.body):
            return Written(old.number, old.updated, False, True)
        if write.kind == Kind.DELETE:
            return self._delete(write, old)
        number = old.number + 1 if old else 1
        body = body_of(write, number, self.now)
        rid = old.rid if old else await self.tx.next_rid()
        new = Current(rid, write.patient, write.type, write.key, write.id, number, self.now, write.date, False, body)
        self._put_down(write, old, new, Kind.UPDATE if old else Kind.CREATE)
        return Written(number, self.now, old is None or bool(old.deleted))

    def _check(self, write: Write, old: Current | None, place: int) -> None:
        if old and (old.type, old.id) != (write.type, write.id):
            raise Refusal(Refused("collision", place))
        exists = old is not None and not old.deleted
        if write.match == -1 and exists:
            raise Refusal(Refused("exists", place, old.number if old else 0))
        if write.match > 0 and (not exists or (old and old.number != write.match)):
            raise Refusal(Refused("conflict", place, old.number if old else 0))

    def _delete(self, write: Write, old: Current | None) -> Written:
        if old is None or old.deleted:
            return Written(old.number if old else 0, old.updated if old else 0, False, True)
        new = Current(old.rid, old.patient, old.type, old.key, old.id, old.number + 1, self.now, old.date, 1, None)
        self._put_down(write, old, new, Kind.DELETE)
        return Written(new.number, self.now, False)

    def _put_down(self, write: Write, old: Current | None, new: Current, kind: Kind) -> None:
        origin = self.request.origin
        if old is None:
            self.own.create(new, write.rows, origin)
        else:
            before = self.committer.extract(old.type, old.body) if old.body else ()
            self.own.supersede(old, before, new, write.rows, kind, origin)
            self.own.move(old, new.patient)
        self.current[new.key] = new
        if self.committer.rules.wakes(new.type):
            self.changes.append(Change(kind, new.type, new.id, new.number, origin, old.body if old else None, new.body))

    async def _wake(self) -> None:
        added = 0
        reading = _RuleReading(self)
        while self.changes:
            change = self.changes.popleft()
            try:
                writes, lines = await self.committer.rules.woken(change, reading)
            except Problem as error:
                issues = [(issue.code, issue.diagnostics, issue.expression) for issue in error.issues]
                raise Refusal(Refused("failed", text="a rule refused", issues=issues, status=error.status)) from error
            except Refusal:
                raise
            except Exception as error:
                if error is reading.failure:  # the store's, not the rule's: the engine may try again
                    raise
                raise Refusal(Refused("failed", text=f"a rule failed: {type(error).__name__}")) from error
            self.lines += lines
            added += len(writes)
            if added > MAX_RULE_WRITES:
                raise Refusal(Refused("failed", text="rules wake each other without end"))
            await self._load(writes)
            for write in writes:
                await self._write(write, -1)


class _RuleReading:
    """What a rule reads: the store as it will be, its own request included."""

    def __init__(self, act: _Act) -> None:
        self._act = act
        self.dialect: Dialect = act.tx.dialect
        self.failure: Exception | None = None

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            await self._act.run_lines_now()
            return await self._act.tx.rows(sql, args)
        except (Refusal, LookupError):
            raise
        except Exception as error:
            self.failure = error
            raise
