"""What a reading asks of whoever guards it. The access room makes guards; the record only obeys them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from felles.record.search.sight import ALL, Hidden, Sight
from felles.record.store import Line
from felles.record.store.lock import Context


class Act(StrEnum):
    """What is done with a resource (the RESTful interactions of FHIR R4 http.html; `call` is an operation)."""

    READ = "read"
    SEARCH = "search"
    HISTORY = "history"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Epochs:
    """How often relations have changed, as read together with rows: of the house, and by patient key."""

    house: int
    patients: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Touch:
    """One resource that is to be written: whom it concerned before and concerns afterwards (keys of patients), and
    the keys of all that it will refer to."""

    act: Act
    type: str
    id: str
    before: frozenset[int]
    after: frozenset[int]
    named: frozenset[int] = frozenset()


class Shown(Protocol):
    """A version that is about to leave."""

    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def patient(self) -> int: ...


class Guard(Protocol):
    """Who asks, as far as the record needs to know."""

    @property
    def everything(self) -> bool:
        """Whether this is the system itself, which nothing is asked of."""

    async def sight(self, patients: frozenset[int] | None = None, epochs: Epochs | None = None) -> Sight:
        """What may be seen of these patients (None: of whoever is open to the holder). With `epochs` a cached yes
        counts only if it was made at them; without, they are read. A no is never taken from a cache."""

    def opened(self) -> Context:
        """What a region's store shows to the holder at the most: the patients decided to be open so far, and the
        subjects through whose relations a single resource may be met before its patient is known."""

    def may(self, act: Act, type_name: str) -> None:
        """Raises Problem 403 where the holder may never do this with a type (or call an operation of this name)."""

    async def may_write(self, touches: Sequence[Touch]) -> None:
        """Raises Problem 403, or 404 where the very existence is not for the holder."""

    def lines(self, touches: Sequence[Touch]) -> list[Line]:
        """What the log says of a write; committed with it."""

    def mask(self, type_name: str, body: bytes) -> bytes:
        """A body without what stays hidden from everybody but those who must know it (protected addresses)."""

    def show(self, versions: Sequence[Shown]) -> None:
        """These leave with the answer: for the log."""

    def refuse(self, type_name: str, id: str, patients: Sequence[int]) -> None:
        """This was asked for and not given: for the log."""


class System:
    """The record's own work: commands, workers, migrations. It sees all and is logged by whoever runs it."""

    everything = True

    async def sight(self, patients: frozenset[int] | None = None, epochs: Epochs | None = None) -> Sight:
        return ALL

    def opened(self) -> Context:
        return Context(everything=True)

    def may(self, act: Act, type_name: str) -> None:
        return None

    async def may_write(self, touches: Sequence[Touch]) -> None:
        return None

    def lines(self, touches: Sequence[Touch]) -> list[Line]:
        return []

    def mask(self, type_name: str, body: bytes) -> bytes:
        return body

    def show(self, versions: Sequence[Any]) -> None:
        return None

    def refuse(self, type_name: str, id: str, patients: Sequence[int]) -> None:
        return None


EVERYTHING = System()


class Elevated(System):
    """An operation that works on whole records (merging, moving facts): what its holder was allowed to call sees
    all while it runs, and is logged as the holder's own."""

    def __init__(self, holder: Guard) -> None:
        self._holder = holder

    @property
    def holder(self) -> Guard:
        """Who called it."""
        return self._holder

    def lines(self, touches: Sequence[Touch]) -> list[Line]:
        return self._holder.lines(touches)

    def show(self, versions: Sequence[Any]) -> None:
        self._holder.show(versions)


__all__ = [
    "ALL",
    "EVERYTHING",
    "Act",
    "Context",
    "Elevated",
    "Epochs",
    "Guard",
    "Hidden",
    "Shown",
    "Sight",
    "System",
    "Touch",
]
