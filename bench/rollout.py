"""The roll-out's planner: the case, a large plan made anew, PSPLIB, simulation, drawing (`python -m bench rollout`).

PSPLIB is read where FELLES_PSPLIB says (a folder of Patterson files and best_known_makespan.csv); without it those
figures are left out and said to be.
"""

from __future__ import annotations

import csv
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import msgspec
import numpy as np

from bench.figure import Figure
from felles.duties.calendar import holidays
from felles.rollout.buffer import sure
from felles.rollout.case import aims, case
from felles.rollout.cause import adjusted, criteria, postponed
from felles.rollout.exercise import midt
from felles.rollout.optimum import shortest
from felles.rollout.plan import Plan, Span, TaskKind
from felles.rollout.problem import problem
from felles.rollout.programme import Programme, described
from felles.rollout.replan import Aim, dated, replanned
from felles.rollout.simulation import USUAL, Risk, lived
from felles.rollout.standing import standing
from felles.rollout.validity import violations
from felles.rollout.verdict import Reading
from felles.web.chart.gantt import gantt
from felles.web.page import templates

LIMIT = 10.0
"""Seconds for one instance of PSPLIB."""
PAIRS = 9
FOLDER = Path(os.environ.get("FELLES_PSPLIB", "../shared/data/psplib"))


@dataclass(frozen=True, slots=True)
class Size:
    """Units of the large plan, runs of the simulation, projects of the calibration, instances of each PSPLIB set."""

    units: int
    runs: int
    projects: int
    instances: int


FULL = Size(80, 20_000, 4_000, 1_000)
QUICK = Size(20, 2_000, 200, 1)


