"""The two engines as the bench drives them: a record, and the bare engine taking the same rows at the same place."""

import asyncio
import gc
import shutil
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from bench.record.cpu import of_tree
from felles.record.record import Record
from felles.record.store import postgresql, sqlite
from felles.record.store.table import Table
from felles.record.store.write import Row
from tests.cluster import Cluster

Rows = dict[Table, list[Row]]
CLIENTS = 32


class Site(Protocol):
    """One engine: where the record is, a twin of it for the bare engine, and the engine's own processor time."""

    engine: str
    address: str

    async def twin(self) -> None: ...
    async def bare(self, groups: Sequence[Rows]) -> None: ...
    async def bare_clients(self, groups: Sequence[Rows]) -> None: ...
    def cpu(self) -> float: ...
    async def close(self) -> None: ...


class SqliteSite:
    """A file, its copy, and a connection like the writer's."""

    engine = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = str(folder / "felles.db")
        self._connections: list[Any] = []
        self._checkpointer: sqlite.Checkpointer | None = None

    async def twin(self) -> None:
        self._drop()
        twin = self._folder / "twin.db"
        for part in ("", "-wal"):
            Path(f"{twin}{part}").unlink(missing_ok=True)
        shutil.copyfile(self.address, twin)
        self._connections = [sqlite.connect(twin) for _ in range(CLIENTS)]
        for connection in self._connections:
            connection.set_busy_timeout(60_000)
        self._checkpointer = sqlite.Checkpointer(twin)
        self._checkpointer.start()
        for connection in self._connections:
            connection.set_wal_hook(self._on_commit)

    def _on_commit(self, _connection: Any, _name: str, pages: int) -> int:
        if self._checkpointer is not None:
            self._checkpointer.look(pages)
        return 0

    async def bare(self, groups: Sequence[Rows]) -> None:
        for rows in groups:
            self._put(self._connections[0], rows)

    @staticmethod
    def _put(connection: Any, rows: Rows) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for table, many in rows.items():
            connection.executemany(sqlite.insert_statement(table), many)
        connection.execute("COMMIT")

    async def bare_clients(self, groups: Sequence[Rows]) -> None:
        def run(place: int) -> None:
            for rows in groups[place::CLIENTS]:
                self._put(self._connections[place], rows)

        threads = [threading.Thread(target=run, args=(place,)) for place in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def cpu(self) -> float:
        return time.process_time()

    def _drop(self) -> None:
        if self._checkpointer is not None:
            self._checkpointer.stop()
        for connection in self._connections:
            connection.close()

    async def close(self) -> None:
        self._drop()


class PostgresqlSite:
    """A private cluster; the twin is made from the record's database as a template."""

    engine = "postgresql"

    def __init__(self, cluster: Cluster, pid: int) -> None:
        self._cluster, self.pid = cluster, pid
        self._name = cluster.create()
        self.address = cluster.url(self._name)
        self._connections: list[Any] = []

    async def twin(self) -> None:
        await self.close()
        await asyncio.to_thread(self._cluster.command, "DROP DATABASE IF EXISTS twin")
        await asyncio.to_thread(self._cluster.command, f"CREATE DATABASE twin TEMPLATE {self._name}")
        url = self._cluster.url("twin")
        self._connections = [await asyncpg.connect(url, server_settings={"jit": "off"}) for _ in range(CLIENTS)]

    async def bare(self, groups: Sequence[Rows]) -> None:
        for rows in groups:
            await self._put(self._connections[0], rows)

    @staticmethod
    async def _put(connection: Any, rows: Rows) -> None:
        tables = tuple(sorted((table for table in rows if rows[table]), key=lambda table: table.name))
        arrays = [list(column) for table in tables for column in zip(*rows[table], strict=True)]
        await connection.execute(postgresql.insert_statement(tables), *arrays)

    async def bare_clients(self, groups: Sequence[Rows]) -> None:
        async def run(place: int) -> None:
            for rows in groups[place::CLIENTS]:
                await self._put(self._connections[place], rows)

        await asyncio.gather(*(run(place) for place in range(CLIENTS)))

    def cpu(self) -> float:
        return time.process_time() + of_tree(self.pid)

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()
        self._connections = []


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Record]:
    """The record of a site, writing from this process, which collects garbage as the program's own processes do."""
    record = await Record.open(site.address)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield record
    finally:
        await record.close()
