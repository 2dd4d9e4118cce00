"""The shortest schedule of a problem: a population bred by schedule generation and justification, and CP-SAT beside it.

Valls, Ballestín and Quintanilla, A hybrid genetic algorithm for the RCPSP (2008); CP-SAT takes the best of it as its
first solution and proves, where it can, that nothing is shorter.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import numpy as np

from felles.rollout.generation import evolved, forward, right, seeded
from felles.rollout.problem import Ints, Problem

POPULATION = 160
CHILDREN = 100
CLOSING = 0.2
"""The share of the time in which CP-SAT has the second processor; then a second population has it."""


@dataclass(frozen=True)
class Schedule:
    """Starts by task, the last finish, and what no schedule can go below. `optimal` where the two meet."""

    start: Ints
    end: int
    bound: int

    @property
    def optimal(self) -> bool:
        return self.end <= self.bound


def shortest(work: Problem, seconds: float, seed: int = 1) -> Schedule:
    """The shortest schedule found in so many seconds on two processors."""
    until = time.monotonic() + seconds
    first = _first(work)
    bound = critical(work)
    if first.end <= bound:
        return Schedule(first.start, first.end, bound)
    tight = work._replace(free=work.free[:, : first.end + int(work.duration.max()) + 1])
    stop = Event()
    with ThreadPoolExecutor(2) as threads:
        bred = threads.submit(_bred, tight, first, until, seed, stop, bound)
        proved = threads.submit(_proved, work, first, min(until, time.monotonic() + seconds * CLOSING), bound)
        best = proved.result()
        if best.optimal:
            stop.set()
        else:
            other = threads.submit(_bred, tight, first, until, seed + 1, stop, best.bound)
            best = min(other.result(), best, key=lambda each: each.end)
        found = bred.result()
    return Schedule(*((found.start, found.end) if found.end < best.end else (best.start, best.end)), best.bound)


def critical(work: Problem) -> int:
    """The end of the plan if capacities were endless, and if each capacity alone were used to the full."""
    endless = work._replace(need=np.zeros_like(work.need))
    path = int(forward(endless, np.zeros(len(work.duration)))[1].max())
    load = (work.need * work.duration[:, None]).sum(axis=0)
    used = zip(work.free, load, strict=True)
    return max([path, *(int(np.searchsorted(np.cumsum(row), total)) + 1 for row, total in used if total)])


def _first(work: Problem) -> Schedule:
    """A first schedule: by place in the list, then by latest start."""
    start, finish = forward(work, np.arange(len(work.duration), dtype=np.float64))
    again, end = forward(work, right(work, start, finish).astype(np.float64))
    if end.max() <= finish.max():
        return Schedule(again, int(end.max()), 0)
    return Schedule(start, int(finish.max()), 0)


def _bred(work: Problem, first: Schedule, until: float, seed: int, stop: Event, bound: int) -> Schedule:
    late = right(work, first.start, first.start + work.duration)
    people, starts, ends = seeded(work, late.astype(np.float64), POPULATION, seed)
    fitness = ends.astype(np.float64) + 1
    while time.monotonic() < until and not stop.is_set() and ends.min() > bound:
        evolved(work, people, starts, ends, fitness, CHILDREN)
    best = int(ends.argmin())
    return Schedule(starts[best], int(ends[best]), bound)


def _proved(work: Problem, first: Schedule, until: float, bound: int) -> Schedule:
    """CP-SAT's best of a problem in which every day works; the first schedule where it finds nothing better."""
    from ortools.sat.python import cp_model

    from felles.rollout.constraint import Model

    model = Model(work, first.end)
    end = model.cp.new_int_var(bound, first.end, "end")
    for task in range(len(work.duration)):
        model.cp.add(model.finish[task] <= end)
    model.cp.minimize(end)
    model.hint(first.start)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = max(0.05, until - time.monotonic())
    if solver.solve(model.cp) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Schedule(first.start, first.end, bound)
    start = np.array([solver.value(each) for each in model.start], dtype=np.int64)
    return Schedule(start, int(solver.value(end)), int(np.ceil(solver.best_objective_bound - 1e-6)))
