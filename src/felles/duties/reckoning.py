"""The balance re-proven from history: every duty's entries told again, every count added up again from the entries.

Reads one moment of the store while others write. What it names, it names by number, never by what it is about.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from felles.duties.calendar import day_of
from felles.duties.duty import Act, State
from felles.duties.kind import code_of
from felles.duties.mirror import unlike
from felles.record.store.snapshot import Snapshot, snapshot

_ENTRIES = (
    "SELECT duty, turn, side, act, unit, person, moment, day, kind, opened, received, closed, handed "
    "FROM duty_entry ORDER BY duty, turn, side"
)
_DUTIES = "SELECT id, turn, unit, person, state, act, moment, day, kind FROM duty ORDER BY id"
_FOLDED = (
    "SELECT kind, unit, day, sum(opened), sum(received), sum(closed), sum(handed) FROM ("
    "SELECT kind, unit, day, opened, received, closed, handed FROM duty_fold UNION ALL "
    "SELECT kind, unit, day, opened, received, closed, handed FROM duty_delta) AS counted GROUP BY kind, unit, day"
)
_TOTALS = (
    "SELECT kind, unit, sum(open) FROM (SELECT kind, unit, open FROM duty_total UNION ALL "
    "SELECT kind, unit, opened + received - closed - handed FROM duty_delta) AS counted GROUP BY kind, unit"
)
_OPEN = "SELECT kind, unit, count(*) FROM duty WHERE state = 0 GROUP BY kind, unit"
_ORPHANS = (
    "SELECT d.id FROM duty d LEFT JOIN directory u ON u.key = d.unit LEFT JOIN resource r ON r.rid = u.rid "
    "WHERE d.state = 0 AND coalesce(r.deleted, 1) = 1 ORDER BY d.id"
)
Counts = tuple[int, int, int, int]
Cell = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not add up. `duty` is its number (0: a count), `kind` its code, `day` ISO or empty."""

    what: str
    duty: int = 0
    kind: str = ""
    unit: int = 0
    day: str = ""

    def __str__(self) -> str:
        place = f"duty {self.duty:x}" if self.duty else f"{self.kind} at unit {self.unit:x} {self.day}".rstrip()
        return f"{place}: {self.what}"


@dataclass(slots=True)
class Proof:
    """What was re-counted: over all units opened = closed + open."""

    duties: int = 0
    entries: int = 0
    opened: int = 0
    closed: int = 0
    open: int = 0


async def faults(address: str, proof: Proof | None = None) -> AsyncIterator[Fault]:
    """Everything that does not add up at this moment; fills `proof`."""
    proof = proof or Proof()
    async with snapshot(address) as moment:
        cells: Counter[tuple[int, int, int, int]] = Counter()
        async for fault in _histories(moment, proof, cells):
            yield fault
        for found in (_cells(cells, await moment.rows(_FOLDED)), _totals(cells, await moment.rows(_TOTALS))):
            for fault in found:
                yield fault
        for fault in _standing(cells, await moment.rows(_OPEN)):
            yield fault
        for fault in _below_zero(cells):
            yield fault
        for (number,) in await moment.rows(_ORPHANS):
            yield Fault("its unit does not exist", number)
        async for number, what in unlike(moment):
            yield Fault(what, number)
    if proof.opened != proof.closed + proof.open:
        yield Fault(f"over all units {proof.opened} opened, {proof.closed} closed and {proof.open} open")


async def _histories(moment: Snapshot, proof: Proof, cells: Counter[tuple[int, int, int, int]]) -> AsyncIterator[Fault]:
    """Each duty beside its entries, both in the order of numbers."""
    entries = _grouped(moment)
    current = await anext(entries, None)
    async for row in moment.stream(_DUTIES):
        while current is not None and current[0] < row[0]:
            yield Fault("it has entries, but is not there", current[0])
            current = await anext(entries, None)
        told = current[1] if current is not None and current[0] == row[0] else []
        for fault in retold(row, told):
            yield fault
        _add(proof, cells, row, told)
        if told:
            current = await anext(entries, None)
    while current is not None:
        yield Fault("it has entries, but is not there", current[0])
        current = await anext(entries, None)


async def _grouped(moment: Snapshot) -> AsyncIterator[tuple[int, list[tuple[Any, ...]]]]:
    number = 0
    told: list[tuple[Any, ...]] = []
    async for row in moment.stream(_ENTRIES):
        if row[0] != number and told:
            yield number, told
            told = []
        number = row[0]
        told.append(row)
    if told:
        yield number, told


