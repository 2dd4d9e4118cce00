"""Acts on identities as one transaction: versions to write, each over the version that was read."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import orjson

from felles.record import document
from felles.record.outcome import Issue, Problem, problem
from felles.record.prepare import Received, new_id, prepare, receive
from felles.record.reading import Stored
from felles.record.record import TRIES, Changed, Record
from felles.record.store import Criterion, Kind, Write, Written

T = TypeVar("T")


@dataclass(slots=True)
class Act:
    """What an act writes and what it tells. Nothing is written when `writes` is empty."""

    writes: list[Write] = field(default_factory=list)
    criteria: list[Criterion] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def tell(self, text: str, expression: str | None = None, severity: str = "information") -> None:
        """Adds to the answer's OperationOutcome."""
        self.issues.append(Issue("informational", text, expression, severity))

    def rewrite(self, stored: Stored, raw: bytes) -> None:
        """The next version of a resource whose content is known to be valid: only references differ."""
        received = Received(stored.type, orjson.loads(raw), raw)
        self.writes.append(prepare(received, stored.id, Kind.UPDATE, stored.number))

    def revise(self, stored: Stored, resource: dict[str, Any]) -> None:
        """The next version of a resource, validated. `resource` as `document.parse` gives it."""
        received = receive(document.serialise(resource), stored.type)
        self.writes.append(prepare(received, stored.id, Kind.UPDATE, stored.number))

    def create(self, resource: dict[str, Any], id: str | None = None) -> str:
        """A new resource, validated. Returns its id."""
        id = id or new_id()
        self.writes.append(prepare(receive(document.serialise(resource)), id, Kind.CREATE, -1))
        return id

    async def commit(self, record: Record) -> list[Written]:
        """Raises Changed when something was written in between: read anew and try again."""
        try:
            return await record.commit(self.writes, self.criteria)
        except Problem as error:
            if error.status == 412:
                raise Changed from error
            raise


async def tried(attempt: Callable[[], Awaitable[T]]) -> T:
    """The act, begun anew while others write in between. Raises Problem 409 when they do not leave off."""
    for _ in range(TRIES):
        try:
            return await attempt()
        except Changed:
            continue
    raise problem(409, "conflict", "others keep changing what this act reads; try again")


async def unhurried(items: Iterable[T]) -> AsyncIterator[T]:
    """The items; others on the loop get their turn in between, for a big act takes seconds to prepare."""
    for place, item in enumerate(items):
        if place % 50 == 49:
            await asyncio.sleep(0)
        yield item


class Typed(Protocol):
    """Something that has a resource type."""

    @property
    def type(self) -> str: ...


def counted(resources: Sequence[Typed]) -> str:
    """How many of which type, in words: `1 Condition, 12 Observation`."""
    counts = Counter(one.type for one in resources)
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing else"


def parsed(stored: Stored) -> dict[str, Any]:
    """The resource with exact numbers, for writing back."""
    resource: dict[str, Any] = document.parse(stored.body or b"{}")
    return resource
