"""Buffers: go-lives moved so late that their dates hold with the probability that is asked for, and no later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import msgspec

from felles.rollout.plan import Plan, TaskKind
from felles.rollout.replan import Aim, Found, dated, replanned
from felles.rollout.simulation import USUAL, Lived, Risk, lived

ROUNDS = 8
MOST = 20
"""Working days between the last gate and the go-live that are given before the go-live itself is moved."""
RUNS = 4_000
"""Runs while buffers are sought; what is told in the end comes from more."""


def sure(
    plan: Plan,
    aim: Aim,
    untouched: Collection[str],
    seconds: float,
    risk: Risk = USUAL,
    seed: int = 1,
) -> tuple[Found, Lived]:
    """The plan made anew, its go-lives so late that each holds with the probability of the aim, and the runs that show
    it; each search takes so many seconds at most. Raises ImpossiblePlanError."""
    wanted, lags = dict(aim.not_before), dict[tuple[str, str], int]()
    found, seen = _tried(plan, aim, untouched, seconds, lags, risk, seed)
    for _ in range(ROUNDS):
        later = _later(found, seen, aim, set(untouched))
        if not later:
            break
        for key, day in later.items():
            last = decided(plan, key)
            if lags.get(last, 0) < MOST:
                lags[last] = lags.get(last, 0) + risk.again
            else:
                wanted[key] = max(day, wanted.get(key, day))
        narrowed = msgspec.structs.replace(aim, not_before=wanted)
        found, seen = _tried(plan, narrowed, untouched, seconds, lags, risk, seed)
    return found, lived(dated(found), untouched, risk=risk, seed=seed, also=seen.keys)


def decided(plan: Plan, golive: str) -> tuple[str, str]:
    """The link from a unit's last gate to its go-live."""
    gates = {task.key for task in plan.tasks if task.kind is TaskKind.GATE}
    into = [link for link in plan.links if link.after == golive and link.before in gates]
    last = min(into, key=lambda link: link.lag)
    return last.before, last.after


def _tried(
    plan: Plan,
    aim: Aim,
    untouched: Collection[str],
    seconds: float,
    lags: dict[tuple[str, str], int],
    risk: Risk,
    seed: int,
) -> tuple[Found, Lived]:
    found = replanned(plan, aim, untouched, seconds, lags, seed)
    also = [task.key for task in plan.tasks if task.key.endswith(".green")]
    return found, lived(dated(found), untouched, RUNS, risk, seed, also)


def _later(found: Found, seen: Lived, aim: Aim, untouched: set[str]) -> dict[str, date]:
    """The go-lives that hold too seldom, with the day that they would keep."""
    plan, kept = found.stand.line.plan, seen.kept()
    return {
        task.key: seen.date(task.key, aim.sure)
        for unit, task in plan.go_lives().items()
        if unit not in untouched and kept[task.key] < aim.sure
    }
