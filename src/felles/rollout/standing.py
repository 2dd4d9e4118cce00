"""How a plan stands on its status date: what is history, what is under way, what is ahead, what may still be moved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np

from felles.rollout.plan import Plan, Task
from felles.rollout.problem import FREE, Ints, Problem
from felles.rollout.timeline import LINK, Timeline

AT_ALL = (None, date.max)
"""No last day."""


class State(StrEnum):
    """Where a task is on the status date."""

    DONE = "done"
    UNDER_WAY = "under-way"
    AHEAD = "ahead"
    NEW = "new"


def state_of(plan: Plan, task: Task) -> State:
    """NEW is a task that has no dates yet."""
    span = plan.dates.get(task.key)
    if span is None:
        return State.NEW
    if span.end < plan.status:
        return State.DONE
    return State.UNDER_WAY if span.start < plan.status else State.AHEAD


@dataclass(frozen=True)
class Standing:
    """A plan as it may be planned anew. `old` (task): the start or, of what is under way, the day it goes on; -1 where
    the task is new. `limits`: (before, after, kind, most) of what may wait only so long. `latest` (task): the last day
    it may begin."""

    line: Timeline
    work: Problem
    old: Ints
    limits: list[tuple[int, int, int, int]]
    latest: dict[int, int]
    states: list[State] = field(default_factory=list)

    @property
    def movable(self) -> list[int]:
        """Numbers of the tasks that may be given another day."""
        return np.flatnonzero(self.work.fixed == FREE).tolist()


def standing(plan: Plan, untouched: Collection[str] = (), lags: dict[tuple[str, str], int] | None = None) -> Standing:
    """The plan with its history and the units of `untouched` fixed. What is under way goes on from the status date with
    what remains of it, where it may be interrupted; `lags` by (before, after) are added as buffers."""
    line = Timeline(plan)
    states = [state_of(plan, task) for task in plan.tasks]
    duration, fixed, earliest, old = [], [], [], []
    for task, state in zip(plan.tasks, states, strict=True):
        start, finish = line.start(task), line.finish(task)
        held = state is State.DONE or task.fixed or (task.unit in untouched and state is not State.NEW)
        held = held or (state is State.UNDER_WAY and not task.splits)
        first = max(line.status, line.number(task.not_before) if task.not_before else 0)
        remains = state is State.UNDER_WAY and not held
        begun = resumed(line, task) if remains else start
        duration.append(_length(line, task, begun, finish))
        fixed.append(start if held and start is not None else FREE)
        earliest.append(0 if held else first)
        old.append(FREE if begun is None else begun)
    work = line.problem(duration, fixed, earliest, lags)
    past = [at for at, state in enumerate(states) if state is State.DONE]
    work.need[past] = 0
    latest = {at: line.number(task.not_after) for at, task in enumerate(plan.tasks) if task.not_after not in AT_ALL}
    return Standing(line, work, np.asarray(old, dtype=np.int64), _limits(line, fixed), latest, states)


def _limits(line: Timeline, fixed: list[int]) -> list[tuple[int, int, int, int]]:
    """The links that may wait only so long, and the units of a wave, which start together; of what may be moved."""
    plan, starts = line.plan, LINK["SS"]
    ends = [(line.at[x.before], line.at[x.after], LINK[x.kind], x.most) for x in plan.links if x.most is not None]
    limits = [each for each in ends if fixed[each[0]] == FREE]
    live = plan.go_lives()
    for wave in plan.waves:
        together = [line.at[live[unit].key] for unit in wave.units if unit in live]
        limits += [
            (one, other, starts, 0) for one in together for other in together if one != other and fixed[one] == FREE
        ]
    return limits


def resumed(line: Timeline, task: Task) -> int:
    """The day on which what is under way goes on: the status day, or the day after its pause."""
    pause = line.plan.pauses.get(task.key)
    return line.status if pause is None else max(line.status, line.after(pause.end))


def _length(line: Timeline, task: Task, start: int | None, finish: int | None) -> int:
    """Working days of a task: as planned where it has dates, else its likely duration."""
    if start is None or finish is None:
        return task.estimate.likely
    done = line.open[line.calendar(task)].works
    return sum(done[start:finish])
