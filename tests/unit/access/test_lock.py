"""Locks, blocks and openings as Consent: what is said is what decisions read."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.access import block, consent, lock
from felles.access.consent import Said, Span, instant, said_by, withdrawn, words
from felles.access.extent import Extent
from felles.access.ground import Kind as Wished
from felles.access.lock import Wish
from felles.access.right import OF_PATIENTS
from felles.access.who import Kind, Role, Who
from felles.access.wish import Wishes, kind_of
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.validation import validate

NOW = 1_795_000_000_000_000
SECOND = 1_000_000
ANNA = Who("Patient/anna", "Anna", Kind.PATIENT)
NURSE = Who("Practitioner/n", "N", Kind.STAFF, Role("PractitionerRole/n", "Organization/ward", "SP"))

names = st.text("abcdefghij0123456789", min_size=1, max_size=8)
extents = st.builds(
    Extent,
    st.lists(st.sampled_from(sorted(OF_PATIENTS)), max_size=3, unique=True).map(tuple),
    st.lists(st.tuples(st.just("urn:x"), names), max_size=2, unique=True).map(tuple),
    st.lists(names.map(lambda id: f"Observation/{id}"), max_size=2, unique=True).map(tuple),
    st.none() | st.dates(date(2000, 1, 1), date(2026, 1, 1)),
    st.none() | st.dates(date(2026, 1, 2), date(2030, 1, 1)),
)
wishes = st.builds(
    Wish,
    extents,
    st.lists(names.map(lambda id: f"Practitioner/{id}"), max_size=2, unique=True),
    st.none() | st.integers(1, 10**9).map(lambda seconds: NOW + seconds * SECOND),
)


@given(wishes, st.sampled_from((Wished.LOCK, Wished.BLOCK, Wished.OPENING)))
def test_what_is_said_is_what_is_read(wish: Wish, kind: Wished) -> None:
    made = lock.build("Patient/anna", wish, Said("Patient/anna"), NOW, kind)
    assert kind_of(made) is kind
    assert not validate("Consent", made)
    read = Wishes()
    read.add(made | {"id": "c"})
    found = {Wished.LOCK: read.locks, Wished.BLOCK: read.blocks, Wished.OPENING: read.openings}[kind]
    if kind is Wished.BLOCK and not wish.named:
        assert not found
        return
    (one,) = found
    assert one.named == frozenset(map(key64, wish.named))
    assert one.part.types == frozenset(wish.part.types) and one.part.labels == frozenset(wish.part.labels)
    assert one.part.keys == frozenset(map(key64, wish.part.resources))
    assert one.part.whole == wish.part.whole
    assert one.low == NOW
    assert one.holds(one.named or frozenset((1,)), NOW)
    assert wish.until is None or not one.holds(one.named or frozenset((1,)), wish.until + SECOND)


@given(wishes)
def test_what_is_withdrawn_holds_no_longer(wish: Wish) -> None:
    gone = withdrawn(lock.build("Patient/anna", wish, Said("Patient/anna"), NOW), NOW + 5 * SECOND)
    assert not validate("Consent", gone)
    read = Wishes()
    read.add(gone)
    assert read == Wishes()


def test_a_block_denies_and_an_opening_permits() -> None:
    wish = Wish(named=("Practitioner/x",))
    assert block.build("Patient/a", wish, Said("Patient/a"), NOW)["provision"]["type"] == "deny"
    opening = lock.build("Patient/a", wish, Said("Patient/a"), NOW, Wished.OPENING)
    assert opening["provision"]["type"] == "permit"


def test_the_patient_says_it_or_staff_note_what_the_patient_said() -> None:
    assert said_by(ANNA, "Patient/anna", None) == Said("Patient/anna")
    noted = said_by(NURSE, "Patient/anna", "  Hun ba om   dette selv ")
    assert noted == Said("Practitioner/n", "Organization/ward", "Hun ba om dette selv")
    made = consent.consent(Wished.LOCK, "Patient/anna", noted, Span(NOW), {})
    assert made["verification"][0]["verified"] and made["performer"] == [{"reference": "Practitioner/n"}]
    mine = consent.consent(Wished.LOCK, "Patient/anna", Said("Patient/anna"), Span(NOW), {})
    assert "verification" not in mine and "organization" not in mine


@pytest.mark.parametrize(
    ("who", "text", "status"),
    [
        (ANNA, "x", 403),
        (NURSE, None, 422),
        (NURSE, "for kort", 422),
        (NURSE, "x" * 2_001, 422),
        (Who("Device/x", "X", Kind.SYSTEM), "lang nok tekst", 403),
        (Who("Practitioner/n", "N", Kind.STAFF), "lang nok tekst", 403),
    ],
)
def test_who_may_not_say_it(who: Who, text: str | None, status: int) -> None:
    with pytest.raises(Problem) as refused:
        said_by(who, "Patient/bea", text)
    assert refused.value.status == status


def test_who_acts_for_a_patient_says_it_of_that_patient() -> None:
    acting = Who("Patient/mother", "M", Kind.PATIENT, acts_for="Patient/child")
    assert said_by(acting, "Patient/child", None).performer == "Patient/mother"
    with pytest.raises(Problem):
        said_by(acting, "Patient/mother", None)


def test_moments_are_said_in_norwegian_time() -> None:
    assert instant(NOW) == "2026-11-18T12:06:40+01:00"
    summer = NOW + int(timedelta(days=200).total_seconds()) * SECOND
    assert instant(summer).endswith("+02:00")
    assert words("  a  b c d e f ", 5, "x") == "a b c d e f"
