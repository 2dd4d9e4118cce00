"""Unusual reading: what the job over the log finds, as a duty of the privacy officer's unit.

The duty is about the reader and has no Task: it is not for the reader's colleagues (pasientjournalloven § 16 and § 22,
helsepersonelloven § 21 a).
"""

from collections.abc import Iterable

import structlog

from felles.access.role import OFFICER as OFFICER
from felles.access.role import employment
from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Owe, opened
from felles.duties.escalation import Level, Step
from felles.duties.kind import Kind, View, declare
from felles.duties.owner import ancestry
from felles.duties.reading import Outside, Reading, names
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.record import Record
from felles.record.store import Line

CONFLICT = 409
log = structlog.get_logger("felles.duties")

READING = declare(
    Kind(
        2,
        "unusual-reading",
        "Vurder uvanlig oppslag i journal",
        WorkingDays(10),
        (Step(Level.LEADER, WorkingDays(5)), Step(Level.REGION, WorkingDays(10))),
        proof="Personvernombudets konklusjon",
        view=View.NONE,
        closers=frozenset((OFFICER,)),
        discreet=True,
    )
)


async def office(read: Reading, unit: str) -> str | None:
    """The unit of the privacy officer who answers for `unit`: the nearest above it that has one, else any that there
    is, else the top of the tree; None where there is neither."""
    line = await ancestry(read, unit)
    held = filter(None, map(employment, await read.search("PractitionerRole", [("role", OFFICER)])))
    places = sorted({one.role.unit for one in held if one.active})
    known = await names(read, map(key64, line))
    nearest = [one for one in line if one in places] + places + [one for one in line[::-1] if key64(one) in known]
    return next(iter(nearest), None)


async def found(
    record: Record, *, reader: str, unit: str, key: str, reason: str, now: int, patient: str | None = None
) -> bool:
    """Owes the privacy officer a look at a reader ("Practitioner/x") of `unit`. `key` is stable: the same finding
    makes one duty however often it is told. `reason` in words, without names. Returns whether it was new."""
    read = Outside(record)
    place = await office(read, unit)
    if place is None:
        log.warning("unusual reading is owed by nobody: there is no privacy officer")
        return False
    owe = Owe(READING, reader, place, patient=patient, reason=reason, once=key)
    lines = [deed for deed in await opened(owe, read, now) if isinstance(deed, Line)]
    try:
        if lines:
            await record.commit([], lines=lines)
    except Problem as error:
        if error.status != CONFLICT:
            raise
        return False  # another process was faster
    return bool(lines)


def key_of(reader: str, pattern: str, moment: int, patients: Iterable[str] = ()) -> str:
    """A stable key of a finding: one duty for a reader, pattern and local day (and patients, where they tell)."""
    if not reader.startswith("Practitioner/"):
        raise problem(422, "invalid", "a reader is a Practitioner")
    return " ".join((reader, pattern, str(NORWAY.day_number(moment)), *sorted(patients)))
