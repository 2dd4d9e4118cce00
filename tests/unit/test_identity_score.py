"""Scores and grades: certain only with a checked number and nothing against it; twins and slips told apart."""

from typing import Any

import pytest

from felles.record.identity.candidate import near_dates, queries
from felles.record.identity.score import compare

FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
NUMBER = {"system": FNR, "value": "15076500565"}
OTHER = {"system": FNR, "value": "01410199935"}


def person(**changes: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "resourceType": "Patient",
        "identifier": [NUMBER],
        "name": [{"family": "Olsen", "given": ["Kari", "Anne"]}],
        "birthDate": "1965-07-15",
        "gender": "female",
        "address": [{"line": ["Storgata 1"], "postalCode": "7010"}],
        "telecom": [{"system": "phone", "value": "+47 00 12 34 56"}],
    }
    return {name: value for name, value in {**known, **changes}.items() if value is not None}


def named(*given: str, family: str) -> list[dict[str, Any]]:
    return [{"family": family, "given": list(given)}]


def test_number_name_and_birth_date_are_certain() -> None:
    assert compare(person(), person()).grade == "certain"


def test_a_changed_surname_stays_certain() -> None:
    assert compare(person(), person(name=named("Kari", family="Haugen"))).grade == "certain"


def test_a_number_alone_is_certain_only_when_nothing_else_is_asked() -> None:
    assert compare({"identifier": [NUMBER]}, person()).grade == "certain"
    assert compare({"identifier": [NUMBER], "birthDate": "1990-01-01"}, person()).grade != "certain"
    assert compare({"identifier": [NUMBER], "name": named("Per", family="Berg")}, person()).grade != "certain"


def test_an_unchecked_number_is_never_certain() -> None:
    local = [{"system": "urn:local", "value": "7"}]
    assert compare(person(identifier=local), person(identifier=local)).grade == "probable"


@pytest.mark.parametrize("born", ["1965-07-51", "1965-07-14", "1956-07-15", "1965-01-15"])
def test_without_number_a_slip_in_the_birth_date_is_at_least_possible(born: str) -> None:
    assert compare(person(identifier=None, birthDate=born), person()).grade in ("probable", "possible")


def test_all_but_the_number_is_probable() -> None:
    assert compare(person(identifier=None), person()).grade == "probable"
    assert compare(person(identifier=None, name=named("Karri", family="Olssen")), person()).grade == "probable"


def test_a_twin_is_not_probable() -> None:
    twin = person(identifier=[OTHER], name=named("Ingrid", family="Olsen"))
    assert compare(twin, person()).grade in ("possible", "certainly-not")


def test_a_common_name_alone_is_no_match() -> None:
    asked = {"name": named("Kari", family="Olsen")}
    assert compare(asked, person(birthDate=None)).grade == "certainly-not"


def test_a_different_person_certainly_is_not() -> None:
    asked = person(identifier=[OTHER], name=named("Per", family="Berg"), birthDate="1990-01-01", gender="male")
    assert compare(asked, person(address=None, telecom=None)).grade == "certainly-not"


def test_a_newborn_without_a_name_is_found_by_its_number() -> None:
    newborn = person(name=[{"use": "temp", "text": "nyfødt jente av Olsen", "family": "Olsen"}])
    assert compare(person(), newborn).grade == "certain"


def test_near_dates_hold_the_usual_slips() -> None:
    near = near_dates("1965-07-12")
    assert {"1965-12-07", "1965-07-21", "1956-07-12", "1965-07-13", "1966-07-12"} <= set(near)
    assert all(one[4] == one[7] == "-" for one in near)
    assert "1965-07-92" not in near


def test_queries_escape_what_search_would_split() -> None:
    asked = {"name": named("A,B", family="O$l|sen"), "identifier": [{"system": "urn:x", "value": "1|2,3"}]}
    values = [value for parameters in queries(asked) for _, value in parameters]
    assert "urn:x|1\\|2\\,3" in values
