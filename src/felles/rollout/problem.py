"""What the schedulers see of a plan: whole days, numbered tasks, capacities by day. No names, no dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FINISH_START, START_START, FINISH_FINISH, START_FINISH = range(4)
"""How a task waits for another; the names of MS Project's FS, SS, FF, SF."""
FREE = -1


class Problem(NamedTuple):
    """Tasks to be given days 0 to `horizon`, as arrays.

    duration (task): working days of the task's calendar. need (task, capacity). free (capacity, day): what is there.
    calendar (task), starts (task): the calendar of its days, and of those on which it may begin. done (calendar,
    day + 1): a calendar's working days before a day. day (calendar, working day): which day it is, `horizon` past the
    last. earliest (task). fixed (task): the start that is not to be moved, or FREE.
    links (link, 4): before, after, kind, lag in days; into_at/into: the links into each task; out_at/out: out of each.
    """

    duration: Ints
    need: Ints
    free: Ints
    calendar: Ints
    starts: Ints
    done: Ints
    day: Ints
    earliest: Ints
    fixed: Ints
    links: Ints
    into_at: Ints
    into: Ints
    out_at: Ints
    out: Ints

    @property
    def horizon(self) -> int:
        return int(self.free.shape[1])


@dataclass(frozen=True)
class Days:
    """The working days of one calendar among the days 0 to `horizon`."""

    works: Sequence[bool]

    def counted(self) -> tuple[Ints, Ints]:
        """(done, day) as a Problem has them."""
        works = np.asarray(self.works, dtype=np.int64)
        done = np.concatenate(([0], np.cumsum(works)))
        day = np.full(len(works) + 1, len(works), dtype=np.int64)
        at = np.flatnonzero(works)
        day[: len(at)] = at
        return done, day


def problem(
    duration: Sequence[int],
    need: Sequence[Sequence[int]],
    free: Sequence[Sequence[int]],
    links: Sequence[tuple[int, int, int, int]],
    calendars: Sequence[Days] = (),
    calendar: Sequence[int] = (),
    earliest: Sequence[int] = (),
    fixed: Sequence[int] = (),
    starts: Sequence[int] = (),
) -> Problem:
    """A problem from plain lists; what is left out is: every day works, from day 0, nothing fixed."""
    count, horizon = len(duration), len(free[0])
    counted = [days.counted() for days in calendars or [Days([True] * horizon)]]
    table = np.asarray(links, dtype=np.int64).reshape(-1, 4)
    into_at, into = grouped(table[:, 1], count)
    out_at, out = grouped(table[:, 0], count)
    return Problem(
        np.asarray(duration, dtype=np.int64),
        np.asarray(need, dtype=np.int64).reshape(count, len(free)),
        np.asarray(free, dtype=np.int64),
        np.asarray(calendar, dtype=np.int64) if len(calendar) else np.zeros(count, dtype=np.int64),
        np.asarray(starts if len(starts) else calendar or [0] * count, dtype=np.int64),
        np.stack([done for done, _ in counted]),
        np.stack([day for _, day in counted]),
        np.asarray(earliest, dtype=np.int64) if len(earliest) else np.zeros(count, dtype=np.int64),
        np.asarray(fixed, dtype=np.int64) if len(fixed) else np.full(count, FREE, dtype=np.int64),
        table,
        into_at,
        into,
        out_at,
        out,
    )


def grouped(by: Ints, count: int) -> tuple[Ints, Ints]:
    """Link numbers by task, as (where each task's begin, numbers)."""
    numbers = np.argsort(by, kind="stable").astype(np.int64)
    at = np.searchsorted(by[numbers], np.arange(count + 1)).astype(np.int64)
    return at, numbers
