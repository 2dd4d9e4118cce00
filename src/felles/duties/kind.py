"""Kinds of duties: what is owed, until when, who is told next, and what proves it done.

Each room declares its own kinds when it is imported. Numbers stand in stores: never change or reuse one.
"""

from dataclasses import dataclass
from enum import IntEnum

from felles.duties.deadline import Term
from felles.duties.escalation import Level, Step

SYSTEM = "urn:felles:duty"


class View(IntEnum):
    """Whether a duty has a FHIR Task: NONE (about staff), AT_ONCE in the same transaction, or SOON, within seconds, by
    the ledger's clock (where many are opened and each should cost little)."""

    NONE = 0
    AT_ONCE = 1
    SOON = 2


@dataclass(frozen=True, slots=True)
class Kind:
    """`code` names it in Task.code, `title` says it in words and `proof` what closes it (bokmål, the pages translate).

    `level`: whose it is from the start (LEADER: the leader's pool). `by_hand`: a named person may close it with a
    reason; `closers`: the role codes that may (none named: everybody in the unit). `view`: whether it has a FHIR Task.
    `opens`: the Task names its owner, which is a ground for reading the patient's record; who reviews a reading gets
    none from that. `discreet`: only its closers see what it is about.
    """

    number: int
    code: str
    title: str
    term: Term
    steps: tuple[Step, ...] = ()
    proof: str = ""
    level: Level = Level.OWNER
    by_hand: bool = True
    closers: frozenset[str] = frozenset()
    view: View = View.AT_ONCE
    opens: bool = True
    discreet: bool = False


_declared: dict[int, Kind] = {}


def declare(kind: Kind) -> Kind:
    """Makes a kind known. Raises ValueError when its number or code is another's."""
    for known in _declared.values():
        if known != kind and (known.number == kind.number or known.code == kind.code):
            raise ValueError(f"duty kind {kind.number} {kind.code} is taken: {known.number} {known.code}")
    _declared[kind.number] = kind
    return kind


def kind_of(number: int) -> Kind:
    """The kind of this number. Raises LookupError when no room has declared it."""
    found = _declared.get(number)
    if found is None:
        raise LookupError(f"no room has declared duty kind {number}")
    return found


def code_of(number: int) -> str:
    """The code of a kind, or its number where no room has declared it."""
    return _declared[number].code if number in _declared else str(number)


def kinds() -> tuple[Kind, ...]:
    """All kinds that are declared, by number."""
    return tuple(_declared[number] for number in sorted(_declared))
