"""Whom somebody may represent, pure: the turn of a birthday in Norway, protected addresses, areas of a power of
attorney."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.access import power, representation
from felles.access.area import AREAS
from felles.access.consent import Said
from felles.access.facts import Facts
from felles.access.ground import Kind
from felles.access.part import Part
from felles.access.power import Power, build, extent_of
from felles.access.representation import Basis, mandates
from felles.access.wish import Wishes, kind_of
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.validation import validate

OSLO = ZoneInfo("Europe/Oslo")
CHILD, MOTHER, OTHER = key64("Patient/child"), key64("Patient/mother"), key64("Patient/other")
SAID = Said("Patient/child")
NOW = 1_795_000_000_000_000
SECOND = 1_000_000


def midnight(day: date) -> int:
    return int(datetime.combine(day, time(), OSLO).timestamp()) * SECOND


def child(born: date) -> Facts:
    return Facts(CHILD, parents=frozenset((MOTHER,)), born=(born, born))


def birthday(born: date, years: int) -> date:
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


births = st.dates(date(1990, 1, 1), date(2084, 12, 31)) | st.sampled_from(
    [date(year, 2, 29) for year in (1992, 2008, 2016, 2024, 2084)]
)


@given(births, st.sampled_from((12, 16)))
def test_rights_turn_at_midnight_in_norway(born: date, years: int) -> None:
    turn, facts = midnight(birthday(born, years)), child(born)
    before, after = mandates(facts, MOTHER, turn - 1), mandates(facts, MOTHER, turn)
    assert before and before[0].until == turn
    assert before[0].last_day == birthday(born, years) - timedelta(days=1)
    if years == 16:
        assert after == ()
    else:
        assert before[0].reads is None and after[0].reads is not None
        assert "Immunization" in after[0].reads and "DocumentReference" not in after[0].reads
    assert before != after


@given(births, st.integers(-30, 20 * 366))
def test_at_every_moment_a_mother_has_what_the_age_says(born: date, days: int) -> None:
    moment = midnight(born) + days * 24 * 3600 * SECOND
    day = datetime.fromtimestamp(moment / SECOND, UTC).astimezone(OSLO).date()
    found = mandates(child(born), MOTHER, moment)
    age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    assert bool(found) == (0 <= age < 16)
    assert representation.reads(found, "DocumentReference") == (0 <= age < 12)


def test_nobody_else_represents_the_child() -> None:
    facts = child(date(2016, 5, 17))
    assert mandates(facts, OTHER, NOW) == ()
    assert mandates(facts, CHILD, NOW) == ()
    assert mandates(replace(facts, born=None), MOTHER, NOW) == ()


def test_a_protected_address_ends_representation_both_ways() -> None:
    facts = child(date(2016, 5, 17))
    assert mandates(facts, MOTHER, NOW)
    assert mandates(replace(facts, protected=True), MOTHER, NOW) == ()
    assert mandates(facts, MOTHER, NOW, guarded=True) == ()


areas = st.lists(st.sampled_from(sorted(AREAS)), min_size=1, max_size=4, unique=True)


@given(areas, st.booleans(), st.none() | st.integers(1, 10**9))
def test_what_is_given_is_what_is_had(chosen: list[str], acting: bool, seconds: int | None) -> None:
    end = None if seconds is None else NOW + seconds * SECOND
    until = None if end is None else end + SECOND  # a Period's end counts (datatypes.html#Period)
    made = build("Patient/child", Power("Patient/other", chosen, acting, end), SAID, NOW)
    wishes = Wishes()
    wishes.add(made)
    facts = Facts(CHILD, representations=tuple(wishes.representations))
    (found,) = mandates(facts, OTHER, NOW)
    assert (found.basis, found.until) == (Basis.POWER, until)
    wanted = None if "record" in chosen else frozenset[str]().union(*(AREAS[one] or () for one in chosen)) | {"Patient"}
    assert found.reads == wanted
    assert found.acts == (wanted if acting else frozenset())
    assert mandates(facts, MOTHER, NOW) == ()
    if until is not None:
        assert mandates(facts, OTHER, until) == ()


def test_a_power_of_attorney_is_a_consent_that_fhir_allows() -> None:
    made = build("Patient/child", Power("Patient/other", ("medicines",), True), SAID, NOW)
    assert not validate("Consent", made)
    assert kind_of(made) is Kind.REPRESENTATION
    assert made["policy"] == [{"uri": "https://lovdata.no/lov/1918-05-31-4"}]


def test_areas_are_among_those_that_are_known() -> None:
    with pytest.raises(Problem):
        extent_of(["finances"])
    assert extent_of(["vaccines"]).types == ("Immunization", "ImmunizationRecommendation", "Patient")
    assert extent_of(["vaccines", "record"]).whole
    assert power.OF_AGE == 16


def test_a_hidden_resource_keeps_its_other_labels() -> None:
    note = {"resourceType": "Basic", "meta": {"security": [{"system": "urn:x", "code": "PSY"}]}}
    once = representation.hidden(note)
    assert representation.is_hidden(once) and not representation.is_hidden(note)
    assert representation.hidden(once) == once
    assert note["meta"]["security"][0] in once["meta"]["security"]


def test_an_area_without_types_is_the_whole_record() -> None:
    assert AREAS["record"] is None and Part().whole
