"""Stored CodeSystem and ValueSet resources before the shipped ones, though reading the store is asynchronous.

An operation runs on what has been fetched so far; what it misses is fetched, and it runs again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from felles.record.terminology.expansion import Concept, NotExpandable, Resource, Source
from felles.record.terminology.shipped import SHIPPED

T = TypeVar("T")
Fetch = Callable[[str, str], Awaitable[Resource | None]]
"""`await fetch("ValueSet", url)`: the newest stored resource with this canonical URL, as plain data, or None."""
MOST_FETCHES = 200


class _Needed(Exception):
    """What must be fetched before the work can go on."""

    def __init__(self, type_name: str, url: str) -> None:
        super().__init__(url)
        self.key = (type_name, url)


class _Layered(Source):
    """What was fetched, then what is shipped."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: dict[tuple[str, str], Resource | None] = {}

    def _stored(self, type_name: str, url: str) -> Resource | None:
        if (type_name, url) not in self.fetched:
            raise _Needed(type_name, url)
        return self.fetched[type_name, url]

    def code_system(self, url: str) -> Resource | None:
        return self._stored("CodeSystem", url) or SHIPPED.code_system(url)

    def value_set(self, url: str) -> Resource | None:
        return self._stored("ValueSet", url) or SHIPPED.value_set(url)

    def structure(self, url: str) -> Resource | None:
        return self._stored("StructureDefinition", url)

    def concepts(self, url: str) -> dict[str, Concept] | None:
        return super().concepts(url) if self._stored("CodeSystem", url) else SHIPPED.concepts(url)


async def resolved(work: Callable[[Source], T], fetch: Fetch, *, long: bool = False) -> T:
    """The result of `work` on stored and shipped resources; `long` work is done on a thread. Raises what it raises."""
    source = _Layered()
    for _ in range(MOST_FETCHES):
        try:
            return await asyncio.to_thread(work, source) if long else work(source)
        except _Needed as needed:
            source.fetched[needed.key] = await fetch(*needed.key)
    raise NotExpandable("too-costly", f"more than {MOST_FETCHES} code systems and value sets are involved")
