"""The store's tables in memory, filled with index rows: what compiled searches run against without a whole store."""

from __future__ import annotations

import re
from typing import Any

import apsw

from felles.record.search import Statement
from felles.record.store.migration import pending
from felles.record.store.stage import index_rows
from felles.record.store.table import INDEXES, RESOURCE, Table
from tests.search_oracle import Document, type_number


def filled(documents: list[Document]) -> apsw.Connection:
    """An SQLite store in memory that holds these documents."""
    import orjson

    connection = apsw.Connection(":memory:")
    for step in pending("sqlite", 0):
        connection.execute(step.script)
    for one in documents:
        body = orjson.dumps(one.body)
        patient, date = one.rows.patient, one.rows.date
        row = (one.rid, patient, type_number(one), one.key, one.body["id"], 1, one.updated, date, 0, body)
        insert(connection, RESOURCE, [row])
        connection.execute("INSERT INTO directory VALUES (?, ?, ?)", (one.key, one.rid, patient))
        rows = one.rows
        for table, full in index_rows(rows.lists, patient, date, one.rid).items():
            insert(connection, table, full)
    return connection


def insert(connection: apsw.Connection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" * len(table.columns))
    connection.executemany(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})", rows)


def run(connection: apsw.Connection, statement: Statement) -> list[tuple[Any, ...]]:
    """The rows of a compiled statement."""
    return connection.execute(re.sub(r"\$(\d+)", r"?\1", statement.sql), statement.args).fetchall()


__all__ = ["INDEXES", "filled", "run"]