def _add(
    proof: Proof, cells: Counter[tuple[int, int, int, int]], row: Sequence[Any], told: Iterable[Sequence[Any]]
) -> None:
    proof.duties += 1
    proof.open += row[4] == State.OPEN
    for entry in told:
        proof.entries += 1
        proof.opened += entry[9]
        proof.closed += entry[11]
        for column in range(4):
            cells[entry[8], entry[4], entry[7], column] += entry[9 + column]


def retold(row: Sequence[Any], told: Sequence[Sequence[Any]]) -> list[Fault]:
    """What one duty's entries do not say as its row does."""
    number, turn, unit, person, state, act, moment, day, kind = row
    turns = [list(group) for _, group in groupby(told, key=itemgetter(1))]
    if [group[0][1] for group in turns] != list(range(1, turn + 1)):
        return [Fault(f"it stands at turn {turn}, its entries tell {len(turns)}", number)]
    last = told[-1]
    found = []
    if (last[4], last[5], last[3], last[6], last[7]) != (unit, person, act, moment, day):
        found.append("its last entry is not what its row says")
    if any(entry[8] != kind for entry in told) or told[0][3] != Act.OPEN:
        found.append("its entries are not those of its kind from its opening on")
    if [entry[7] for entry in told] != sorted(entry[7] for entry in told):
        found.append("its entries run back in time")
    open_at = Counter[int]()
    for group in turns:
        for entry in group:
            open_at[entry[4]] += entry[9] + entry[10] - entry[11] - entry[12]
        if sorted(+open_at) not in ([], [entry_unit(group)]) or min(open_at.values()) < 0:
            found.append(f"after turn {group[0][1]} it is owed by more or less than one unit")
    if dict(+open_at) != ({unit: 1} if state == State.OPEN else {}):
        found.append("its entries leave it open where its row does not, or the other way round")
    return [Fault(what, number) for what in dict.fromkeys(found)]


def entry_unit(group: Sequence[Sequence[Any]]) -> int:
    """The unit that owes after a turn: that of its last side."""
    unit: int = group[-1][4]
    return unit


def _cells(cells: Counter[tuple[int, int, int, int]], folded: Iterable[Sequence[Any]]) -> list[Fault]:
    """Counts per kind, unit and day that are not the sums of their entries."""
    counted = {(kind, unit, day): tuple(map(int, counts)) for kind, unit, day, *counts in folded}
    places = {cell[:3] for cell in cells} | counted.keys()
    found = []
    for kind, unit, day in sorted(places):
        right = tuple(cells[kind, unit, day, column] for column in range(4))
        wrong = counted.get((kind, unit, day), (0, 0, 0, 0))
        if right != wrong:
            what = f"counted {wrong}, its entries give {right} (opened, received, closed, handed on)"
            found.append(Fault(what, 0, code_of(kind), unit, day_of(day).isoformat()))
    return found


def _net(cells: Counter[tuple[int, int, int, int]]) -> Counter[tuple[int, int]]:
    net: Counter[tuple[int, int]] = Counter()
    for (kind, unit, _, column), count in cells.items():
        net[kind, unit] += count if column < 2 else -count
    return net


def _totals(cells: Counter[tuple[int, int, int, int]], totals: Iterable[Sequence[Any]]) -> list[Fault]:
    return _compared(_net(cells), totals, "counted as open {}, its entries give {}")


def _standing(cells: Counter[tuple[int, int, int, int]], standing: Iterable[Sequence[Any]]) -> list[Fault]:
    return _compared(_net(cells), standing, "{} rows are open, its entries give {}")


def _compared(net: Counter[tuple[int, int]], rows: Iterable[Sequence[Any]], words: str) -> list[Fault]:
    counted = Counter({(kind, unit): int(count) for kind, unit, count in rows})
    return [
        Fault(words.format(counted[place], net[place]), 0, code_of(place[0]), place[1])
        for place in sorted(net.keys() | counted.keys())
        if net[place] != counted[place]
    ]


def _below_zero(cells: Counter[tuple[int, int, int, int]]) -> list[Fault]:
    """Units that had less than nothing open after a day."""
    days: dict[tuple[int, int], Counter[int]] = {}
    for (kind, unit, day, column), count in cells.items():
        days.setdefault((kind, unit), Counter())[day] += count if column < 2 else -count
    found = []
    for (kind, unit), by_day in sorted(days.items()):
        after = 0
        for day in sorted(by_day):
            after += by_day[day]
            if after < 0:
                found.append(Fault(f"{after} open after the day", 0, code_of(kind), unit, day_of(day).isoformat()))
    return found
