"""A line over months as plain numbers for an SVG: drawn on the server, no script, no styles."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

WIDTH, HEIGHT, LEFT, TOP, FOOT = 420.0, 120.0, 34.0, 8.0, 100.0
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1_000)
"""Between two lines of the scale."""
LINES = 4


@dataclass(frozen=True, slots=True)
class Trend:
    """`lines`: points of polylines, broken where nothing happened; `dots`: x, y and place in the series; `scale`: y and
    number of each line; `goal`: y."""

    lines: Sequence[str]
    dots: Sequence[tuple[float, float, int]]
    scale: Sequence[tuple[float, int]]
    goal: float | None


def trend(values: Sequence[float | None], goal: float | None = None) -> Trend | None:
    """Of a number for each month, None where nothing happened; None where there is nothing to draw."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    most = max([*known, goal or 0, 1])
    step = next((one for one in STEPS if one * LINES >= most), STEPS[-1])
    top = step * LINES

    def height(value: float) -> float:
        return round(FOOT - min(value / top, 1) * (FOOT - TOP), 1)

    wide = (WIDTH - LEFT - 8) / max(1, len(values) - 1)
    dots = [
        (round(LEFT + place * wide, 1), height(value), place) for place, value in enumerate(values) if value is not None
    ]
    runs = [[dot for _, dot in run] for _, run in groupby(enumerate(dots), lambda one: one[1][2] - one[0])]
    lines = [" ".join(f"{x},{y}" for x, y, _ in run) for run in runs if len(run) > 1]
    scale = [(height(step * place), step * place) for place in range(LINES + 1)]
    return Trend(lines, dots, scale, None if goal is None else height(goal))
