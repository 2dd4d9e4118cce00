"""The numbers of units and months, and the rows behind each of them; of patients only what is open to the reader."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import orjson

from felles.access.age import NORWAY as ZONE
from felles.clerical import waiting
from felles.duties.calendar import NORWAY, day_of
from felles.duties.reading import Outside, names
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.steering.fact import Kind
from felles.steering.figure import ALL, Count

HORIZON = timedelta(days=183)
"""Planleggingshorisont: the next six months."""
PAGE = 50
START = (-1 << 31, -1 << 63)
Series = Mapping[tuple[Kind, str], Mapping[int, Count]]


def month_of(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month - 1


def first_of(month: int) -> date:
    """The first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


def _keys(units: Iterable[str]) -> str:
    return orjson.dumps(sorted(map(key64, units))).decode()


async def series(record: Record, units: Sequence[str], first: int, last: int) -> Series:
    """Kind and field → month → count; under ALL the sum of the fields."""
    found: dict[tuple[Kind, str], dict[int, Count]] = {}
    for kind, month, field, *numbers in await record.ask("steering months", [_keys(units), first, last]):
        count = Count(*(int(one or 0) for one in numbers))
        for name in {field, ALL}:
            by = found.setdefault((Kind(kind), name), {})
            by[month] = by.get(month, Count()) + count
    return found


def whole(by: Mapping[int, Count] | None) -> Count:
    """The months together."""
    return sum((by or {}).values(), start=Count())


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands now: who waits for assessment, for a time, with one; mean days waited; deadlines broken; those near
    without a time; times planned, how many of them have passed; of the next six months how many, and how many with a
    time of their own."""

    assess: int
    book: int
    booked: int
    waited: int
    broken: int
    near: int
    planned: int
    passed: int
    ahead: int
    timed: int


async def standing(record: Record, units: Sequence[str], now: int) -> Standing:
    """How it stands in some units together."""
    counts = [await waiting.counts(record, unit, now) for unit in units]
    assess, book, booked = (sum(one.boxes[box] for one in counts) for box in waiting.Box)
    waits = [sum(one.boxes.values()) for one in counts]
    total = sum(waits)
    days = sum(one.mean * many for one, many in zip(counts, waits, strict=True))
    today = NORWAY.day_number(now)
    rows = await record.ask("steering planned", [_keys(units), today, today + HORIZON.days])
    planned, passed, ahead, timed = (int(one or 0) for one in rows[0])
    return Standing(
        assess, book, booked, round(days / total) if total else 0, sum(one.broken for one in counts),
        sum(one.near for one in counts), planned, passed, ahead, timed,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One fact: what it is about ("Type/id"), where, when, its value and whether it is as it should be. `patient` is
    empty where the record is not open to the reader."""

    subject: str
    unit: str
    day: date
    value: int | None
    good: bool | None
    patient: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows by day; `next` is where the following page begins, None on the last."""

    rows: Sequence[Row]
    next: tuple[int, int] | None


async def rows(
    record: Record,
    units: Sequence[str],
    kind: Kind,
    first: int,
    last: int,
    field: str = ALL,
    after: tuple[int, int] = START,
) -> Rows:
    """What a number counts: each fact of some units and months, told to the log as one search."""
    asked = [_keys(units), kind.value, first, last, *after, PAGE + 1, field]
    found = await record.ask("steering rows", asked)
    shown = found[:PAGE]
    known = await names(Outside(record), [key for row in shown for key in (row[0], row[2])])
    subjects = [known[row[0]] for row in shown if row[0] in known]
    patients = await _patients(record, subjects)
    told = [
        Row(
            known.get(row[0], ""), known.get(row[2], ""), day_of(row[4]), row[5],
            None if row[6] is None else bool(row[6]), patients.get(known.get(row[0], ""), ""),
        )
        for row in shown
    ]  # fmt: skip
    return Rows(told, (int(shown[-1][4]), int(shown[-1][0])) if len(found) > PAGE else None)


async def _patients(record: Record, subjects: Sequence[str]) -> dict[str, str]:
    """Subject → patient, of those that are open to the reader."""
    by_type: dict[str, list[str]] = {}
    for one in subjects:
        name, _, id = one.partition("/")
        by_type.setdefault(name, []).append(id)
    found: dict[str, str] = {}
    for name, ids in by_type.items():
        try:
            bodies = await record.resources(name, [("_id", ",".join(ids)), ("_count", str(PAGE))])
        except Problem as error:
            if error.status != 403:
                raise
            continue
        found |= {f"{name}/{one['id']}": _patient(one) for one in bodies}
    return found


def _patient(body: Mapping[str, object]) -> str:
    parties = [body.get("patient"), body.get("subject")]
    parties += [one.get("actor") for one in body.get("participant") or ()]  # type: ignore[attr-defined]
    given = (str(one.get("reference", "")) for one in parties if isinstance(one, dict))
    return next((one for one in given if one.startswith("Patient/")), "")


def this_month(now: int) -> int:
    """The month of a moment in microseconds, in Norway."""
    return month_of(datetime.fromtimestamp(now / 1_000_000, ZONE).date())
