"""A plan as it is written: what is wrong with it is named; the same plan is the same bytes."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from felles.rollout.exercise import midt
from felles.rollout.plan import Estimate, Level, Link, Plan, Span, Task, decoded, encoded
from felles.rollout.soundness import UnsoundPlanError, sound
from felles.rollout.timeline import Timeline
from felles.rollout.validity import violations


def changed(plan: Plan, key: str, **changes: object) -> Plan:
    tasks = [msgspec.structs.replace(task, **changes) if task.key == key else task for task in plan.tasks]
    return msgspec.structs.replace(plan, tasks=tuple(tasks))


def test_the_exercise_s_old_plan_is_sound_and_keeps_what_it_says() -> None:
    plan = sound(midt().plan())
    assert violations(plan) == []
    live = {unit: plan.dates[task.key].start for unit, task in plan.go_lives().items()}
    assert live["levanger-sh"] == live["levanger"] == date(2023, 2, 11)
    assert live["volda-sh"] == date(2023, 4, 29)
    assert sum(day == date(2023, 11, 4) for day in live.values()) == 10


def test_a_plan_is_read_back_as_it_was_written() -> None:
    plan = midt().plan()
    assert decoded(encoded(plan)) == plan
    assert encoded(decoded(encoded(plan))) == encoded(plan)


def test_a_stored_plan_that_is_not_one_is_refused_with_the_place() -> None:
    spoilt = encoded(midt().plan()).replace(b'"estimate":[24,30,42]', b'"estimate":[24,"30",42]', 1)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.tasks\[\d+\]\.estimate"):
        decoded(spoilt)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda p: changed(p, "molde.build", unit="nowhere"), "nowhere, som ikke finnes"),
        (lambda p: changed(p, "molde.build", needs={"pilots": 1}), "kapasiteten pilots, som ikke finnes"),
        (lambda p: changed(p, "molde.build", needs={"crew": 400}), "trenger 400 av crew"),
        (lambda p: changed(p, "molde.build", estimate=Estimate(9, 3, 20)), "stige fra laveste til høyeste"),
        (lambda p: changed(p, "molde.build", not_before=date(2031, 1, 1)), "etter planens siste dag"),
        (lambda p: changed(p, "molde.build", calendar="moon"), "kalenderen moon, som ikke finnes"),
        (
            lambda p: msgspec.structs.replace(p, links=(*p.links, Link(before="molde.go", after="molde.survey"))),
            "venter på hverandre i ring: molde.",
        ),
        (lambda p: msgspec.structs.replace(p, tasks=(*p.tasks, p.tasks[0])), "står to ganger"),
        (
            lambda p: msgspec.structs.replace(
                p, dates=p.dates | {"molde.go": Span(date(2023, 3, 2), date(2023, 3, 1))}
            ),
            "før den begynner",
        ),
    ],
)
def test_what_is_wrong_is_named(fault: object, words: str) -> None:
    with pytest.raises(UnsoundPlanError, match=words.replace("(", r"\(")):
        sound(fault(midt().plan()))  # type: ignore[operator]


def test_the_checker_finds_what_a_plan_does_not_keep() -> None:
    plan = midt().plan()
    moved = plan.dates | {"molde.golive": Span(date(2023, 11, 5), date(2023, 12, 1))}
    said = violations(msgspec.structs.replace(plan, dates=moved))
    assert any("molde.golive kan ikke begynne 05.11.2023" in words for words in said)
    assert any("ikke samme oppstart" in words for words in said)
    early = plan.dates | {"molde.gate90": Span(date(2023, 6, 9), date(2023, 6, 9))}
    assert any("molde.gate90" in words for words in violations(msgspec.structs.replace(plan, dates=early)))
    fewer = [msgspec.structs.replace(x, levels=(Level(plan.first, 11),)) for x in plan.capacities]
    assert any("Støttelag" in words for words in violations(msgspec.structs.replace(plan, capacities=tuple(fewer))))


def test_days_are_norwegian_working_days_and_leap_days_count() -> None:
    plan = Plan(
        key="p", title="p", status=date(2024, 2, 28), first=date(2024, 2, 26), last=date(2024, 5, 31), units=(),
        tasks=(Task(key="t", name="t", unit="u", kind=midt().plan().tasks[0].kind, estimate=Estimate(1, 1, 1)),),
    )  # fmt: skip
    days = Timeline(plan).days
    assert date(2024, 2, 29) in days
    assert not {date(2024, 3, 28), date(2024, 3, 29), date(2024, 4, 1), date(2024, 5, 1), date(2024, 5, 17)} & set(days)
