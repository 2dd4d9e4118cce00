"""The search for unusual reading: once a day over the day before, or on demand over any day of the log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import structlog

from felles.access.audit.pattern import FLOOR, Day, Facts, Finding, Identity, Pattern, findings
from felles.access.audit.row import Row, read
from felles.access.audit.statement import many
from felles.access.house import current
from felles.record import definition
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.protection import PROTECTION
from felles.record.record import Record
from felles.record.store import Line

NORWAY = ZoneInfo("Europe/Oslo")
DAY = timedelta(days=1)
DAYS_BEFORE = 28
PORTION = 2_000
COMMON = 500
"""Patients of one surname from which it says nothing."""
PAUSE = 300.0
CONFLICT = 409
_VIP = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_STAFF_OF = (
    "SELECT r.body FROM reference_index x JOIN resource r ON r.rid = x.rid "
    "WHERE x.target = $1 AND r.type = $2 AND r.deleted = 0"
)
log = structlog.get_logger("felles.log")
Take = Callable[[Record, Sequence[Finding]], Awaitable[None]]
"""Told of findings before the day counts as done; may be told of the same ones again."""


def bounds(day: date) -> tuple[int, int]:
    """A local day as [begin, end) in microseconds."""
    begin, end = (datetime(one.year, one.month, one.day, tzinfo=NORWAY) for one in (day, day + DAY))
    return int(begin.timestamp()) * 1_000_000, int(end.timestamp()) * 1_000_000


async def look(record: Record, day: date) -> list[Finding]:
    """What is unusual in the log of a local day. `record` is the system's own."""
    begin, end = bounds(day)
    contacts = Day()
    async for seq, row in _rows(record, begin, end):
        contacts.add(seq, row)
    return findings(day.toordinal(), contacts, await _facts(record, contacts, begin))


async def _rows(record: Record, begin: int, end: int, *person: int) -> AsyncIterator[tuple[int, Row]]:
    """Rows between two moments, of one person where one is named, a portion at a time."""
    low, last = (await record.ask("log.span", [begin, end]))[0]
    after, name = (low or 1) - 1, "log.of" if person else "log.between"
    while True:
        rows = await record.ask(name, [*person, begin, end, after, last or 0, PORTION])
        for seq, body in rows:
            row = read(body)
            if row is not None:
                yield seq, row
        if len(rows) < PORTION:
            return
        after = rows[-1][0]
        await asyncio.sleep(0)


async def _facts(record: Record, contacts: Day, begin: int) -> Facts:
    people, store = contacts.by_person(), record.store.reading
    readers = {person: identity(await current(store, person) or {}) for person in people}
    units = {one.unit for held in people.values() for one in held if one.unit}
    marks = {unit: await _staff(record, unit) for unit in units}
    colleagues = {
        person: frozenset(mark for unit in {one.unit for one in held} for mark in marks.get(unit, ()))
        for person, held in people.items()
    }
    patients = await _patients(record, sorted({patient for _, patient in contacts.contacts}))
    shared = {name for one in readers.values() for name in one.surnames}
    shared &= {name for one in patients.values() for name in one.surnames}
    common = frozenset([name for name in sorted(shared) if await _bearers(record, name) >= COMMON])
    usual = {
        person: await _usual(record, person, begin) for person, count in contacts.volumes().items() if count > FLOOR
    }
    return Facts(readers, colleagues, patients, usual, common)


async def _staff(record: Record, unit: str) -> frozenset[tuple[str, ...]]:
    """Marks of all who work at a unit."""
    rows = await record.store.reading.rows(_STAFF_OF, (key64(unit), definition.type_number("PractitionerRole")))
    people = {str((orjson.loads(body).get("practitioner") or {}).get("reference", "")) for (body,) in rows}
    found = [identity(await current(record.store.reading, one) or {}) for one in sorted(people)]
    return frozenset(mark for one in found for mark in one.marks)


async def _patients(record: Record, keys: Sequence[int]) -> dict[int, Identity]:
    found: dict[int, Identity] = {}
    for start in range(0, len(keys), PORTION):
        rows = await record.ask("log.patients.of", [many(keys[start : start + PORTION], record.store.dialect)])
        found |= {key: identity(orjson.loads(body)) for key, body in rows}
        await asyncio.sleep(0)
    return found


async def _bearers(record: Record, surname: str) -> int:
    result = await record.search("Patient", [("family", surname), ("_summary", "count")])
    return result.extent.total or 0


async def _usual(record: Record, person: str, begin: int) -> list[int]:
    """Patients a day of the same person, on the days of the weeks before on which there were any."""
    days: dict[int, set[int]] = {}
    since = begin - DAYS_BEFORE * 86_400_000_000
    async for _, row in _rows(record, since, begin, key64(person)):
        if row.patients:
            days.setdefault(row.moment // 86_400_000_000, set()).update(row.patients)
    return [len(patients) for patients in days.values()]


def identity(resource: dict[str, Any]) -> Identity:
    """Of a Practitioner or Patient. A person whose birth date is not known is told by name alone."""
    names = resource.get("name") or ()
    born = str(resource.get("birthDate") or "")
    marks: set[tuple[str, ...]] = {
        ("number", str(one.get("system")), str(one.get("value")))
        for one in resource.get("identifier") or ()
        if one.get("system") and one.get("value")
    }
    for one in names:
        given = " ".join(one.get("given") or ()).lower()
        if given and one.get("family"):
            marks |= {("name", str(one["family"]).lower(), given, born)}
    surnames = frozenset(str(one["family"]).lower() for one in names if one.get("family"))
    labels = (resource.get("meta") or {}).get("security") or ()
    protected = any(one.get("system") == PROTECTION or _is_vip(one) for one in labels)
    return Identity(surnames, frozenset(marks), protected)


def _is_vip(label: dict[str, Any]) -> bool:
    return label.get("system") == _VIP and label.get("code") in ("VIP", "CEL", "EMP")


def lines(found: Iterable[Finding]) -> list[Line]:
    """What keeps findings; the same one is kept once."""
    return [
        Line("log.finding", [one.id, one.moment, one.pattern.value, one.person, one.unit, one.patient, _listed(one)])
        for one in found
    ]


async def kept(record: Record, begin: int, end: int) -> list[Finding]:
    """The findings whose first row lies between two moments (microseconds), the oldest first."""
    return [
        Finding(id, Pattern(kind), person, unit, patient, moment, tuple(orjson.loads(evidence)))
        for id, moment, kind, person, unit, patient, evidence in await record.ask("log.findings", [begin, end])
    ]


def _listed(one: Finding) -> str:
    return orjson.dumps(one.rows).decode()


async def step(record: Record, take: Take, today: date | None = None) -> date | None:
    """Looks at the next whole day that nobody has looked at, if there is one; returns it. Of several processes one
    keeps the day."""
    today = today or datetime.now(NORWAY).date()
    last = int((await record.ask("log.day.last"))[0][0])
    day = date.fromordinal(last) + DAY if last else today - DAY
    if day >= today:
        return None
    found = await look(record, day)
    await take(record, found)
    done = Line("log.day", [f"day {day}", bounds(day)[0], day.toordinal()], 1)
    try:
        await record.commit((), lines=[done, *lines(found)])
    except Problem as error:
        if error.status == CONFLICT:
            return None
        raise
    return day


async def daily(record: Record, take: Take, pause: float = PAUSE) -> None:
    """Looks at each day when it is over, until it is cancelled."""
    while True:
        try:
            while await step(record, take):
                pass
        except Exception as error:
            log.warning("the search for unusual reading failed and is tried again", error=type(error).__name__)
        await asyncio.sleep(pause)
