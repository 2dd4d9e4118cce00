"""SMART scopes: read, compared, and turned into what is left of a sight. They take away and never add."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.access.smart import restriction, scope
from felles.access.smart.refusal import Refusal
from felles.access.smart.scope import Grant, Scopes
from felles.record import definition
from felles.record.guard import Act, Sight, Touch
from felles.record.index.value import key64

TYPES = ("Patient", "Observation", "Condition", "Organization", "*")
ACTS = ["".join(letter for bit, letter in enumerate("cruds") if number >> bit & 1) for number in range(1, 32)]
QUERIES = ((), (("category", "laboratory"),), (("category", "laboratory"), ("status", "final")), (("status", "final"),))
grants = st.builds(
    Grant,
    st.sampled_from(scope.LEVELS),
    st.sampled_from(TYPES),
    st.sampled_from(ACTS),
    st.just(()),
) | st.builds(
    Grant,
    st.sampled_from(scope.LEVELS),
    st.just("Observation"),
    st.sampled_from(ACTS),
    st.sampled_from(QUERIES),
)
scopes = st.builds(
    lambda words, held: Scopes(frozenset(words), tuple(held)),
    st.sets(st.sampled_from(sorted(scope.WORDS))),
    st.lists(grants, max_size=4),
)
patients = st.sampled_from((None, "a", "b"))
KEYS = {id: key64(f"Patient/{id}") for id in ("a", "b")}
NUMBERS = [definition.type_number(name) for name in TYPES[:-1]]
sights = st.builds(
    Sight,
    patients=st.none() | st.frozensets(st.sampled_from(sorted(KEYS.values()))),
    types=st.none() | st.frozensets(st.sampled_from(NUMBERS)),
    loose=st.none() | st.frozensets(st.sampled_from(NUMBERS)),
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("patient/Observation.rs", "patient/Observation.rs"),
        ("user/*.cruds launch openid", "launch openid user/*.cruds"),
        ("patient/Observation.rs?status=final&category=laboratory",
         "patient/Observation.rs?category=laboratory&status=final"),
        ("patient/Observation.rs?category=http://x|y,z", "patient/Observation.rs?category=http://x|y,z"),
        ("patient/Patient.read user/*.*", "patient/Patient.read user/*.*"),
        ("launch launch", "launch"),
        ("", ""),
    ],
)  # fmt: skip
def test_scopes_are_read_and_written_in_one_way(text: str, canonical: str) -> None:
    assert str(scope.read(text)) == canonical
    assert scope.read(canonical) == scope.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation", "patient/Observation.", "patient/Observation.sr", "patient/Observation.rr",
        "patient/Nothing.r", "device/Observation.r", "patient/Observation.write2", "everything", "patient/*.rs?",
        "patient/Observation.rs?category", 'patient/Observation.rs?a="b"', "PATIENT/Observation.rs",
        "patient/Observation.rs?category=%FF", "patient/Observation.*?category=x", "x" * 9_000, "launch\tuser/*.rs",
    ],
)  # fmt: skip
def test_what_is_no_scope_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        scope.read(text)
    assert refused.value.code == "invalid_scope"


def test_scopes_of_smart_1_mean_what_they_meant() -> None:
    acts = {text: scope.grant(f"user/Patient.{text}").acts for text in ("read", "write", "*")}
    assert acts == {"read": "rs", "write": "cud", "*": "cruds"}


@pytest.mark.parametrize(
    ("one", "other", "holds"),
    [
        ("patient/Observation.r", "patient/Observation.rs", True),
        ("patient/Observation.rs", "patient/*.r patient/Observation.s", True),
        ("patient/Observation.rs", "user/Observation.rs", True),
        ("user/Observation.rs", "patient/Observation.rs", False),
        ("system/Observation.rs", "user/Observation.rs", False),
        ("patient/*.r", "patient/Observation.r", False),
        ("patient/Observation.rs?category=laboratory", "patient/Observation.rs", True),
        ("patient/Observation.rs", "patient/Observation.rs?category=laboratory", False),
        ("patient/Observation.rs?category=a&status=b", "patient/Observation.rs?category=a", True),
        ("openid", "", False),
        ("patient/Patient.read", "patient/Patient.rs", True),
    ],
)
def test_narrower(one: str, other: str, holds: bool) -> None:
    assert scope.narrower(scope.read(one), scope.read(other)) is holds


@given(scopes, scopes)
def test_what_is_given_is_within_what_is_asked_and_what_is_allowed(asked: Scopes, allowed: Scopes) -> None:
    given_ = scope.common(asked, allowed)
    assert scope.narrower(given_, asked)
    assert scope.narrower(given_, allowed)
    assert scope.narrower(asked, asked)


@given(scopes)
def test_what_is_written_is_read_again(held: Scopes) -> None:
    assert scope.narrower(scope.read(str(held)), held)
    assert scope.narrower(held, scope.read(str(held)))


@given(scopes, patients, sights, st.sampled_from(NUMBERS), st.sampled_from([0, *KEYS.values()]))
def test_scopes_never_show_what_the_sight_does_not(
    held: Scopes, patient: str | None, sight: Sight, number: int, whom: int
) -> None:
    left = restriction.restriction(held, patient).narrowed(sight)
    if left.shows(number, whom):
        assert sight.shows(number, whom)
    assert left.hidden == sight.hidden
    assert left.limits.keys() >= sight.limits.keys()


@given(scopes, scopes, patients, st.sampled_from(list(Act)[:6]), st.sampled_from(TYPES[:-1]))
def test_fewer_scopes_allow_no_more(
    asked: Scopes, allowed: Scopes, patient: str | None, act: Act, type_name: str
) -> None:
    fewer = restriction.restriction(scope.common(asked, allowed), patient)
    if fewer.allows(act, type_name):
        assert restriction.restriction(asked, patient).allows(act, type_name)
        assert restriction.restriction(allowed, patient).allows(act, type_name)
    touch = Touch(Act.UPDATE, type_name, "x", frozenset((KEYS["a"],)), frozenset((KEYS["a"],)))
    if fewer.allows_touch(touch):
        assert restriction.restriction(allowed, patient).allows_touch(touch)


def test_scopes_on_a_patient_show_that_patient_alone() -> None:
    left = restriction.restriction(scope.read("patient/*.rs"), "a").narrowed(Sight())
    assert left.patients == frozenset((KEYS["a"],))
    both = Sight(patients=frozenset((KEYS["b"],)))
    assert restriction.restriction(scope.read("patient/*.rs"), "a").narrowed(both).patients == frozenset()


def test_scopes_on_a_patient_without_one_in_context_allow_nothing() -> None:
    nothing = restriction.restriction(scope.read("patient/*.cruds"), None)
    assert nothing.types == frozenset()
    assert not any(nothing.allows(act, name) for act in Act for name in ("Patient", "$everything"))


def test_a_patients_and_a_users_scopes_stand_side_by_side() -> None:
    observation, condition, staff = map(definition.type_number, ("Observation", "Condition", "Practitioner"))
    left = restriction.restriction(scope.read("patient/Observation.rs user/Practitioner.rs"), "a").narrowed(Sight())
    assert (left.patients, left.limits) == (frozenset((KEYS["a"],)), {})
    assert left.types == frozenset((observation, staff))
    left = restriction.restriction(scope.read("patient/Observation.rs user/Condition.rs"), "a").narrowed(Sight())
    assert left.patients is None
    assert left.limits.keys() == {observation}
    assert left.types == frozenset((observation, condition))


def test_writing_within_a_patients_scope_reaches_nobody_else() -> None:
    held = restriction.restriction(scope.read("patient/*.cruds"), "a")
    a, b = frozenset((KEYS["a"],)), frozenset((KEYS["b"],))
    own = Touch(Act.UPDATE, "Observation", "x", a, a)
    assert held.allows_touch(own)
    assert not held.allows_touch(replace(own, after=b))
    assert not held.allows_touch(replace(own, before=b))
    assert not held.allows_touch(replace(own, after=a | b))
    assert not held.allows_touch(Touch(Act.CREATE, "Organization", "x", frozenset(), frozenset()))


def test_operations_on_whole_records_need_everything() -> None:
    assert restriction.restriction(scope.read("system/*.cruds")).allows(Act.CALL, "$merge")
    assert not restriction.restriction(scope.read("system/*.rs")).allows(Act.CALL, "$merge")
    assert not restriction.restriction(scope.read("patient/*.cruds"), "a").allows(Act.CALL, "$match")
    assert restriction.restriction(scope.read("user/Patient.rs")).allows(Act.CALL, "$match")
    assert restriction.restriction(scope.read("patient/*.rs"), "a").allows(Act.CALL, "$everything")


@pytest.mark.parametrize(
    "text",
    [
        "patient/Observation.rs?patient.name=x", "patient/Observation.rs?_has:Provenance:target:agent=x",
        "patient/Patient.rs?address=Storgata", "patient/Patient.rs?phone=1", "patient/Patient.rs?identifier=1",
        "patient/Observation.rs?_include=Observation:subject", "patient/Observation.rs?_sort=date",
        "patient/Observation.rs?code:in=http://x", "patient/*.rs?category=laboratory",
        "patient/Observation.rs?nothing=1", "patient/Observation.rs?_list=1", "user/Patient.rs?name=x",
    ],
)  # fmt: skip
def test_a_scope_is_no_oracle(text: str) -> None:
    with pytest.raises(Refusal):
        restriction.supported(scope.read(text))


def test_writing_goes_with_scopes_without_a_query_only() -> None:
    held = restriction.supported(scope.read("patient/Observation.cruds?category=laboratory"))
    assert str(held) == "patient/Observation.rs?category=laboratory"
    assert restriction.supported(scope.read("patient/Observation.cu?category=laboratory")).grants == ()
