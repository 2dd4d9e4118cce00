"""What the ledger reads of the record, the same inside a rule's transaction and outside."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import orjson

from felles.record import definition
from felles.record.guard import EVERYTHING
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record

Json = dict[str, Any]
Parameters = list[tuple[str, str]]


class Reading(Protocol):
    """`record.rule.Inside`, or a record in the system's name."""

    async def ask(self, name: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    async def read(self, type_name: str, id: str) -> Json | None: ...
    async def search(self, type_name: str, parameters: Parameters, limit: int = 100) -> list[Json]: ...


class Outside:
    """A record read by the ledger itself, outside any transaction."""

    def __init__(self, record: Record) -> None:
        self._record = record.seen_by(EVERYTHING)

    async def ask(self, name: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return await self._record.ask(name, args)

    async def read(self, type_name: str, id: str) -> Json | None:
        try:
            return await self._record.resource(type_name, id)
        except Problem:
            return None

    async def search(self, type_name: str, parameters: Parameters, limit: int = 100) -> list[Json]:
        return await self._record.resources(type_name, [*parameters, ("_count", str(limit))])


Names = dict[int, str]
"""Keys of resources and what they stand for: "Type/id"."""
KEPT = 50_000
_LASTING = ("Organization/", "Practitioner/")
_known: Names = {}


def named(*references: str | None) -> Names:
    """The names of references at hand."""
    return {key64(reference): reference for reference in references if reference}


async def names(read: Reading, keys: Iterable[int | None], known: Names | None = None) -> Names:
    """The names of all keys that belong to a resource. Those of units and people are remembered: a key never comes to
    mean anything else."""
    wanted = {key for key in keys if key is not None}
    found = {**(known or {}), **{key: _known[key] for key in wanted if key in _known}}
    missing = sorted(wanted - found.keys())
    if missing:
        for key, type_number, id in await read.ask("duty names", [orjson.dumps(missing).decode()]):
            found[key] = f"{definition.type_name(type_number)}/{id}"
            if found[key].startswith(_LASTING) and len(_known) < KEPT:
                _known[key] = found[key]
    return found
