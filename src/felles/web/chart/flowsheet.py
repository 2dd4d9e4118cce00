"""Every analysis day by day, as laboratories print them: rows are analyses, columns are days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from felles.web.chart.result import Analysis, Measurement, reading_place

COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One analysis; `cells` has a measurement or None for each day of the sheet."""

    analysis: Analysis
    cells: tuple[Measurement | None, ...]


@dataclass(frozen=True, slots=True)
class Flowsheet:
    """Days newest first; `hidden` counts older days that do not fit."""

    days: tuple[date, ...]
    rows: tuple[Row, ...]
    hidden: int


def flowsheet(analyses: Sequence[Analysis]) -> Flowsheet:
    """The last COLUMNS days with a result; of several on one day the last one."""
    taken = {m.at.date for a in analyses for m in a.measurements if m.at}
    days = tuple(sorted(taken, reverse=True))
    shown = days[:COLUMNS]
    rows = tuple(Row(a, tuple(_on(a, day) for day in shown)) for a in sorted(analyses, key=_order))
    return Flowsheet(shown, rows, len(days) - len(shown))


def _on(analysis: Analysis, day: date) -> Measurement | None:
    return next((m for m in analysis.measurements if m.at and m.at.date == day), None)


def _order(analysis: Analysis) -> tuple[int, str]:
    return reading_place(analysis.name), analysis.name.casefold()
