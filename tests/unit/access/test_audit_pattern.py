"""Patterns of unusual reading: what raises a question, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.access.audit.pattern import Day, Facts, Identity, Pattern, findings, is_much
from felles.access.audit.row import Act, Result, Row

DOCTOR = "Practitioner/doctor"
TIND = Identity(frozenset(("tindeland",)), frozenset((("name", "tindeland", "ingrid", "1980-01-01"),)))
COUSIN = Identity(frozenset(("tindeland",)), frozenset((("name", "tindeland", "ola", ""),)))
NURSE = Identity(frozenset(("huldreng",)), frozenset((("number", "fnr", "1"),)))
FAMOUS = Identity(frozenset(("berg",)), protected=True)
FACTS = Facts({DOCTOR: TIND}, {DOCTOR: NURSE.marks}, {1: COUSIN, 2: NURSE, 3: FAMOUS, 4: TIND})


def found(*rows: tuple[Any, ...], facts: Facts = FACTS) -> list[tuple[Pattern, int, tuple[int, ...]]]:
    day = Day()
    for seq, (act, patients, *rest) in enumerate(rows, 1):
        result, ground, person = (*rest, *("", "", "")[len(rest) :])
        row = Row(seq, act, result or Result.OK, person or DOCTOR, ground=ground, patients=patients, department="O/u")
        day.add(seq, row)
    return [(one.pattern, one.patient, one.rows) for one in findings(1, day, facts)]


@pytest.mark.parametrize(
    ("patient", "pattern"),
    [(1, Pattern.SURNAME), (2, Pattern.COLLEAGUE), (3, Pattern.PROTECTED), (4, Pattern.OWN)],
)
def test_reading_without_writing_raises_a_question(patient: int, pattern: Pattern) -> None:
    assert found((Act.READ, [patient]), (Act.SEARCH, [patient, 9])) == [(pattern, patient, (1, 2))]


def test_who_has_written_has_had_something_to_do_there() -> None:
    for patient in (1, 2, 3):
        assert found((Act.READ, [patient]), (Act.CREATE, [patient])) == []
    assert found((Act.READ, [4]), (Act.UPDATE, [4])) == [(Pattern.OWN, 4, (1, 2))]


def test_a_common_surname_says_nothing() -> None:
    facts = Facts(FACTS.readers, {}, FACTS.patients, common=frozenset(("tindeland",)))
    assert found((Act.READ, [1]), facts=facts) == []


def test_an_emergency_is_a_reading_without_relation() -> None:
    assert found((Act.EMERGENCY, [8]), (Act.READ, [8], Result.OK, "emergency")) == [(Pattern.NO_RELATION, 8, (1, 2))]
    assert found((Act.READ, [8], Result.OK, "encounter")) == []


def test_many_refused_attempts_are_one_finding() -> None:
    tried = [(Act.READ, [patient], Result.REFUSED) for patient in range(20, 25)]
    assert found(*tried[:4]) == []
    assert found(*tried) == [(Pattern.ATTEMPTS, 0, (1, 2, 3, 4, 5))]


def test_patients_and_programs_are_not_looked_at() -> None:
    assert found((Act.READ, [1], Result.OK, "", "Patient/1"), (Act.READ, [1], Result.OK, "", "Device/lab")) == []


def test_volume_is_far_above_the_own_usual() -> None:
    rows = [(Act.READ, [patient]) for patient in range(100, 140)]
    for usual, pattern in (([5, 6, 4, 5, 7], [Pattern.VOLUME]), ([35] * 9, []), ([3, 4], [])):
        facts = Facts({}, {}, {}, {DOCTOR: usual})
        assert [one[0] for one in found(*rows, facts=facts)] == pattern


@given(st.lists(st.integers(0, 500), min_size=5, max_size=28), st.integers(0, 2_000), st.integers(0, 2_000))
def test_more_patients_are_never_less_unusual(usual: list[int], one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert is_much(low, usual) <= is_much(high, usual)
    assert not is_much(min(high, 30), usual)


def test_the_same_day_gives_the_same_findings_under_the_same_ids() -> None:
    def ids() -> list[str]:
        day = Day()
        for seq, patient in enumerate((1, 2, 3), 1):
            day.add(seq, Row(seq, Act.READ, person=DOCTOR, patients=[patient]))
        return [one.id for one in findings(5, day, FACTS)]

    assert ids() == ids() and len(set(ids())) == 3
