"""Rules: pure functions that run inside the transaction of the change that woke them.

A rule sees the change and may read the store as it will be; what it returns is written in the same transaction, or
the whole act is undone. Whatever must never be lost is written by a rule or by the act itself, never afterwards.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from felles.record import definition, finding, reading, search
from felles.record.outcome import Problem
from felles.record.prepare import new_id, prepare, receive, removal
from felles.record.store import Change, Kind, Line, Lines, Origin, Write
from felles.record.store.transaction import Reading

Parameters = list[tuple[str, str]]


class Inside:
    """What a rule may read: the record inside the open transaction."""

    def __init__(self, store: Reading, lines: Lines) -> None:
        self._store = store
        self._reader = reading.Reader(store)
        self._lines = lines

    async def ask(self, name: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a registered statement: a room's own tables as they will be."""
        return await self._store.rows(self._lines.sql(name, self._store.dialect), args)

    async def read(self, type_name: str, id: str) -> dict[str, Any] | None:
        """The current version, or None."""
        try:
            stored = await reading.current(self._reader, type_name, id)
        except Problem:
            return None
        resource: dict[str, Any] = orjson.loads(stored.body or b"{}")
        return resource

    async def search(self, type_name: str, parameters: Parameters, limit: int = 100) -> list[dict[str, Any]]:
        """At most `limit` matches."""
        keys = await finding.keys(self._reader, search.parse(type_name, parameters), limit)
        return [orjson.loads(one.body or b"{}") for one in await reading.by_rows(self._reader, keys)]


@dataclass(frozen=True, slots=True)
class Put:
    """A resource to be written: with an id an update or a create under it, without one a create."""

    resource: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Remove:
    """A resource to be deleted."""

    type: str
    id: str


Deed = Put | Remove | Line


@dataclass(frozen=True, slots=True)
class Woken:
    """A change as a rule sees it. `before` and `after` are plain data; None where there is no such version."""

    kind: Kind
    type: str
    id: str
    number: int
    origin: Origin
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Rule:
    """`act` is called for changes of `types`; imports and the demo wake it only if `imports`."""

    name: str
    types: frozenset[str]
    act: Callable[[Woken, Inside], Awaitable[Iterable[Deed]]]
    imports: bool = False


def write_of(deed: Put | Remove) -> Write:
    """The prepared write of a rule's deed. Raises Problem when the rule made something invalid."""
    if isinstance(deed, Remove):
        return removal(deed.type, deed.id)
    id = deed.resource.get("id")
    received = receive(orjson.dumps(deed.resource), resource=deed.resource)
    return prepare(received, id, Kind.UPDATE) if id else prepare(received, new_id(), Kind.CREATE, -1)


def parted(deeds: Iterable[Deed]) -> tuple[list[Write], list[Line]]:
    """The prepared writes and the lines among deeds. Raises Problem for an invalid resource."""
    given = list(deeds)
    lines = [deed for deed in given if isinstance(deed, Line)]
    return [write_of(deed) for deed in given if not isinstance(deed, Line)], lines


def as_read(deeds: Iterable[Deed], versions: Mapping[tuple[str, str], int]) -> tuple[list[Write], list[Line]]:
    """As `parted`, each resource only over the version of (type, id) that was read; what was not read must be new.
    Raises Problem for an invalid resource."""
    given = list(deeds)
    writes, lines = parted(given)
    puts = [deed for deed in given if not isinstance(deed, Line)]
    for write, put in zip(writes, puts, strict=True):
        name = (put.type, put.id) if isinstance(put, Remove) else (put.resource["resourceType"], put.resource.get("id"))
        write.match = versions.get((str(name[0]), str(name[1])), -1)
    return writes, lines


class RuleBook:
    """The registered rules, by the type that wakes them."""

    def __init__(self, rules: Sequence[Rule], lines: Lines) -> None:
        self._lines = lines
        self._by_type: dict[int, list[Rule]] = {}
        for rule in rules:
            for name in rule.types:
                self._by_type.setdefault(definition.type_number(name), []).append(rule)

    def wakes(self, type_number: int) -> bool:
        return type_number in self._by_type

    async def woken(self, change: Change, read: Reading) -> tuple[list[Write], list[Line]]:
        """The writes and lines of all rules that this change wakes."""
        origin = Origin(change.origin)
        woken = Woken(
            change.kind,
            definition.type_name(change.type),
            change.id,
            change.number,
            origin,
            orjson.loads(change.before) if change.before else None,
            orjson.loads(change.after) if change.after else None,
        )
        inside = Inside(read, self._lines)
        deeds: list[Deed] = []
        for rule in self._by_type[change.type]:
            if rule.imports or origin in (Origin.ACT, Origin.MESSAGE):
                deeds += await rule.act(woken, inside)
        return parted(deeds)
