"""What a red gate adds to a plan: corrections where it is live, a green gate before the postponed units' own, gates and
training taken again, and message routes for municipalities that go live before their hospital."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from felles.rollout.plan import Estimate, Link, Plan, Task, TaskKind
from felles.rollout.programme import Programme
from felles.rollout.standing import State, state_of

STABLE = 10
"""Working days that all criteria have to stay green before the gate is taken."""
HELD = 3
"""Crews that stay where the corrections are made."""
HOLD = Estimate(65, 85, 120)
ROUTES = Estimate(6, 8, 12)
AGAIN = ".2"


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """What is put right where it is live when one of the criteria is red."""

    key: str
    name: str
    criterion: tuple[str, ...]
    estimate: Estimate
    needs: dict[str, int]


def postponed(plan: Plan, parents: Collection[str]) -> set[str]:
    """The units below those named that have not gone live yet."""
    return {unit for parent in parents for unit in plan.within(parent)} & set(plan.go_lives())


def adjusted(programme: Programme, plan: Plan, red: Collection[str], source: str, moved: Collection[str]) -> Plan:
    """The plan with what the red criteria at `source` demand before the units of `moved` may go live. The plan itself
    where none is red."""
    corrections = [
        each
        for each in msgspec.convert(programme.told["correction"], list[Correction])
        if set(each.criterion) & set(red)
    ]
    if not corrections:
        return plan
    tasks = [_correction(each, source) for each in corrections]
    green = Task(
        key=f"{source}.green", name="Alle krav grønne", unit=source, kind=TaskKind.GATE, estimate=Estimate(1, 1, 1),
        reason=", ".join(sorted(red)),
    )  # fmt: skip
    hold = Task(
        key=f"{source}.hold", name="Utvidet støtte", unit=source, kind=TaskKind.CORRECTION, estimate=HOLD,
        needs={"crew": HELD}, reason="Støttelagene blir til feilene er rettet",
    )  # fmt: skip
    links = [Link(before=task.key, after=green.key, lag=STABLE) for task in tasks]
    made, bound = zip(*(_again(programme, plan, unit, green.key) for unit in sorted(moved)), strict=True)
    more = [*tasks, green, hold, *(task for each in made for task in each)]
    return msgspec.structs.replace(
        plan,
        tasks=(*plan.tasks, *more),
        links=(*plan.links, *links, *(link for each in bound for link in each)),
    )


def with_routes(plan: Plan) -> Plan:
    """The plan with a task for each municipality that, as the dates stand, goes live before its hospital: messages both
    ways between Felles and what the hospital still uses."""
    live, known = plan.go_lives(), {task.key for task in plan.tasks}
    tasks, links = [], []
    for unit in plan.units:
        own, hospital = live.get(unit.key), live.get(unit.hospital or "")
        if own is None or hospital is None or plan.dates[own.key].start < plan.status:
            continue
        key = f"{unit.key}.routes"
        if plan.dates[hospital.key].start > plan.dates[own.key].start and key not in known:
            name = f"Meldingsveier til og fra {plan.unit(hospital.unit).name} i dagens system"
            tasks.append(
                Task(key=key, name=name, unit=unit.key, kind=TaskKind.ROUTES, estimate=ROUTES, needs={"technical": 1})
            )
            links.append(Link(before=key, after=f"{unit.key}.go"))
    return msgspec.structs.replace(plan, tasks=(*plan.tasks, *tasks), links=(*plan.links, *links))


def _correction(each: Correction, unit: str) -> Task:
    return Task(
        key=f"{unit}.{each.key}", name=each.name, unit=unit, kind=TaskKind.CORRECTION, estimate=each.estimate,
        needs=each.needs, reason=", ".join(each.criterion),
    )  # fmt: skip


def _again(programme: Programme, plan: Plan, unit: str, green: str) -> tuple[list[Task], list[Link]]:
    """What a unit has done and must do once more, since it does not last until a later go-live (gates, rehearsals,
    training); and how all its gates wait for green."""
    tasks, links, chain, ahead = [], [], green, 0
    for step in programme.steps:
        key = f"{unit}.{step.key}"
        task = plan.task(key)
        again = step.most is not None and state_of(plan, task) in {State.DONE, State.UNDER_WAY}
        if again:
            task = _refresher(task)
            tasks.append(task)
            links.append(Link(before=task.key, after=f"{unit}.golive", lag=step.lead, most=step.most))
        if again or step.kind is TaskKind.GATE:
            links.append(Link(before=chain, after=task.key, lag=max(0, ahead - step.lead) if step.lead else 0))
        if step.kind is TaskKind.GATE:
            chain, ahead = task.key, step.lead
        elif again:
            links.append(Link(before=task.key, after=f"{unit}.go"))
    return tasks, links


def _refresher(task: Task) -> Task:
    low, likely, high = task.estimate.low, task.estimate.likely, task.estimate.high
    if task.kind is not TaskKind.TRAINING:
        return msgspec.structs.replace(task, key=task.key + AGAIN, name=f"{task.name} på nytt")
    half = Estimate(-(-low // 2), -(-likely // 2), -(-high // 2))
    return msgspec.structs.replace(task, key=task.key + AGAIN, name=f"{task.name}: oppfriskning", estimate=half)


def criteria(programme: Programme) -> Iterable[str]:
    """The keys of all criteria that corrections answer to."""
    for each in programme.told["correction"]:
        yield from each["criterion"]
