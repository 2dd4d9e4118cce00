"""What is wrong with a plan as it is written, before anybody reckons with it: in words, naming what and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from felles.rollout.plan import Plan, Task

KINDS = ("FS", "SS", "FF", "SF")


class UnsoundPlanError(ValueError):
    """A plan that cannot be reckoned with; `faults` says everything that is wrong, each in Norwegian words."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def sound(plan: Plan) -> Plan:
    """The plan itself. UnsoundPlanError where anything is wrong with it."""
    if faults := [*_names(plan), *_tasks(plan), *_links(plan), *_amounts(plan)]:
        raise UnsoundPlanError(faults)
    if circle := circular(plan):
        raise UnsoundPlanError([f"Oppgavene venter på hverandre i ring: {' → '.join(circle)}"])
    return plan


def _names(plan: Plan) -> Iterator[str]:
    for what, keys in (
        ("Enheten", [unit.key for unit in plan.units]),
        ("Oppgaven", [task.key for task in plan.tasks]),
        ("Kapasiteten", [capacity.key for capacity in plan.capacities]),
        ("Kalenderen", [calendar.key for calendar in plan.calendars]),
    ):
        yield from (f"{what} {key} står to ganger" for key, count in Counter(keys).items() if count > 1)
    units = {unit.key for unit in plan.units}
    yield from (
        f"Enheten {u.key} ligger under {u.parent}, som ikke finnes"
        for u in plan.units
        if u.parent not in {None, *units}
    )
    yield from (
        f"Bølgen {w.key} har enheten {u}, som ikke finnes" for w in plan.waves for u in w.units if u not in units
    )


def _tasks(plan: Plan) -> Iterator[str]:
    units = {unit.key for unit in plan.units}
    calendars = {calendar.key for calendar in plan.calendars}
    for task in plan.tasks:
        if task.unit not in units:
            yield f"Oppgaven {task.key} gjelder enheten {task.unit}, som ikke finnes"
        yield from (
            f"Oppgaven {task.key} har kalenderen {c}, som ikke finnes"
            for c in (task.calendar, task.starts)
            if c and c not in calendars
        )
        low, likely, high = task.estimate.low, task.estimate.likely, task.estimate.high
        if not 0 <= low <= likely <= high:
            yield f"Oppgaven {task.key} har varigheten {low}–{likely}–{high}; den må stige fra laveste til høyeste"
        yield from _dates(plan, task)


def _dates(plan: Plan, task: Task) -> Iterator[str]:
    if task.not_before and task.not_before > plan.last:
        yield f"Oppgaven {task.key} kan først begynne {task.not_before:%d.%m.%Y}, etter planens siste dag"
    if task.fixed and task.key not in plan.dates:
        yield f"Oppgaven {task.key} er låst, men har ingen dato"
    if (span := plan.dates.get(task.key)) and span.end < span.start:
        yield f"Oppgaven {task.key} slutter {span.end:%d.%m.%Y}, før den begynner {span.start:%d.%m.%Y}"


def _links(plan: Plan) -> Iterator[str]:
    tasks = {task.key for task in plan.tasks}
    for link in plan.links:
        yield from (
            f"En avhengighet viser til oppgaven {key}, som ikke finnes"
            for key in (link.before, link.after)
            if key not in tasks
        )
        if link.kind not in KINDS:
            yield f"Avhengigheten {link.before} → {link.after} har slaget {link.kind}; det må være {', '.join(KINDS)}"


def _amounts(plan: Plan) -> Iterator[str]:
    most = {each.key: max((level.amount for level in each.levels), default=0) for each in plan.capacities}
    for task in plan.tasks:
        for key, amount in task.needs.items():
            if key not in most:
                yield f"Oppgaven {task.key} trenger kapasiteten {key}, som ikke finnes"
            elif amount > most[key]:
                yield f"Oppgaven {task.key} trenger {amount} av {key}, men det er aldri mer enn {most[key]}"


def circular(plan: Plan) -> list[str]:
    """The keys of tasks that wait for each other in a ring, first and last the same; empty where there is none."""
    after: dict[str, list[str]] = {}
    for link in plan.links:
        after.setdefault(link.before, []).append(link.after)
    done: set[str] = set()
    for root in sorted(after):
        path: list[str] = []
        on_path: set[str] = set()
        stack = [(root, iter(after[root]))] if root not in done else []
        if stack:
            path, on_path = [root], {root}
        while stack:
            here, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                path.pop()
                on_path.discard(here)
                done.add(here)
            elif following in on_path:
                return [*path[path.index(following) :], following]
            elif following not in done:
                stack.append((following, iter(after.get(following, ()))))
                path.append(following)
                on_path.add(following)
    return []
