"""The same random searches as on SQLite, compiled for PostgreSQL and run on a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from felles.record.search import Statement, compile, compile_count, parse
from felles.record.store.migration import pending
from felles.record.store.stage import index_rows
from felles.record.store.table import DIRECTORY, RESOURCE, Table
from tests.cluster import Cluster
from tests.search_oracle import Document, World, carried, type_number
from tests.search_questions import searches
from tests.search_world import world


@dataclass
class Server:
    """A filled database and the world that it holds."""

    loop: asyncio.AbstractEventLoop
    connection: Any
    every: World

    def run(self, statement: Statement) -> list[tuple[Any, ...]]:
        rows = self.loop.run_until_complete(self.connection.fetch(statement.sql, *statement.args))
        return [tuple(row) for row in rows]


async def fill(url: str, documents: list[Document]) -> Any:
    connection = await asyncpg.connect(url)
    for step in pending("postgresql", 0):
        await connection.execute(step.script)
    for one in documents:
        patient, date, rows = one.rows.patient, one.rows.date, one.rows
        body = orjson.dumps(one.body)
        row = (one.rid, patient, type_number(one), one.key, one.body["id"], 1, one.updated, date, 0, body)
        held: dict[Table, list[Any]] = {RESOURCE: [row], DIRECTORY: [(one.key, one.rid, patient)]}
        for table, full in {**held, **index_rows(rows.lists, patient, date, one.rid)}.items():
            marks = ", ".join(f"${n}" for n in range(1, len(table.columns) + 1))
            sql = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"
            await connection.executemany(sql, full)
    await connection.execute("ANALYZE")
    return connection


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[Server]:
    name, loop = cluster.create(), asyncio.new_event_loop()
    every = World(world(1))
    connection = loop.run_until_complete(fill(cluster.url(name), every.documents))
    yield Server(loop, connection, every)
    loop.run_until_complete(connection.close())
    loop.close()
    cluster.drop(name)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=searches())
def test_every_search_finds_what_it_means(server: Server, asked: tuple[str, list[tuple[str, str]]]) -> None:
    query = parse(*asked)
    wanted = {one.rid for one in server.every.find(query.selection)}
    found = [row[0] for row in server.run(compile(query, "postgresql", 10_000))]
    assert len(found) == len(set(found))
    assert set(found) == wanted
    assert server.run(compile_count(query, "postgresql")) == [(len(wanted),)]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=searches(), descending=st.booleans(), limit=st.integers(1, 8))
def test_sorting_by_the_primary_date(
    server: Server, asked: tuple[str, list[tuple[str, str]]], descending: bool, limit: int
) -> None:
    name, parameters = asked
    date = {"Patient": "birthdate", "Condition": "onset-date", "Encounter": "date", "Observation": "date"}.get(name)
    if date is None:
        return
    query = parse(name, [*parameters, ("_sort", f"-{date}" if descending else date)])
    dates = sorted(carried(one) for one in server.every.find(query.selection))
    absent = [one for one in dates if one < -900_000_000_000_000_000]
    dated = dates[len(absent) :]
    ordered = [*(reversed(dated) if descending else dated), *absent]
    by_rid = {one.rid: one for one in server.every.documents}
    found = [carried(by_rid[row[0]]) for row in server.run(compile(query, "postgresql", limit))]
    assert found == ordered[:limit]


@pytest.mark.parametrize(
    "sort",
    ["family", "-family", "gender", "_id", "-_lastUpdated", "identifier", "general-practitioner", "name,-birthdate"],
)
def test_other_orders_lose_and_repeat_nothing(server: Server, sort: str) -> None:
    query = parse("Patient", [("_sort", sort)])
    found = [row[0] for row in server.run(compile(query, "postgresql"))]
    assert sorted(found) == sorted(one.rid for one in server.every.documents if one.type == "Patient")
