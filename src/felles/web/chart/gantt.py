"""A plan over months as plain numbers for an SVG: drawn on the server, no script, no styles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from felles.rollout.plan import Plan, Span, Task, TaskKind, Unit

WIDE, LEFT, ROW, HEAD = 1_000.0, 190.0, 22, 26
"""Of the drawing: its width, where the days begin, the height of a row and of the months."""
NAMES = ("jan", "feb", "mar", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "des")


@dataclass(frozen=True, slots=True)
class Bar:
    """A run of a task: x, width; what it is, whether it has moved, and words for it."""

    x: float
    wide: float
    kind: str
    moved: bool
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A unit: its name, y, its bars, and where its go-live is now and was before (None where that is the same)."""

    unit: str
    name: str
    y: int
    bars: Sequence[Bar]
    live: float | None
    was: float | None
    day: date | None


@dataclass(frozen=True, slots=True)
class Gantt:
    """`months`: x and name of each; `today`: x of the status date; the size of the drawing."""

    rows: Sequence[Row]
    months: Sequence[tuple[float, str]]
    today: float
    wide: float
    high: int


def gantt(plan: Plan, old: Mapping[str, Span], first: date | None = None) -> Gantt:
    """A plan by unit, from a day on (two months before the status date where none is given), beside its old dates."""
    begin = (first or plan.status - timedelta(days=62)).replace(day=1)
    shown = [unit for unit in plan.units if any(task.unit == unit.key for task in plan.tasks)]
    end = max((span.end for span in plan.dates.values()), default=plan.last) + timedelta(days=7)
    scale = (WIDE - LEFT - 6) / max(1, (end - begin).days)

    def at(day: date) -> float:
        return round(LEFT + max(0, (day - begin).days) * scale, 1)

    by_unit: dict[str, list[Task]] = {}
    for task in plan.tasks:
        by_unit.setdefault(task.unit, []).append(task)
    rows = [_row(plan, old, unit, by_unit[unit.key], HEAD + ROW * place, at, begin) for place, unit in enumerate(shown)]
    months = _months(begin, end)
    every = 1 if len(months) <= 20 else 3
    marks = [(at(day), f"{NAMES[day.month - 1]} {day:%y}") for day in months[::every]]
    return Gantt(rows, marks, at(plan.status), WIDE, HEAD + ROW * len(rows) + 4)


def _months(begin: date, end: date) -> list[date]:
    days, day = [], begin
    while day <= end:
        days.append(day)
        day = (day + timedelta(days=31)).replace(day=1)
    return days


def _row(
    plan: Plan,
    old: Mapping[str, Span],
    unit: Unit,
    tasks: Sequence[Task],
    y: int,
    at: Callable[[date], float],
    begin: date,
) -> Row:
    bars: list[Bar] = []
    live = was = day = None
    for task in tasks:
        span = plan.dates.get(task.key)
        if span is None or span.end < begin:
            continue
        before = old.get(task.key)
        moved = before is not None and before != span
        for part in _parts(span, plan.pauses.get(task.key)):
            x = at(part.start)
            wide = max(1.5, round(at(part.end + timedelta(days=1)) - x, 1))
            bars.append(Bar(x, wide, task.kind, moved, f"{task.name}: {span.start:%d.%m.%Y}–{span.end:%d.%m.%Y}"))
        if task.kind is TaskKind.GO_LIVE:
            live, day = at(span.start), span.start
            was = at(before.start) if before is not None and before.start != span.start else None
    return Row(unit.key, unit.name, y, bars, live, was, day)


def _parts(span: Span, pause: Span | None) -> list[Span]:
    if pause is None:
        return [span]
    one = timedelta(days=1)
    parts = [Span(span.start, min(span.end, pause.start - one)), Span(max(span.start, pause.end + one), span.end)]
    return [part for part in parts if part.start <= part.end]
