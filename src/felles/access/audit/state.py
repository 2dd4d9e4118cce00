"""How far the log is sealed and verified, by whom: a verification that somebody asks for leaves its result, and a row
of the log like any other act."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from felles.access.audit import log, row
from felles.access.audit.seal import Seal
from felles.access.audit.verify import Verification
from felles.access.who import Purpose, Who
from felles.record.record import Record
from felles.record.store import Line

FAULTS = 20
"""Faults that are kept of one verification."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A verification: when and by whom ("Practitioner/x"), up to which row, of how many rows and seals, and what did
    not hold."""

    moment: int
    person: str
    row: int
    rows: int
    seals: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class State:
    """`seal`: the last one; `sealed`: the last row under a seal; `verified`: the last verification; `kept`: the last
    one that found nothing wrong. None where there is none yet."""

    seal: Seal | None
    verified: Verified | None
    kept: Verified | None


async def state(record: Record) -> State:
    """The state of the log as it stands."""
    seals = await record.ask("log.seal.last")
    found = [_verified(one) for one in await record.ask("log.verified")]
    whole = next((one for one in found if not one.faults), None)
    return State(Seal(*seals[0]) if seals else None, found[0] if found else None, whole)


def _verified(one: Sequence[object]) -> Verified:
    moment, person, last, told = one
    rows, seals, faults = orjson.loads(str(told))
    return Verified(int(str(moment)), str(person), int(str(last)), rows, seals, tuple(faults))


def lines(who: Who, found: Verification, now: int) -> list[Line]:
    """What keeps a verification, and logs it."""
    faults = [str(one) for one in found.faults[:FAULTS]]
    told = orjson.dumps([found.rows, found.seals, faults]).decode()
    unit = who.role.unit if who.role else ""
    result = row.Result.FAILED if found.faults else row.Result.OK
    what = row.What("AuditEvent", [f"log-{found.last}"], found.rows)
    why = row.Why(purpose=Purpose.OVERSIGHT)
    made = row.row(now, who, row.Act.OPERATION, what=what, why=why, result=result)
    return [Line("log.verify", [f"verified {now}", now, who.id, unit, found.last, told]), *log.lines(made)]
