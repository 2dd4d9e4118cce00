"""A sparkline as plain numbers for an SVG: drawn on the server, no script, no styles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from felles.web.chart.quantity import Range

WIDTH, HEIGHT, EDGE = 112.0, 26.0, 4.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """`points` for a polyline, the last point, and the reference band (top and height) in the same units."""

    points: str
    last: tuple[float, float]
    band: tuple[float, float] | None
    outside: bool


def _scaled(value: float, low: float, high: float, size: float) -> float:
    if high == low:
        return size / 2
    return EDGE + (value - low) / (high - low) * (size - 2 * EDGE)


def _bounds(values: Sequence[float], reference: Range | None) -> tuple[float, float]:
    ends = [end for end in (reference.low, reference.high) if end is not None] if reference else []
    return min([*values, *ends]), max([*values, *ends])


def is_outside(value: float, reference: Range | None) -> bool:
    """Below or above the reference range."""
    if reference is None:
        return False
    under = reference.low is not None and value < reference.low
    return under or (reference.high is not None and value > reference.high)


def _band(reference: Range | None, low: float, high: float) -> tuple[float, float] | None:
    if reference is None or (reference.low is None and reference.high is None):
        return None
    top = HEIGHT - _scaled(reference.high, low, high, HEIGHT) if reference.high is not None else 0.0
    foot = HEIGHT - _scaled(reference.low, low, high, HEIGHT) if reference.low is not None else HEIGHT
    return round(top, 1), round(foot - top, 1)


def sparkline(series: Sequence[tuple[datetime, float]], reference: Range | None) -> Sparkline | None:
    """Of (time, value) pairs, oldest first; None for fewer than two."""
    if len(series) < 2:
        return None
    low, high = _bounds([value for _, value in series], reference)
    begin, end = series[0][0].timestamp(), series[-1][0].timestamp()
    points = [
        (
            round(_scaled(at.timestamp(), begin, end, WIDTH), 1),
            round(HEIGHT - _scaled(value, low, high, HEIGHT), 1),
        )
        for at, value in series
    ]
    return Sparkline(
        points=" ".join(f"{x},{y}" for x, y in points),
        last=points[-1],
        band=_band(reference, low, high),
        outside=is_outside(series[-1][1], reference),
    )
