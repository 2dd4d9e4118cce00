"""Alternatives for a board: each a plan made anew by its aim, with its dates, what they cost and how surely they hold;
or the demands that cannot all be kept."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import msgspec

from felles.rollout.buffer import sure
from felles.rollout.cause import with_routes
from felles.rollout.conflict import conflict
from felles.rollout.plan import Plan, Span, UnitKind
from felles.rollout.reason import explained
from felles.rollout.replan import Aim, ImpossiblePlanError, dated
from felles.rollout.simulation import USUAL, Lived, Risk
from felles.rollout.timeline import Timeline

SECONDS = 4.0
"""How long each search for an alternative takes at most, in seconds that do not depend on the machine."""


class Date(msgspec.Struct, frozen=True, kw_only=True):
    """A unit's go-live: planned before and now, how surely it holds, and why it is then. P50, P80: the days that half
    and four of five runs keep."""

    unit: str
    old: date
    new: date
    moved: bool
    kept: float
    p50: date
    p80: date
    reason: str


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Kroner more than the old plan: old systems that run on, work that is done again or is new, capacity bought."""

    parallel: int = 0
    work: int = 0
    capacity: int = 0

    @property
    def total(self) -> int:
        return self.parallel + self.work + self.capacity


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One alternative. `plan` and `dates` are empty where `conflict` says what cannot be kept. `changed`: old tasks
    that get other days; `gap`: how far at most the plan costs more than the best there is, by the aim's weights."""

    aim: Aim
    plan: Plan | None = None
    dates: tuple[Date, ...] = ()
    changed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    cost: Cost = Cost()
    gap: float = 0.0
    seconds: float = 0.0
    conflict: tuple[str, ...] = ()

    @property
    def moved(self) -> list[Date]:
        return [each for each in self.dates if each.moved]


def proposals(
    old: Plan, plan: Plan, aims: Sequence[Aim], untouched: Collection[str], risk: Risk = USUAL, seed: int = 1
) -> list[Proposal]:
    """A proposal for each aim, two at a time."""
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda aim: proposal(old, plan, aim, untouched, risk, seed), aims))


def proposal(
    old: Plan,
    plan: Plan,
    aim: Aim,
    untouched: Collection[str],
    risk: Risk = USUAL,
    seed: int = 1,
    seconds: float = SECONDS,
) -> Proposal:
    """One alternative. Municipalities that come to go live before their hospital get their message routes."""
    begun = time.monotonic()
    try:
        found, seen = sure(plan, aim, untouched, seconds, risk, seed)
        routed = with_routes(dated(found))
        if len(routed.tasks) > len(plan.tasks):
            plan = msgspec.structs.replace(routed, dates=plan.dates, pauses=plan.pauses, capacities=plan.capacities)
            found, seen = sure(plan, aim, untouched, seconds, risk, seed)
    except ImpossiblePlanError:
        said = tuple(demand.words for demand in conflict(plan, aim, untouched))
        return Proposal(aim=aim, conflict=said, seconds=time.monotonic() - begun)
    new = dated(found)
    return Proposal(
        aim=aim, plan=new, dates=_dates(old, new, seen, set(untouched)), changed=_changed(old, new),
        new=tuple(task.key for task in new.tasks if task.key not in old.dates), cost=_cost(old, new),
        gap=found.gap, seconds=time.monotonic() - begun,
    )  # fmt: skip


def _changed(old: Plan, new: Plan) -> tuple[str, ...]:
    return tuple(key for key, span in old.dates.items() if new.dates[key] != span)


def _dates(old: Plan, new: Plan, seen: Lived, untouched: set[str]) -> tuple[Date, ...]:
    line, kept = Timeline(new), seen.kept()
    made = []
    for unit, task in new.go_lives().items():
        before, now = old.dates[task.key].start, new.dates[task.key].start
        made.append(
            Date(
                unit=unit, old=before, new=now, moved=before != now, kept=round(kept[task.key], 4),
                p50=seen.date(task.key, 0.5), p80=seen.date(task.key, 0.8),
                reason=explained(line, task.key, unit in untouched, kept[task.key]),
            )
        )  # fmt: skip
    return tuple(sorted(made, key=lambda each: (not each.moved, each.new, each.unit)))


def _cost(old: Plan, new: Plan) -> Cost:
    parallel = 0
    for unit, task in new.go_lives().items():
        later = (new.dates[task.key].start - old.dates[task.key].start).days
        parallel += later * new.unit(unit).parallel
    price = {capacity.key: capacity.cost for capacity in new.capacities}
    work = sum(
        task.cost + task.estimate.likely * sum(price[key] * need for key, need in task.needs.items())
        for task in new.tasks
        if task.key not in old.dates
    )
    return Cost(parallel=parallel, work=work, capacity=_bought(old, new))


def _bought(old: Plan, new: Plan) -> int:
    """What capacity costs beyond the old plan's, from when it is there until the last go-live is over."""
    end = max(new.dates[task.key].end for task in new.go_lives().values())
    had = {each.key: max((level.amount for level in each.levels), default=0) for each in old.capacities}
    total = 0
    for each in new.capacities:
        levels = sorted(each.levels, key=lambda level: level.since)
        for level, following in zip(levels, [*levels[1:], None], strict=True):
            until = min(end, following.since if following else end)
            days = _weekdays(Span(level.since, until))
            total += max(0, level.amount - had[each.key]) * days * each.cost
    return total


def _weekdays(span: Span) -> int:
    return sum((span.start + timedelta(days=at)).weekday() < 5 for at in range(max(0, (span.end - span.start).days)))


def municipal(proposal: Proposal) -> list[Date]:
    """The municipalities' dates that a proposal moves: there are to be none."""
    plan = proposal.plan
    return [each for each in proposal.moved if plan and plan.unit(each.unit).kind is UnitKind.MUNICIPALITY]
