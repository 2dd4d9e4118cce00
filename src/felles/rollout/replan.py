"""A plan made anew with the smallest change: what the cause does not touch keeps its dates, the rest moves little.

First the old plan is pushed right where it no longer fits, a task at a time (schedule generation); CP-SAT takes that as
its first solution and looks for one that costs less by the aim's weights. How far it may be from the best is said.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from felles.rollout.generation import finish_of, forward
from felles.rollout.plan import Level, Plan, Span, TaskKind
from felles.rollout.problem import FINISH_FINISH, FINISH_START, FREE, START_FINISH, START_START, Ints
from felles.rollout.standing import Standing, State, standing

if TYPE_CHECKING:
    from felles.rollout.constraint import Model, Term

SLOWEST = 6
"""How much longer than the machine-independent seconds a search may take by the clock."""
ROUNDS = 60
"""How often tasks that wait too long are pulled after what they wait for, before the search has to find it."""


class ImpossiblePlanError(ValueError):
    """No plan keeps all that is demanded; `felles.rollout.conflict` says what collides. `unsure`: none was found in the
    time there was, which does not prove that there is none."""

    def __init__(self, words: str, unsure: bool = False) -> None:
        super().__init__(words)
        self.unsure = unsure


class Aim(msgspec.Struct, frozen=True, kw_only=True):
    """What an alternative wants: weights on a day that a go-live comes later (`late`), on a task that people are booked
    for and that moves (`people`), on any other that moves (`changed`) and on each day it moves (`moved`), which is also
    the weight of a day that a correction waits; with what
    probability its dates are to hold (`sure`); and what it demands: tasks not before or after a day, more capacity."""

    key: str
    name: str
    late: int = 10
    people: int = 20
    changed: int = 3
    moved: int = 1
    sure: float = 0.8
    not_before: dict[str, date] = {}
    not_after: dict[str, date] = {}
    more: dict[str, tuple[Level, ...]] = {}


@dataclass(frozen=True)
class Found:
    """Starts by task, what they cost by the aim, and what no plan can cost less than."""

    stand: Standing
    start: Ints
    cost: int
    bound: int

    @property
    def gap(self) -> float:
        return 0.0 if self.cost <= self.bound else (self.cost - self.bound) / max(1, self.cost)


def aimed(plan: Plan, aim: Aim) -> Plan:
    """The plan with what an aim demands."""
    tasks = [
        msgspec.structs.replace(
            task,
            not_before=max(task.not_before or date.min, aim.not_before.get(task.key, date.min)),
            not_after=min(task.not_after or date.max, aim.not_after.get(task.key, date.max)),
        )
        for task in plan.tasks
    ]
    capacities = [
        msgspec.structs.replace(each, levels=aim.more[each.key]) if each.key in aim.more else each
        for each in plan.capacities
    ]
    return msgspec.structs.replace(plan, tasks=tuple(tasks), capacities=tuple(capacities))


def replanned(
    plan: Plan,
    aim: Aim,
    untouched: Collection[str],
    seconds: float,
    lags: dict[tuple[str, str], int] | None = None,
    seed: int = 1,
    first: bool = False,
) -> Found:
    """The plan with an aim's demands, made anew in so many seconds; units of `untouched` keep every date. With `first`
    the first plan found will do. Raises ImpossiblePlanError."""
    stand = _no_earlier(standing(aimed(plan, aim), untouched, lags))
    start = pushed(stand)
    fitting = fits(stand, start)
    if fitting and (first or seconds <= 0):
        return Found(stand, start, cost_of(stand, aim, start), 0)
    if seconds <= 0:
        raise ImpossiblePlanError("no plan was found without a search", unsure=True)
    return _searched(stand, aim, start, seconds, seed, first)


def dated(found: Found) -> Plan:
    """The plan with the dates that were found; what is under way keeps the day it began, and rests until it goes on."""
    stand, plan = found.stand, found.stand.line.plan
    line, dates, pauses = stand.line, dict(plan.dates), dict(plan.pauses)
    for at in stand.movable:
        task, begin = plan.tasks[at], int(found.start[at])
        span = line.span(task, begin, finish_of(stand.work, at, begin))
        if stand.states[at] is State.UNDER_WAY:
            pauses.pop(task.key, None)
            if begin > line.status:
                pauses[task.key] = Span(plan.status, line.date(begin - 1))
            span = Span(plan.dates[task.key].start, span.end)
        dates[task.key] = span
    return msgspec.structs.replace(plan, dates=dates, pauses=pauses)


def _no_earlier(stand: Standing) -> Standing:
    """No go-live comes earlier than it was planned, whatever there is room for."""
    for at, task in enumerate(stand.line.plan.tasks):
        if task.kind is TaskKind.GO_LIVE and stand.old[at] != FREE and stand.work.fixed[at] == FREE:
            stand.work.earliest[at] = max(stand.work.earliest[at], stand.old[at])
    return stand


def pushed(stand: Standing) -> Ints:
    """The old plan pushed right where it does not fit; what may wait only so long comes after what it waits for."""
    work = stand.work
    endless, _ = forward(work._replace(need=np.zeros_like(work.need)), np.zeros(len(work.duration)))
    keys = np.where(stand.old == FREE, endless, stand.old).astype(np.float64)
    earliest = np.maximum(work.earliest, stand.old)
    start, finish = forward(work._replace(earliest=earliest), keys)
    for _ in range(ROUNDS):
        late = False
        for before, after, kind, most in stand.limits:
            first = finish[before] if kind in (FINISH_START, FINISH_FINISH) else start[before]
            then = start[after] if kind in (FINISH_START, START_START) else finish[after]
            waits = int(then - first - most)
            if waits > 0 and work.fixed[before] == FREE:
                earliest[before] = start[before] + waits
                keys[before] = earliest[before]
                late = True
        if not late:
            break
        start, finish = forward(work._replace(earliest=earliest), keys)
    return start


def fits(stand: Standing, start: Ints) -> bool:
    """Whether every task that may move has a day within the plan, and nothing waits too long."""
    work = stand.work
    finish = np.array([finish_of(work, at, int(start[at])) for at in range(len(start))])
    if any(finish[at] > work.horizon or start[at] > stand.latest.get(at, work.horizon) for at in stand.movable):
        return False
    return all(_within(start, finish, *limit) for limit in stand.limits)


def _within(start: Ints, finish: Ints, before: int, after: int, kind: int, most: int) -> bool:
    first = finish[before] if kind in (FINISH_START, FINISH_FINISH) else start[before]
    then = finish[after] if kind in (FINISH_FINISH, START_FINISH) else start[after]
    return bool(then - first <= most)


def cost_of(stand: Standing, aim: Aim, start: Ints) -> int:
    """What a schedule costs by an aim's weights."""
    total = 0
    for at in stand.movable:
        task, old = stand.line.plan.tasks[at], stand.old[at]
        if task.kind is TaskKind.GO_LIVE:
            total += aim.late * int(start[at] - (old if old != FREE else stand.line.status))
        if old != FREE:
            moved = abs(int(start[at] - old))
            total += aim.moved * moved + (moved > 0) * (aim.people if task.people_facing else aim.changed)
        elif _hurries(stand, at):
            total += aim.moved * int(start[at] - stand.line.status)
    return total


