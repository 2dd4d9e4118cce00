"""Opening a store: one address, two engines, the same object for everybody above."""

import sqlite3
from pathlib import Path
from typing import Any, Protocol

from felles.record.store import postgresql, sqlite
from felles.record.store.channel import LocalWriter, RemoteWriter
from felles.record.store.commit import Committer
from felles.record.store.migration import migrations
from felles.record.store.transaction import Dialect, Reading
from felles.record.store.write import Reply, Request
from felles.record.store.writer import Writer


class Submitting(Protocol):
    """Somebody who commits requests: the writer in this process, or the way to it."""

    async def submit(self, request: Request) -> Reply: ...
    async def close(self) -> None: ...


class Store:
    """An open store."""

    def __init__(self, address: str, reading: Reading) -> None:
        self.address = address
        self.reading = reading

    @property
    def dialect(self) -> Dialect:
        return self.reading.dialect

    @property
    def served(self) -> bool:
        """Whether writes go to the one writer of a running server."""
        return False

    async def submit(self, request: Request) -> Reply:
        """Commits `request`; the reply comes when it is durable."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    async def note(self, name: str) -> str | None:
        """A property of the store itself (`demo`: yes)."""
        found = await self.reading.rows("SELECT value FROM store WHERE name = $1", (name,))
        return str(found[0][0]) if found else None

    async def set_note(self, name: str, value: str) -> None:
        raise NotImplementedError


class SqliteStore(Store):
    """A store in one file. Writes go to the process that serves it; where none does, this one becomes the writer."""

    def __init__(self, path: Path, committer: Committer, writer: Submitting | None, seconds: float) -> None:
        self._path = path
        self._committer = committer
        self._writer = writer
        self._readings = sqlite.SqliteReadings(path, seconds)
        super().__init__(str(path), self._readings)

    @classmethod
    async def open(cls, path: Path, committer: Committer, *, seconds: float = 10.0) -> "SqliteStore":
        path.parent.mkdir(parents=True, exist_ok=True)
        writer: Submitting | None = await _serving(path)
        if writer is None and _needs_migration(path):
            writer = LocalWriter(Writer(path, committer))
        return cls(path, committer, writer, seconds)

    @property
    def served(self) -> bool:
        return isinstance(self._writer, RemoteWriter)

    async def submit(self, request: Request) -> Reply:
        if self._writer is None:
            self._writer = await _serving(self._path) or LocalWriter(Writer(self._path, self._committer))
        return await self._writer.submit(request)

    async def set_note(self, name: str, value: str) -> None:
        connection = sqlite.connect(self._path)
        connection.execute("INSERT OR REPLACE INTO store VALUES (?, ?)", (name, value))
        connection.close()

    async def close(self) -> None:
        self._readings.close()
        if self._writer is not None:
            await self._writer.close()


async def _serving(path: Path) -> RemoteWriter | None:
    try:
        return await RemoteWriter.connect(path)
    except OSError:
        return None


def _needs_migration(path: Path) -> bool:
    if not path.exists() or path.stat().st_size == 0:
        return True
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        at = int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path} is no store of Felles: {error}") from error
    finally:
        connection.close()
    return at != migrations("sqlite")[-1].number


class PostgresqlStore(Store):
    """A store in a PostgreSQL database."""

    def __init__(self, address: str, pool: Any, readers: Any, committer: Committer, seconds: float) -> None:
        super().__init__(address, postgresql.PostgresqlReading(pool, readers, seconds))
        self._pool = pool
        self._readers = readers
        self._writer = postgresql.PostgresqlWriter(pool, committer)

    @classmethod
    async def open(cls, address: str, committer: Committer, *, seconds: float = 10.0) -> "PostgresqlStore":
        pool = await postgresql.open_pool(address)
        try:
            await postgresql.migrate(pool)
            readers = await postgresql.open_pool(address, role=await postgresql.reading_role(pool))
        except ValueError:
            await pool.close()
            raise
        return cls(address, pool, readers, committer, seconds)

    async def submit(self, request: Request) -> Reply:
        return await self._writer.submit(request)

    async def set_note(self, name: str, value: str) -> None:
        async with self._pool.acquire() as connection:
            await connection.execute(
                "INSERT INTO store VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                name,
                value,
            )

    async def close(self) -> None:
        await self._writer.close()
        await self._readers.close()
        await self._pool.close()


async def open_store(address: str, committer: Committer, *, seconds: float = 10.0) -> Store:
    """Opens a file path or a `postgresql://` address, migrated. Raises OSError, ValueError or StoreLocked."""
    if address.startswith(("postgresql://", "postgres://")):
        return await PostgresqlStore.open(address, committer, seconds=seconds)
    return await SqliteStore.open(Path(address), committer, seconds=seconds)
