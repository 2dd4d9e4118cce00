"""A plan lived through many times: durations drawn, gates failed and taken again, late faults found.

Nothing begins before its planned day. Units that keep their dates have their capacity first; who else shares one waits
in the order of the plan (a partial order schedule: Policella, Cesta, Oddi and Smith, 2007). The same seed gives the
same numbers, on however many processors.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import msgspec
import numpy as np
from numba import njit
from numpy.typing import NDArray

from felles.rollout.plan import Plan, Task, TaskKind
from felles.rollout.problem import FINISH_FINISH, FINISH_START, FREE, START_START, Days, Ints, Problem, grouped
from felles.rollout.standing import Standing, State, standing

Floats = NDArray[np.float64]
BLOCK = 500
"""Runs that share a stream of random numbers."""


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """What is assumed about chance: the probability that a gate is passed, working days until it is taken again and how
    often; the probability that a correction brings out one more critical fault, and the days it costs; how much the
    units' own pace varies (standard deviation of a factor common to all tasks of a unit)."""

    passed: float = 0.85
    again: int = 10
    tries: int = 4
    fault: float = 0.2
    fault_days: int = 15
    pace: float = 0.08


USUAL = Risk()


class World(NamedTuple):
    """A plan as it is simulated. order: tasks, each after those it waits for. shape (task, 3): lowest, likely, highest
    days. unit (task). chance (task): the kind of luck: 0 none, 1 a gate, 2 a correction. planned (task). watched:
    tasks whose starts are kept. held (task): 1 where nothing is drawn, as history and what a unit has fixed."""

    order: Ints
    shape: Floats
    unit: Ints
    chance: Ints
    planned: Ints
    watched: Ints
    held: Ints


@dataclass(frozen=True)
class Lived:
    """`starts` (run, watched task): day numbers. `keys`: the tasks that were watched."""

    stand: Standing
    keys: list[str]
    starts: Ints
    planned: Ints

    def kept(self) -> dict[str, float]:
        """The share of runs in which each task begins on its planned day."""
        return dict(zip(self.keys, (self.starts <= self.planned).mean(axis=0).tolist(), strict=True))

    def quantile(self, key: str, share: float) -> int:
        """The day number that a task's start does not pass in this share of the runs."""
        column = self.starts[:, self.keys.index(key)]
        return int(np.quantile(column, share, method="inverted_cdf"))

    def date(self, key: str, share: float) -> date:
        """The same as a date: P50, P80 ..."""
        number = self.quantile(key, share)
        return self.stand.line.span(self.stand.line.plan.task(key), number, number + 1).start


def lived(
    plan: Plan,
    first: Collection[str] = (),
    runs: int = 20_000,
    risk: Risk = USUAL,
    seed: int = 1,
    also: Sequence[str] = (),
) -> Lived:
    """A plan whose tasks all have dates, lived through so many times. The units of `first` have capacity before the
    others. What is watched is each go-live, and the tasks of `also`."""
    stand = standing(plan)
    starts = np.array([stand.line.start(task) for task in plan.tasks], dtype=np.int64)
    planned = np.where(stand.old == FREE, starts, np.maximum(starts, stand.old))
    watched = [at for at, task in enumerate(plan.tasks) if task.kind is TaskKind.GO_LIVE or task.key in also]
    before = np.array([task.unit in first for task in plan.tasks])
    work = chained(_reserved(stand.work, planned, before, watched), planned, before)
    units = {unit.key: at for at, unit in enumerate(plan.units)}
    world = World(
        np.argsort(planned + _depth(work) / (len(planned) + 1.0), kind="stable").astype(np.int64),
        np.array([_shape(stand, at, task) for at, task in enumerate(plan.tasks)], dtype=np.float64),
        np.array([units[task.unit] for task in plan.tasks], dtype=np.int64),
        np.array([_chance(task) for task in plan.tasks], dtype=np.int64),
        planned,
        np.array(watched, dtype=np.int64),
        np.array([state is State.DONE for state in stand.states], dtype=np.int64),
    )
    blocks = [(seed * 1_000_003 + at, min(BLOCK, runs - first)) for at, first in enumerate(range(0, runs, BLOCK))]
    luck = np.array([risk.passed, risk.again, risk.tries, risk.fault, risk.fault_days, risk.pace])
    with ThreadPoolExecutor(2) as threads:
        parts = list(threads.map(lambda block: _runs(work, world, luck, len(units), *block), blocks))
    return Lived(stand, [plan.tasks[at].key for at in watched], np.concatenate(parts), planned[watched])


def _shape(stand: Standing, at: int, task: Task) -> tuple[float, float, float]:
    """The three points of a task's remaining duration, as its estimate spreads about the likely one."""
    remains, likely = int(stand.work.duration[at]), max(1, task.estimate.likely)
    return remains * task.estimate.low / likely, remains, remains * task.estimate.high / likely


def _chance(task: Task) -> int:
    return {TaskKind.GATE: 1, TaskKind.CORRECTION: 2}.get(task.kind, 0)


