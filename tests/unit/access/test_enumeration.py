"""Asking in vain again and again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.access.enumeration import VAIN, Enumeration
from felles.access.who import Kind, Purpose, Who
from felles.record.outcome import Problem

SECOND = 1_000_000
NOW = 1_700_000_000 * SECOND
NURSE, OTHER = (Who(f"Practitioner/{one}", one, Kind.STAFF) for one in ("nurse", "other"))
PROGRAM = Who("Device/program", "", Kind.SYSTEM, purpose=Purpose.SYSTEM)


def test_whoever_tries_ids_waits_and_nobody_else_does() -> None:
    counted = Enumeration()
    for _ in range(VAIN.turns):
        counted.require(NURSE, NOW)
        counted.count(NURSE, 404, 1, NOW)
    with pytest.raises(Problem) as refused:
        counted.require(NURSE, NOW)
    assert refused.value.status == 429
    assert int(refused.value.headers["retry-after"]) >= 1
    counted.require(OTHER, NOW)
    counted.require(NURSE, NOW + 2 * SECOND)


def test_answers_that_give_something_and_programs_are_not_counted() -> None:
    counted = Enumeration()
    for _ in range(3 * VAIN.turns):
        counted.count(NURSE, 200, 5, NOW)
        counted.count(PROGRAM, 404, 5, NOW)
    counted.require(NURSE, NOW)
    counted.require(PROGRAM, NOW)


@given(st.lists(st.integers(0, 1_000), max_size=30))
def test_nobody_waits_longer_than_the_bucket_takes_to_empty(met: list[int]) -> None:
    counted = Enumeration()
    for one in met:
        counted.count(NURSE, 403, one, NOW)
    counted.require(NURSE, NOW + (VAIN.turns + 1) * VAIN.step)