def _hurries(stand: Standing, at: int) -> bool:
    """Whether a task is to be done as soon as it can be: what is new where people already use the record."""
    plan = stand.line.plan
    return stand.states[at] is State.NEW and plan.unit(plan.tasks[at].unit).live is not None


def _weighed(model: Model, stand: Standing, aim: Aim) -> Term:
    """The cost of `cost_of` as a sum of the model's variables."""
    total: Term = 0
    for at in stand.movable:
        task, old = stand.line.plan.tasks[at], int(stand.old[at])
        if task.kind is TaskKind.GO_LIVE:
            total += aim.late * (model.start[at] - (old if old != FREE else stand.line.status))
        if old != FREE:
            changed, days = model.moved(at, old)
            total += aim.moved * days + (aim.people if task.people_facing else aim.changed) * changed
        elif _hurries(stand, at):
            total += aim.moved * (model.start[at] - stand.line.status)
    return total


def _searched(stand: Standing, aim: Aim, hint: Ints, seconds: float, seed: int, first: bool) -> Found:
    from ortools.sat.python import cp_model

    from felles.rollout.constraint import Model, NoDayError

    try:
        model = Model(stand.work, stand.work.horizon - 1, stand.latest)
    except NoDayError as error:
        raise ImpossiblePlanError(stand.line.plan.tasks[error.args[0]].key) from error
    model.limit(stand.limits)
    model.cp.minimize(_weighed(model, stand, aim))
    model.hint(hint)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.stop_after_first_solution = first
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = seconds
    solver.parameters.max_time_in_seconds = SLOWEST * seconds
    status = solver.solve(model.cp)
    if status == cp_model.MODEL_INVALID:
        raise AssertionError(model.cp.validate())
    known = cost_of(stand, aim, hint) if fits(stand, hint) else None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        if known is None:
            raise ImpossiblePlanError(solver.status_name(status), unsure=status == cp_model.UNKNOWN)
        return Found(stand, hint, known, int(max(0, solver.best_objective_bound)))
    start = np.array([solver.value(each) for each in model.start], dtype=np.int64)
    found = cost_of(stand, aim, start)
    if known is not None and known < found:
        start, found = hint, known
    return Found(stand, start, found, int(np.ceil(solver.best_objective_bound - 1e-6)))
