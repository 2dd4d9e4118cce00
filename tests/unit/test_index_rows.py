"""What single values become in the index, and that odd ones do no harm."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.record import definition
from felles.record.index import Rows, extract
from felles.record.index.term import parameters
from felles.record.index.value import FOREVER, NO_DATE, date_range, key64


def numbers(name: str, code: str) -> set[int]:
    return set(parameters(name)[code].numbers)


def observation(**members: Any) -> Rows:
    return extract("Observation", {"resourceType": "Observation", "id": "1", **members})


def test_tokens_are_compared_without_case() -> None:
    rows = observation(code={"coding": [{"code": "AbC", "system": "urn:s"}]})
    assert [row[1:] for row in rows.tokens] == [(key64("abc"), key64("urn:s"))]


def test_text_and_display_stand_beside_the_token_once() -> None:
    rows = observation(code={"text": "Puls", "coding": [{"code": "1", "display": "Puls"}]})
    (term,) = numbers("Observation", "code")
    assert rows.texts == [(term, "puls", key64("Puls"))]


def test_the_subject_is_the_patient_and_promotes_the_code() -> None:
    rows = observation(subject={"reference": "Patient/a"}, code={"coding": [{"code": "1"}]})
    assert rows.patient == key64("Patient/a")
    assert rows.promoted == rows.tokens


def test_a_performer_alone_gives_the_patient_but_promotes_nothing() -> None:
    rows = observation(performer=[{"reference": "Patient/a"}], code={"coding": [{"code": "1"}]})
    assert rows.patient == key64("Patient/a")
    assert rows.promoted == []


def test_two_patients_without_a_subject_belong_to_nobody() -> None:
    assert observation(performer=[{"reference": "Patient/a"}, {"reference": "Patient/b"}]).patient == 0


def test_a_patient_is_its_own() -> None:
    assert extract("Patient", {"resourceType": "Patient", "id": "a"}).patient == key64("Patient/a")


@pytest.mark.parametrize(
    ("effective", "span", "low", "high"),
    [
        ({"effectiveDateTime": "2020-02"}, 1, *date_range("2020-02")),
        ({"effectiveDateTime": "2020-02-03T10:00:00+01:00"}, 0, *date_range("2020-02-03T09:00:00Z")),
        ({"effectiveDateTime": "2020-02-03T10:00:00.5+01:00"}, 0, *date_range("2020-02-03T09:00:00.5Z")),
        ({"effectivePeriod": {"start": "2020"}}, 2, date_range("2020")[0], FOREVER),
        ({"effectiveInstant": "2020-02-03T10:00:00Z"}, 0, *date_range("2020-02-03T10:00:00Z")),
    ],
)
def test_dates(effective: dict[str, Any], span: int, low: int, high: int) -> None:
    rows = observation(**effective)
    assert [row[1:] for row in rows.dates] == [(span, low, high)]
    assert rows.date == low


def test_no_date_carries_none() -> None:
    assert observation().date == NO_DATE


def test_references_below_the_own_address_are_local() -> None:
    body = {"resourceType": "Observation", "subject": {"reference": "http://here/fhir/Patient/a/_history/2"}}
    assert extract("Observation", body, "http://here/fhir").patient == key64("Patient/a")
    assert extract("Observation", body).patient == key64("http://here/fhir/Patient/a")


def test_contained_references_are_not_indexed() -> None:
    assert observation(subject={"reference": "#p"}).references == []


def test_logical_references_are_found_by_identifier() -> None:
    rows = observation(subject={"identifier": {"system": "urn:s", "value": "7"}})
    assert [row[1:] for row in rows.tokens] == [(key64("7"), key64("urn:s"))]


def test_a_comparator_opens_the_range() -> None:
    ((term, low, high, *_),) = observation(valueQuantity={"value": 5, "comparator": "<"}).quantities
    assert {-term} == numbers("Observation", "value-quantity")
    assert low < -1e300
    assert high == 5


def test_components_keep_code_and_value_together() -> None:
    parts = [
        {"code": {"coding": [{"code": "a"}]}, "valueQuantity": {"value": 1}},
        {"code": {"coding": [{"code": "b"}]}, "valueQuantity": {"value": 2}},
    ]
    rows = observation(component=parts)
    assert {(row[1], row[3]) for row in rows.composites} == {(key64("a"), 1), (key64("b"), 2)}


def test_deceased_is_true_by_a_date() -> None:
    (term,) = numbers("Patient", "deceased")
    rows = extract("Patient", {"resourceType": "Patient", "id": "a", "deceasedDateTime": "2020"})
    assert (term, key64("true"), 0) in rows.tokens


def test_a_bad_value_is_left_out_and_the_rest_indexed() -> None:
    rows = observation(effectiveDateTime="2020-02-30", code={"coding": "no list"}, status="final")
    assert rows.dates == []
    assert [row[1] for row in rows.tokens] == [key64("final")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "value", "start"]), inner),
    max_leaves=6,
)


@given(st.data())
def test_no_shape_makes_extraction_fail(data: st.DataObject) -> None:
    name = data.draw(
        st.sampled_from(["Patient", "Observation", "Encounter", "Bundle", "MolecularSequence", "Location"])
    )
    members = [key for key in definition.properties(name) if not key.startswith("_")]
    body = data.draw(st.dictionaries(st.sampled_from(members), JSON, max_size=6))
    extract(name, {**body, "resourceType": name, "id": "1"})
