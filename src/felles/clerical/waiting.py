"""The waiting list of a unit: who is to be assessed, who waits for a time, who has one, and how it stands with the
deadlines. Rows and counts come from the same table, so that they agree.

A row names nobody: what it is about is read through the guard (`people`), and what is not open stays a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from felles.access.age import NORWAY as ZONE
from felles.clerical import clock
from felles.clerical.period import Period, Status, is_period, of
from felles.clerical.statement import COLUMNS, STATUS, days, number
from felles.duties.calendar import NORWAY, day_of
from felles.duties.reading import Outside, names
from felles.record.index.value import key64
from felles.record.record import Record

PAGE = 50
FAR = 1_000_000
"""Days: further than any."""
START = (-FAR, -1 << 63)
Json = dict[str, Any]


class Box(StrEnum):
    """TO_ASSESS, the oldest first; TO_BOOK and WITH_TIME, the nearest deadline first."""

    TO_ASSESS = "to-assess"
    TO_BOOK = "to-book"
    WITH_TIME = "with-time"


class Order(StrEnum):
    """DUE: what is owed next first; WAITED and NEWEST: by the seniority date; TIME: who comes first."""

    DUE = "due"
    WAITED = "waited"
    NEWEST = "newest"
    TIME = "time"


class State(StrEnum):
    """ALL; LATE: what is owed next is late; NEAR: soon."""

    ALL = ""
    LATE = "late"
    NEAR = "near"


NEAR_DAYS = {Box.TO_ASSESS: 3, Box.TO_BOOK: clock.LEAD_DAYS, Box.WITH_TIME: clock.LEAD_DAYS}
"""Policy: so many days ahead something is near."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a list is looked at, and in which order."""

    box: Box
    order: Order = Order.DUE
    state: State = State.ALL
    field: str = ""
    pathway: str = ""

    def narrowing(self, today: date) -> list[int | str]:
        """As the statements take it."""
        first, last = self._span(today)
        if self.box is Box.TO_ASSESS:
            first, last = (one and clock.first_assessed_in_time(one) for one in (first, last))
        edges = (number(one) for one in (first, last))
        low, high = (far if one is None else one for one, far in zip(edges, (-FAR, FAR), strict=True))
        return [low, high, self.field, self.pathway]

    def _span(self, today: date) -> tuple[date | None, date | None]:
        """The days within which what is owed next is due: the first, and the one after the last."""
        after = today + timedelta(days=NEAR_DAYS[self.box] + 1)
        return {State.ALL: (None, None), State.LATE: (None, today), State.NEAR: (today, after)}[self.state]


@dataclass(frozen=True, slots=True)
class Row:
    """One who waits. `id` of the EpisodeOfCare; `due`: the last day for what is owed next; `booked`: when to come."""

    id: str
    patient: str
    seniority: date
    due: date | None
    booked: datetime | None
    waited: int
    late: bool
    near: bool
    field: str = ""

    @property
    def too_late(self) -> bool:
        """Whether the patient has a time, but after the deadline."""
        return self.booked is not None and self.due is not None and self.booked.date() > self.due


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in order; `next` is where the following page begins, None on the last."""

    rows: Sequence[Row]
    next: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many are in each box; of those who wait for a time how many have a broken and how many a near deadline; the
    mean waiting time in days of all who wait."""

    boxes: Mapping[Box, int]
    broken: int
    near: int
    mean: int


async def page(
    record: Record, unit: str, box: Box | Wanted, now: int, after: tuple[int, int] = START, limit: int = PAGE
) -> Page:
    """A page of a unit's list, "Organization/x"."""
    want = box if isinstance(box, Wanted) else Wanted(box)
    today = NORWAY.day(now)
    asked = [key64(unit), *after, limit + 1, *want.narrowing(today)]
    found = await record.ask(f"waiting {want.box} {want.order}", asked)
    shown = found[:limit]
    known = await names(Outside(record), [key for row in shown for key in (row[0], row[2])])
    further = (_place(shown[-1], want), int(shown[-1][0])) if len(found) > limit else None
    return Page([_row(row, known, today, want.box) for row in shown if row[0] in known], further)


