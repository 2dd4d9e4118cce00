"""What an act changed is taken back; what others changed since stays."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from felles.record.identity.reference import addresses, cut, exchanged, places, put
from felles.record.identity.revision import taken_back
from felles.record.identity.unmerge import given_back

item = st.sampled_from([{"value": str(n)} for n in range(6)])
value = st.one_of(st.booleans(), st.text("ab", max_size=2), st.lists(item, max_size=4, unique_by=str))
resource = st.dictionaries(st.sampled_from(["identifier", "link", "name", "active", "gender"]), value)


@given(resource, resource)
def test_without_later_edits_it_is_as_before(before: dict[str, Any], after: dict[str, Any]) -> None:
    revision = taken_back(before, after, after)
    assert revision.left == []
    assert {k: v for k, v in revision.resource.items() if v != []} == {k: v for k, v in before.items() if v != []}


@given(resource, resource)
def test_an_act_that_changed_nothing_leaves_everything(before: dict[str, Any], current: dict[str, Any]) -> None:
    assert taken_back(before, before, current).resource == current


def test_items_added_since_stay_and_those_of_the_act_go() -> None:
    before = {"identifier": [{"value": "1"}], "active": True}
    after = {"identifier": [{"value": "1"}, {"value": "2"}], "active": True, "link": [{"type": "replaces"}]}
    current = {**after, "identifier": [*after["identifier"], {"value": "3"}], "gender": "male"}
    revision = taken_back(before, after, current)
    assert revision.resource == {"identifier": [{"value": "1"}, {"value": "3"}], "active": True, "gender": "male"}


def test_a_member_edited_since_is_left_and_told() -> None:
    revision = taken_back({"gender": "male"}, {"gender": "female"}, {"gender": "other"})
    assert (revision.resource, revision.left) == ({"gender": "other"}, ["gender"])


def test_digits_count() -> None:
    before, after = {"x": Decimal("1.0")}, {"x": Decimal("1.00")}
    assert str(taken_back(before, after, after).resource["x"]) == "1.0"


A, B = addresses("Patient", "a", "http://x/fhir"), addresses("Patient", "b", "http://x/fhir")


def test_references_are_exchanged_and_every_other_byte_stays() -> None:
    raw = (
        b'{ "subject":{"reference" : "Patient/a"},"value":1.00, "note":"\\"reference\\":\\"Patient/a\\"",'
        b'"x":[{"reference":"http://x/fhir/Patient/a"},{"reference":"Patient/a/_history/2"},{"reference":"Patient/ab"}]}'
    )
    expected = raw.replace(b'"Patient/a"', b'"Patient/b"', 1).replace(b"http://x/fhir/Patient/a", b"Patient/b")
    expected = expected.replace(b"Patient/a/_history/2", b"Patient/b")
    assert exchanged(raw, A, "Patient/b") == expected


def test_references_written_with_escapes_are_found_too() -> None:
    raw = b'{"subject":{"ref\\u0065rence":"Patient\\/a"},"value":1.00}'
    changed = exchanged(raw, A, "Patient/b")
    assert json.loads(changed)["subject"] == {"reference": "Patient/b"}
    assert b"1.00" in changed


def test_cut_takes_away_what_is_empty_then() -> None:
    raw = b'{"id":"1","entry":[{"item":{"reference":"Patient/a","display":"A"}}],"value":2.50,"n":[null,{"v":1}]}'
    assert cut(raw, A) == b'{"id":"1","value":2.50,"n":[null,{"v":1}]}'


def test_put_and_places_agree() -> None:
    raw = b'{"a":[{"b":{"reference":"Patient/a"}},{"reference":"Patient/b"}]}'
    assert places(json.loads(raw), A) == [("a", 0, "b")]
    assert places(json.loads(put(raw, [("a", 0, "b")], "Patient/b")), B) == [("a", 0, "b"), ("a", 1)]


def test_a_resource_of_both_goes_back_place_by_place() -> None:
    was = b'{"member":[{"reference":"Patient/a"},{"reference":"Patient/b"}]}'
    now = b'{"name":"edited","member":[{"reference":"Patient/b"},{"reference":"Patient/b"}]}'
    back = given_back(now, was, A, B, "Patient/a")
    assert back is not None
    assert json.loads(back) == {**json.loads(was), "name": "edited"}


def test_a_resource_of_one_goes_back_wherever_its_references_are_now() -> None:
    was = b'{"subject":{"reference":"Patient/a"}}'
    now = b'{"performer":[{"reference":"Patient/b"}],"subject":{"reference":"Patient/b"},"value":1.50}'
    back = given_back(now, was, A, B, "Patient/a")
    assert back == now.replace(b"Patient/b", b"Patient/a")
    assert given_back(b'{"subject":{"reference":"Patient/c"}}', was, A, B, "Patient/a") is None
