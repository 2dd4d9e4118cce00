"""The minimal line, and what is too little to go by."""

from dataclasses import astuple
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.access.finding import Wanted, _bears, _question, line
from felles.record.outcome import Problem
from felles.record.protection import PROTECTION
from felles.record.validation import national

FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
secrets = st.from_regex(r"§[a-z0-9]{3,8}§", fullmatch=True)


@given(secrets, secrets, st.sampled_from(("Trondheim kommune", "Volda kommune")), st.booleans())
def test_the_line_tells_no_address_and_no_telephone(street: str, phone: str, town: str, hidden: bool) -> None:
    person: dict[str, Any] = {
        "resourceType": "Patient", "id": "a", "birthDate": "1970-05-17", "gender": "male",
        "identifier": [{"system": FNR, "value": "15076500565"}],
        "name": [{"use": "old", "family": "Før"}, {"use": "official", "family": "Nå", "given": ["Ole"]}],
        "telecom": [{"system": "phone", "value": phone}], "contact": [{"telecom": [{"value": phone}]}],
        "address": [{"line": [street], "postalCode": street, "city": street, "district": town}],
    }  # fmt: skip
    if hidden:
        person["meta"] = {"security": [{"system": PROTECTION, "code": "7"}]}
    shown = line(person)
    assert street not in str(shown) and phone not in str(shown)
    assert astuple(shown)[:5] == ("Patient/a", "Ole Nå", "1970-05-17", "male", "65")
    assert shown.municipality == (None if hidden else town)


@given(st.text("0123456789 *%_", max_size=14))
def test_nothing_less_than_a_whole_number_is_looked_for(number: str) -> None:
    digits = "".join(number.split())
    whole = any(check(digits) for check in (national.is_birth_number, national.is_d_number, national.is_help_number))
    if whole:
        assert _question(Wanted(number))[0][0] == "identifier"
        return
    with pytest.raises(Problem) as refused:
        _question(Wanted(number))
    assert refused.value.status == 422


@given(st.text("abcæøåABC ", max_size=12))
def test_a_name_needs_a_birth_date_and_two_words(name: str) -> None:
    with pytest.raises(Problem):
        _question(Wanted(name=name))
    with pytest.raises(Problem):
        _question(Wanted(name=name.strip().partition(" ")[0], birth=date(2000, 1, 1)))


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ("Anne-Grethe van der Berg", True),
        ("anne berg", True),
        ("Grethe Berg", True),
        ("Berg Anne", False),
        ("Anne Grethe", False),
        ("Anna Berg", False),
        ("van Berg", False),
        ("Anne Grethe Marie Berg", False),
    ],
)
def test_all_the_words_must_be_the_persons(asked: str, fits: bool) -> None:
    assert _bears({"name": [{"family": "van der Berg", "given": ["Anne-Grethe"]}]}, asked) is fits
