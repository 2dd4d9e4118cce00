"""Norwegian national identifiers: form, check digits, dates."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from felles.record.validation import made_up, national, validate

OID = "urn:oid:2.16.578.1.12.4.1"
DAYS = st.dates(date(1940, 1, 1), date(2039, 12, 31))


def number(day: date, individual: int, *, day_plus: int = 0, month_plus: int = 0) -> str | None:
    nine = f"{day.day + day_plus:02}{day.month + month_plus:02}{day.year % 100:02}{individual:03}"
    digits = national.check_digits(nine)
    return None if digits is None else nine + digits


def individual_of(day: date, offset: int) -> int:
    return 500 + offset % 500 if day.year >= 2000 else offset % 500


@pytest.mark.parametrize(
    ("value", "check"),
    [
        ("15076500565", national.is_birth_number),
        ("12045678901", national.is_birth_number),
        ("70019950032", national.is_d_number),
        ("01410199935", national.is_h_number),
        ("88888888831", national.is_help_number),
        ("915933149", national.is_organization_number),
        ("9144889", national.is_health_personnel_number),
    ],
)
def test_known_numbers_are_valid(value, check):
    assert check(value)


@pytest.mark.parametrize(
    ("value", "check"),
    [
        ("98019800546", national.is_help_number),
        ("15076500566", national.is_birth_number),
        ("1507650056", national.is_birth_number),
        ("1507650056५", national.is_birth_number),
        ("32076500565", national.is_birth_number),
        ("00000000000", national.is_birth_number),
        ("70019950032", national.is_birth_number),
        ("15076500565", national.is_d_number),
        ("915933148", national.is_organization_number),
        ("115933149", national.is_organization_number),
        ("0144889", national.is_health_personnel_number),
        ("", national.is_health_personnel_number),
    ],
)
def test_others_are_not(value, check):
    assert not check(value)


def test_the_rule_of_2032_accepts_what_that_of_1964_does_not():
    assert national.first_remainder("12045678901") == 3
    assert national.birth_date("12045678901") is None
    assert national.sex("12045678901") is None


@given(DAYS, st.integers(0, 499))
def test_date_and_sex_are_read_back(day, offset):
    made = number(day, individual_of(day, offset))
    assume(made is not None)
    assert national.is_birth_number(made)
    assert national.birth_date(made) == day
    assert national.sex(made) == ("male" if offset % 2 else "female")
    assert not national.is_synthetic(made)


@given(DAYS, st.integers(0, 499), st.sampled_from([40, 65, 80]))
def test_synthetic_series_add_to_the_month(day, offset, plus):
    made = number(day, individual_of(day, offset), month_plus=plus)
    assume(made is not None)
    assert national.is_birth_number(made)
    assert national.is_synthetic(made)
    assert national.birth_date(made) == day


@given(DAYS, st.integers(0, 499), st.sampled_from([0, 80]))
def test_d_numbers_add_to_the_day(day, offset, plus):
    made = number(day, individual_of(day, offset), day_plus=40, month_plus=plus)
    assume(made is not None)
    assert national.is_d_number(made)
    assert not national.is_birth_number(made)


@given(DAYS, st.integers(0, 499), st.integers(0, 10), st.integers(1, 9))
def test_one_wrong_digit_is_found(day, offset, place, change):
    made = number(day, individual_of(day, offset))
    assume(made is not None)
    wrong = f"{made[:place]}{(int(made[place]) + change) % 10}{made[place + 1 :]}"
    assert not national.check_digits_hold(wrong)


@given(st.text(max_size=15))
def test_no_text_is_too_odd(text):
    for check in (national.is_birth_number, national.is_d_number, national.is_help_number):
        assert check(text) in (True, False)
    assert national.is_organization_number(text) in (True, False)
    assert national.birth_date(text) is None or national.is_birth_number(text) or national.is_d_number(text)


def test_days_that_do_not_exist():
    assert national.check_digits_hold(number(date(1999, 3, 1), 1) or "")
    first = date(1999, 1, 1)
    leap = [first + timedelta(days=n) for n in range(0, 365, 30)]
    assert all(national.birth_date(made) == day for day in leap if (made := number(day, 123)))
    nine = "290299"
    wrong = [nine + f"{i:03}" + d for i in range(500) if (d := national.check_digits(nine + f"{i:03}"))]
    assert wrong and not any(map(national.is_birth_number, wrong))


@pytest.mark.parametrize(
    ("system", "value", "name"),
    [
        ("4.1", "15076500566", "fødselsnummer"),
        ("4.2", "15076500565", "D-number"),
        ("4.3", "98019800546", "FH-nummer"),
        ("4.4", "12345678901", "HPR"),
        ("4.101", "915933148", "organisation number"),
        ("2", "x", "HER-id"),
    ],
)
def test_a_wrong_number_is_refused_wherever_its_oid_stands(system, value, name):
    identifier = {"system": f"{OID}.{system}", "value": value}
    (at_root,) = validate("Patient", {"resourceType": "Patient", "identifier": [identifier]})
    assert at_root.expression == "Patient.identifier[0].value"
    assert name in at_root.diagnostics
    practitioner = {"resourceType": "Patient", "generalPractitioner": [{"identifier": identifier}]}
    (nested,) = validate("Patient", practitioner)
    assert nested.expression == "Patient.generalPractitioner[0].identifier.value"


def test_right_numbers_and_other_systems_are_accepted():
    identifiers = [
        {"system": f"{OID}.4.1", "value": "15076500565"},
        {"system": f"{OID}.4.1", "type": {"text": "unknown as yet"}},
        {"system": f"{OID}.4.101", "value": "915933149"},
        {"system": "urn:oid:1.2.3", "value": "15076500566"},
    ]
    assert validate("Patient", {"resourceType": "Patient", "identifier": identifiers}) == []


def test_made_up_organisation_numbers_are_told_apart():
    assert national.is_synthetic("310000003") == national.is_organization_number("310000003")
    real = {"resourceType": "Organization", "identifier": [{"system": f"{OID}.4.101", "value": "915933149"}]}
    her = {"resourceType": "Organization", "partOf": {"identifier": {"system": f"{OID}.2", "value": "99000001"}}}
    assert made_up(real) == []
    assert [issue.expression for issue in made_up(her)] == ["Organization.partOf.identifier.value"]
