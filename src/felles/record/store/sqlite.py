"""The embedded engine: SQLite through apsw, WAL, synchronous=FULL. One process writes, any number read.

Nothing here really waits: the coroutines of `commit` run to their end at the first step (`at_once`).
"""

import asyncio
import contextlib
import json
import re
import threading
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import apsw

from felles.record.outcome import problem
from felles.record.store.line import Lines
from felles.record.store.migration import pending
from felles.record.store.table import RESOURCE, Table, arrange
from felles.record.store.transaction import CURRENT, Current, Dialect
from felles.record.store.write import Line, Row

T = TypeVar("T")
CACHE_KIB = 262_144
CHECKPOINT_PAGES = 16_000
"""Pages of WAL before a checkpoint: a page that many commits touch is moved once."""
STEPS_BETWEEN_LOOKS = 5_000
QUICK = 0.005
"""Seconds that a statement may hold up the event loop."""
_CURRENT = CURRENT.removesuffix("= ") + "IN (SELECT value FROM json_each(?1))"  # noqa: S608 - two constants


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits for anything outside."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    coroutine.close()
    raise RuntimeError("a coroutine of the embedded engine waited for something outside the transaction")


@lru_cache(maxsize=4_096)
def numbered(sql: str) -> str:
    """`$1` as SQLite wants it: `?1`."""
    return re.sub(r"\$(\d+)", r"?\1", sql)


def connect(path: Path, *, readonly: bool = False) -> apsw.Connection:
    """A connection with the pragmas of this engine."""
    flags = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=512)
    connection.set_busy_timeout(10_000)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)  # else each run with other arguments is planned anew
    connection.execute("PRAGMA mmap_size = 1073741824")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    if not readonly:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def migrate(connection: apsw.Connection) -> int:
    """Brings the store to this program's newest migration, each step in a transaction. Returns the number."""
    at = int(connection.pragma("user_version"))
    for step in pending("sqlite", at):
        with connection:
            connection.execute(step.script)
            connection.pragma("user_version", step.number)
        at = step.number
    return at


class TooLong(Exception):
    """A statement was broken off because its time was up."""


class SqliteReading:
    """A connection for reading, used by one thread at a time."""

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._until = 0.0
        connection.set_progress_handler(self._too_long, STEPS_BETWEEN_LOOKS)

    def _too_long(self) -> bool:
        return time.monotonic() > self._until

    def rows(self, sql: str, args: Sequence[Any], seconds: float) -> list[tuple[Any, ...]]:
        """The rows. Raises TooLong when there are not all of them after `seconds`."""
        self._until = time.monotonic() + seconds
        try:
            return self.connection.execute(numbered(sql), tuple(args)).fetchall()
        except apsw.InterruptError as error:
            raise TooLong from error


class SqliteReadings:
    """Reads of one process: at once on the event loop, and on a thread what has not ended after some milliseconds,
    so that a long search holds up nobody's short read."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, seconds: float = 10.0) -> None:
        self._path = path
        self._seconds = seconds
        self._quick = SqliteReading(connect(path, readonly=True))
        self._free: list[SqliteReading] = []
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="search")

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows. Raises Problem 403 when it takes too long."""
        try:
            return self._quick.rows(sql, args, QUICK)
        except TooLong:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._slowly, sql, args)

    def _slowly(self, sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        try:
            reading = self._free.pop()
        except IndexError:
            reading = SqliteReading(connect(self._path, readonly=True))
        try:
            return reading.rows(sql, args, self._seconds)
        except TooLong as error:
            raise problem(
                403, "too-costly", "this search costs too much: narrow it down by patient, code or date"
            ) from error
        finally:
            self._free.append(reading)

    def close(self) -> None:
        """Waits for the searches that run."""
        self._threads.shutdown()
        for reading in (self._quick, *self._free):
            reading.connection.close()


@lru_cache(maxsize=64)
def insert_statement(table: Table) -> str:
    """INSERT of one row; an index row that stands already is left as it is."""
    marks = ", ".join("?" * len(table.columns))
    verb = "INSERT" if table.name in _PLAIN else "INSERT OR IGNORE"
    return f"{verb} INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"


@lru_cache(maxsize=64)
def _remove(table: Table) -> str:
    where = " AND ".join(f"{column} = ?{place}" for place, column in enumerate(table.identity, 1))
    return f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608


_REPLACE = (
    "UPDATE resource SET "  # noqa: S608 - column names are constants
    + ", ".join(f"{column} = ?{place}" for place, column in enumerate(RESOURCE.columns, 1) if column != "rid")
    + " WHERE rid = ?1"
)
_BUMP = "INSERT INTO epoch VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET number = number + 1"
_PLAIN = {"directory", "resource", "version", "change"}


class SqliteTransaction:
    """The writing connection, between BEGIN and COMMIT."""

    dialect: Dialect = "sqlite"

    def __init__(self, connection: apsw.Connection, registered: Lines) -> None:
        self.connection = connection
        self._registered = registered
        found = connection.execute("SELECT max(rid) FROM resource").fetchone()
        self._rid = int(found[0] or 0) if found else 0

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(numbered(sql), tuple(args)).fetchall()

    async def current(self, keys: Sequence[int]) -> dict[int, Current]:
        found = self.connection.execute(_CURRENT, (json.dumps(list(keys)),))
        return {row[3]: Current(*row) for row in found}

    async def lock(self, hashes: Sequence[int]) -> None:
        """There is one writer: nothing to wait for."""

    async def put(self, inserted: dict[Table, list[Row]], updated: list[Row], removed: dict[Table, list[Row]]) -> None:
        many = self.connection.executemany
        for table, rows in removed.items():
            width = len(table.identity)
            many(_remove(table), [row[:width] for row in rows])
        if updated:
            many(_REPLACE, updated)
        for table, rows in inserted.items():
            if table.name not in _PLAIN:
                arrange(rows)
            many(insert_statement(table), rows)

    async def bump(self, keys: Sequence[int]) -> None:
        self.connection.executemany(_BUMP, [(key,) for key in keys])

    async def line(self, sql: str, args: Sequence[Any]) -> int:
        before = self.connection.total_changes()
        returned = len(self.connection.execute(numbered(sql), tuple(args)).fetchall())
        return returned or self.connection.total_changes() - before

    async def lines(self, lines: Sequence[Line]) -> None:
        for one in lines:
            self.connection.execute(numbered(self._registered.sql(one.name, self.dialect)), tuple(one.args))

    async def next_rid(self) -> int:
        self._rid += 1
        return self._rid

    async def savepoint(self) -> None:
        self.connection.execute("SAVEPOINT act")

    async def release(self) -> None:
        self.connection.execute("RELEASE act")

    async def rollback_to_savepoint(self) -> None:
        self.connection.execute("ROLLBACK TO act")
        self.connection.execute("RELEASE act")


class Checkpointer(threading.Thread):
    """Moves the WAL into the database on a connection of its own, so that no commit pays for it."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="checkpoint", daemon=True)
        self._path = path
        self._wanted = threading.Event()
        self._stopped = False

    def look(self, pages: int) -> None:
        """Told the length of the WAL after each commit."""
        if pages > CHECKPOINT_PAGES:
            self._wanted.set()

    def stop(self) -> None:
        self._stopped = True
        self._wanted.set()
        self.join()

    def run(self) -> None:
        connection = connect(self._path)
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._stopped:
                break
            with contextlib.suppress(apsw.BusyError, apsw.FullError, apsw.IOError):  # the next commit asks again
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        connection.close()