def _place(row: Sequence[Any], want: Wanted) -> int:
    """Where a row stands in the order."""
    due = "seniority" if want.box is Box.TO_ASSESS else "deadline"
    column = {Order.DUE: due, Order.TIME: "booked"}.get(want.order, "seniority")
    found = int(row[COLUMNS.index(column)] or 0)
    return -found if want.order is Order.NEWEST else found


async def tally(record: Record, unit: str, want: Wanted, now: int) -> int:
    """How many rows a list has, with everything that narrows it."""
    rows = await record.ask(f"waiting {want.box} tally", [key64(unit), *want.narrowing(NORWAY.day(now))])
    return int(rows[0][0])


async def pathways(record: Record, unit: str) -> list[str]:
    """The codes of the pathways (pakkeforløp) among a unit's referrals."""
    return [str(row[0]) for row in await record.ask("waiting pathways", [key64(unit)])]


def _row(row: Sequence[Any], known: Mapping[int, str], today: date, box: Box) -> Row:
    told = days(row)
    seniority = told["seniority"] or today
    due = clock.last_day_to_assess(seniority) if row[3] == STATUS[Status.RECEIVED] else told["deadline"]
    booked = datetime.fromtimestamp(row[8] / 1_000_000, ZONE) if row[8] is not None else None
    return Row(
        known[row[0]].partition("/")[2], known.get(row[2], ""), seniority, due, booked, (today - seniority).days,
        late=due is not None and due < today, near=due is not None and 0 <= (due - today).days <= NEAR_DAYS[box],
        field=row[COLUMNS.index("field")],
    )  # fmt: skip


async def counts(record: Record, unit: str, now: int) -> Counts:
    """The counts of a unit's list."""
    today = NORWAY.day(now)
    soon = day_of((number(today) or 0) + clock.LEAD_DAYS)
    found = await record.ask("waiting count", [key64(unit), number(today), number(soon)])
    by = {int(row[0]): [int(one or 0) for one in row[1:]] for row in found}
    assess, wait = (by.get(STATUS[status], [0] * 5) for status in (Status.RECEIVED, Status.WAITING))
    boxes = {Box.TO_ASSESS: assess[0], Box.TO_BOOK: wait[0] - wait[1], Box.WITH_TIME: wait[1]}
    total = assess[0] + wait[0]
    return Counts(boxes, wait[2], wait[3], round((assess[4] + wait[4]) / total) if total else 0)


@dataclass(frozen=True, slots=True)
class Known:
    """What the reader may see of a row: the period, its patient, and what it was referred for."""

    period: Period
    patient: Json
    reason: str


async def people(record: Record, ids: Sequence[str]) -> Mapping[str, Known]:
    """Of those rows that are open to the reader, by id; told to the log as one search."""
    if not ids:
        return {}
    asked = [("_id", ",".join(ids)), ("_include", "EpisodeOfCare:patient"), ("_count", str(PAGE))]
    found = await record.search("EpisodeOfCare", asked)
    bodies = [orjson.loads(one.body or b"{}") for one in (*found.matches, *found.included)]
    patients = {f"Patient/{one['id']}": one for one in bodies if one["resourceType"] == "Patient"}
    periods = {one["id"]: of(one) for one in bodies if is_period(one)}
    wanted = ",".join({ref.partition("/")[2] for one in periods.values() for ref in one.referrals})
    requests = await record.resources("ServiceRequest", [("_id", wanted), ("_count", "200")]) if wanted else []
    said = {f"ServiceRequest/{one['id']}": _reason(one) for one in requests}
    return {
        id: Known(one, patients[one.patient], next((said[ref] for ref in one.referrals if ref in said), ""))
        for id, one in periods.items()
        if one.patient in patients
    }


def _reason(request: Json) -> str:
    concepts = [request.get("code") or {}, *(request.get("reasonCode") or ())]
    shown = [one.get("text") or next((c.get("display", "") for c in one.get("coding") or ()), "") for one in concepts]
    return " · ".join(dict.fromkeys(filter(None, shown)))
