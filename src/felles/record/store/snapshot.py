"""A store as it is at one moment, for reading all of it while others write."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import apsw
import asyncpg

from felles.record.store.migration import migrations
from felles.record.store.sqlite import connect, numbered

AHEAD = 500
"""Rows that a PostgreSQL cursor fetches at once."""


class Snapshot(Protocol):
    """One moment of a store. SQL holds `$1`, `$2` ... on both engines."""

    dialect: str

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    def stream(self, sql: str, args: Sequence[Any] = ()) -> AsyncIterator[tuple[Any, ...]]: ...


class SqliteSnapshot:
    """A read transaction of its own connection."""

    dialect = "sqlite"

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(numbered(sql), tuple(args)).fetchall()

    async def stream(self, sql: str, args: Sequence[Any] = ()) -> AsyncIterator[tuple[Any, ...]]:
        for row in self._connection.execute(numbered(sql), tuple(args)):
            yield row


class PostgresqlSnapshot:
    """A repeatable-read transaction."""

    dialect = "postgresql"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self._connection.fetch(sql, *args)]

    async def stream(self, sql: str, args: Sequence[Any] = ()) -> AsyncIterator[tuple[Any, ...]]:
        async for row in self._connection.cursor(sql, *args, prefetch=AHEAD):
            yield tuple(row)


def is_region(address: str) -> bool:
    """Whether an address is PostgreSQL's."""
    return address.startswith(("postgresql://", "postgres://"))


@asynccontextmanager
async def snapshot(address: str) -> AsyncIterator[Snapshot]:
    """This moment of the store at `address`. Raises ValueError for what is no store of this program's version."""
    if is_region(address):
        connection = await asyncpg.connect(address)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                reading = PostgresqlSnapshot(connection)
                await _same_version(reading, await _region_number(reading))
                yield reading
        finally:
            await connection.close()
    else:
        with _opened(Path(address)) as file:
            yield await _begun(file)


async def _begun(connection: apsw.Connection) -> SqliteSnapshot:
    reading = SqliteSnapshot(connection)
    await reading.rows("BEGIN")
    await _same_version(reading, (await reading.rows("PRAGMA user_version"))[0][0])
    return reading


class _opened:
    """A reading connection that is closed in the end; apsw's own context is a transaction."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ValueError(f"there is no store at {path}")
        self._connection = connect(path, readonly=True)

    def __enter__(self) -> apsw.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close(True)


async def _region_number(reading: Snapshot) -> int:
    if (await reading.rows("SELECT to_regclass('migration') IS NULL"))[0][0]:
        return 0
    return int((await reading.rows("SELECT coalesce(max(number), 0) FROM migration"))[0][0])


async def _same_version(reading: Snapshot, at: int) -> None:
    known = migrations(reading.dialect)[-1].number
    if at == 0:
        raise ValueError("there is no Felles store at this address")
    if at != known:
        advice = "run the newer felles" if at > known else "start felles serve once"
        raise ValueError(f"the store is at migration {at}, this program knows {known}: {advice}")
