"""The pure core: what an act makes of a duty, who stays where, what an undo takes back, how a duty is drawn."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.duties.calendar import NORWAY
from felles.duties.deadline import Days, Minutes, WorkingDays
from felles.duties.deed import Owe, new
from felles.duties.duty import Act, Duty, Outcome, Owner, State, closed, escalated, handed, left, reopened, voided
from felles.duties.entry import Entry, undoable
from felles.duties.escalation import Level, Step, moments
from felles.duties.kind import Kind, declare, kind_of
from felles.duties.owner import GONE, until
from felles.duties.reading import named
from felles.duties.serial import Serial, number_of, stable, task_id
from felles.duties.task import task
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.validation import validate

KIND = declare(
    Kind(
        9_100, "test-unit", "Prøve", Minutes(30), (Step(Level.REGION, Minutes(20)), Step(Level.SUBSTITUTE, Minutes(10)))
    )
)
WARD, CLINIC, REGION = "Organization/ward", "Organization/clinic", "Organization/region"
NOW = 1_795_000_000_000_000
MINUTE = 60_000_000


def duty(owner: Owner | None = None, now: int = NOW) -> Duty:
    return new(Owe(KIND, "ServiceRequest/r", WARD), owner or Owner(key64(WARD)), now)


def test_steps_are_taken_in_the_order_of_their_moments() -> None:
    one = duty()
    assert one.moments == ((Level.SUBSTITUTE, NOW + 40 * MINUTE), (Level.REGION, NOW + 50 * MINUTE))
    assert (one.due, one.next) == (NOW + 30 * MINUTE, NOW + 40 * MINUTE)
    first = escalated(one, NOW + 40 * MINUTE, None, None)
    assert (first.level, first.next, first.in_pool(NOW)) == (Level.SUBSTITUTE, NOW + 50 * MINUTE, True)
    second = escalated(first, NOW + 50 * MINUTE, 7, None)
    assert (second.level, second.watch, second.next) == (Level.REGION, 7, None)


def test_steps_may_be_counted_from_the_opening() -> None:
    steps = (Step(Level.LEADER, Days(0), from_start=True),)
    assert moments(steps, NOW, NOW + 10 * MINUTE)[0][1] == NORWAY.moment(NORWAY.day(NOW + 86_400_000_000))


def test_time_in_the_ledger_never_runs_back() -> None:
    done = closed(duty(), NOW - 10**12, Outcome.OK)
    assert (done.moment, done.day) == (NOW, NORWAY.day_number(NOW))


def test_a_closed_duty_keeps_nothing_that_only_an_open_one_needs() -> None:
    done = closed(duty(Owner(key64(WARD), 5, NOW + 1, 6)), NOW, Outcome.PROVED, proof=9)
    assert (done.steps, done.next, done.until, done.substitute, done.watch) == (None,) * 5
    assert (done.state, done.person, done.proof) == (State.DONE, 5, 9)


@pytest.mark.parametrize("act", [closed, handed, voided, reopened])
def test_what_is_closed_is_not_closed_again(act: Any) -> None:
    done = voided(duty(), NOW, None, "no")
    arguments: dict[Any, tuple[Any, ...]] = {
        closed: (NOW, Outcome.OK), handed: (NOW, Owner(1), None, None), voided: (NOW, None, "x"),
        reopened: (NOW, (), None, None),
    }  # fmt: skip
    with pytest.raises(Problem, match="409"):
        act(done, *arguments[act])


def test_the_next_moment_is_the_step_or_the_day_of_leaving() -> None:
    one = duty(Owner(key64(WARD), 5, NOW + MINUTE))
    assert one.next == NOW + MINUTE
    assert not one.in_pool(NOW) and one.in_pool(NOW + MINUTE)
    assert left(one, NOW + MINUTE).next == NOW + 40 * MINUTE


def role(place: str, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": "x",
        "practitioner": {"reference": "Practitioner/p"},
        "organization": {"reference": place},
        **members,
    }


LINES = {
    WARD: [WARD, CLINIC, REGION],
    CLINIC: [CLINIC, REGION],
    REGION: [REGION],
    "Organization/other": ["Organization/other"],
}


@pytest.mark.parametrize(
    ("roles", "end"),
    [
        ([], GONE),
        ([role(WARD)], None),
        ([role(REGION)], None),
        ([role("Organization/other")], GONE),
        ([role(WARD, active=False)], GONE),
        ([role(WARD, period={"start": "2099-01-01"})], GONE),
        ([role(WARD, period={"end": "2020-01-01"}), role(CLINIC)], None),
    ],
)
def test_who_stays_where(roles: list[dict[str, Any]], end: int | None) -> None:
    assert until(roles, LINES[WARD], LINES, NOW) == end


def test_the_last_end_of_several_roles_counts() -> None:
    roles = [role(WARD, period={"end": "2030-01-01"}), role(CLINIC, period={"end": "2031-01-01"})]
    assert until(roles, LINES[WARD], LINES, NOW) == until(roles[1:], LINES[WARD], LINES, NOW)


def test_a_role_below_counts_above() -> None:
    assert until([role(WARD)], LINES[CLINIC], LINES, NOW) is None


def entry(turn: int, act: Act) -> Entry:
    return Entry(turn, 0, act, 1, None, NOW, 0, None, 0, None, None)


@pytest.mark.parametrize(
    ("acts", "turn"),
    [
        ((Act.OPEN,), 1),
        ((Act.OPEN, Act.HAND, Act.ESCALATE, Act.LEFT), 2),
        ((Act.OPEN, Act.HAND, Act.CLOSE, Act.REOPEN), 2),
        ((Act.OPEN, Act.HAND, Act.RETURN), 1),
        ((Act.OPEN, Act.VOID), None),
        ((Act.OPEN, Act.CLOSE, Act.REOPEN, Act.CLOSE), 4),
    ],
)
def test_an_undo_takes_back_the_last_that_stands(acts: tuple[Act, ...], turn: int | None) -> None:
    found = undoable([entry(number, act) for number, act in enumerate(acts, 1)])
    assert (found.turn if found else None) == turn


@given(st.integers(0, (1 << 63) - 1))
def test_a_task_names_its_duty(number: int) -> None:
    assert number_of(task_id(number)) == number


def test_other_tasks_name_none() -> None:
    assert [number_of(id) for id in ("duty-", "duty-x", "duty-1\n", "1", "duty-11111111111111111")] == [None] * 5


def test_numbers_grow_and_fit() -> None:
    serial = Serial()
    numbers = [serial.next() for _ in range(10_000)]
    assert numbers == sorted(set(numbers)) and numbers[-1] < 1 << 63
    assert stable("a", "b") == stable("a", "b") != stable("a", "c") and stable("a", "b") >= 0


def test_a_kind_keeps_its_number() -> None:
    assert kind_of(KIND.number) is KIND and declare(KIND) is KIND
    with pytest.raises(ValueError, match="taken"):
        declare(Kind(KIND.number, "other", "x", WorkingDays(1)))
    with pytest.raises(LookupError):
        kind_of(32_000)


@pytest.mark.parametrize("level", Level)
def test_what_is_drawn_is_a_valid_task(level: Level) -> None:
    known = named(WARD, "Practitioner/p", "ServiceRequest/r", "Patient/k")
    one = replace(duty(Owner(key64(WARD), key64("Practitioner/p"))), level=level)
    proved = closed(one, NOW, Outcome.PROVED, proof=key64("ServiceRequest/r"))
    for state in (
        one,
        proved,
        closed(one, NOW, Outcome.NOT_OK, reason="no"),
        voided(one, NOW, None, "x"),
        left(one, NOW),
    ):
        drawn = task(state, KIND, known)
        assert [issue for issue in validate("Task", drawn) if issue.severity in ("error", "fatal")] == []
