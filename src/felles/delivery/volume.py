"""A letter that suddenly goes to nobody is missed within a day: how many go to each role is compared with the usual.

Two questions, both answered by how improbable the day is if nothing has changed. Of the letters of a template, does a
role get its usual share? (It needs no calendar: no letters, no question.) And do as many letters go at all as on other
days of this kind? Pure but for the reading and the duty.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import time_ns

import structlog

from felles.duties import Kind, Level, Owe, Step, declare
from felles.duties.calendar import NORWAY, day_of
from felles.duties.deadline import WorkingDays
from felles.duties.deed import opened
from felles.duties.kind import View
from felles.duties.reading import Outside, names
from felles.duties.usual import FEWEST, IMPROBABLE, WEEKS, Series, binomial, fewer, usual_on
from felles.record.guard import EVERYTHING
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import parted
from felles.record.store import Line, Sql

CERTAIN = 0.98
"""No role is surer than this: a patient may lack a GP."""
PAUSE = 900.0
ALL = ""
"""The role under which a letter itself is counted."""
told_of = structlog.get_logger("felles.delivery")

MISSING = declare(
    Kind(
        202, "letters-missing", "Brev som pleier å gå ut, mangler", WorkingDays(1),
        (Step(Level.LEADER, WorkingDays(1)), Step(Level.REGION, WorkingDays(2))),
        proof="Hva som ble funnet ut", view=View.NONE,
    )
)  # fmt: skip

_FOLD = (
    "INSERT INTO letter_day (unit, template, role, day, count) "
    "SELECT unit, template, role, day, count(*) FROM {source} GROUP BY unit, template, role, day "
    "ON CONFLICT (unit, template, role, day) DO UPDATE SET count = letter_day.count + excluded.count"
)
_TAKEN = "WITH gone AS (DELETE FROM letter_delta WHERE day < $1 RETURNING unit, template, role, day) "
LINES: Mapping[str, Sql] = {
    "letter told": Sql("INSERT INTO letter_delta (unit, day, template, role) VALUES ($1, $2, $3, $4)"),
    "letter fold": Sql(
        _FOLD.format(source="letter_delta WHERE day < $1"),
        _TAKEN + _FOLD.format(source="gone"),
    ),
    "letter folded": Sql("DELETE FROM letter_delta WHERE day < $1"),
    "letter days": Sql("SELECT unit, template, role, day, count FROM letter_day WHERE day >= $1 AND day <= $2"),
}


def told(unit: int, day: int, template: str, role: str) -> Line:
    """The line that counts a delivery, or with ALL the letter itself."""
    return Line("letter told", [unit, day, template, role])


@dataclass(frozen=True, slots=True)
class Anomaly:
    """What is missing: of `usual` on such a day there were `found`. `role` ALL: letters at all."""

    unit: int
    template: str
    role: str
    day: int
    usual: float
    found: int


def anomalies(counted: Mapping[tuple[int, str, str], Series], day: int) -> Iterator[Anomaly]:
    """What is missing on a day. Pure."""
    for (unit, template, role), series in counted.items():
        letters = series if role == ALL else counted.get((unit, template, ALL), {})
        before = {past: count for past, count in letters.items() if day - 7 * WEEKS <= past < day and count}
        if len(before) < FEWEST:
            continue
        if role == ALL:
            yield from _fewer(unit, template, before, letters.get(day, 0), day)
        elif letters.get(day, 0):
            share = sum(series.get(past, 0) for past in before) / sum(before.values())
            found, of = series.get(day, 0), letters[day]
            if share and binomial(found, of, min(share, CERTAIN)) < IMPROBABLE:
                yield Anomaly(unit, template, role, day, share * of, found)


def _fewer(unit: int, template: str, before: Series, found: int, day: int) -> Iterator[Anomaly]:
    usual = usual_on(before, day)
    if usual is not None and fewer(found, usual):
        yield Anomaly(unit, template, ALL, day, usual, found)


def series(rows: Iterable[tuple[int, str, str, int, int]]) -> dict[tuple[int, str, str], Series]:
    """Rows of counts as series."""
    found: dict[tuple[int, str, str], Series] = defaultdict(dict)
    for unit, template, role, day, count in rows:
        found[unit, template, role][day] = count
    return found


async def look(record: Record, now: int) -> int:
    """Looks at yesterday and owes what is missing, each thing once. Returns how much was new."""
    system = record.seen_by(EVERYTHING)
    today = NORWAY.day_number(now)
    await system.commit([], lines=[Line("letter fold", [today]), Line("letter folded", [today])])
    rows = await system.ask("letter days", [today - 1 - 7 * WEEKS, today - 1])
    found = list(anomalies(series((r[0], r[1], r[2], r[3], r[4]) for r in rows), today - 1))
    known = await names(Outside(system), [one.unit for one in found])
    return sum([await _owed(system, one, known[one.unit], now) for one in found if one.unit in known])


async def _owed(record: Record, one: Anomaly, unit: str, now: int) -> bool:
    whom = f"til {one.role}" if one.role != ALL else "i alt"
    day = day_of(one.day)
    why = f"{day:%d.%m.%Y}: brev av malen {one.template} {whom}: {one.found}, det vanlige er {one.usual:.0f}"
    once = f"{unit}:{one.template}:{one.role}:{one.day}"
    deeds = await opened(Owe(MISSING, unit, unit, reason=why, once=once), Outside(record), now)
    if not deeds:
        return False
    try:
        writes, lines = parted(deeds)
        await record.commit(writes, lines=lines)
    except Problem as error:  # another process was faster
        told_of.info("a missing letter waits", error=error.status)
        return False
    return True


async def watch(record: Record, pause: float = PAUSE) -> None:
    """Runs until it is cancelled; any number of processes may."""
    while True:
        try:
            await look(record, time_ns() // 1_000)
        except Exception as error:
            told_of.warning("the volumes of letters could not be looked at; again later", error=type(error).__name__)
        await asyncio.sleep(pause)
