"""Serial schedule generation and justification, compiled: one task after the other at its first (or last) possible day.

Kolisch, Serial and parallel resource-constrained project scheduling methods revisited (1996); Valls, Ballestín and
Quintanilla, Justification and RCPSP: a technique that pays (2005).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from felles.rollout.problem import FINISH_FINISH, FINISH_START, FREE, START_START, Ints, Problem

Keys = NDArray[np.float64]
BEYOND = 1 << 30
"""The finish of a plan that does not fit within the horizon."""


@njit(cache=True, nogil=True)
def finish_of(work: Problem, task: int, start: int) -> int:
    """The first day after a task that starts on a working day; past the horizon it goes on a day for a day."""
    length = work.duration[task]
    if length == 0:
        return start
    which = work.calendar[task]
    last = work.done[which, start] + length - 1
    days = work.done[which, -1]
    if last >= days:
        return int(work.free.shape[1] + last - days + 1)
    return int(work.day[which, last]) + 1


@njit(cache=True, nogil=True)
def working(work: Problem, task: int, day: int) -> int:
    """The first day from a day on, on which a task may begin; the horizon where there is none."""
    horizon = work.free.shape[1]
    if day >= horizon:
        return int(horizon)
    which = work.starts[task]
    return int(work.day[which, work.done[which, day]])


@njit(cache=True, nogil=True)
def _earliest(work: Problem, task: int, start: Ints, finish: Ints) -> int:
    """The first day that the links into a task and its own earliest day leave."""
    day = work.earliest[task]
    for at in range(work.into_at[task], work.into_at[task + 1]):
        before, _, kind, lag = work.links[work.into[at]]
        of_start = kind in (FINISH_START, START_START)
        bound = (finish[before] if kind in (FINISH_START, FINISH_FINISH) else start[before]) + lag
        if of_start:
            day = max(day, bound)
        else:
            while day < work.free.shape[1] and finish_of(work, task, working(work, task, day)) < bound:
                day += 1
    return int(max(day, 0))


@njit(cache=True, nogil=True)
def _blocked(work: Problem, free: Ints, task: int, start: int, end: int, backward: bool) -> int:
    """A day in [start, end) on which a capacity does not reach (the last, or backward the first); -1 where none."""
    found = -1
    for kind in range(free.shape[0]):
        need = work.need[task, kind]
        if need == 0:
            continue
        for at in range(min(end, free.shape[1]) - start):
            day = start + at if backward else min(end, free.shape[1]) - 1 - at
            if free[kind, day] < need:
                if found < 0 or (day < found if backward else day > found):
                    found = day
                break
    return found


@njit(cache=True, nogil=True)
def _take(work: Problem, free: Ints, task: int, start: int, end: int) -> None:
    for kind in range(free.shape[0]):
        if work.need[task, kind]:
            for day in range(start, min(end, free.shape[1])):
                free[kind, day] -= work.need[task, kind]


@njit(cache=True, nogil=True)
def _ahead(work: Problem, free: Ints, task: int, day: int) -> int:
    """The first start from a day on at which the capacities reach throughout."""
    horizon = free.shape[1]
    day = working(work, task, day)
    while day < horizon:
        blocked = _blocked(work, free, task, day, finish_of(work, task, day), False)
        if blocked < 0:
            return day
        day = working(work, task, blocked + 1)
    return int(horizon)


@njit(cache=True, nogil=True)
def forward(work: Problem, keys: Keys) -> tuple[Ints, Ints]:
    """Starts and finishes when, of the tasks whose forerunners are placed, the one of lowest key goes next. Fixed
    tasks take their capacity first. What does not fit starts at the horizon."""
    count = len(work.duration)
    free = work.free.copy()
    start = np.zeros(count, dtype=np.int64)
    finish = np.zeros(count, dtype=np.int64)
    waits = np.zeros(count, dtype=np.int64)
    for task in range(count):
        waits[task] = work.into_at[task + 1] - work.into_at[task]
        if work.fixed[task] != FREE:
            start[task] = work.fixed[task]
            finish[task] = finish_of(work, task, start[task])
            _take(work, free, task, start[task], finish[task])
    ready = np.empty(count, dtype=np.int64)
    size = 0
    for task in range(count):
        if waits[task] == 0:
            ready[size] = task
            size += 1
    while size:
        best = 0
        for at in range(1, size):
            if keys[ready[at]] < keys[ready[best]]:
                best = at
        task = ready[best]
        size -= 1
        ready[best] = ready[size]
        if work.fixed[task] == FREE:
            start[task] = _ahead(work, free, task, _earliest(work, task, start, finish))
            finish[task] = finish_of(work, task, start[task])
            _take(work, free, task, start[task], finish[task])
        for at in range(work.out_at[task], work.out_at[task + 1]):
            after = work.links[work.out[at], 1]
            waits[after] -= 1
            if waits[after] == 0:
                ready[size] = after
                size += 1
    return start, finish


@njit(cache=True, nogil=True)
def _latest(work: Problem, task: int, start: Ints, finish: Ints, end: int) -> int:
    """The last start that the links out of a task and the end of the plan leave; -1 where there is none."""
    day = min(end, work.free.shape[1] - 1)
    limit = end
    for at in range(work.out_at[task], work.out_at[task + 1]):
        _, after, kind, lag = work.links[work.out[at]]
        bound = (start[after] if kind in (FINISH_START, START_START) else finish[after]) - lag
        if kind in (FINISH_START, FINISH_FINISH):
            limit = min(limit, bound)
        else:
            day = min(day, bound)
    while day >= 0 and (working(work, task, day) != day or finish_of(work, task, day) > limit):
        day -= 1
    return int(day)


@njit(cache=True, nogil=True)
def right(work: Problem, start: Ints, finish: Ints) -> Ints:
    """The starts when every task, last finish first, moves as late as links, capacities and the plan's end let it."""
    count = len(work.duration)
    free = work.free.copy()
    late, done = start.copy(), finish.copy()
    for task in range(count):
        if work.fixed[task] != FREE:
            _take(work, free, task, start[task], finish[task])
    waits = np.zeros(count, dtype=np.int64)
    ready = np.empty(count, dtype=np.int64)
    size = 0
    for task in range(count):
        waits[task] = work.out_at[task + 1] - work.out_at[task]
        if waits[task] == 0:
            ready[size] = task
            size += 1
    end = finish.max()
    while size:
        best = 0
        for at in range(1, size):
            if finish[ready[at]] > finish[ready[best]]:
                best = at
        task = ready[best]
        size -= 1
        ready[best] = ready[size]
        if work.fixed[task] == FREE:
            day = _latest(work, task, late, done, end)
            while day >= 0:
                blocked = _blocked(work, free, task, day, finish_of(work, task, day), True)
                if blocked < 0:
                    break
                day -= 1
                while day >= 0 and (working(work, task, day) != day or finish_of(work, task, day) > blocked):
                    day -= 1
            if day >= 0:
                late[task] = day
            done[task] = finish_of(work, task, late[task])
            _take(work, free, task, late[task], done[task])
        for at in range(work.into_at[task], work.into_at[task + 1]):
            before = work.links[work.into[at], 0]
            waits[before] -= 1
            if waits[before] == 0:
                ready[size] = before
                size += 1
    return late


