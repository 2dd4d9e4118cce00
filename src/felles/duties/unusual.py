"""Unusual reading: what the job over the log finds, as a duty of the privacy officer's unit.

The duty is about the reader and has no Task: it is not for the reader's colleagues (pasientjournalloven § 16 and § 22,
helsepersonelloven § 21 a).
"""

from collections.abc import Iterable

from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Owe, opened
from felles.duties.escalation import Level, Step
from felles.duties.kind import Kind, declare
from felles.duties.owner import ancestry
from felles.duties.reading import Outside, Reading
from felles.record.outcome import Problem, problem
from felles.record.record import Record
from felles.record.store import Line

OFFICER = "personvernombud"
"""The role code of the privacy officer."""
CONFLICT = 409

READING = declare(
    Kind(
        2,
        "unusual-reading",
        "Vurder uvanlig oppslag i journal",
        WorkingDays(10),
        (Step(Level.LEADER, WorkingDays(5)), Step(Level.REGION, WorkingDays(10))),
        proof="the privacy officer's conclusion",
        viewed=False,
        closers=frozenset((OFFICER,)),
    )
)


async def office(read: Reading, unit: str) -> str:
    """The unit of the privacy officer who answers for `unit`: the nearest above it that has one, else the top."""
    line = await ancestry(read, unit)
    roles = await read.search("PractitionerRole", [("role", OFFICER)])
    places = {(role.get("organization") or {}).get("reference") for role in roles if role.get("active", True)}
    return next((one for one in line if one in places), line[-1])


async def found(
    record: Record, *, reader: str, unit: str, key: str, reason: str, now: int, patient: str | None = None
) -> bool:
    """Owes the privacy officer a look at a reader ("Practitioner/x") of `unit`. `key` is stable: the same finding
    makes one duty however often it is told. `reason` in words, without names. Returns whether it was new."""
    read = Outside(record)
    owe = Owe(READING, reader, await office(read, unit), patient=patient, reason=reason, once=key)
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
