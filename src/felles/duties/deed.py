"""What a rule says of duties, and the rows and Tasks that come of it in the rule's own transaction.

A room writes its rule as `act(woken, inside) -> [Owe(...), Settle(...), Put(...), ...]` and registers
`Rule(name, types, owing(act))`.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import time_ns

from felles.duties.calendar import NORWAY, Calendar
from felles.duties.deadline import due
from felles.duties.duty import Act, Duty, Outcome, Owner, State, closed, handed, packed, reopened, upcoming
from felles.duties.escalation import Level, moments
from felles.duties.kind import Kind, View
from felles.duties.owner import owner
from felles.duties.reading import Reading, named
from felles.duties.serial import SERIAL, stable
from felles.duties.view import put, turn
from felles.record.index.value import key64
from felles.record.rule import Deed, Inside, Woken
from felles.record.store import Line


@dataclass(frozen=True, slots=True)
class Owe:
    """Somebody owes something from now on. References are "Type/id"; `due` in microseconds stands above the kind's
    term, `opened` above now (a clock that runs from a first receipt). `once`: a stable key for what may be asked
    twice; the second time nothing happens."""

    kind: Kind
    subject: str
    unit: str
    person: str | None = None
    patient: str | None = None
    substitute: str | None = None
    opened: int | None = None
    due: int | None = None
    reason: str | None = None
    once: str | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """What was owed of this kind for this subject is done; `proof` is the resource that shows it. `outcome` NEEDLESS:
    what it was owed for is gone."""

    kind: Kind
    subject: str
    proof: str
    outcome: Outcome = Outcome.PROVED


@dataclass(frozen=True, slots=True)
class Reopen:
    """A proof has been taken back: what it closed is owed again."""

    kind: Kind
    subject: str
    proof: str


@dataclass(frozen=True, slots=True)
class HandOn:
    """What is owed of this kind for this subject is another unit's (or person's) from now on; its due time stays."""

    kind: Kind
    subject: str
    unit: str
    person: str | None = None
    reason: str | None = None


Said = Owe | Settle | Reopen | HandOn


def new(owe: Owe, holder: Owner, now: int, calendar: Calendar = NORWAY) -> Duty:
    """The row of a duty that is opened now. Pure but for its number."""
    kind, began = owe.kind, now if owe.opened is None else owe.opened
    until = due(kind.term, began, calendar) if owe.due is None else owe.due
    steps = moments(kind.steps, began, until, calendar)
    number = stable(kind.code, owe.once) if owe.once is not None else SERIAL.next()
    told = holder.unit if kind.level >= Level.LEADER else None
    patient = key64(owe.patient) if owe.patient else None
    return Duty(
        id=number, unit=holder.unit, person=holder.person, substitute=holder.substitute, watch=told,
        subject=key64(owe.subject), patient=patient, proof=None, actor=None, opened=began, due=until, moment=now,
        next=upcoming(steps, holder.person, holder.until), until=holder.until, turn=1,
        viewed=int(kind.view is not View.SOON), day=calendar.day_number(now), kind=kind.number, state=State.OPEN,
        level=kind.level, step=0, act=Act.OPEN, outcome=Outcome.NONE, reason=owe.reason, steps=packed(steps),
    )  # fmt: skip


async def opened(owe: Owe, read: Reading, now: int) -> list[Deed]:
    """The deeds that open a duty; none when it was opened before under the same stable key."""
    if owe.once is not None and await read.ask("duty by id", [stable(owe.kind.code, owe.once)]):
        return []
    duty = new(owe, await owner(read, owe.unit, owe.person, owe.substitute, now), now)
    known = named(owe.unit, owe.person, owe.subject, owe.patient)
    name = "duty open" if owe.once is None else "duty open once"
    return [Line(name, duty.row(), 1 if owe.once else None), *await put(read, duty, known)]


async def _settled(said: Settle, read: Reading, now: int) -> list[Deed]:
    deeds: list[Deed] = []
    for row in await read.ask("duty to settle", [key64(said.subject), said.kind.number]):
        done = closed(Duty.of(row), now, said.outcome, proof=key64(said.proof))
        deeds += await turn(read, done, named(said.subject, said.proof))
    return deeds


async def _reopened(said: Reopen, read: Reading, now: int) -> list[Deed]:
    deeds: list[Deed] = []
    for row in await read.ask("duty proved by", [key64(said.subject), said.kind.number, key64(said.proof)]):
        duty = Duty.of(row)
        again = reopened(duty, now, moments(said.kind.steps, duty.opened, duty.due), None, None)
        deeds += await turn(read, again, named(said.subject))
    return deeds


async def _handed(said: HandOn, read: Reading, now: int) -> list[Deed]:
    holder = await owner(read, said.unit, said.person, None, now)
    deeds: list[Deed] = []
    for row in await read.ask("duty to settle", [key64(said.subject), said.kind.number]):
        duty = Duty.of(row)
        if (duty.unit, duty.person) != (holder.unit, holder.person):
            other = handed(duty, now, holder, None, said.reason)
            deeds += await turn(read, other, named(said.subject, said.unit, said.person))
    return deeds


async def deeds(said: Iterable[Said], read: Reading, now: int) -> list[Deed]:
    """What becomes of all that was said, in order."""
    found: list[Deed] = []
    for one in said:
        if isinstance(one, Owe):
            found += await opened(one, read, now)
        elif isinstance(one, Settle):
            found += await _settled(one, read, now)
        elif isinstance(one, Reopen):
            found += await _reopened(one, read, now)
        else:
            found += await _handed(one, read, now)
    return found


def moment_of(woken: Woken) -> int:
    """When the change was written; of a deletion, now."""
    told = ((woken.after or {}).get("meta") or {}).get("lastUpdated")
    return round(datetime.fromisoformat(told).timestamp() * 1_000) * 1_000 if told else time_ns() // 1_000


Owing = Callable[[Woken, Inside], Awaitable[Sequence[Said | Deed]]]


def owing(act: Owing) -> Callable[[Woken, Inside], Awaitable[Iterable[Deed]]]:
    """A rule's `act` that may also say what is owed and settled."""

    async def acted(woken: Woken, inside: Inside) -> Iterable[Deed]:
        found: list[Deed] = []
        for one in await act(woken, inside):
            if isinstance(one, Said):
                found += await deeds([one], inside, moment_of(woken))
            else:
                found.append(one)
        return found

    return acted
