"""The kept extracts as staff may see them: of the units in which they work, and never of a patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from felles.access.who import Who
from felles.clerical.npr.completeness import CODES
from felles.clerical.npr.month import Month
from felles.clerical.npr.obligation import DUE_DAY, FAULT
from felles.clerical.npr.reconciliation import Tally
from felles.clerical.npr.report import MEASURE, Report, of
from felles.duties.balance import balance
from felles.duties.calendar import NORWAY
from felles.duties.listing import units_of
from felles.duties.reading import Outside
from felles.record.index.value import key64
from felles.record.record import Record

SHOWN = 24
"""Months that can be looked at."""


@dataclass(frozen=True, slots=True)
class Row:
    """One unit of a month; `lacking`: open duties of contacts without complete codes, `errors`: of NPR's errors."""

    tally: Tally
    lacking: int
    errors: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The extract of an institution, with the rows of one's own units. `due_day`: the last day of delivery."""

    report: Report
    rows: tuple[Row, ...]

    @property
    def due_day(self) -> Any:
        return self.report.month.after.replace(day=DUE_DAY)


@dataclass(frozen=True, slots=True)
class Overview:
    """One month of all institutions that concern the reader, and the months there are, the newest first. `lacking`:
    unit → contacts that lack codes now, whatever their month."""

    month: Month | None
    months: tuple[Month, ...]
    shown: tuple[Shown, ...]
    lacking: dict[str, int]


async def overview(record: Record, who: Who, month: Month | None, now: int) -> Overview:
    """What is kept, for somebody at work; the newest month where none is named."""
    read, units = Outside(record), await units_of(record, who)
    found = await read.search("MeasureReport", [("measure", MEASURE), ("_sort", "-period,_id")], 400)
    kept = [one for one in map(of, found) if _concerns(one, units)]
    months = sorted({one.month for one in kept}, reverse=True)[:SHOWN]
    chosen = month if month in months else months[0] if months else None
    open_now = {kind: await _open(record, kind, units, now) for kind in (CODES.number, FAULT.number)}
    lacking, errors = open_now[CODES.number], open_now[FAULT.number]
    shown = [Shown(one, _rows(one, units, lacking, errors)) for one in kept if one.month == chosen]
    return Overview(chosen, tuple(months), tuple(shown), {unit: count for unit, count in lacking.items() if count})


def _concerns(one: Report, units: Sequence[str]) -> bool:
    return one.institution in units or any(tally.unit in units for tally in one.tallies)


def _rows(one: Report, units: Sequence[str], lacking: dict[str, int], errors: dict[str, int]) -> tuple[Row, ...]:
    mine = [tally for tally in one.tallies if tally.unit in units]
    return tuple(Row(tally, lacking.get(tally.unit, 0), errors.get(tally.unit, 0)) for tally in mine)


async def _open(record: Record, kind: int, units: Sequence[str], now: int) -> dict[str, int]:
    """Unit → open duties of a kind, by the ledger's balance of today."""
    counted = await balance(Outside(record), NORWAY.day_number(now), kind=kind)
    known = {key64(unit): unit for unit in units}
    return {known[one.unit]: one.after for one in counted if one.unit in known}
