"""Lists of open duties: complete, counted by the ledger, paged; what they say of patients goes through the guard.

A list has a row for every duty that its count counts. Of a patient whose record is not open to the reader the row
says what is owed until when, and neither for whom nor for what. Who reviews (`who`) sees what is to be reviewed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from felles.access.who import Who
from felles.duties.clearance import is_closer
from felles.duties.duty import Duty
from felles.duties.kind import kind_of
from felles.duties.reading import Names, Outside, names
from felles.duties.serial import task_id
from felles.record.definition import type_number
from felles.record.guard import Sight
from felles.record.index.value import key64
from felles.record.record import Record

PAGE = 50
TASK = type_number("Task")
START = (-1 << 62, -1)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the access log gets of a row about a patient: the duty, as its Task."""

    id: str
    number: int
    patient: int
    type: str = "Task"


@dataclass(frozen=True, slots=True)
class Row:
    """One duty in a list. `subject` and `patient` are None where they are not for the reader (`shown` False)."""

    duty: Duty
    unit: str | None
    person: str | None
    subject: str | None
    patient: str | None
    shown: bool
    pool: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of their due moments; `next` is where the following page begins, None on the last."""

    rows: Sequence[Row]
    next: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of a kind are open, past their due moment, and in the unit's pool."""

    kind: int
    open: int
    late: int
    pool: int


async def open_of(
    record: Record, unit: str, now: int, after: tuple[int, int] = START, limit: int = PAGE, who: Who | None = None
) -> Page:
    """What a unit owes, "Organization/x"."""
    return await _page(record, "duty of unit", [key64(unit), *after, limit + 1], now, who)


async def open_of_person(
    record: Record, person: str, now: int, after: tuple[int, int] = START, limit: int = PAGE, who: Who | None = None
) -> Page:
    """What somebody owes, "Practitioner/x", as long as employed: an end that came by date counts at once."""
    return await _page(record, "duty of person", [key64(person), *after, limit + 1, now], now, who)


async def told(
    record: Record, unit: str, now: int, after: tuple[int, int] = START, limit: int = PAGE, who: Who | None = None
) -> Page:
    """What has come up to the leaders of a unit, of the unit's own and from below."""
    return await _page(record, "duty told", [key64(unit), *after, limit + 1], now, who)


async def of_subject(
    record: Record, subject: str, now: int, limit: int = PAGE, who: Who | None = None
) -> Sequence[Row]:
    """Everything that was ever owed for a resource, open and closed, oldest first."""
    found = [Duty.of(row) for row in await record.ask("duty of subject", [key64(subject), limit])]
    return await rows(record, found, now, who)


async def count_of(record: Record, unit: str, now: int) -> Sequence[Tally]:
    """The counts of a unit's list, by kind: the same rows, read by the same index."""
    return _tallies(await record.ask("duty count of unit", [key64(unit), now]))


async def count_of_person(record: Record, person: str, now: int) -> Sequence[Tally]:
    """The counts of somebody's list."""
    return _tallies(await record.ask("duty count of person", [key64(person), now]))


async def count_told(record: Record, unit: str, now: int) -> Sequence[Tally]:
    """The counts of what has come up to a unit's leaders."""
    return _tallies(await record.ask("duty count told", [key64(unit), now]))


def _tallies(found: Iterable[Sequence[int]]) -> list[Tally]:
    return [Tally(*map(int, row)) for row in found]


async def _page(record: Record, name: str, args: list[int], now: int, who: Who | None) -> Page:
    limit = args[3] - 1
    found = [Duty.of(row) for row in await record.ask(name, args)]
    further = (found[limit - 1].due, found[limit - 1].id) if len(found) > limit else None
    return Page(await rows(record, found[:limit], now, who), further)


async def rows(record: Record, duties: Sequence[Duty], now: int, who: Who | None = None) -> list[Row]:
    """Duties as the holder of the record may see them, told to the log; `who` is the holder, whose very task it may be
    to review."""
    patients = frozenset(one.patient for one in duties if one.patient is not None)
    sight = await record.guard.sight(patients)
    known = await names(Outside(record), [key for one in duties for key in _keys(one)])
    everything = record.guard.everything
    found = [_row(one, known, everything or _shown(one, sight, who), now) for one in duties]
    told = [one.duty for one in found if one.shown and one.duty.patient is not None]
    record.guard.show([Listed(task_id(one.id), one.turn, one.patient or 0) for one in told])
    return found


def _shown(one: Duty, sight: Sight, who: Who | None) -> bool:
    kind = kind_of(one.kind)
    if who is not None and is_closer(one, kind, who):
        return True
    return not kind.discreet and (one.patient is None or sight.shows(TASK, one.patient))


def _keys(one: Duty) -> tuple[int | None, ...]:
    return one.unit, one.person, one.subject, one.patient


def _row(one: Duty, known: Names, shown: bool, now: int) -> Row:
    pool = one.in_pool(now)
    if not shown:
        one = replace(one, subject=0, patient=None, proof=None, reason=None)
    unit, person, subject, patient = (known.get(key) if key is not None else None for key in _keys(one))
    return Row(one, unit, person, subject, patient, shown, pool)