def told(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def spent(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    made = work()
    return time.perf_counter() - begun, made


def the_case() -> Figure:
    """Three alternatives with risk and cost, and what they move."""
    programme = midt()
    three = described({**programme.told, "alternative": programme.told["alternative"][:3]})
    red = [Reading(criterion=key, unit="stolav", taken=programme.told["status"], part=900, whole=1_000, value=9.0,
                   newest=programme.told["status"]) for key in criteria(programme)]  # fmt: skip
    seconds, made = spent(lambda: case(three, red))
    first = made.recommended
    moved = sum(made.old.unit(each.unit).kind.value == "municipality" for each in first.moved)
    share = 100 * len(first.changed) / len(made.old.tasks)
    assert len(aims(three)) == 3
    said = (
        f"{moved} municipal dates moved; {len(first.changed)} of {len(made.old.tasks)} tasks changed ({share:.0f} %); "
    )
    return Figure("case", "none", seconds, "s", note=said + f"gap {100 * first.gap:.1f} %; to reach: 60 s, 0, 30 %")


def region(units: int, seed: int = 1, gap: int = 8, long: int = 1) -> Programme:
    """A made-up programme of many units, 25 tasks each, with 30 capacities. `gap`: working days from one task's start
    to the next's; `long`: tasks so many times as long, whose units go live on any working day."""
    chance = random.Random(seed)
    steps = []
    for at in range(25):
        kind = {24: "go-live", 20: "gate", 15: "gate", 10: "gate"}.get(at, "preparation")
        days = 1 if kind == "gate" else 10 if at == 24 else chance.randint(3, 8) * long
        after = [f"s{at - 1}"] if at and chance.random() < 0.7 else [f"s{chance.randrange(at)}"] if at else []
        one, other = chance.sample(range(30), 2)
        steps.append({
            "key": "golive" if at == 24 else f"s{at}", "name": f"Steg {at}", "kind": kind,
            "before": 0 if at == 24 else gap * (25 - at),
            "estimate": [max(1, days * 9 // 10), days, max(days, days * 8 // 5)],
            "needs": {} if kind == "gate" else {f"c{one}": 1, f"c{other}": 2},
            "after": after if at < 24 else ["s23", "s20"], **({"starts": "start"} if at == 24 and long == 1 else {}),
        })  # fmt: skip
    first = date(2023, 1, 2)
    weekends = (first + timedelta(days=5 + 7 * week) for week in range(50, 70 + units))
    saturdays = [day for day in weekends if day not in holidays(day.year)]
    places = [{"key": f"u{n}", "name": f"Enhet {n}", "golive": saturdays[n]} for n in range(units)]
    return described({
        "key": "large", "title": "Stor plan", "status": date(2023, 6, 1), "first": first, "last": date(2027, 12, 31),
        "unit": [{"key": "midt", "name": "Region", "kind": "region"}], "hospital": [], "municipality": places,
        "capacity": [{"key": f"c{n}", "name": f"Gruppe {n}", "cost": 1} for n in range(30)], "stop": [], "step": steps,
        "hospital_needs": {},
    })  # fmt: skip


def large(size: Size) -> Figure:
    """Half of the units may not begin their last gate before a day: the rest keeps its dates."""
    plan = region(size.units).plan()
    moved = [unit.key for unit in plan.units if unit.key.startswith("u")][::2]
    late = {f"{unit}.s20": plan.dates[f"{unit}.s20"].start + timedelta(days=60) for unit in moved}
    aim = Aim(key="late", name="Senere", not_before=late)
    untouched = {unit.key for unit in plan.units} - set(moved)
    seconds, found = spent(lambda: replanned(plan, aim, untouched, 25))
    new = dated(found)
    wrong = violations(new)
    assert not wrong, wrong[:3]
    assert all(new.dates[task.key] == plan.dates[task.key] for task in plan.tasks if task.unit in untouched)
    changed = sum(new.dates[key] != span for key, span in plan.dates.items())
    note = f"{len(plan.tasks)} tasks, 30 capacities; gap to the bound {100 * found.gap:.1f} %; {changed} tasks changed"
    return Figure("replan", "none", seconds, "s", note=note + "; to reach: 60 s")


def psplib(name: str, size: Size) -> Figure | None:
    """The sample of a set, each instance for ten seconds, every schedule checked by itself."""
    best = FOLDER / "best_known_makespan.csv"
    if not best.exists():
        return None
    import psplib as reader  # type: ignore[import-untyped]

    with best.open(encoding="utf-8") as file:
        known = {row["instance"]: int(row["best_known_makespan"]) for row in csv.DictReader(file)}
    gaps, proved, slow = [], 0, []
    for instance in sorted(each for each in known if each.startswith(name.upper() + "_"))[: size.instances]:
        project = reader.parse(FOLDER / instance, "patterson")
        days = [each.modes[0].duration for each in project.activities]
        need = [each.modes[0].demands for each in project.activities]
        links = [(at, after, 0, 0) for at, each in enumerate(project.activities) for after in each.successors]
        free = [[one.capacity] * (sum(days) + 1) for one in project.resources]
        seconds, made = spent(lambda: shortest(problem(days, need, free, links), LIMIT))  # noqa: B023
        checked(days, need, [one.capacity for one in project.resources], links, made.start)
        gaps.append(made.end / known[instance] - 1)
        proved += made.optimal
        slow.append(seconds)
        told(f"  {instance}: {made.end} ({known[instance]}), {seconds:.1f} s")
    close = sum(gap <= 0.01 for gap in gaps)
    same = sum(gap <= 0 for gap in gaps)
    note = f"{len(gaps)} instances; {same} as the best known, {proved} proved, {close} within 1 %; "
    return Figure(f"psplib {name}", "none", 100 * mean(gaps), "% above best", note=note + f"longest {max(slow):.1f} s")


def checked(days: list[int], need: list[Any], free: list[int], links: list[Any], start: Any) -> None:
    """Raises AssertionError where a schedule breaks a link or a capacity; counted without the scheduler's own code."""
    assert all(start[after] >= start[before] + days[before] for before, after, _, _ in links)
    for day in range(int(max(start)) + 1):
        at = [task for task in range(len(days)) if start[task] <= day < start[task] + days[task]]
        assert all(sum(need[task][kind] for task in at) <= free[kind] for kind in range(len(free)))


def simulated(size: Size) -> list[Figure]:
    """The large plan lived through; and whether the days that four of five runs keep are kept by as many projects."""
    plan = region(80).plan()
    lived(plan, runs=500)
    times = sorted(spent(lambda: lived(plan, runs=size.runs))[0] for _ in range(PAIRS))
    note = (
        f"{size.runs} runs × {len(plan.tasks)} tasks, median of {PAIRS} ({times[0]:.2f}-{times[-1]:.2f}); to reach: 2 s"
    )
    share = calibrated(size.projects)
    said = f"{size.projects} held-out projects, each lived once by another program; to reach: 78 to 82"
    return [
        Figure("simulate", "none", times[PAIRS // 2], "s", note=note),
        Figure("simulate p80", "none", 100 * share, "% kept", note=said),
    ]


def calibrated(projects: int) -> float:
    """The share of made-up projects that end by their P80; what happens to each is drawn by numpy and followed here."""
    kept = 0
    for number in range(projects):
        plan, day = one_project(number)
        kept += happened(plan, number) <= day
    return kept / projects


def one_project(number: int) -> tuple[Plan, int]:
    """A small unit's plan whose tasks share nothing, and the day number by which four of five runs have gone live."""
    plan = region(1, 1_000 + number, gap=9, long=3).plan()
    tasks = tuple(msgspec.structs.replace(task, needs={}) for task in plan.tasks)
    plan = msgspec.structs.replace(plan, tasks=tasks, status=plan.first)
    made = lived(plan, runs=1_000, seed=number + 1)
    return plan, made.quantile("u0.golive", 0.8)


def happened(plan: Plan, number: int, risk: Risk = USUAL) -> int:
    """The day number on which the one unit goes live when its tasks take what numpy draws."""
    chance = np.random.default_rng(90_000 + number)
    stand = standing(plan)
    pace = float(np.exp(chance.standard_normal() * risk.pace))
    ends: dict[str, int] = {}
    for task in plan.tasks:
        begin = max(
            [stand.line.start(task) or 0, *(ends[link.before] for link in plan.links if link.after == task.key)]
        )
        if task.kind is TaskKind.GO_LIVE:
            return begin
        low, likely, high = task.estimate.low, task.estimate.likely, task.estimate.high
        if task.kind is TaskKind.GATE:
            tries = 1
            while tries < risk.tries and chance.random() >= risk.passed:
                tries += 1
            length = 1 + risk.again * (tries - 1)
        else:
            drawn = chance.triangular(low, likely, high) * pace if low < high else likely * pace
            length = int(np.floor(drawn + chance.random())) if likely > 1 else int(drawn)
        ends[task.key] = begin + length
    raise AssertionError("the unit never goes live")


def drawn(size: Size) -> Figure:
    """The chart of many units: what the server does for it."""
    plan = region(size.units).plan()
    moved = {key: Span(span.start, span.end) for key, span in plan.dates.items()}
    page = templates("nb").from_string('{% from "ui/gantt.html" import gantt with context %}{{ gantt(drawn, "x") }}')
    page.render(drawn=gantt(plan, moved))
    times = sorted(spent(lambda: page.render(drawn=gantt(plan, moved)))[0] for _ in range(PAIRS))
    note = (
        f"{size.units} units, {len(plan.tasks)} tasks, median of {PAIRS} ({1e3 * times[0]:.0f}-{1e3 * times[-1]:.0f})"
    )
    return Figure("gantt", "none", 1e3 * times[PAIRS // 2], "ms", note=note + "; to reach: 200 ms")


def warmed() -> None:
    """What is compiled on first use is compiled before the clock runs."""
    programme = midt()
    old = programme.plan()
    moved = postponed(old, ["hnt", "hmr"])
    plan = adjusted(programme, old, list(criteria(programme)), "stolav", moved)
    sure(plan, Aim(key="warm", name="", sure=0.0), {unit.key for unit in old.units} - moved - {"stolav"}, 0.5)
    shortest(problem([1, 1], [[1], [1]], [[1] * 4], [(0, 1, 0, 0)]), 0.1)


def measure(quick: bool) -> tuple[list[Figure], dict[str, Any]]:
    """All figures, and what a reader must know of the run."""
    size = QUICK if quick else FULL
    warmed()
    figures = []
    if not quick:
        told("case")
        figures.append(the_case())
    told("replan")
    figures.append(large(size))
    for name in ("j30", "j60", "j120"):
        told(f"psplib {name}")
        if made := psplib(name, size):
            figures.append(made)
    told("simulate")
    figures += simulated(size)
    figures.append(drawn(size))
    return figures, {"psplib": "read" if FOLDER.exists() else "not here", "size": str(msgspec.to_builtins(size))}
