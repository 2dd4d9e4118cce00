"""How often somebody may, as arithmetic."""

from hypothesis import given
from hypothesis import strategies as st

from felles.access.limit import SECOND, Limit


@given(
    st.builds(Limit, st.just("x"), st.integers(1, 20), st.integers(1, 600)),
    st.lists(st.integers(0, 900), min_size=1, max_size=80),
)
def test_never_more_than_the_bucket_holds_and_what_has_come_since(limit: Limit, gaps: list[int]) -> None:
    until, now, taken = 0, 1_000_000_000 * SECOND, []
    for gap in gaps:
        now += gap * SECOND
        if limit.wait(until, now) == 0:
            until = limit.after(until, now)
            taken.append(now)
    for first, start in enumerate(taken):
        for last, end in enumerate(taken[first:], first):
            assert last - first + 1 <= limit.turns + (end - start) / limit.step


@given(st.integers(1, 20), st.integers(1, 600))
def test_who_has_waited_gets_a_turn(turns: int, seconds: int) -> None:
    limit, now, until = Limit("x", turns, seconds), 10**15, 0
    for _ in range(turns):
        assert limit.wait(until, now) == 0
        until = limit.after(until, now)
    wait = limit.wait(until, now)
    assert wait > 0
    assert limit.wait(until, now + wait * SECOND) == 0
    assert limit.wait(until, now + (wait - 1) * SECOND) > 0
