"""What a reading asks of whoever guards it. The access room makes guards; the record only obeys them.

A `Sight` says what its holder may see as plain data that search turns into SQL, so that rows, counts, chains,
includes and histories all come from one verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from felles.record.search.condition import Condition
from felles.record.store import Line


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
class Hidden:
    """Rows of `patient` (a key; 0: of anybody) for which `condition` holds are not there (None: all of them)."""

    patient: int
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see; None is no restriction.

    `patients`: keys of the patients whose record is open. `types`: numbers of the types that may be seen at all.
    `loose`: of those that may be seen where no patient is concerned. `limits`: by type number, what must hold as well.
    A resource that concerns several patients is seen only where the records of all of them are open.
    """

    patients: frozenset[int] | None = None
    types: frozenset[int] | None = None
    loose: frozenset[int] | None = None
    hidden: tuple[Hidden, ...] = ()
    limits: Mapping[int, Condition] = field(default_factory=dict)

    def shows(self, type_number: int, patient: int, concerned: Sequence[int] = ()) -> bool:
        """Whether a row of this type about `patient` (0: nobody, or all of `concerned`) may be seen, its own hidden
        conditions and limits aside."""
        if self.types is not None and type_number not in self.types:
            return False
        whom = (patient,) if patient else concerned
        if not whom:
            return self.loose is None or type_number in self.loose
        return self.patients is None or all(one in self.patients for one in whom)

    def is_plain(self, type_number: int, patient: int) -> bool:
        """Whether `shows` alone decides for rows of this type and patient."""
        return type_number not in self.limits and not any(one.patient in (0, patient) for one in self.hidden)

    def narrowed(self, patients: frozenset[int]) -> "Sight":
        """The same for these patients only."""
        return replace(self, patients=patients if self.patients is None else self.patients & patients)


ALL = Sight()


@dataclass(frozen=True, slots=True)
class Epochs:
    """How often relations have changed, as read together with rows: of the house, and by patient key."""

    house: int
    patients: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Touch:
    """One resource that is to be written: whom it concerned before and concerns afterwards (keys of patients)."""

    act: Act
    type: str
    id: str
    before: frozenset[int]
    after: frozenset[int]


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
