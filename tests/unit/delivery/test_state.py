"""The life of a delivery: every state has an answer to every event, and no word is said too early."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from felles.delivery.state import STATUS, STEPS, TERMINAL, Event, State, after, reachable

EVENTS = st.lists(st.sampled_from(Event), max_size=30)


def lived(events: list[Event]) -> tuple[State, list[tuple[Event, State]]]:
    """The state after the events that were possible, and those events."""
    state, done = State.QUEUED, []
    for event in events:
        following = after(state, event)
        if following is not None:
            state = following
            done.append((event, state))
    return state, done


@given(EVENTS)
def test_nothing_is_delivered_that_no_receiver_accepted_nor_sent_that_no_transport_had(events: list[Event]) -> None:
    state, done = lived(events)
    said = {event for event, _ in done}
    if state is State.DELIVERED:
        assert Event.ACCEPT in said
    if state is State.SENT:
        assert Event.ACKNOWLEDGE in said
    if state is State.SETTLED:
        assert Event.SETTLE in said


@given(EVENTS)
def test_what_is_told_twice_changes_nothing_the_second_time(events: list[Event]) -> None:
    state, _ = lived(events)
    for event in Event:
        once = after(state, event)
        if once is not None:
            assert after(once, event) in (once, None)


@given(EVENTS)
def test_a_void_letter_stays_void_and_one_that_left_is_never_void(events: list[Event]) -> None:
    state, done = lived(events)
    if State.VOID in [one for _, one in done]:
        assert state is State.VOID
    assert after(State.SENT, Event.VOID) is None and after(State.DELIVERED, Event.VOID) is None


def test_each_state_that_is_not_the_last_has_a_way_to_an_end() -> None:
    for state in State:
        seen, ahead = {state}, [state]
        while ahead:
            for one in STEPS[ahead.pop()].values():
                if one not in seen:
                    seen.add(one)
                    ahead.append(one)
        assert seen & TERMINAL, state
        assert state in STATUS
        assert reachable(state, state)
