"""A case for a board: the evidence of a day, what the gates answer, and the plans that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from felles.rollout.alternative import Proposal, municipal, proposal, proposals
from felles.rollout.cause import adjusted, postponed
from felles.rollout.criterion import criteria, gate
from felles.rollout.plan import Plan, TaskKind, UnitKind
from felles.rollout.programme import Programme
from felles.rollout.replan import Aim
from felles.rollout.simulation import lived
from felles.rollout.soundness import sound
from felles.rollout.verdict import Answer, Reading, answered, light, reds, words


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the board's paper: case number, when it was asked for, is due and is decided."""

    case: str
    asked: date
    due: date
    meeting: date
    postponed: tuple[str, ...]
    source: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The whole: `answers` by unit of the next gate of each that has not gone live; `proposals`, the first of which is
    recommended; `standing`: the old plan's chance of each date, before any evidence."""

    paper: Paper
    old: Plan
    readings: tuple[Reading, ...]
    answers: dict[str, Answer]
    proposals: tuple[Proposal, ...]
    standing: dict[str, float]

    def asked(self) -> list[tuple[str, Answer]]:
        """The answers in the order of the plan's units."""
        return [(unit.key, self.answers[unit.key]) for unit in self.old.units if unit.key in self.answers]

    @property
    def recommended(self) -> Proposal:
        return next(each for each in self.proposals if each.plan is not None)


def aims(programme: Programme) -> list[Aim]:
    """The alternatives that a description asks for."""
    return msgspec.convert(programme.told["alternative"], list[Aim], strict=False)


def units(plan: Plan) -> list[str]:
    """Who has not gone live on the status date, and has begun to prepare."""
    return [unit for unit, task in plan.go_lives().items() if plan.dates[task.key].start >= plan.status]


def asked(plan: Plan, unit: str) -> str | None:
    """The step of the gate that a unit faces next, or has just passed; None before its first."""
    gates = [task for task in plan.tasks if task.unit == unit and task.kind is TaskKind.GATE]
    passed = [task for task in gates if plan.dates[task.key].start <= plan.status]
    ahead = [task for task in gates if plan.dates[task.key].start > plan.status]
    if not passed:
        return None
    return (ahead or passed)[0].key.partition(".")[2]


def answers(plan: Plan, source: str, readings: Sequence[Reading]) -> dict[str, Answer]:
    """What the next gate answers of each unit that is far enough."""
    found = {}
    for key in units(plan):
        step, unit = asked(plan, key), plan.unit(key)
        if step is None:
            continue
        asks = gate(step, unit.kind)
        if unit.kind is UnitKind.MUNICIPALITY:
            asks = _concerning(asks, plan, key, readings)
        found[key] = answered(asks, key, source, readings, plan.status)
    return found


def _concerning(asks: Any, plan: Plan, unit: str, readings: Sequence[Reading]) -> Any:
    """A municipality is asked for its interim routes where its hospital goes live after it."""
    live = plan.go_lives()
    hospital = live.get(plan.unit(unit).hospital or "")
    later = hospital is not None and plan.dates[hospital.key].start > plan.dates[live[unit].key].start
    tested = any(each.criterion == "interim-routes" and each.unit == unit and each.whole for each in readings)
    if later or tested:
        return asks
    hard = tuple(key for key in asks.hard if key != "interim-routes")
    return msgspec.structs.replace(asks, hard=hard)


def case(programme: Programme, readings: Sequence[Reading]) -> Case:
    """The case of a programme's status date, from evidence alone."""
    old, paper = sound(programme.plan()), msgspec.convert(programme.told["paper"], Paper)
    found = answers(old, paper.source, readings)
    moved = postponed(old, paper.postponed)
    stopped = {unit: answer for unit, answer in found.items() if unit in moved}
    plan = sound(adjusted(programme, old, reds(stopped), paper.source, moved if stopped else set()))
    untouched = {unit.key for unit in old.units} - moved - {paper.source}
    made = proposals(old, plan, aims(programme), untouched) if reds(stopped) else []
    return Case(
        paper=paper, old=old, readings=tuple(readings), answers=found, proposals=tuple(made),
        standing=lived(old).kept(),
    )  # fmt: skip


def attempted(case: Case, task: str, day: date, seconds: float = 2.0) -> Proposal:
    """What follows if a task begins on a day: the other units' dates stand, save those that the case moves anyhow.
    Nothing is kept."""
    base = case.recommended.plan if case.proposals else None
    plan = msgspec.structs.replace(base or case.old, dates=case.old.dates, pauses={})
    moved = postponed(case.old, case.paper.postponed) if base else set()
    unit = plan.task(task).unit
    untouched = {each.key for each in plan.units} - moved - {case.paper.source, unit}
    aim = Aim(key="try", name="Prøvd dato", sure=0.0, not_before={task: day}, not_after={task: day})
    return proposal(case.old, plan, aim, untouched, seconds=seconds)


def told(case: Case) -> dict[str, Any]:
    """The case as one object: gate verdicts with counted rows; for every unit kind, old date, new date and reason."""
    first = case.recommended
    return {
        "exercise": case.old.exercise,
        "status": case.old.status,
        "case": case.paper.case,
        "verdicts": [_verdict(case, unit, answer) for unit, answer in case.asked()],
        "units": [_unit(case, each) for each in first.dates],
        "alternatives": [_alternative(each) for each in case.proposals],
        "recommended": first.aim.key,
        "tasks": {"old": len(case.old.tasks), "changed": len(first.changed), "new": len(first.new)},
        "municipal_dates_moved": len(municipal(first)),
    }


def _verdict(case: Case, unit: str, answer: Answer) -> dict[str, Any]:
    readings = {reading.criterion: reading for reading in answer.readings}
    rows = []
    for key, lit in answer.lights():
        reading = readings.get(key)
        rows.append(
            {
                "criterion": key,
                "name": criteria()[key].name,
                "hard": key in answer.hard,
                "light": lit,
                "limit": criteria()[key].limit,
                "part": reading.part if reading else None,
                "whole": reading.whole if reading else None,
                "value": reading.measured() if reading else None,
                "interval": reading.interval() if reading else None,
                "newest": reading.newest if reading else None,
                "rows": reading.rows if reading else None,
                "words": words(criteria()[key], reading),
            }
        )
    place = case.old.unit(unit)
    return {
        "unit": unit, "name": place.name, "kind": place.kind, "gate": answer.step, "go": answer.go, "red": answer.red,
        "score": answer.score, "needed": answer.needed, "seal": answer.seal, "criteria": rows,
    }  # fmt: skip


def _unit(case: Case, each: Any) -> dict[str, Any]:
    unit = case.old.unit(each.unit)
    return {
        "unit": each.unit, "name": unit.name, "kind": unit.kind, "old": each.old, "new": each.new,
        "moved": each.moved, "kept": each.kept, "p50": each.p50, "p80": each.p80, "reason": each.reason,
        "assumed": unit.assumed or None,
    }  # fmt: skip


def _alternative(each: Proposal) -> dict[str, Any]:
    return {
        "key": each.aim.key, "name": each.aim.name, "possible": each.plan is not None, "conflict": each.conflict,
        "cost": {**msgspec.to_builtins(each.cost), "total": each.cost.total}, "changed": len(each.changed),
        "gap": round(each.gap, 4), "seconds": round(each.seconds, 1),
        "dates": {one.unit: {"new": one.new, "kept": one.kept} for one in each.moved},
    }  # fmt: skip


def reading_light(case: Case, reading: Reading) -> str:
    """The light of a reading on the case's day."""
    return light(criteria()[reading.criterion], reading, case.old.status)
