"""A problem as constraints for CP-SAT: starts, finishes over the days on which calendars rest, links and capacities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

from felles.rollout.generation import finish_of, forward
from felles.rollout.problem import FINISH_FINISH, FINISH_START, FREE, START_START, Ints, Problem

Term = Any
"""A variable, a constant or a sum of them; the solver's own name for it takes in every numpy number."""


class NoDayError(ValueError):
    """A task, by number, that has no day on which it may begin."""


class Model:
    """The variables of a problem within `end` days; what is fixed is a constant.

    `last` bounds starts from above by task. A link may also say at most how long after: `most` in working days.
    """

    def __init__(self, work: Problem, end: int, last: Mapping[int, int] | None = None) -> None:
        self.work, self.end = work, min(end, work.horizon)
        self.cp = cp_model.CpModel()
        self.earliest, _ = forward(work._replace(need=np.zeros_like(work.need)), np.zeros(len(work.duration)))
        self._last = last or {}
        self.start = [self._start(task) for task in range(len(work.duration))]
        self.finish = [self._finish(task) for task in range(len(work.duration))]
        for before, after, kind, lag in work.links.tolist():
            if work.fixed[before] != FREE and work.fixed[after] != FREE:
                continue
            first = self.finish[before] if kind in (FINISH_START, FINISH_FINISH) else self.start[before]
            then = self.start[after] if kind in (FINISH_START, START_START) else self.finish[after]
            self.cp.add(then >= first + lag)
        self._capacities()

    def hint(self, start: Sequence[int] | Ints) -> None:
        """Where the search may begin."""
        for task in np.flatnonzero(self.work.fixed == FREE).tolist():
            self.cp.add_hint(self.start[task], int(start[task]))

    def limit(self, limits: Sequence[tuple[int, int, int, int]]) -> None:
        """Links (before, after, kind, most) that may not wait longer."""
        for before, after, kind, most in limits:
            first = self.finish[before] if kind in (FINISH_START, FINISH_FINISH) else self.start[before]
            then = self.start[after] if kind in (FINISH_START, START_START) else self.finish[after]
            self.cp.add(then <= first + most)

    def moved(self, task: int, old: int) -> tuple[Term, Term]:
        """Whether a task does not start on its old day, and how many days from it."""
        changed = self.cp.new_bool_var(f"m{task}")
        self.cp.add(self.start[task] == old).only_enforce_if(~changed)
        days = self.cp.new_int_var(0, self.end, f"a{task}")
        self.cp.add(days >= self.start[task] - old)
        self.cp.add(days >= old - self.start[task])
        return changed, days

    def _start(self, task: int) -> cp_model.IntVar:
        work = self.work
        if work.fixed[task] != FREE:
            return self.cp.new_constant(int(work.fixed[task]))
        first, last = int(self.earliest[task]), min(self.end, self._last.get(task, self.end))
        which = work.starts[task]
        open_days = [int(day) for day in work.day[which] if first <= day <= last and day < work.horizon]
        if not open_days:
            raise NoDayError(task)
        if len(open_days) == last - first + 1:
            return self.cp.new_int_var(first, last, f"s{task}")
        return self.cp.new_int_var_from_domain(cp_model.Domain.from_values(open_days), f"s{task}")

    def _finish(self, task: int) -> Term:
        work, start = self.work, self.start[task]
        length = int(work.duration[task])
        if work.fixed[task] != FREE:
            return int(finish_of(work, task, int(work.fixed[task])))
        if length == 0:
            return start
        rests = self._rests(task)
        if not rests:
            return start + length
        finish = self.cp.new_int_var(0, 2 * work.horizon, f"f{task}")
        self.cp.add(finish == start + length + sum(self._crossed(task, start, length, rests)))
        return finish

    def _rests(self, task: int) -> list[tuple[int, int]]:
        """The runs of days [first, after) on which a task's calendar rests, within reach of it."""
        work = self.work
        works = np.diff(work.done[work.calendar[task]])
        edges = np.flatnonzero(np.diff(np.concatenate(([1], works, [1]))))
        runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        return [(a, b) for a, b in runs if b > self.earliest[task] and a < self.end]

    def _crossed(self, task: int, start: cp_model.IntVar, length: int, rests: list[tuple[int, int]]) -> list[Term]:
        """For each rest its days where the task is interrupted by it: begun before, not done when it begins."""
        lost: list[Term] = []
        for first, after in rests:
            over = self.cp.new_bool_var(f"x{task}_{first}")
            begun = self.cp.new_bool_var(f"b{task}_{first}")
            self.cp.add(start < first).only_enforce_if(begun)
            self.cp.add(start >= after).only_enforce_if(~begun)
            reach = start + length + sum(lost)
            self.cp.add(reach > first).only_enforce_if(over)
            self.cp.add_implication(over, begun)
            done = self.cp.new_bool_var(f"d{task}_{first}")
            self.cp.add(reach <= first).only_enforce_if(done)
            self.cp.add_bool_or([over, done, ~begun])
            lost.append((after - first) * over)
        return lost

    def _capacities(self) -> None:
        """Each capacity holds on every day; where it is less than its most, a block takes the rest."""
        work = self.work
        for kind in range(work.free.shape[0]):
            users = [task for task in range(len(work.duration)) if work.need[task, kind] and work.duration[task]]
            if not users:
                continue
            most = int(work.free[kind].max())
            spans = [self._span(task) for task in users]
            needs = [int(work.need[task, kind]) for task in users]
            for first, after, less in _dips(work.free[kind], most):
                spans.append(self.cp.new_fixed_size_interval_var(first, after - first, f"c{kind}_{first}"))
                needs.append(less)
            self.cp.add_cumulative(spans, needs, most)

    def _span(self, task: int) -> cp_model.IntervalVar:
        if not hasattr(self, "_spans"):
            self._spans: dict[int, cp_model.IntervalVar] = {}
        if task not in self._spans:
            start, finish = self.start[task], self.finish[task]
            size = self.cp.new_int_var(0, 2 * self.work.horizon, f"z{task}")
            self.cp.add(size == finish - start)
            self._spans[task] = self.cp.new_interval_var(start, size, finish, f"i{task}")
        return self._spans[task]


def _dips(free: Ints, most: int) -> list[tuple[int, int, int]]:
    """Where a capacity is below its most: (first day, day after, by how much)."""
    edges = [0, *(np.flatnonzero(np.diff(free)) + 1).tolist(), len(free)]
    return [(a, b, most - int(free[a])) for a, b in pairwise(edges) if free[a] < most]
