"""Insight in the log as plain data: the patient's view of who has been in the record (pasientjournalloven § 18,
pasientjournalforskriften § 14), and the same per employee for a privacy officer.

Readings that belong together are one visit. The text that somebody gave for an emergency is not here.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from felles.access.audit.answer import Page, names, page
from felles.access.audit.question import COUNT, FIRST, Question
from felles.access.audit.reach import ALL
from felles.access.audit.row import Act, Result, Row
from felles.access.audit.words import DEEDS, ELEVATED, FOUND, GIVEN, REFUSED, UNKNOWN, reason, thing
from felles.access.emergency import REASONS as EMERGENCIES
from felles.access.ground import Ground
from felles.access.house import current, name_of
from felles.record.index.value import key64
from felles.record.record import Record

GROUNDLESS = {"Practitioner": ELEVATED, "Patient": GIVEN}
"""Why somebody was shown what no ground of theirs opens: the work that a room of the house has allowed."""
PAUSE = 30 * 60 * 1_000_000
"""Microseconds without a row, after which the same person's next one is another visit."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who it was. `id` "Practitioner/x"; role, unit and party (the legal entity) by name, empty where unknown."""

    id: str
    name: str = ""
    role: str = ""
    unit: str = ""
    party: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """Readings and writings of one person that belong together, `first` to `last` in microseconds.

    `deeds`: (what was done, with what kind of thing), each once, in words. `reasons`: why, in words. `patients`:
    "Patient/x" of those concerned. `own`: the patient's own reading; `rows`: the numbers of the log's rows.
    """

    first: int
    last: int
    actor: Actor
    deeds: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    patients: tuple[str, ...]
    emergency: bool
    refused: bool
    own: bool
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Insight:
    """Visits, newest first; `older` is where the next ones begin (None: there are no more)."""

    visits: tuple[Visit, ...]
    older: int | None = None


@dataclass(slots=True)
class _Group:
    first: Row
    rows: list[tuple[int, Row]] = field(default_factory=list)


async def of_patient(record: Record, patient: str, before: int | None = None, count: int = 4 * COUNT) -> Insight:
    """Who has been in the record of "Patient/x". `record` is the system's own; `count` rows are read at once."""
    key = key64(patient)
    found = await page(record, Question(patients=frozenset((key,)), before=before or FIRST, count=count), ALL)
    rows = [(seq, replaced(row, [key])) for seq, row in found.rows]
    return await _insight(record, rows, found)


async def of_person(record: Record, person: str, before: int | None = None, count: int = 4 * COUNT) -> Insight:
    """Where "Practitioner/x" has been: a visit is to one patient, or to the same several ones."""
    question = Question(people=frozenset((key64(person),)), before=before or FIRST, count=count)
    found = await page(record, question, ALL)
    return await _insight(record, found.rows, found)


async def visits(record: Record, question: Question) -> Insight:
    """Any question of the log as visits; of a question about some patients, as it concerns those alone."""
    found = await page(record, question, ALL)
    wanted = question.patients
    rows = [
        (seq, row if wanted is None else replaced(row, [one for one in row.patients if one in wanted]))
        for seq, row in found.rows
    ]
    return await _insight(record, rows, found)


def replaced(row: Row, patients: list[int]) -> Row:
    """The row as it concerns these patients alone."""
    return msgspec.structs.replace(row, patients=patients)


async def _insight(record: Record, rows: Sequence[tuple[int, Row]], found: Page) -> Insight:
    known = await names(record, frozenset(key for _, row in rows for key in row.patients))
    people = _People(record)
    visits = []
    for group in groups(rows):
        visits.append(visit(group.rows, await people.actor(group.first), known))
    return Insight(tuple(visits), found.older)


def groups(rows: Iterable[tuple[int, Row]]) -> list[_Group]:
    """Rows (newest first) of the same person in the same role for the same patients, close in time, together."""
    open_groups: dict[tuple[Any, ...], _Group] = {}
    found: list[_Group] = []
    for seq, row in rows:
        key = (row.person, row.role, row.acts_for, row.result, row.act is Act.EMERGENCY, tuple(row.patients))
        group = open_groups.get(key)
        if group is None or group.rows[-1][1].moment - row.moment > PAUSE:
            group = open_groups[key] = _Group(row)
            found.append(group)
        group.rows.append((seq, row))
    return found


def visit(rows: Sequence[tuple[int, Row]], actor: Actor, known: dict[int, str]) -> Visit:
    """One visit of rows, newest first."""
    told = [row for _, row in rows]
    refused = told[0].result is not Result.OK
    patients = tuple(f"Patient/{known[key]}" for key in told[0].patients if key in known)
    return Visit(
        told[-1].moment,
        told[0].moment,
        actor,
        tuple(dict.fromkeys((DEEDS[row.act], thing(row.type)) for row in reversed(told))),
        (REFUSED,) if refused else tuple(dict.fromkeys(one for row in told for one in _reasons(row))),
        patients,
        any(row.act is Act.EMERGENCY or Ground.EMERGENCY in row.ground.split(",") for row in told),
        refused,
        told[0].person in patients and not told[0].acts_for,
        tuple(seq for seq, _ in rows),
    )


def _reasons(row: Row) -> Iterator[str]:
    if row.act is Act.FIND:
        yield FOUND
    elif not row.ground:
        yield GROUNDLESS.get(row.person.partition("/")[0], UNKNOWN)
    for one in row.ground.split(",") if row.ground else ():
        yield reason(one)
    if row.reason in EMERGENCIES:
        yield EMERGENCIES[row.reason]


class _People:
    """Names of people, roles and units, each read once."""

    def __init__(self, record: Record) -> None:
        self._store = record.store.reading
        self._known: dict[str, dict[str, Any]] = {}
        self._actors: dict[tuple[str, str, str, str], Actor] = {}

    async def _read(self, address: str) -> dict[str, Any]:
        if address and address not in self._known:
            self._known[address] = await current(self._store, address) or {}
        return self._known.get(address, {})

    async def actor(self, row: Row) -> Actor:
        key = (row.person, row.role, row.department, row.legal_entity)
        if key not in self._actors:
            person, role = await self._read(row.person), await self._read(row.role)
            unit, party = await self._read(row.department), await self._read(row.legal_entity)
            named = name_of(person) if isinstance(person.get("name"), list) else _device_name(person)
            self._actors[key] = Actor(row.person, named, _role_name(role), _title(unit), _title(party))
        return self._actors[key]


def _title(organization: dict[str, Any]) -> str:
    return str(organization.get("name") or "")


def _device_name(device: dict[str, Any]) -> str:
    return next((str(one.get("name")) for one in device.get("deviceName") or () if one.get("name")), "")


def _role_name(role: dict[str, Any]) -> str:
    for concept in role.get("code") or ():
        for words in (concept.get("text"), *(one.get("display") for one in concept.get("coding") or ())):
            if words:
                return str(words)
    return ""
