"""Two who write in one section: nothing of either is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from felles.clinical.merge import merged

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", ""]), max_size=7).map("\n".join)


def test_changes_in_different_places_are_both_there() -> None:
    base = "Våken.\nSpiser lite.\nSår på hæl."
    theirs = "Våken og klar.\nSpiser lite.\nSår på hæl."
    mine = "Våken.\nSpiser lite.\nSår på hæl, skiftet."
    found = merged(base, theirs, mine)
    assert found.text == "Våken og klar.\nSpiser lite.\nSår på hæl, skiftet." and not found.both


def test_where_both_changed_the_same_both_stand() -> None:
    found = merged("Puls 70", "Puls 72", "Puls 74")
    assert found.text == "Puls 72\nPuls 74" and found.both


@given(LINES, LINES, LINES)
def test_whatever_one_added_is_in_the_result(base: str, theirs: str, mine: str) -> None:
    kept = merged(base, theirs, mine).text.split("\n")
    before = set(base.split("\n"))
    assert {line for line in (*theirs.split("\n"), *mine.split("\n")) if line not in before} <= set(kept)


@given(LINES, LINES)
def test_where_one_wrote_nothing_new_the_other_stands(base: str, other: str) -> None:
    assert merged(base, other, base).text == other == merged(base, base, other).text == merged(base, other, other).text
