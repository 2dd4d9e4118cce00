"""Units in their tree, roles with their dates, agreements between legal entities: pure."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.access.age import births, stage, turns
from felles.access.agreement import Agreement, agreement, parties, reach
from felles.access.role import OWN, PROFESSION, employment
from felles.access.unit import Piece, Target, Tree, tree
from felles.record.index.value import date_range, key64

NAMES = ["a", "b", "c", "d", "e", "f"]


def made(parents: list[int | None], inactive: frozenset[int] = frozenset()) -> Tree:
    """A tree of units a, b, c ...; each hangs below the one whose place is given, circles and all."""
    units = [
        Piece(
            NAMES[at],
            active=at not in inactive,
            part_of=None if over is None else Target(f"Organization/{NAMES[over]}"),
        )
        for at, over in enumerate(parents)
    ]
    return tree(units, [], [])


shapes = st.lists(st.none() | st.integers(0, 5), min_size=6, max_size=6)


@given(shapes)
def test_what_lies_within_a_unit_has_it_above(parents: list[int | None]) -> None:
    found = made(parents)
    for one in found.units:
        for inner in found.within(one):
            assert one in found.above(inner) or found.party(inner) is not None
        assert one in found.within(one) and found.above(one)[0] == one


@given(shapes, st.integers(0, 5))
def test_a_unit_that_is_closed_closes_all_below(parents: list[int | None], shut: int) -> None:
    found = made(parents, frozenset((shut,)))
    for one in found.units:
        if f"Organization/{NAMES[shut]}" in found.above(one):
            assert not found.stands(one)


def test_services_and_places_belong_to_their_unit_beds_to_that_of_the_room() -> None:
    ward = Target("Organization/ward")
    found = tree(
        [Piece("hospital"), Piece("ward", part_of=Target("Organization/hospital"))],
        [Piece("service", provided_by=ward)],
        [Piece("room", managing_organization=ward), Piece("bed", part_of=Target("Location/room"))],
    )
    of_ward = {"Organization/ward", "HealthcareService/service", "Location/room", "Location/bed"}
    assert found.keys("Organization/ward") == {key64(one) for one in of_ward}
    assert found.keys("Organization/hospital") == {key64(one) for one in of_ward | {"Organization/hospital"}}
    assert found.party("Organization/ward") == "Organization/hospital"
    assert found.party("Organization/nowhere") is None and not found.stands("Organization/nowhere")


def role(**members: object) -> dict[str, object]:
    return {
        "id": "r", "practitioner": {"reference": "Practitioner/p"}, "organization": {"reference": "Organization/u"},
        **members,
    }  # fmt: skip


def test_a_role_holds_from_its_first_to_the_end_of_its_last_day() -> None:
    held = employment(role(period={"start": "2026-01-01", "end": "2026-06-30"}))
    assert held is not None
    low, high = date_range("2026-01-01")[0], date_range("2026-06-30")[1]
    assert [held.holds(at) for at in (low - 1, low, high - 1, high)] == [False, True, True, False]
    ended = employment(role(active=False))
    assert ended is not None and not ended.holds(low)
    assert employment({"id": "r"}) is None


@pytest.mark.parametrize("first", [True, False])
def test_the_house_s_own_code_says_more_than_the_profession(first: bool) -> None:
    codes = [{"coding": [{"system": PROFESSION, "code": "SP"}]}, {"coding": [{"system": OWN, "code": "leder"}]}]
    held = employment(role(code=codes if first else codes[::-1]))
    assert held is not None and held.role.code == "leder"


ENTITIES = [f"Organization/{one}" for one in "abcd"]
agreements = st.lists(
    st.builds(
        Agreement,
        st.just("x"),
        st.frozensets(st.sampled_from(ENTITIES), max_size=4),
        st.integers(0, 5),
        st.integers(3, 9),
    ),
    max_size=4,
)


@given(agreements, st.sampled_from(ENTITIES), st.integers(0, 9))
def test_only_who_shares_an_agreement_in_force_is_within_reach(found: list[Agreement], party: str, now: int) -> None:
    shared = reach(party, found, now)
    assert party in shared
    for other in shared - {party}:
        assert any({party, other} <= one.parties and one.low <= now < one.high for one in found)
        assert party in reach(other, found, now)
        assert other in parties(found, now)


def test_a_contract_counts_when_it_is_in_force_and_of_this_kind() -> None:
    kind = {"coding": [{"system": "urn:felles:agreement", "code": "shared-record"}]}
    contract = {
        "id": "x", "status": "executed", "type": kind, "subject": [{"reference": "Organization/a"}],
        "signer": [{"party": {"reference": "Organization/b"}}, {"party": {"reference": "Practitioner/c"}}],
    }  # fmt: skip
    found = agreement(contract)
    assert found is not None and found.parties == {"Organization/a", "Organization/b"}
    assert agreement(contract | {"status": "terminated"}) is None
    assert agreement(contract | {"type": {"text": "lease"}}) is None


def test_birthdays_turn_at_midnight_in_norway_and_leap_days_on_the_first_of_march() -> None:
    assert turns(date(2014, 7, 1), 12) == date_range("2026-06-30T22:00:00Z")[0]
    assert turns(date(2012, 2, 29), 1) == date_range("2013-02-28T23:00:00Z")[0]
    assert turns(date(2012, 2, 29), 4) == date_range("2016-02-28T23:00:00Z")[0]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2014-07-01", (date(2014, 7, 1), date(2014, 7, 1))),
        ("2014-02", (date(2014, 2, 1), date(2014, 2, 28))),
        ("2014", (date(2014, 1, 1), date(2014, 12, 31))),
        ("2014-12", (date(2014, 12, 1), date(2014, 12, 31))),
        (None, None),
        ("x", None),
    ],
)
def test_a_birth_known_in_part_ends_rights_rather_too_early(text: str, days: tuple[date, date] | None) -> None:
    assert births(text) == days
    if days:
        assert stage(days, turns(days[0], 16)) is None
        assert stage(days, turns(days[0], 16) - 1) is not None
