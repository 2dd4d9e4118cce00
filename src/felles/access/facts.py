"""What is known of one patient for a decision: plain frozen data, no clinical content."""

from dataclasses import dataclass, field
from datetime import date

from felles.access.part import WHOLE, Part
from felles.record.index.relation import OPEN_HIGH, OPEN_LOW


@dataclass(frozen=True, slots=True)
class Relation:
    """Somebody at work or a unit (`subject`, a key) has to do with the patient in [low, high) microseconds; `state` 1
    while it goes on. `ground` as in `record.index.relation`."""

    subject: int
    ground: int
    low: int = OPEN_LOW
    high: int = OPEN_HIGH
    state: int = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What a Consent says holds in [low, high). `named` are keys of those it is about; empty: everybody."""

    id: str
    named: frozenset[int] = frozenset()
    part: Part = WHOLE
    low: int = OPEN_LOW
    high: int = OPEN_HIGH

    def holds(self, keys: frozenset[int], now: int) -> bool:
        """Whether it is in force and about somebody who is known by `keys`."""
        return self.low <= now < self.high and (not self.named or not self.named.isdisjoint(keys))


@dataclass(frozen=True, slots=True)
class Opening(Wish):
    """The patient, or an emergency, opens."""

    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Objection(Wish):
    """The patient does not want reading for these purposes."""

    purposes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Representation(Wish):
    """Somebody with a power of attorney: to read (`reads`), to act (`acts`)."""

    reads: bool = True
    acts: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision on one patient needs. `patient` is the key of "Patient/x"; `born` the first and last day it
    may have been; `protected`: the address has code 6 or 7; `parents` are keys of the parents' own "Patient/x"."""

    patient: int
    relations: tuple[Relation, ...] = ()
    locks: tuple[Wish, ...] = ()
    blocks: tuple[Wish, ...] = ()
    openings: tuple[Opening, ...] = ()
    objections: tuple[Objection, ...] = ()
    representations: tuple[Representation, ...] = ()
    parents: frozenset[int] = frozenset()
    born: tuple[date, date] | None = None
    protected: bool = False
    subjects: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "subjects", frozenset(one.subject for one in self.relations))

    @property
    def closed(self) -> bool:
        """Whether any lock or block was ever set."""
        return bool(self.locks or self.blocks)
