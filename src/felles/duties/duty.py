"""A duty as the ledger holds it, and what each act makes of it. Nothing here reads or writes.

References are 64-bit keys of "Type/id"; moments are microseconds since 1970.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from operator import attrgetter
from typing import Any

import orjson

from felles.duties.calendar import NORWAY
from felles.duties.escalation import Level, Moments
from felles.record.outcome import problem


class State(IntEnum):
    """OPEN; DONE: by its proof or by a named person; VOID: it should never have been opened."""

    OPEN = 0
    DONE = 1
    VOID = 2


class Act(IntEnum):
    """What a turn is. The numbers stand in stores and in the triggers of migration 0004."""

    OPEN = 1
    CLOSE = 2
    HAND = 3
    REOPEN = 4
    RETURN = 5
    VOID = 6
    ESCALATE = 7
    LEFT = 8
    MOVE = 9


class Outcome(IntEnum):
    """How it was closed. PROVED by its proof; by a named person: OK, NOT_OK, or NEEDLESS (no longer relevant)."""

    NONE = 0
    PROVED = 1
    OK = 2
    NOT_OK = 3
    NEEDLESS = 4


@dataclass(frozen=True, slots=True)
class Duty:
    """One row of `duty`, its columns in order."""

    id: int
    unit: int
    person: int | None
    substitute: int | None
    watch: int | None
    subject: int
    patient: int | None
    proof: int | None
    actor: int | None
    opened: int
    due: int
    moment: int
    next: int | None
    until: int | None
    turn: int
    viewed: int
    day: int
    kind: int
    state: int
    level: int
    step: int
    act: int
    outcome: int
    reason: str | None
    steps: str | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Duty":
        return cls(*row)

    def row(self) -> list[Any]:
        """In the order of COLUMNS."""
        return list(_COLUMNS(self))

    @property
    def open(self) -> bool:
        return self.state == State.OPEN

    @property
    def moments(self) -> Moments:
        """(level, moment) of every step of an open duty."""
        return tuple((level, moment) for level, moment in orjson.loads(self.steps or "[]"))

    def in_pool(self, now: int) -> bool:
        """Whether it is for everybody in the unit: nobody is named, or the one who is has left or has let it lie."""
        gone = self.until is not None and self.until <= now
        return self.person is None or gone or self.level >= Level.SUBSTITUTE


COLUMNS = tuple(Duty.__dataclass_fields__)
_COLUMNS = attrgetter(*COLUMNS)


def packed(steps: Moments) -> str | None:
    """Steps as the row keeps them."""
    return orjson.dumps(steps).decode() if steps else None


def waiting(duty: Duty) -> Duty:
    """With the moment at which the ledger itself acts next: the next step, or the day the person leaves."""
    return replace(duty, next=upcoming(duty.moments[duty.step :], duty.person, duty.until))


def upcoming(steps: Moments, person: int | None, until: int | None) -> int | None:
    """The first of the steps that are left and the day on which the person leaves."""
    left = [steps[0][1]] if steps else []
    return min([*left, until] if person is not None and until is not None else left, default=None)


def _turned(duty: Duty, act: Act, now: int, actor: int | None, reason: str | None, **changes: Any) -> Duty:
    """The next turn. Time in the ledger never runs backwards, whatever the clocks of its processes say."""
    moment = max(duty.moment, now)
    day = max(duty.day, NORWAY.day_number(moment))
    return replace(
        duty, act=act, moment=moment, day=day, turn=duty.turn + 1, actor=actor, reason=reason, **changes
    )  # fmt: skip


def _must_be_open(duty: Duty) -> None:
    if not duty.open:
        raise problem(409, "conflict", "this duty is closed already")


def closed(
    duty: Duty, now: int, outcome: Outcome, *, proof: int | None = None, actor: int | None = None,
    reason: str | None = None,
) -> Duty:  # fmt: skip
    """Done; what only an open duty needs is let go. Raises Problem 409 when it is closed already."""
    _must_be_open(duty)
    nothing = {"substitute": None, "watch": None, "next": None, "until": None, "steps": None}
    return _turned(duty, Act.CLOSE, now, actor, reason, state=State.DONE, outcome=outcome, proof=proof, **nothing)


def voided(duty: Duty, now: int, actor: int | None, reason: str) -> Duty:
    """Taken back: it should not have been opened."""
    _must_be_open(duty)
    nothing = {"substitute": None, "watch": None, "next": None, "until": None, "steps": None}
    return _turned(duty, Act.VOID, now, actor, reason, state=State.VOID, **nothing)


def reopened(duty: Duty, now: int, steps: Moments, actor: int | None, reason: str | None) -> Duty:
    """Open again, the steps that were not taken still to come. Raises Problem 409 when it is not closed."""
    if duty.state != State.DONE:
        raise problem(409, "conflict", "this duty is not closed")
    changes = {"state": State.OPEN, "outcome": Outcome.NONE, "proof": None, "steps": packed(steps)}
    watch = duty.unit if duty.level >= Level.LEADER else None
    return waiting(_turned(duty, Act.REOPEN, now, actor, reason, watch=watch, **changes))


@dataclass(frozen=True, slots=True)
class Owner:
    """Who is to do it: a unit always, perhaps a person until `until` (None: no end is known), perhaps a substitute."""

    unit: int
    person: int | None = None
    until: int | None = None
    substitute: int | None = None


def handed(duty: Duty, now: int, owner: Owner, actor: int | None, reason: str | None, act: Act = Act.HAND) -> Duty:
    """With another owner; a duty handed to another unit starts there with nobody above it told, its due time stays.
    Raises Problem 409 when it is closed, or when this is the owner already."""
    _must_be_open(duty)
    if (duty.unit, duty.person) == (owner.unit, owner.person):
        raise problem(409, "conflict", "this is the owner already")
    watch = owner.unit if duty.level == Level.LEADER else duty.watch
    level = Level.OWNER if duty.level == Level.SUBSTITUTE else duty.level
    changes = {"unit": owner.unit, "person": owner.person, "until": owner.until, "substitute": owner.substitute}
    return waiting(_turned(duty, act, now, actor, reason, watch=watch, level=level, **changes))


def left(duty: Duty, now: int) -> Duty:
    """In the unit's pool, since its person is there no longer."""
    return waiting(_turned(duty, Act.LEFT, now, None, None, person=None, until=None))


def escalated(duty: Duty, now: int, watch: int | None, substitute: Owner | None) -> Duty:
    """One step up. `watch`: the unit whose leaders are told; `substitute`: the owner in the person's stead."""
    level = max(duty.level, duty.moments[duty.step][0])
    changes: dict[str, Any] = {"level": level, "step": duty.step + 1, "watch": watch or duty.watch}
    if substitute is not None:
        changes |= {"person": substitute.person, "until": substitute.until, "substitute": None}
    return waiting(_turned(duty, Act.ESCALATE, now, None, None, **changes))


def moved(duty: Duty, now: int, patient: int, subject: int) -> Duty:
    """About the patient that its subject is about by now (identities were merged or parted)."""
    return _turned(duty, Act.MOVE, now, None, None, patient=patient, subject=subject)
