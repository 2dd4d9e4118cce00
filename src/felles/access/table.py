"""What the rooms' own tables are reached through: statements by name, in the record's transactions."""

from collections.abc import Sequence
from typing import Any, Protocol

from felles.access.trust import ENDS, ended
from felles.record.outcome import Problem
from felles.record.store import Line, Write


class Tables(Protocol):
    """The part of `felles.record.record.Record` that sign-in uses."""

    async def ask(self, name: str, args: Sequence[Any] = (), /) -> list[tuple[Any, ...]]: ...
    async def commit(self, writes: Sequence[Write], /, *, lines: Sequence[Line] = ()) -> Any: ...


async def put(tables: Tables, *lines: Line) -> bool:
    """Runs the lines in one transaction. False, and nothing done, when a line would not touch the rows it must."""
    try:
        await tables.commit((), lines=lines)
    except Problem as error:
        if error.status == 409:
            return False
        raise
    if any(line.name in ENDS for line in lines):
        ended(tables).mark()
    return True
