"""A plan as a table, for those who work in spreadsheets: one row a task, the old dates beside the new."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime

from felles.rollout.exchange.mspdi import days
from felles.rollout.plan import Estimate, Plan, Span

HEAD = (
    "Nøkkel", "Enhet", "Oppgave", "Slag", "Gammel start", "Gammel slutt", "Start", "Slutt", "Arbeidsdager",
    "Lavest", "Sannsynlig", "Høyest", "Venter på", "Trenger", "Endret",
)  # fmt: skip
RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell."""


def rows(plan: Plan, old: Mapping[str, Span]) -> list[list[str | int | date | None]]:
    """The cells of a plan; tasks without dates are left out."""
    units = {unit.key: unit.name for unit in plan.units}
    into: dict[str, list[str]] = {}
    for link in plan.links:
        lag = f"+{link.lag}d" if link.lag else ""
        into.setdefault(link.after, []).append(f"{link.before} {link.kind}{lag}")
    made: list[list[str | int | date | None]] = []
    for task in plan.tasks:
        span, was = plan.dates.get(task.key), old.get(task.key)
        if span is None:
            continue
        needs = ", ".join(f"{count} {key}" for key, count in task.needs.items())
        changed = "ny" if was is None else "ja" if was != span else ""
        made.append(
            [
                task.key, units[task.unit], task.name, task.kind.value, was.start if was else None,
                was.end if was else None, span.start, span.end, days(plan, task, span), *_points(task.estimate),
                "; ".join(into.get(task.key, ())), needs, changed,
            ]
        )  # fmt: skip
    return made


def _points(estimate: Estimate) -> tuple[int, int, int]:
    return estimate.low, estimate.likely, estimate.high


def comma(plan: Plan, old: Mapping[str, Span]) -> bytes:
    """CSV as Norwegian spreadsheets open it: UTF-8 with a mark, semicolons, dates as 2023-02-11."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEAD)
    for row in rows(plan, old):
        writer.writerow([_plain(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _plain(cell: object) -> str:
    text = "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)
    return f"'{text}" if text.startswith(RISKY) else text


def workbook(plan: Plan, old: Mapping[str, Span]) -> bytes:
    """The same as an Excel workbook (ECMA-376), with dates as dates."""
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.styles import Font  # type: ignore[import-untyped]

    book = Workbook()
    sheet = book.active
    sheet.title = "Plan"
    sheet.append(list(HEAD))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows(plan, old):
        sheet.append([_plain(cell) if isinstance(cell, str) else cell for cell in row])
    for column in "EFGH":
        for cell in sheet[column][1:]:
            cell.number_format = "dd.mm.yyyy"
    for column, wide in zip("ABCDEFGH", (22, 24, 34, 12, 13, 13, 13, 13), strict=True):
        sheet.column_dimensions[column].width = wide
    sheet.freeze_panes = "D2"
    book.properties.created = book.properties.modified = datetime(2000, 1, 1)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
