"""A plan made anew: who is untouched does not move, what moves keeps everything that the plan says, and why is told."""

from __future__ import annotations

from datetime import date
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from felles.rollout.buffer import sure
from felles.rollout.cause import adjusted, criteria, postponed
from felles.rollout.conflict import conflict
from felles.rollout.exercise import midt
from felles.rollout.plan import Capacity, Estimate, Level, Link, Plan, Task, TaskKind, Unit, UnitKind
from felles.rollout.reason import because
from felles.rollout.replan import Aim, ImpossiblePlanError, dated, replanned
from felles.rollout.simulation import lived
from felles.rollout.timeline import Timeline
from felles.rollout.validity import violations

LEAST = Aim(key="least", name="Minste endring")


@cache
def case() -> tuple[Plan, Plan, frozenset[str]]:
    """The old plan, the plan with what the evidence demands, and who is untouched."""
    programme = midt()
    old = programme.plan()
    moved = postponed(old, ["hnt", "hmr"])
    plan = adjusted(programme, old, list(criteria(programme)), "stolav", moved)
    return old, plan, frozenset({unit.key for unit in old.units} - moved - {"stolav"})


def test_the_trusts_move_later_and_no_municipality_moves() -> None:
    old, plan, untouched = case()
    found = replanned(plan, LEAST, untouched, 20)
    new = dated(found)
    assert violations(new) == []
    moved = {key for key, span in old.dates.items() if new.dates[key] != span}
    assert not {key for key in moved if old.task(key).unit in untouched}
    assert len(moved) <= 0.3 * len(old.tasks)
    for unit, task in old.go_lives().items():
        before, after = old.dates[task.key].start, new.dates[task.key].start
        assert after == before if unit in untouched else after > before
    assert found.bound <= found.cost


def test_history_stays_and_what_is_under_way_rests_and_goes_on() -> None:
    old, plan, untouched = case()
    new = dated(replanned(plan, LEAST, untouched, 20))
    assert all(new.dates[key] == span for key, span in old.dates.items() if span.end < old.status)
    training = "levanger-sh.training"
    assert new.dates[training].start == old.dates[training].start
    assert new.pauses[training].start == old.status
    assert new.dates[training].end > new.pauses[training].end


def test_the_dates_hold_with_the_probability_that_is_asked_for() -> None:
    _, plan, untouched = case()
    found, seen = sure(plan, LEAST, untouched, 4)
    kept = {key: share for key, share in seen.kept().items() if plan.task(key).unit not in untouched}
    assert all(share >= 0.78 for key, share in kept.items() if key.endswith(".golive"))
    again = lived(dated(found), untouched, runs=4_000, seed=7)
    assert all(abs(again.kept()[key] - kept[key]) < 0.05 for key in again.kept() if key in kept)


def test_the_same_seed_gives_the_same_numbers() -> None:
    old, _, _ = case()
    one, two = lived(old, runs=1_000, seed=3), lived(old, runs=1_000, seed=3)
    assert (one.starts == two.starts).all()
    assert (one.starts != lived(old, runs=1_000, seed=4).starts).any()
    assert (one.starts >= one.planned).all()


def test_a_date_that_cannot_be_kept_is_explained_by_a_smallest_set_of_demands() -> None:
    _, plan, untouched = case()
    summer = {f"{unit}.golive": date(2023, 6, 10) for unit in ("levanger-sh", "namsos-sh")}
    aim = msgspec.structs.replace(LEAST, not_after=summer)
    with pytest.raises(ImpossiblePlanError):
        replanned(plan, aim, untouched, 10)
    words = [demand.words for demand in conflict(plan, aim, untouched)]
    assert any("senest 10.06.2023" in each for each in words)
    assert any(each.startswith("Rette ") for each in words)
    assert len(words) <= 4
    assert conflict(plan, LEAST, untouched) == []


def test_a_go_live_says_what_it_waits_for() -> None:
    _, plan, untouched = case()
    line = Timeline(dated(replanned(plan, LEAST, untouched, 20)))
    said = because(line, "alesund-sh.golive")
    assert "Venter på" in said or "opptatt" in said
    assert "datoen står" in because(line, "molde.golive", untouched=True)


def test_without_red_criteria_nothing_is_added() -> None:
    old, _, _ = case()
    assert adjusted(midt(), old, [], "stolav", ["levanger-sh"]) is old


MONDAY = date(2023, 1, 2)


@st.composite
def small(draw: st.DrawFn) -> Plan:
    """Three units that share a capacity; the old dates are one after the other."""
    tasks, links = [], []
    for unit in ("a", "b", "c"):
        line = draw(st.lists(st.integers(1, 6), min_size=2, max_size=4))
        for at, days in enumerate(line):
            kind = TaskKind.GO_LIVE if at == len(line) - 1 else TaskKind.TRAINING
            need = {"crew": draw(st.integers(0, 2))}
            tasks.append(
                Task(key=f"{unit}{at}", name="x", unit=unit, kind=kind, estimate=Estimate(days, days, days), needs=need)
            )
            if at:
                links.append(Link(before=f"{unit}{at - 1}", after=f"{unit}{at}", lag=draw(st.integers(0, 3))))
    plan = Plan(
        key="p", title="p", status=MONDAY, first=MONDAY, last=date(2023, 12, 29), tasks=tuple(tasks),
        links=tuple(links), units=tuple(Unit(key=key, name=key, kind=UnitKind.HOSPITAL) for key in "abc"),
        capacities=(Capacity(key="crew", name="Lag", levels=(Level(MONDAY, 3),)),),
    )  # fmt: skip
    made = dated(replanned(plan, LEAST, (), 5))
    return msgspec.structs.replace(made, status=draw(st.dates(MONDAY, date(2023, 1, 20))))


@settings(max_examples=25, deadline=None)
@given(small(), st.integers(2, 3), st.integers(0, 4))
def test_whatever_changes_an_untouched_unit_never_moves(plan: Plan, crew: int, later: int) -> None:
    old, late = plan.dates, date(2023, 2, 1 + later)
    less = Capacity(key="crew", name="Lag", levels=(Level(MONDAY, 3), Level(date(2023, 3, 1), crew)))
    aim = msgspec.structs.replace(LEAST, not_before={task.key: late for task in plan.tasks if task.unit == "a"})
    plan = msgspec.structs.replace(plan, capacities=(less,))
    try:
        new = dated(replanned(plan, aim, {"b", "c"}, 5))
    except ImpossiblePlanError:
        assert conflict(plan, aim, {"b", "c"})
        return
    assert all(new.dates[key] == span for key, span in old.items() if key[0] in "bc")
    assert violations(new) == []
