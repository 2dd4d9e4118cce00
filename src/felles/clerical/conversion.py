"""Appointments of an old system (konvertering): read from a sheet, written once, and reconciled row by row.

Each row becomes an Appointment under an id that is the row's own, so that the same sheet twice changes nothing. What
cannot be converted is named with its row and why. Afterwards the rows are read again and compared with what stands in
the record: a difference that no reason explains is never left out of the count.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from felles.access.age import NORWAY as ZONE
from felles.access.consent import instant, micros
from felles.clerical.conservation import NATIONAL
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import Put, parted
from felles.record.store import Origin

COLUMNS = ("id", "patient", "start", "minutes", "unit", "what")
"""What a sheet must have; `practitioner` (HPR) and `status` may be there."""
SOURCE = "urn:felles:converted"
ORGANISATION, HPR = "urn:oid:2.16.578.1.12.4.1.4.101", "urn:oid:2.16.578.1.12.4.1.4.4"
STATUS: Mapping[str, str] = {
    "": "booked", "booked": "booked", "planlagt": "booked", "avlyst": "cancelled", "cancelled": "cancelled",
}  # fmt: skip
FORMATS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S")
AT_ONCE = 100
DAY = 1_440
Json = dict[str, Any]


class Why(StrEnum):
    """Why a row was not converted."""

    NUMBER = "no number of its own"
    TWICE = "the same number stands in an earlier row with something else"
    PATIENT = "no patient has this identifier"
    PATIENTS = "more than one patient has this identifier"
    TIME = "the time cannot be read, or is not there that night"
    AMBIGUOUS = "the time is there twice that night: write it with its offset"
    MINUTES = "the length is no number of minutes between 1 and 1440"
    UNIT = "no unit in force has this number or name"
    PLACE = "the unit has no service or place that takes appointments"
    PRACTITIONER = "no practitioner has this HPR number"
    STATUS = "the status is not known"
    REFUSED = "the record refuses it"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet as it was read; `line` counts from 1 with the heads."""

    line: int
    id: str
    patient: str
    start: str
    minutes: str
    unit: str
    what: str
    practitioner: str = ""
    status: str = ""

    @property
    def said(self) -> tuple[str, ...]:
        """What it says, the line aside."""
        return self.patient, self.start, self.minutes, self.unit, self.what, self.practitioner, self.status


@dataclass(frozen=True, slots=True)
class Left:
    """A row that was not converted, and why."""

    row: Row
    why: Why
    more: str = ""


@dataclass(slots=True)
class Account:
    """What became of a sheet: `read` = `written` + `known` (there already) + `same` (a row that repeats another) +
    `left`. `differ`: rows of which the record says something else, "line: what"."""

    read: int = 0
    written: int = 0
    known: int = 0
    same: int = 0
    left: list[Left] = field(default_factory=list)
    differ: list[str] = field(default_factory=list)
    units: Counter[str] = field(default_factory=Counter)

    @property
    def unexplained(self) -> int:
        """Rows that are nowhere, or of which the record says something else."""
        return self.read - self.written - self.known - self.same - len(self.left) + len(self.differ)


class SheetError(ValueError):
    """A sheet that cannot be read at all: what is wrong, in words."""


