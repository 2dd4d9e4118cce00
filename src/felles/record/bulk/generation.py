"""Resources that a program makes up, as an import takes them."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from felles.record.bulk.fault import Fault
from felles.record.bulk.source import Piece
from felles.record.outcome import problem
from felles.record.record import Record

LINES = 500


def drawn(resources: Iterable[dict[str, Any]]) -> Iterator[Piece | Fault]:
    """Pieces of LINES resources each."""
    lines: list[bytes] = []
    first = 1
    for resource in resources:
        lines.append(orjson.dumps(resource))
        if len(lines) == LINES:
            yield Piece("demo", "", None, 0, first, b"\n".join(lines))
            first += LINES
            lines.clear()
    if lines:
        yield Piece("demo", "", None, 0, first, b"\n".join(lines))


async def mark(address: str) -> None:
    """Marks the store as one of exercise data. Raises Problem 409 when it holds other data."""
    record = await Record.open(address)
    try:
        if not record.demo:
            if await record.store.reading.rows("SELECT 1 FROM change LIMIT 1"):
                raise problem(409, "conflict", "this store holds other data: the demo needs a store of its own")
            await record.store.set_note("demo", "yes")
    finally:
        await record.close()
