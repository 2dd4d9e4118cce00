"""One timeline over hospital, municipality and GP, with the same events as a drawing in three lanes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from felles.web.chart.event import Event
from felles.web.chart.place import LEVELS

DRAWN_DAYS = 365
LAST_TICK = 94.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar or dot in a lane; `x` and `width` are percent of the lane."""

    level: str
    x: float
    width: float
    label: str
    ongoing: bool


@dataclass(frozen=True, slots=True)
class Lanes:
    """The drawing: marks, the place of today, and month ticks (percent, month number, year)."""

    marks: tuple[Mark, ...]
    today: float
    ticks: tuple[tuple[float, int, int], ...]
    start: date
    counts: dict[str, int]


def timeline(events: Iterable[Event]) -> list[Event]:
    """Newest first."""
    return sorted(events, key=lambda event: event.at.at, reverse=True)


def _percent(day: date, start: date, days: int) -> float:
    return round(min(max((day - start).days / days * 100, 0.0), 100.0), 2)


def _ticks(start: date, end: date, days: int) -> list[tuple[float, int, int]]:
    ticks, year, month = [], start.year, start.month
    while (tick := date(year, month, 1)) <= end:
        if tick >= start and _percent(tick, start, days) < LAST_TICK:
            ticks.append((_percent(tick, start, days), month, year))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return ticks


def _mark(event: Event, start: date, end: date, days: int) -> Mark:
    last = event.until.date if event.until else (end if event.ongoing else event.at.date)
    x = _percent(event.at.date, start, days)
    label = f"{event.at.day} {event.kind}: {event.title}"
    return Mark(event.level, x, round(_percent(last, start, days) - x, 2), label, event.ongoing)


def lanes(events: Sequence[Event], today: date) -> Lanes:
    """The last year and six weeks ahead."""
    start, end = today - timedelta(days=DRAWN_DAYS), today + timedelta(days=42)
    days = (end - start).days
    inside = [e for e in events if e.level in LEVELS and (e.until or e.at).date >= start and e.at.date <= end]
    return Lanes(
        marks=tuple(_mark(e, start, today, days) for e in inside),
        today=_percent(today, start, days),
        ticks=tuple(_ticks(start, end, days)),
        start=start,
        counts={level: sum(e.level == level for e in inside) for level in LEVELS},
    )
