"""Nobody gives more than the own part of the house, and nobody gives oneself anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from felles.access.authority import RESERVED, SEEING, WORDS, Authority, No, Refusal, authority
from felles.access.right import OF_ROLE
from felles.access.role import ADMINISTRATOR, LEADERS, OFFICER
from felles.access.title import TITLES, abilities, title
from felles.access.unit import Piece, Target, Tree, tree
from felles.access.who import Kind, Role, Who

UNITS = [f"u{number}" for number in range(6)]


@st.composite
def houses(draw: st.DrawFn) -> Tree:
    """Units, each below an earlier one or below none."""
    pieces = []
    for number, name in enumerate(UNITS):
        above = draw(st.sampled_from([None, *UNITS[:number]]))
        pieces.append(Piece(name, name, part_of=Target(f"Organization/{above}") if above else None))
    return tree(pieces, (), ())


def somebody(code: str, unit: str, **more: object) -> Who:
    return Who("Practitioner/me", "me", Kind.STAFF, Role("PractitionerRole/me", f"Organization/{unit}", code), **more)  # type: ignore[arg-type]


@given(houses(), st.sampled_from(sorted(OF_ROLE)), st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_authority_ends_where_the_own_part_of_the_house_does(house: Tree, code: str, own: str, unit: str) -> None:
    held, place = authority(somebody(code, own), house), f"Organization/{unit}"
    if code not in SEEING:
        assert held is None
        return
    assert held is not None
    inside = place in house.within(f"Organization/{own}")
    offered = set(held.offered(place))
    assert held.sees(place) is (inside or code == OFFICER)
    if code == OFFICER or not inside:
        assert offered == set()
    elif code == ADMINISTRATOR:
        assert offered == set(TITLES)
    else:
        assert offered.isdisjoint(RESERVED) and (unit != own or offered.isdisjoint(LEADERS))


def test_an_app_and_a_patient_have_no_authority() -> None:
    house = tree([Piece("u0")], (), ())
    assert authority(somebody("leder", "u0", scopes=("user/*.cruds",)), house) is None
    assert authority(Who("Patient/x", "x", Kind.PATIENT), house) is None
    assert authority(Who("Practitioner/x", "x", Kind.STAFF), house) is None


def test_every_refusal_has_words_and_a_status() -> None:
    assert set(WORDS) == set(No)
    assert {Refusal(no).status for no in No} == {403, 409, 422}


def test_every_role_has_a_title_and_says_what_it_comes_to() -> None:
    assert set(OF_ROLE) - set(LEADERS) <= set(TITLES) and title("enhetsleder") == title("leder")
    assert all(list(abilities(rights)) for rights in OF_ROLE.values())
    assert list(abilities(OF_ROLE[ADMINISTRATOR])) == ["gir roller", "ser ingen pasienter"]
    assert Authority(frozenset()).offered("Organization/u0") == ()
