"""Epochs read from the store: how often what a decision rests on has changed (record.guard.Epochs)."""

from collections.abc import Iterable, Sequence

import orjson

from felles.record.guard import Epochs
from felles.record.store.transaction import Reading

HOUSE = 0
_EMBEDDED = "SELECT key, number FROM epoch WHERE key IN (SELECT value FROM json_each($1))"
_REGION = "SELECT key, number FROM epoch WHERE key = ANY($1::int8[])"


def listed(store: Reading, keys: Iterable[int]) -> Sequence[object]:
    """Many keys as the one argument that the engine takes."""
    return (list(keys),) if store.dialect == "postgresql" else (orjson.dumps(list(keys)).decode(),)


def among(store: Reading, column: str, place: int = 1) -> str:
    """The condition that `column` is one of the keys of `listed`."""
    if store.dialect == "postgresql":
        return f"{column} = ANY(${place}::int8[])"
    return f"{column} IN (SELECT value FROM json_each(${place}))"  # noqa: S608 - a placeholder


async def epochs(store: Reading, patients: Iterable[int]) -> Epochs:
    """The epochs of the house and of these patients as they are now."""
    wanted = [HOUSE, *patients]
    rows = await store.rows(_REGION if store.dialect == "postgresql" else _EMBEDDED, listed(store, wanted))
    found: dict[int, int] = dict.fromkeys(wanted, 0) | {row[0]: row[1] for row in rows}
    return Epochs(found.pop(HOUSE), found)
