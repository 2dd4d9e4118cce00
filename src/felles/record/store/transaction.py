"""What an engine offers inside one transaction; `commit` is written against this alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from felles.record.store.table import Table
from felles.record.store.write import Line, Row

Dialect = Literal["sqlite", "postgresql"]


@dataclass(slots=True)
class Current:
    """The current version of a resource. `deleted`: it is a tombstone and `body` is None."""

    rid: int
    patient: int
    type: int
    key: int
    id: str
    number: int
    updated: int
    date: int
    deleted: int
    body: bytes | None

    def row(self) -> Row:
        """In the column order of `table.RESOURCE`."""
        return (
            self.rid,
            self.patient,
            self.type,
            self.key,
            self.id,
            self.number,
            self.updated,
            self.date,
            self.deleted,
            self.body,
        )


CURRENT = (
    "SELECT r.rid, r.patient, r.type, r.key, r.id, r.number, r.updated, r.date, r.deleted, r.body "
    "FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key = "
)


class Reading(Protocol):
    """A connection that reads. SQL holds `$1`, `$2` ... on both engines."""

    @property
    def dialect(self) -> Dialect: ...

    async def rows(self, sql: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...


class Transaction(Reading, Protocol):
    """An open writing transaction."""

    async def current(self, keys: Sequence[int]) -> dict[int, Current]:
        """The current versions that exist, locked until the end of the transaction."""

    async def lock(self, hashes: Sequence[int]) -> None:
        """Waits for the advisory locks of these hashes, in order, until the end of the transaction."""

    async def put(self, inserted: dict[Table, list[Row]], updated: list[Row], removed: dict[Table, list[Row]]) -> None:
        """Removes index rows, replaces rows of `resource`, inserts rows, in that order."""

    async def bump(self, keys: Sequence[int]) -> None:
        """Counts the epochs of these keys (sorted) on by one."""

    async def line(self, sql: str, args: Sequence[Any]) -> int:
        """Runs a room's statement. Returns how many rows it has touched."""

    async def lines(self, lines: Sequence[Line]) -> None:
        """Runs registered statements that nothing can refuse."""

    async def next_rid(self) -> int:
        """An unused resource row number."""

    async def savepoint(self) -> None: ...
    async def release(self) -> None: ...
    async def rollback_to_savepoint(self) -> None: ...
