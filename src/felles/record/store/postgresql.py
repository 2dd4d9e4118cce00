"""The region's engine: PostgreSQL 15 or newer through asyncpg. Groups of several processes commit side by side."""

import asyncio
import time
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

import asyncpg

from felles.record.outcome import problem
from felles.record.store.commit import Committer
from felles.record.store.line import Lines
from felles.record.store.lock import Context, fenced, ready
from felles.record.store.migration import pending
from felles.record.store.stage import Stage
from felles.record.store.table import RESOURCE, Table, arrange
from felles.record.store.transaction import CURRENT, Current, Dialect
from felles.record.store.write import Line, Refused, Reply, Request, Row

GROUP = 128
GROUPS_AT_ONCE = 2
COPY_FROM = 200
"""Rows of one table from which COPY costs less than arrays."""
MIGRATION_LOCK = 0x46454C4C4553
_CURRENT = CURRENT + "ANY($1::int8[]) ORDER BY d.key FOR UPDATE OF r"
_NEVER = "SELECT 1 WHERE false"
_BUMP = "INSERT INTO epoch SELECT unnest($1::int8[]), 1 ON CONFLICT (key) DO UPDATE SET number = epoch.number + 1"


class Plain(asyncpg.Connection):
    """A connection that leaves no state behind but its transaction, and so needs no RESET on its way back."""

    async def reset(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - its base has it
        """Nothing has been set."""


async def open_pool(url: str, *, size: int = 6, role: str | None = None) -> "asyncpg.Pool[Any]":
    """A pool of the store's owner; or of the reading role, which connects when it is first needed."""
    settings = {"application_name": "felles", "jit": "off", "default_transaction_isolation": "read committed"}
    if role is not None:
        settings |= {"role": role, "default_transaction_read_only": "on"}
    pool = await asyncpg.create_pool(
        url,
        min_size=1 if role is None else 0,
        max_size=size,
        connection_class=Plain,
        statement_cache_size=1_000,
        server_settings=settings,
        command_timeout=None,
    )
    assert pool is not None  # noqa: S101 - create_pool returns None only for a loop that is closing
    return pool


async def migrate(pool: "asyncpg.Pool[Any]") -> int:
    """Brings the store to this program's newest migration, under an advisory lock. Returns the number."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        await connection.execute("CREATE TABLE IF NOT EXISTS migration (number int4 PRIMARY KEY, name text NOT NULL)")
        at = int(await connection.fetchval("SELECT coalesce(max(number), 0) FROM migration"))
        for step in pending("postgresql", at):
            await connection.execute(step.script)
            await connection.execute("INSERT INTO migration VALUES ($1, $2)", step.number, step.name)
            at = step.number
    return at


async def reading_role(pool: "asyncpg.Pool[Any]") -> str:
    """The name of the reading role of a migrated store, which has its rights. Raises Unready."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        return await ready(connection)


class PostgresqlReading:
    """Reads from any free connection: as the owner what the system itself must know, and as the reading role, behind
    the second lock, what somebody asks for."""

    dialect: Dialect = "postgresql"

    def __init__(self, pool: "asyncpg.Pool[Any]", readers: "asyncpg.Pool[Any]", seconds: float = 10.0) -> None:
        self._pool = pool
        self._readers = readers
        self._seconds = seconds

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return await self._fetch(self._pool, sql, args)

    async def seen(self, sql: str, args: Sequence[Any], context: Context, *, related: bool) -> list[tuple[Any, ...]]:
        """Rows behind the lock (`felles.record.store.lock.behind`)."""
        settings = context.settings(related=related)
        return await self._fetch(self._readers, fenced(sql, len(args)), (*args, *settings))

    async def _fetch(self, pool: "asyncpg.Pool[Any]", sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            async with pool.acquire() as connection:
                try:
                    return [tuple(row) for row in await connection.fetch(sql, *args, timeout=self._seconds)]
                except asyncpg.InvalidRowCountInResultOffsetClauseError:
                    connection.terminate()
                    raise
        except TimeoutError as error:
            raise problem(
                403, "too-costly", "this search costs too much: narrow it down by patient, code or date"
            ) from error


class RowNumbers:
    """Hands out `resource.rid` from blocks of a thousand, so that an insert asks no sequence."""

    def __init__(self) -> None:
        self._next = self._end = 0

    async def take(self, connection: Any) -> int:
        if self._next >= self._end:
            self._next = int(await connection.fetchval("SELECT nextval('rid')"))
            self._end = self._next + 1_000
        self._next += 1
        return self._next - 1


@lru_cache(maxsize=512)
def insert_statement(tables: tuple[Table, ...]) -> str:
    """One statement that inserts into all of `tables` from arrays."""
    parts: list[str] = []
    place = 0
    for table in tables:
        marks = []
        for column in table.columns:
            place += 1
            marks.append(f"${place}::{table.array_type(column)}")
        parts.append(
            f"i{len(parts)} AS (INSERT INTO {table.name} ({', '.join(table.columns)}) "  # noqa: S608
            f"SELECT * FROM unnest({', '.join(marks)}))"
        )
    return f"WITH {', '.join(parts)} {_NEVER}"


@lru_cache(maxsize=64)
def _remove(table: Table) -> str:
    columns = ", ".join(table.identity)
    marks = ", ".join(f"${place}::{table.array_type(column)}" for place, column in enumerate(table.identity, 1))
    same = " AND ".join(f"t.{column} = u.{column}" for column in table.identity)
    return f"DELETE FROM {table.name} t USING unnest({marks}) AS u({columns}) WHERE {same}"  # noqa: S608


def _replace() -> str:
    marks = ", ".join(f"${place}::{RESOURCE.array_type(column)}" for place, column in enumerate(RESOURCE.columns, 1))
    sets = ", ".join(f"{column} = u.{column}" for column in RESOURCE.columns if column != "rid")
    return (
        f"UPDATE resource r SET {sets} FROM unnest({marks}) AS u({', '.join(RESOURCE.columns)}) "  # noqa: S608
        "WHERE r.rid = u.rid"
    )


_REPLACE = _replace()


class PostgresqlTransaction:
    """One connection inside BEGIN and COMMIT."""

    dialect: Dialect = "postgresql"

    def __init__(self, connection: Any, numbers: RowNumbers, registered: Lines) -> None:
        self._connection = connection
        self._registered = registered
        self._numbers = numbers

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.fetch(sql, *args)]

    async def current(self, keys: Sequence[int]) -> dict[int, Current]:
        rows = await self._connection.fetch(_CURRENT, list(keys))
        return {row[3]: Current(*row) for row in rows}

    async def lock(self, hashes: Sequence[int]) -> None:
        for number in hashes:
            await self._connection.execute("SELECT pg_advisory_xact_lock($1)", number)

    async def put(self, inserted: dict[Table, list[Row]], updated: list[Row], removed: dict[Table, list[Row]]) -> None:
        for table, rows in removed.items():
            if rows:
                width = len(table.identity)
                await self._connection.execute(
                    _remove(table), *map(list, zip(*(row[:width] for row in rows), strict=True))
                )
        if updated:
            await self._connection.execute(_REPLACE, *map(list, zip(*updated, strict=True)))
        few = []
        for table, rows in inserted.items():
            if len(rows) < COPY_FROM:
                few += [table] if rows else []
            else:
                arrange(rows)
                await self._connection.copy_records_to_table(table.name, records=rows, columns=table.columns)
        if few:
            tables = tuple(sorted(few, key=lambda table: table.name))
            arrays = [list(column) for table in tables for column in zip(*inserted[table], strict=True)]
            await self._connection.execute(insert_statement(tables), *arrays)

    async def bump(self, keys: Sequence[int]) -> None:
        await self._connection.execute(_BUMP, list(keys))

    async def line(self, sql: str, args: Sequence[Any]) -> int:
        statement = await self._connection.prepare(sql)
        returned = len(await statement.fetch(*args))
        touched = statement.get_statusmsg().rpartition(" ")[2]
        return returned or int(touched)

    async def lines(self, lines: Sequence[Line]) -> None:
        for name, group in groupby(lines, key=lambda one: one.name):
            sql = self._registered.sql(name, self.dialect)
            await self._connection.executemany(sql, [one.args for one in group])

    async def next_rid(self) -> int:
        return await self._numbers.take(self._connection)

    async def savepoint(self) -> None:
        await self._connection.execute("SAVEPOINT act")

    async def release(self) -> None:
        await self._connection.execute("RELEASE SAVEPOINT act")

    async def rollback_to_savepoint(self) -> None:
        await self._connection.execute("ROLLBACK TO SAVEPOINT act; RELEASE SAVEPOINT act")


class PostgresqlWriter:
    """Groups what waits in this process; a group whose statement fails is done again request by request."""

    def __init__(self, pool: "asyncpg.Pool[Any]", committer: Committer) -> None:
        self._pool = pool
        self._committer = committer
        self._numbers = RowNumbers()
        self._waiting: list[tuple[Request, asyncio.Future[Reply]]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, request: Request) -> Reply:
        """The reply, once the transaction is durable."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if len(self._running) < GROUPS_AT_ONCE:
            task = asyncio.create_task(self._drain())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await answer

    async def close(self) -> None:
        while self._running:
            await asyncio.gather(*self._running)

    async def _drain(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            try:
                replies = await self._execute([request for request, _ in group])
            except Exception as error:
                replies = [
                    Reply(
                        refused=Refused("failed", text=f"the store is out of reach: {type(error).__name__}", status=503)
                    )
                ] * len(group)
            for (_, answer), reply in zip(group, replies, strict=True):
                if not answer.done():
                    answer.set_result(reply)

    async def _execute(self, requests: list[Request]) -> list[Reply]:
        try:
            return await self._commit(requests)
        except asyncpg.PostgresError as error:
            if len(requests) == 1:
                return [await self._again(requests[0], error)]
        return [reply for request in requests for reply in await self._execute([request])]

    async def _again(self, request: Request, error: Exception, tries: int = 8) -> Reply:
        """Deadlocks and lost races for a new id are tried again; anything else is refused."""
        for _ in range(tries):
            if not isinstance(
                error,
                asyncpg.UniqueViolationError | asyncpg.DeadlockDetectedError | asyncpg.SerializationError,
            ):
                break
            try:
                return (await self._commit([request]))[0]
            except asyncpg.PostgresError as again:
                error = again
        if isinstance(error, asyncpg.DiskFullError):
            return Reply(
                refused=Refused(
                    "full", text="the disk of the store is full; nothing of this request was kept", status=507
                )
            )
        return Reply(refused=Refused("failed", text=f"the store refused: {type(error).__name__}"))

    async def _commit(self, requests: list[Request]) -> list[Reply]:
        async with self._pool.acquire() as connection, connection.transaction():
            tx = PostgresqlTransaction(connection, self._numbers, self._committer.lines)
            stage = Stage()
            replies = [await self._committer.apply(tx, stage, request, _now()) for request in requests]
            await stage.flush(tx)
        return replies


def _now() -> int:
    return time.time_ns() // 1_000_000 * 1_000
