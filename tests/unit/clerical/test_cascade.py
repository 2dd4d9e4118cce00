"""New times when somebody is away: deadlines first, no time twice, the smallest change, and why where there is none."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from felles.clerical.cascade import UNPLACED, Visit, Why, cost, dealt
from felles.clerical.vacancy import MINUTE, Offer
from felles.duties.calendar import NORWAY

MONDAY = date(2026, 3, 2)


def at(day: int, hour: int = 9) -> int:
    return NORWAY.moment(MONDAY + timedelta(days=day)) + hour * 60 * MINUTE


def visit(name: str, day: int = 0, deadline: int | None = None, form: str = "", service: str = "") -> Visit:
    until = None if deadline is None else MONDAY + timedelta(days=deadline)
    return Visit(name, f"Patient/{name}", at(day), at(day) + 30 * MINUTE, "", "Kontroll", form, until, service)


def offer(name: str, day: int, hour: int = 9) -> Offer:
    return Offer(at(day, hour), at(day, hour) + 30 * MINUTE, (f"Slot/{name}",))


def test_who_has_a_deadline_gets_the_time_before_it() -> None:
    free = {(30, ""): [offer("soon", 1), offer("late", 30)]}
    made = dealt([visit("calm"), visit("pressed", deadline=5)], free)
    assert [one.offer and one.offer.slots[0] for one in made] == ["Slot/late", "Slot/soon"]
    assert not any(one.late for one in made)


def test_who_cannot_have_one_is_told_why() -> None:
    free = {(30, ""): [offer("only", 1)]}
    calm, pressed, special, group = dealt(
        [visit("calm"), visit("pressed", deadline=9), visit("special", service="mri"), visit("group", form="group")],
        {**free, (30, "mri"): []},
    )
    assert (calm.offer, calm.why) == (None, Why.NOT_ENOUGH) and pressed.offer is not None
    assert special.why is Why.NOTHING_FREE and group.why is Why.GROUP


def test_a_broken_deadline_is_said_and_is_better_than_no_time() -> None:
    (one,) = dealt([visit("pressed", deadline=3)], {(30, ""): [offer("late", 20)]})
    assert one.offer is not None and one.late


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 12)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 14), st.integers(8, 15)), min_size=4, max_size=6, unique=True),
)
def test_nothing_cheaper_exists(who: list[tuple[int, int | None]], when: list[tuple[int, int]]) -> None:
    """Where there is a time for everybody: the same total as the best of all ways to give them out."""
    visits = [visit(f"p{place}", day, deadline) for place, (day, deadline) in enumerate(who)]
    offers = [offer(f"s{place}", day, hour) for place, (day, hour) in enumerate(when)]
    made = dealt(visits, {(30, ""): offers})
    taken = [one.offer.slots[0] for one in made if one.offer]
    assert len(taken) == len(visits) == len(set(taken))
    best = min(sum(map(cost, visits, some)) for some in permutations(offers, len(visits)))
    assert sum(cost(one.visit, one.offer) for one in made if one.offer) == best


@given(st.integers(0, 200), st.none() | st.integers(-10, 10))
def test_any_time_costs_less_than_none(day: int, deadline: int | None) -> None:
    assert 0 <= cost(visit("one", 0, deadline), offer("far", day)) < UNPLACED
