"""What a month's extract is made of, read from one snapshot of the record while others write."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import orjson

from felles.clerical import statement
from felles.clerical.npr.completeness import CODES, facts_of
from felles.clerical.npr.contact import contact, finished, lacks
from felles.clerical.npr.gathered import Counted, Gathered, Human, Institution, Left, Reported, human, over
from felles.clerical.npr.month import Month
from felles.clerical.npr.place import Place, number_of, place_of, reports
from felles.clerical.period import is_period, of
from felles.clerical.statement import number
from felles.record import definition
from felles.record.index import choice
from felles.record.index.term import parameters
from felles.record.index.value import NO_DATE, date_range, key64
from felles.record.rule import Inside
from felles.record.store import Lines
from felles.record.store.snapshot import Snapshot

Json = dict[str, Any]
_CURRENT = "SELECT r.id, r.body FROM resource r WHERE r.type = $1 AND r.deleted = 0 ORDER BY r.rid"
_OF_MONTH = (
    "SELECT r.id, r.body FROM date_index d JOIN resource r ON r.rid = d.rid WHERE d.term = $1 AND d.low < $3 "
    "AND d.high > $2 AND r.deleted = 0 ORDER BY r.id"
)
_TIMELESS = (
    "SELECT r.id, r.body FROM duty t JOIN directory d ON d.key = t.subject JOIN resource r ON r.rid = d.rid "
    "WHERE t.kind = $1 AND t.state = 0 AND r.date = $2 AND r.deleted = 0 ORDER BY r.id"
)
_CONTACTS = (
    "SELECT f.target, count(*) FROM date_index d JOIN reference_index f ON f.rid = d.rid AND f.term = $4 "
    "WHERE d.term = $1 AND d.low < $3 AND d.high > $2 GROUP BY f.target"
)
_PERIODS = "SELECT unit, count(*) FROM waiting WHERE received <= $1 GROUP BY unit"
_WAITING = (
    "SELECT unit, count(*) FROM waiting WHERE received <= $1 AND (status IN (0, 1) OR ended > $1 "
    "OR (ended IS NULL AND status = 4 AND assessed > $1)) GROUP BY unit"
)


class Gathering:
    """One month of one snapshot, sorted by institution. `elsewhere` counts contacts of units that do not report. A
    contact without any time is of no month: every month names it until it has one."""

    def __init__(self, moment: Snapshot, month: Month) -> None:
        self._moment, self._month = moment, month
        self._read = Inside(moment, Lines(statement.LINES))  # type: ignore[arg-type]
        self._places: dict[str, Place | None] = {}
        self._humans: dict[str, Human] = {}
        self.found: dict[str, Gathered] = {}
        self._timeless: Counter[str] = Counter()
        self.elsewhere = 0

    async def all(self) -> dict[str, Gathered]:
        """Institution → what it reports."""
        for unit, organization in await self._organizations():
            await self._known(unit, organization)
        async for id, encounter in self._stream(_OF_MONTH, choice.primary_date("Encounter"), *self._month.span):
            await self._contact(id, encounter)
        async for id, encounter in self._stream(_TIMELESS, CODES.number, NO_DATE):
            await self._contact(id, encounter)
            self._timeless[str((encounter.get("serviceProvider") or {}).get("reference", ""))] += 1
        async for _, episode in self._stream(_CURRENT, definition.type_number("EpisodeOfCare")):
            if is_period(episode):
                await self._period(episode)
        for one in self.found.values():
            for patient in one.patients:
                one.humans[patient] = await self._human(patient)
        await self._count()
        return self.found

    async def _organizations(self) -> list[tuple[str, Json]]:
        rows = [row async for row in self._stream(_CURRENT, definition.type_number("Organization"))]
        found = [(f"Organization/{id}", organization) for id, organization in rows]
        for unit, organization in found:
            if reports(organization):
                self.found[unit] = Gathered(_institution(unit, organization), self._month)
        return found

    async def _known(self, unit: str, organization: Json) -> None:
        place = self._places[unit] = await place_of(self._read, unit)
        if place is not None:
            self.found[place.institution].places[unit] = place
            self.found[place.institution].names[unit] = str(organization.get("name", ""))

    async def _stream(self, sql: str, *args: Any) -> AsyncIterator[tuple[str, Json]]:
        async for id, body in self._moment.stream(sql, args):
            yield str(id), orjson.loads(body)

    async def _contact(self, id: str, encounter: Json) -> None:
        place = self._places.get(str((encounter.get("serviceProvider") or {}).get("reference", "")))
        if place is None:
            self.elsewhere += 1
            return
        there, reason = self.found[place.institution], _apart(encounter, self._month)
        facts = None if reason else await facts_of(self._read, encounter)
        reason = reason or ", ".join(lacks(facts) if facts else ())
        if reason or facts is None:
            there.left.append(Left(f"Encounter/{id}", place.unit, reason))
        else:
            there.contacts.append(contact(facts))

    async def _period(self, episode: Json) -> None:
        one = of(episode)
        place = self._places.get(one.unit)
        if place is None or one.received > self._month.last:
            return
        ended = over(one, episode)
        if ended is not None and ended < self._month.first:
            self.found[place.institution].left.append(Left(f"EpisodeOfCare/{one.id}", one.unit, "over"))
        else:
            self.found[place.institution].periods.append(Reported(one, place, ended))

    async def _human(self, patient: str) -> Human:
        if patient not in self._humans:
            found = await self._read.read("Patient", patient.partition("/")[2]) or {}
            self._humans[patient] = human(patient, found)
        return self._humans[patient]

    async def _count(self) -> None:
        """What the index and the waiting list count, beside what was read."""
        units = parameters("Encounter")["service-provider"].numbers[0]
        last = number(self._month.last)
        contacts = await self._moment.rows(
            _CONTACTS, (choice.primary_date("Encounter"), *self._month.span, units)
        )  # fmt: skip
        tables = [dict(contacts), *[dict(await self._moment.rows(sql, (last,))) for sql in (_PERIODS, _WAITING)]]
        for one in self.found.values():
            first, *others = [{unit: int(table.get(key64(unit), 0)) for unit in one.places} for table in tables]
            one.counted = Counted({unit: first[unit] + self._timeless[unit] for unit in first}, *others)


def _institution(unit: str, organization: Json) -> Institution:
    contacts = [*(organization.get("contact") or ()), organization]
    mails = [
        str(one.get("value", ""))
        for each in contacts
        for one in each.get("telecom") or ()
        if one.get("system") == "email"
    ]
    name = str(organization.get("name", ""))
    return Institution(unit, number_of(organization), name, mails[0] if mails else "")


def _apart(encounter: Json, month: Month) -> str:
    """Why a contact is not this month's to report; empty for one that is, if it lacks nothing."""
    if encounter.get("status") in ("cancelled", "entered-in-error"):
        return "cancelled"
    if not finished(encounter):
        return "unfinished"
    end = (encounter.get("period") or {}).get("end")
    return "later" if end and date_range(end)[0] >= month.span[1] else ""