@njit(cache=True, nogil=True)
def justified(work: Problem, keys: Keys) -> tuple[Ints, Ints]:
    """A schedule, pushed right and then left again: never longer, mostly shorter."""
    start, finish = forward(work, keys)
    late = right(work, start, finish)
    again, end = forward(work, late.astype(np.float64))
    if end.max() <= finish.max():
        return again, end
    return start, finish


@njit(cache=True, nogil=True)
def crossed(mother: Ints, father: Ints, first: int, second: int) -> Ints:
    """Two-point crossover: mother up to `first`, father's order of the rest up to `second`, then mother."""
    count = len(mother)
    child = np.empty(count, dtype=np.int64)
    of_father = np.argsort(father)
    place = first
    for task in range(count):
        child[task] = mother[task] if mother[task] < first else BEYOND
    for task in of_father:
        if place < second and child[task] == BEYOND:
            child[task] = place
            place += 1
    for task in np.argsort(mother):
        if child[task] == BEYOND:
            child[task] = place
            place += 1
    return child


@njit(cache=True, nogil=True)
def ranks(keys: Keys) -> Ints:
    """The place of each task when sorted by key."""
    place = np.empty(len(keys), dtype=np.int64)
    place[np.argsort(keys, kind="mergesort")] = np.arange(len(keys))
    return place