def _reserved(work: Problem, planned: Ints, first: NDArray[np.bool_], watched: Sequence[int]) -> Problem:
    """The problem in which go-lives begin only on days that leave what those who come first have reserved: each gets
    a calendar of starts."""
    free = work.free.copy()
    for task in np.flatnonzero(first).tolist():
        begin = int(planned[task])
        free[:, begin : _finish(work, task, begin, work.duration[task])] -= work.need[task][:, None]
    done, day, starts = [work.done], [work.day], work.starts.copy()
    for task in watched:
        if first[task] or not work.need[task].any():
            continue
        which, horizon = work.starts[task], work.horizon
        opens = np.diff(work.done[which])
        for at in np.flatnonzero(opens).tolist():
            end = min(horizon, _finish(work, task, at, work.duration[task]))
            if (free[:, at:end] < work.need[task][:, None]).any():
                opens[at] = 0
        row = Days(opens.tolist()).counted()
        starts[task] = len(work.done) + len(done) - 1
        done.append(row[0][None, :])
        day.append(row[1][None, :])
    return work._replace(done=np.concatenate(done), day=np.concatenate(day), starts=starts)


def chained(work: Problem, planned: Ints, first: NDArray[np.bool_]) -> Problem:
    """The problem with links along which capacity is handed on: who uses what somebody before had waits for him, save
    that those who come first do not wait for the others."""
    links = [tuple(link) for link in work.links.tolist()]
    order = np.argsort(planned, kind="stable").tolist()
    for kind in range(work.free.shape[0]):
        hands = [(0, FREE)] * int(work.free[kind].max())
        for task in order:
            need = int(work.need[task, kind])
            if not need or not work.duration[task]:
                continue
            begin = int(planned[task])
            hands.sort(key=lambda hand: (hand[0] > begin, -hand[0]))
            had = {before for ends, before in hands[:need] if before != FREE and ends <= begin}
            links += [(before, task, FINISH_START, 0) for before in had if first[before] or not first[task]]
            hands[:need] = [(_finish(work, task, begin, work.duration[task]), task)] * need
    unique = np.asarray(sorted(set(links)), dtype=np.int64).reshape(-1, 4)
    into_at, into = grouped(unique[:, 1], len(work.duration))
    out_at, out = grouped(unique[:, 0], len(work.duration))
    return work._replace(links=unique, into_at=into_at, into=into, out_at=out_at, out=out)


def _depth(work: Problem) -> Floats:
    """How many links lead to each task at most: tasks of one day are simulated in this order."""
    depth = np.zeros(len(work.duration))
    for _ in range(len(work.duration)):
        reach = depth.copy()
        np.maximum.at(reach, work.links[:, 1], depth[work.links[:, 0]] + 1)
        if (reach == depth).all():
            break
        depth = reach
    return depth


@njit(cache=True, nogil=True)
def _finish(work: Problem, task: int, start: int, length: int) -> int:
    """The first day after a task of this length that starts on a working day; past the horizon a day for a day."""
    horizon = work.free.shape[1]
    if length == 0 or start >= horizon:
        return int(start + length)
    which = work.calendar[task]
    last = work.done[which, start] + length - 1
    days = work.done[which, -1]
    if last >= days:
        return int(horizon + last - days + 1)
    return int(work.day[which, last]) + 1


@njit(cache=True, nogil=True)
def _open(work: Problem, task: int, day: int) -> int:
    horizon = work.free.shape[1]
    if day >= horizon:
        return int(day)
    which = work.starts[task]
    number = work.done[which, day]
    return int(work.day[which, number])


@njit(cache=True, nogil=True)
def _triangular(low: float, likely: float, high: float) -> float:
    if high <= low:
        return likely
    share, turn = np.random.random(), (likely - low) / (high - low)
    if share < turn:
        return float(low + np.sqrt(share * (high - low) * (likely - low)))
    return float(high - np.sqrt((1 - share) * (high - low) * (high - likely)))


@njit(cache=True, nogil=True)
def _drawn(shape: Floats, chance: int, pace: float, luck: Floats) -> int:
    """The working days that a task takes this time."""
    days = _triangular(shape[0], shape[1], shape[2]) * pace
    if chance == 1:
        days = shape[1]
        for _ in range(int(luck[2]) - 1):
            if np.random.random() < luck[0]:
                break
            days += luck[1]
    elif chance == 2 and np.random.random() < luck[3]:
        days += luck[4]
    return int(np.floor(days + np.random.random())) if shape[1] > 1 else int(days)


@njit(cache=True, nogil=True)
def _runs(work: Problem, world: World, luck: Floats, units: int, seed: int, runs: int) -> Ints:
    np.random.seed(seed % 4_294_967_291)
    count = len(work.duration)
    kept = np.empty((runs, len(world.watched)), dtype=np.int64)
    start, finish = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    for run in range(runs):
        pace = np.exp(np.random.standard_normal(units) * luck[5])
        for task in world.order:
            day, end = world.planned[task], 0
            if world.held[task]:
                start[task], finish[task] = day, _finish(work, task, day, work.duration[task])
                continue
            for at in range(work.into_at[task], work.into_at[task + 1]):
                before, _, kind, lag = work.links[work.into[at]]
                bound = (finish[before] if kind in (FINISH_START, FINISH_FINISH) else start[before]) + lag
                if kind in (FINISH_START, START_START):
                    day = max(day, bound)
                else:
                    end = max(end, bound)
            start[task] = _open(work, task, day)
            length = _drawn(world.shape[task], world.chance[task], pace[world.unit[task]], luck)
            finish[task] = max(end, _finish(work, task, start[task], length))
        for at in range(len(world.watched)):
            kept[run, at] = start[world.watched[at]]
    return kept