def rows(body: bytes) -> Iterator[Row]:
    """The rows of a sheet: UTF-8 (or Windows-1252), semicolons, commas or tabs. Raises SheetError."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    first = text.split("\n", 1)[0]
    mark = max(";,\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    heads = {(name or "").strip().casefold(): name for name in reader.fieldnames or ()}
    missing = [name for name in COLUMNS if name not in heads]
    if missing:
        raise SheetError(f"the sheet lacks {', '.join(missing)}; it has {', '.join(filter(None, heads)) or 'no heads'}")
    names = (*COLUMNS, *(name for name in ("practitioner", "status") if name in heads))
    try:
        for told in reader:
            values = {name: str(told.get(heads[name]) or "").strip() for name in names}
            if any(values.values()):
                yield Row(reader.line_num, **values)
    except csv.Error as error:
        raise SheetError(f"line {reader.line_num}: {error}") from error


def moment(text: str) -> int | Why:
    """A start in Norwegian time (or with its offset), in microseconds; or why it is none. Pure."""
    found = None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        for form in FORMATS:
            try:
                found = datetime.strptime(text, form)
                break
            except ValueError:
                continue
    if found is None or len(text) < len("2026-01-01T08:00"):
        return Why.TIME
    if found.tzinfo is None:
        early, late = found.replace(tzinfo=ZONE, fold=0), found.replace(tzinfo=ZONE, fold=1)
        there = early.astimezone(UTC).astimezone(ZONE).replace(tzinfo=None) == found
        if not there:
            return Why.TIME
        if early.utcoffset() != late.utcoffset():
            return Why.AMBIGUOUS
        found = early
    return round(found.timestamp()) * 1_000_000


@dataclass(slots=True)
class Known:
    """What rows point to, looked up once."""

    record: Record
    patients: dict[str, str | Why] = field(default_factory=dict)
    units: dict[str, str | Why] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    async def patient(self, number: str) -> str | Why:
        """The Patient with a national number."""
        if number not in self.patients:
            asked = ",".join(f"{system}|{number}" for system in sorted(NATIONAL))
            found = await self.record.resources("Patient", [("identifier", asked), ("_count", "3")]) if number else []
            whole = [
                one for one in found if not any(link.get("type") == "replaced-by" for link in one.get("link") or ())
            ]
            one = f"Patient/{whole[0]['id']}" if len(whole) == 1 else Why.PATIENTS if whole else Why.PATIENT
            self.patients[number] = one
        return self.patients[number]

    async def unit(self, name: str) -> str | Why:
        """Where a unit takes appointments (its HealthcareService or Location), by its organisation number, id or exact
        name."""
        if name not in self.units:
            ways = [("identifier", f"{ORGANISATION}|{name}"), ("_id", name), ("name:exact", name)]
            found: list[Json] = []
            for way in ways if name else ():
                found = found or await self.record.resources("Organization", [way, ("_count", "3")])
            standing = [one for one in found if one.get("active") is not False]
            self.units[name] = await self._place(str(standing[0]["id"])) if len(standing) == 1 else Why.UNIT
        return self.units[name]

    async def _place(self, unit: str) -> str | Why:
        for kind in ("HealthcareService", "Location"):
            found = await self.record.resources(kind, [("organization", f"Organization/{unit}"), ("_count", "50")])
            standing = sorted(str(one["id"]) for one in found if one.get("active") is not False)
            if standing:
                return f"{kind}/{standing[0]}"
        return Why.PLACE

    async def person(self, number: str) -> str:
        """The Practitioner of an HPR number, or empty."""
        if number not in self.people:
            found = await self.record.resources("Practitioner", [("identifier", f"{HPR}|{number}"), ("_count", "2")])
            self.people[number] = f"Practitioner/{found[0]['id']}" if len(found) == 1 else ""
        return self.people[number]


def appointment_id(source: str, id: str) -> str:
    """The id under which a row stands: the same however often it is read."""
    return "cv-" + hashlib.blake2b(f"{source}\0{id}".encode(), digest_size=16).hexdigest()


async def meant(known: Known, source: str, row: Row) -> Json | Left:
    """The Appointment that a row means, or why there is none."""
    start = moment(row.start)
    patient, unit = await known.patient(row.patient), await known.unit(row.unit)
    person = await known.person(row.practitioner) if row.practitioner else ""
    minutes = int(row.minutes) if row.minutes.isdigit() and len(row.minutes) < 5 else 0
    faults = [
        (not row.id, Why.NUMBER), (isinstance(start, Why), start), (isinstance(patient, Why), patient),
        (isinstance(unit, Why), unit),
        (not 1 <= minutes <= DAY, Why.MINUTES), (bool(row.practitioner) and not person, Why.PRACTITIONER),
        (row.status.casefold() not in STATUS, Why.STATUS),
    ]  # fmt: skip
    wrong = next((why for fault, why in faults if fault), None)
    if isinstance(wrong, Why):
        return Left(row, wrong)
    assert isinstance(start, int)  # noqa: S101 - looked at above
    parties = [str(patient), str(unit), *([person] if person else [])]
    return {
        "resourceType": "Appointment", "id": appointment_id(source, row.id),
        "identifier": [{"system": f"{SOURCE}:{source}", "value": row.id}], "status": STATUS[row.status.casefold()],
        **({"description": row.what[:200]} if row.what else {}), "start": instant(start),
        "end": instant(start + minutes * 60_000_000), "minutesDuration": minutes,
        "participant": [{"actor": {"reference": one}, "status": "accepted"} for one in parties],
    }  # fmt: skip


async def convert(record: Record, source: str, sheet: Sequence[Row]) -> Account:
    """Writes what is not there yet, and reconciles. `source` names the old system. What stood there already is not
    written over: it may have been moved since."""
    account, known = Account(read=len(sheet)), Known(record)
    first: dict[str, Row] = {}
    made: list[tuple[Row, Json]] = []
    for row in sheet:
        earlier = first.setdefault(row.id, row) if row.id else row
        if earlier is not row:
            if earlier.said == row.said:
                account.same += 1
            else:
                account.left.append(Left(row, Why.TWICE, f"line {earlier.line}"))
            continue
        one = await meant(known, source, row)
        if isinstance(one, Left):
            account.left.append(one)
        else:
            made.append((row, one))
    for start in range(0, len(made), AT_ONCE):
        await _written(record, made[start : start + AT_ONCE], account)
    await _reconciled(record, made, account)
    return account


async def _written(record: Record, some: Sequence[tuple[Row, Json]], account: Account) -> None:
    ids = ",".join(str(one["id"]) for _, one in some)
    there = {one["id"] for one in await record.resources("Appointment", [("_id", ids), ("_count", str(AT_ONCE))])}
    new = [(row, one) for row, one in some if one["id"] not in there]
    account.known += len(some) - len(new)
    try:
        await _commit(record, [one for _, one in new])
        account.written += len(new)
    except Problem:
        for row, one in new:
            try:
                await _commit(record, [one])
                account.written += 1
            except Problem as error:
                account.left.append(Left(row, Why.REFUSED, error.issues[0].diagnostics))


async def _commit(record: Record, some: Sequence[Json]) -> None:
    writes, _ = parted([Put(one) for one in some])
    for write in writes:
        write.match = -1
    if writes:
        await record.commit(writes, origin=Origin.IMPORT)


async def _reconciled(record: Record, made: Sequence[tuple[Row, Json]], account: Account) -> None:
    """Reads every row again from the record and compares."""
    left = {one.row.line for one in account.left}
    for start in range(0, len(made), AT_ONCE):
        some = [(row, one) for row, one in made[start : start + AT_ONCE] if row.line not in left]
        ids = ",".join(str(one["id"]) for _, one in some)
        asked = [("_id", ids), ("_count", str(AT_ONCE))]
        held = {one["id"]: one for one in await record.resources("Appointment", asked)} if ids else {}
        for row, one in some:
            account.units[row.unit] += 1
            if what := _differences(one, held.get(one["id"])):
                account.differ.append(f"{row.line}: {', '.join(what)}")


def _differences(one: Json, held: Json | None) -> list[str]:
    """What the record says otherwise than the sheet; what was moved or called off in Felles since has its versions to
    explain it."""
    if held is None:
        return ["is not in the record"]
    if int((held.get("meta") or {}).get("versionId", 1)) > 1:
        return []
    parties = [[each["actor"]["reference"] for each in each_one["participant"]] for each_one in (one, held)]
    same = {
        "start": micros(held["start"]) == micros(one["start"]), "end": micros(held["end"]) == micros(one["end"]),
        "status": held["status"] == one["status"], "participants": parties[0] == parties[1],
        "description": held.get("description") == one.get("description"),
    }  # fmt: skip
    return [name for name, right in same.items() if not right]


def refused(account: Account) -> Iterator[Sequence[str]]:
    """The rows that were not converted, with why: a sheet to mend and give again."""
    yield (*COLUMNS, "practitioner", "status", "line", "why")
    for one in account.left:
        row = one.row
        yield (row.id, *row.said, str(row.line), f"{one.why}{f' ({one.more})' if one.more else ''}")
