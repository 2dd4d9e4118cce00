"""Index rows that are, against index rows that the bodies give."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from felles.record import definition
from felles.record.index import extract
from felles.record.store.snapshot import Snapshot
from felles.record.store.stage import index_rows
from felles.record.store.table import INDEXES, Table
from felles.record.store.write import Row

RANGE = 50_000
"""Rows of `resource` that are compared at once. Each range reads every index table once."""
_RESOURCES = "SELECT rid, patient, type, key, number, date, body FROM resource WHERE rid BETWEEN $1 AND $2 ORDER BY rid"


@dataclass(slots=True)
class Difference:
    """One resource whose rows are not what its body gives; `patient` and `date` are what the body gives."""

    rid: int
    type: int
    key: int
    number: int
    patient: int
    date: int
    shared: bool = False
    gone: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    come: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))

    @property
    def differs(self) -> bool:
        return self.shared or any(self.gone.values()) or any(self.come.values())


async def ranges(moment: Snapshot) -> list[tuple[int, int]]:
    """Row numbers in ranges of RANGE existing rows or fewer."""
    low, high = (await moment.rows("SELECT min(rid), max(rid) FROM resource"))[0]
    return [] if low is None else [(start, min(start + RANGE - 1, high)) for start in range(low, high + 1, RANGE)]


async def differences(moment: Snapshot, first: int, last: int) -> list[Difference]:
    """Differences of the resources in rows `first` to `last`."""
    found: dict[int, Difference] = {}
    expected: dict[Table, set[Row]] = {table: set() for table in INDEXES}
    async for row in moment.stream(_RESOURCES, (first, last)):
        one, rows = rows_of(row)
        found[one.rid] = one
        for table, whole in rows.items():
            expected[table].update(whole)
    for table in INDEXES:
        await _compare(moment, table, expected.pop(table), found, (first, last))
    return [one for one in found.values() if one.differs]


def rows_of(row: tuple[Any, ...]) -> tuple[Difference, dict[Table, list[Row]]]:
    """What a row of `resource` should have in the index."""
    rid, patient, type_number, key, number, date, body = row
    if body is None:
        return Difference(rid, type_number, key, number, patient, date), {}
    rows = extract(definition.type_name(type_number), orjson.loads(body))
    one = Difference(rid, type_number, key, number, rows.patient, rows.date)
    one.shared = (patient, date) != (rows.patient, rows.date)
    return one, index_rows(rows.lists, rows.patient, rows.date, rid)


async def _compare(
    moment: Snapshot, table: Table, expected: set[Row], found: dict[int, Difference], part: tuple[int, int]
) -> None:
    place = table.columns.index("rid")
    seen: set[Row] = set()
    async for row in _stored(moment, table, part):
        one = found.get(row[place])
        if row in expected and row not in seen:
            seen.add(row)
        elif one is not None:
            one.gone[table].append(row)
            if row in seen:
                one.come[table].append(row)
    for row in expected - seen:
        found[row[place]].come[table].append(row)


def _stored(moment: Snapshot, table: Table, part: Iterable[int]) -> AsyncIterator[tuple[Any, ...]]:
    sql = f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE rid BETWEEN $1 AND $2"  # noqa: S608
    return moment.stream(sql, tuple(part))


async def missing(moment: Snapshot, table: Table, row: Row) -> bool:
    """Whether one row that should be there is not; found by its key, without reading the table."""
    where = " AND ".join(f"{column} = ${place}" for place, column in enumerate(table.columns, 1))
    return not await moment.rows(f"SELECT 1 FROM {table.name} WHERE {where} LIMIT 1", row)  # noqa: S608
