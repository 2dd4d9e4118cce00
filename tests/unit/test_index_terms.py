"""Path terms: every R4 search parameter is decomposed, and the numbers that stores hold never change."""

import hashlib

import pytest

from felles.record import definition
from felles.record.index.choice import PRIMARY_DATE, PROMOTED, primary_date, promoted, subject
from felles.record.index.expression import paths
from felles.record.index.term import parameters, terms

NOT_INDEXED = {"_id", "_lastUpdated", "_text", "_content", "_filter", "_query"}


def test_every_parameter_of_every_type_is_decomposed() -> None:
    left = {
        (name, code)
        for name in definition.RESOURCE_TYPES
        for code in definition.search_parameters(name)
        if code not in NOT_INDEXED
        and not (code in parameters(name) and (parameters(name)[code].bindings or parameters(name)[code].alternatives))
    }
    assert left == set()


def test_numbers_are_those_of_every_store_ever_written() -> None:
    lines = [
        f"{term.number} {term.kind} {term.branches} {term.composite}"
        for name in definition.RESOURCE_TYPES
        for term in terms(name)
    ]
    assert len(lines) == 2254
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == PINNED


def test_numbers_are_dense_within_a_type() -> None:
    for name in definition.RESOURCE_TYPES:
        first = definition.type_number(name) * 256 + 1
        numbers = [term.number for term in terms(name)]
        assert numbers == list(range(first, first + len(numbers)))


def test_equal_paths_share_a_term() -> None:
    observation = parameters("Observation")
    assert observation["patient"].numbers == observation["subject"].numbers
    assert observation["combo-code"].numbers == observation["code"].numbers + observation["component-code"].numbers
    patient = parameters("Patient")
    assert set(patient["family"].numbers) < set(patient["name"].numbers)
    assert patient["phonetic"].numbers == patient["name"].numbers


def test_patient_is_subject_restricted_to_patients() -> None:
    assert [binding.targets for binding in parameters("Observation")["patient"].bindings] == [frozenset({"Patient"})]


@pytest.mark.parametrize("name", sorted(PRIMARY_DATE))
def test_named_primary_dates_are_dates_with_one_value(name: str) -> None:
    assert primary_date(name)


@pytest.mark.parametrize("name", sorted(PROMOTED))
def test_promoted_types_have_a_subject(name: str) -> None:
    assert subject(name)
    assert len(promoted(name)) >= len(PROMOTED[name])


def test_an_expression_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="not understood"):
        paths("Patient.name.select(given)")


PINNED = "5773166c40d22ddd4806092fb7e670c2dac392de504f79edbee4d04991699f29"
