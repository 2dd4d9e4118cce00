"""Rooms' own tables without a store behind them: the real statements on the real tables, in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from felles.access import limit, statement
from felles.access.audit import statement as audit
from felles.record.outcome import problem
from felles.record.store import Line
from felles.record.store.migration import migrations
from felles.record.store.sqlite import numbered

LINES = {**statement.LINES, **audit.LINES, **limit.LINES}
OWN = ("0003_log", "0005_account", "0007_limit")


class OwnTables:
    """`ask` and `commit` of a record, as far as lines go."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        for step in migrations("sqlite"):
            if step.name in OWN:
                self._connection.executescript(step.script)

    async def ask(self, name: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(numbered(LINES[name].sqlite), tuple(args)).fetchall()

    async def commit(self, writes: Sequence[Any], *, lines: Sequence[Line] = ()) -> None:
        self._connection.execute("BEGIN")
        for line in lines:
            touched = self._connection.execute(numbered(LINES[line.name].sqlite), tuple(line.args)).rowcount
            if line.rows is not None and touched != line.rows:
                self._connection.execute("ROLLBACK")
                raise problem(409, "conflict", line.name)
        self._connection.execute("COMMIT")
