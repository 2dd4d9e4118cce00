"""The history of one duty: its entries in order, and what an undo takes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.duties.duty import Act
from felles.duties.reading import Reading


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of one turn. Keys of references; moment in microseconds, day in days since 1970."""

    turn: int
    side: int
    act: int
    unit: int
    person: int | None
    moment: int
    day: int
    actor: int | None
    outcome: int
    proof: int | None
    reason: str | None


_DONE = {Act.OPEN, Act.CLOSE, Act.HAND}
_UNDONE = {Act.REOPEN, Act.RETURN, Act.VOID}


def undoable(entries: Sequence[Entry]) -> Entry | None:
    """What an undo takes back now: the last opening, closing or handing on that has not been taken back. Of a handing
    on this is the side it came from. None when nothing is left."""
    standing: list[Entry] = []
    for entry in entries:
        if entry.side:
            continue
        if entry.act in _DONE:
            standing.append(entry)
        elif entry.act in _UNDONE and standing:
            standing.pop()
    return standing[-1] if standing else None


async def entries(read: Reading, duty: int) -> list[Entry]:
    """The history of a duty."""
    rows: list[tuple[Any, ...]] = await read.ask("duty entries", [duty])
    return [Entry(*row) for row in rows]
