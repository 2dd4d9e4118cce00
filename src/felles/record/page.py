"""Pages of a search: the first page keeps the keys of all that follow, so that links show one moment under writing.

Kept outside the record's writer, 15 minutes, bound to the user who searched. A token is opaque.
"""

import os
import time
from array import array
from pathlib import Path
from typing import Any, Protocol

import apsw
import asyncpg
import msgspec

from felles.record.outcome import Problem, problem
from felles.record.store import Store

LIFETIME = 15 * 60
MAX_KEYS = 10_000


class Plan(msgspec.Struct, array_like=True):
    """What later pages need: who asked, the parameters as asked, (row, version) keys, whether more
    matched, and how many in all if that is known."""

    user: str
    type: str | None
    parameters: list[tuple[str, str]]
    rows: bytes
    numbers: bytes
    capped: bool
    count: int
    compartment: tuple[str, str] | None = None
    lenient: bool = False
    matched: int | None = None

    def keys(self, offset: int) -> list[tuple[int, int]]:
        """The keys of one page."""
        rows, numbers = array("q"), array("i")
        end = offset + self.count
        rows.frombytes(self.rows[offset * 8 : end * 8])
        numbers.frombytes(self.numbers[offset * 4 : end * 4])
        return list(zip(rows, numbers, strict=True))

    @property
    def kept(self) -> int:
        """How many keys there are."""
        return len(self.rows) // 8


def packed(keys: list[tuple[int, int]]) -> tuple[bytes, bytes]:
    """Keys as `Plan` holds them."""
    return array("q", [rid for rid, _ in keys]).tobytes(), array("i", [number for _, number in keys]).tobytes()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Plan).decode


class Pages(Protocol):
    """Where plans are kept."""

    async def keep(self, plan: Plan) -> str: ...
    async def find(self, token: str, user: str) -> Plan: ...
    async def close(self) -> None: ...


def _token() -> str:
    return os.urandom(16).hex()


def _opened(data: bytes | None, user: str) -> Plan:
    plan = _decode(data) if data else None
    if plan is None or plan.user != user:
        raise problem(410, "expired", "this page link is no longer valid (15 minutes): search again")
    return plan


def _full() -> Problem:
    return problem(507, "exception", "the disk is full: further pages of this search cannot be kept; narrow the search")


class FilePages:
    """In a file of its own beside an embedded store, shared by its reading processes. Its loss costs only links."""

    def __init__(self, path: Path) -> None:
        path.touch(0o600)
        os.chmod(path, 0o600)  # noqa: PTH101 - it holds what was searched for; its -wal and -shm take its mode
        self._connection = apsw.Connection(str(path))
        self._connection.set_busy_timeout(5_000)
        self._connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS page (token TEXT PRIMARY KEY, expires INTEGER NOT NULL, plan BLOB NOT NULL) "
            "WITHOUT ROWID; CREATE INDEX IF NOT EXISTS page_expires ON page (expires)"
        )
        self._swept = 0.0

    async def keep(self, plan: Plan) -> str:
        """Raises Problem 507 where the disk has no room for it."""
        try:
            return self._keep(plan)
        except (apsw.FullError, apsw.IOError) as error:
            raise _full() from error

    def _keep(self, plan: Plan) -> str:
        now = time.time()
        if now - self._swept > 60:
            self._swept = now
            self._connection.execute("DELETE FROM page WHERE expires < ?", (int(now),))
        token = _token()
        self._connection.execute("INSERT INTO page VALUES (?, ?, ?)", (token, int(now) + LIFETIME, _encode(plan)))
        return token

    async def find(self, token: str, user: str) -> Plan:
        row = self._connection.execute(
            "SELECT plan FROM page WHERE token = ? AND expires >= ?", (token, int(time.time()))
        ).fetchone()
        return _opened(row[0] if row else None, user)

    async def close(self) -> None:
        self._connection.close()


class TablePages:
    """In an unlogged table of a PostgreSQL store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._swept = 0.0

    async def keep(self, plan: Plan) -> str:
        """Raises Problem 507 where the disk has no room for it."""
        try:
            return await self._keep(plan)
        except asyncpg.DiskFullError as error:
            raise _full() from error

    async def _keep(self, plan: Plan) -> str:
        now = time.time()
        if now - self._swept > 60:
            self._swept = now
            await self._store.reading.rows("DELETE FROM page WHERE expires < $1", (int(now),))
        token = _token()
        args: tuple[Any, ...] = (token, int(now) + LIFETIME, _encode(plan))
        await self._store.reading.rows("INSERT INTO page VALUES ($1, $2, $3)", args)
        return token

    async def find(self, token: str, user: str) -> Plan:
        rows = await self._store.reading.rows(
            "SELECT plan FROM page WHERE token = $1 AND expires >= $2", (token, int(time.time()))
        )
        return _opened(rows[0][0] if rows else None, user)

    async def close(self) -> None:
        """The store closes its own pool."""


async def open_pages(store: Store) -> Pages:
    """The pages of this store."""
    if store.dialect == "sqlite":
        return FilePages(Path(store.address + "-pages"))
    return TablePages(store)
