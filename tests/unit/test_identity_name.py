"""Names compared: what is one name in several spellings, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.record.identity.name import alike, distance, likeness, names, parts, words_alike


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Åse", "Aase"),
        ("Bjørn", "Bjoern"),
        ("Sæther", "Sæter"),
        ("Christoffersen", "Kristofferson"),
        ("Máret", "Maret"),
        ("Čállás", "Callas"),
        ("Muhammad", "Mohammed"),
        ("Thor", "Tor"),
        ("Katrine", "Cathrine"),
        ("Wilhelm", "Vilhelm"),
        ("Zahra", "Sara"),
        ("Oleksandr", "Olexandr"),
    ],
)
def test_one_name_in_two_spellings(one: str, other: str) -> None:
    assert likeness(one, other) >= 0.85


@pytest.mark.parametrize("slip", ["Nguyne", "Ngyuen", "Nguyn", "Nguyenn"])
def test_a_slip_of_the_keyboard_is_still_alike(slip: str) -> None:
    assert likeness("Nguyen", slip) >= 0.7


@pytest.mark.parametrize(
    ("one", "other"), [("Ola", "Per"), ("Hansen", "Berg"), ("Ingrid", "Astrid"), ("Jan", "Jon"), ("Kari", "Mari")]
)
def test_other_names_are_less_alike_than_spellings(one: str, other: str) -> None:
    assert likeness(one, other) < 0.85


def test_order_middle_names_and_particles_cost_little() -> None:
    assert words_alike(["Anne", "Grete"], ["Grete", "Anne"]) == 1
    assert words_alike(["Anne"], ["Anne", "Grete"]) > 0.95
    assert parts("van der Berg") == ["Berg"]
    assert parts("Anne-Grete") == ["Anne", "Grete"]


def test_given_and_family_may_be_exchanged() -> None:
    found = alike([(("Van",), ("Tran",))], [(("Tran",), ("Van",))])
    assert found is not None
    assert min(found) >= 0.93


def test_names_that_only_describe_are_no_names() -> None:
    patient = {"name": [{"use": "anonymous", "text": "ukjent mann"}, {"use": "temp", "text": "nyfødt gutt"}]}
    assert names(patient) == []
    assert names({"name": [{"text": "Kari Anne Olsen"}]}) == [(("Kari", "Anne"), ("Olsen",))]


@given(st.text("abcø", max_size=8), st.text("abcø", max_size=8))
def test_distance_is_a_distance(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, other) <= max(len(one), len(other))


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_likeness_is_symmetric_and_bounded(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == pytest.approx(likeness(other, one))
    assert likeness(one, one) == 1