@njit(cache=True, nogil=True)
def seeded(work: Problem, base: Keys, size: int, seed: int) -> tuple[Ints, Ints, Ints]:
    """A first population around a base order: (ranks, starts, ends), ends the plans' last finish."""
    np.random.seed(seed)
    count = len(work.duration)
    people = np.empty((size, count), dtype=np.int64)
    starts = np.empty((size, count), dtype=np.int64)
    ends = np.empty(size, dtype=np.int64)
    spread = base.max() - base.min() + 1.0
    for one in range(size):
        keys = base + np.random.random(count) * spread * (one / size)
        start, finish = justified(work, keys)
        people[one] = ranks(start.astype(np.float64))
        starts[one] = start
        ends[one] = finish.max()
    return people, starts, ends


@njit(cache=True, nogil=True)
def _filled(weight: Keys, start: Ints, finish: Ints, first: int, after: int) -> float:
    """How much work a schedule does in the days [first, after)."""
    done = 0.0
    for task in range(len(start)):
        done += weight[task] * max(0, min(finish[task], after) - max(start[task], first))
    return done


@njit(cache=True, nogil=True)
def windowed(mother: Ints, father: Ints, start: Ints, finish: Ints, weight: Keys) -> Ints:
    """Crossover in time: mother's order of what her schedule does in a well filled window (the best of three), father's
    before it and after it. Valls, Ballestín and Quintanilla's peak crossover (2008)."""
    count = len(mother)
    end = finish.max()
    length = int(end * (0.15 + 0.35 * np.random.random())) + 1
    first, most = 0, -1.0
    for _ in range(3):
        at = np.random.randint(max(1, end - length))
        filled = _filled(weight, start, finish, at, at + length)
        if filled > most:
            first, most = at, filled
    keys = np.empty(count)
    for task in range(count):
        if finish[task] <= first:
            keys[task] = father[task]
        elif start[task] < first + length:
            keys[task] = count + mother[task]
        else:
            keys[task] = 2 * count + father[task]
    return ranks(keys)


@njit(cache=True, nogil=True)
def fitness_of(finish: Ints) -> float:
    """The plan's end; among equal ends, the earlier its tasks are done the better."""
    end = finish.max()
    return float(end + finish.sum() / (len(finish) * (end + 1.0)))


@njit(cache=True, nogil=True)
def evolved(work: Problem, people: Ints, starts: Ints, ends: Ints, fitness: Keys, children: int) -> None:
    """Breed so many children into a population in place; each takes the place of its worse parent where it is no
    worse, and like no other: so the population stays various."""
    size, count = people.shape
    weight = np.zeros(count)
    for kind in range(work.free.shape[0]):
        weight += work.need[:, kind] / max(1, work.free[kind].max())
    for _ in range(children):
        mother, father = np.random.randint(size), np.random.randint(size)
        first = np.random.randint(count)
        second = first + np.random.randint(count - first) + 1
        if np.random.random() < 0.5:
            child = crossed(people[mother], people[father], first, second)
        else:
            end = starts[mother] + work.duration
            child = windowed(people[mother], people[father], starts[mother], end, weight)
        start, finish = justified(work, child.astype(np.float64))
        fit = fitness_of(finish)
        worse = mother if fitness[mother] >= fitness[father] else father
        if fit > fitness[worse]:
            continue
        twin = False
        for one in range(size):
            twin = twin or (one != worse and fitness[one] == fit)
        if not twin:
            people[worse] = ranks(start.astype(np.float64))
            starts[worse] = start
            ends[worse] = finish.max()
            fitness[worse] = fit
