"""Newborn and unknown persons, temporary numbers, and what a number that is found later changes."""

from typing import Any

import pytest

from felles.record.identity.identification import Finding, identified
from felles.record.identity.identifier import BIRTH_NUMBER, D_NUMBER, HELP_NUMBER, TEMPORARY
from felles.record.identity.merging import differs, objections, subsumed, surviving
from felles.record.identity.number import check_sign, provisional, temporary
from felles.record.identity.person import Appearance, Birth, is_estimated, mother_of, newborn, unknown
from felles.record.outcome import Problem
from felles.record.validation import validate

DAY = "2026-11-22"
MOTHER: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "m",
    "name": [{"family": "Sara", "given": ["Máret"]}],
    "address": [{"line": ["Geaidnu 1"], "postalCode": "9730"}],
}
FNR = {"system": BIRTH_NUMBER, "value": "15076500565"}
DNR = {"system": D_NUMBER, "value": "70019950032"}


def test_a_newborn_is_a_valid_patient_with_its_mother() -> None:
    birth = Birth("2026-11-22T04:12:00+01:00", "female", 2)
    child = newborn(birth, MOTHER, temporary(DAY))
    assert validate("Patient", child) == []
    assert child["name"][0]["text"] == "nyfødt jente 2 av Sara"
    assert (child["multipleBirthInteger"], child["birthDate"]) == (2, DAY)
    related = mother_of("c", MOTHER, birth)
    assert validate("RelatedPerson", related) == []


def test_an_unknown_person_is_a_valid_patient_with_a_guessed_year() -> None:
    person = unknown(Appearance("male", 40, "funnet i Munkegata"), temporary(DAY), 2026)
    assert validate("Patient", person) == []
    assert person["birthDate"] == "1986"
    assert is_estimated(person)
    assert person["name"][0]["text"] == "ukjent mann, ca. 40 år (funnet i Munkegata)"
    assert validate("Patient", unknown(Appearance(), temporary(DAY), 2026)) == []


def test_temporary_numbers_differ_and_their_check_sign_catches_slips() -> None:
    assert len({temporary(DAY)["value"] for _ in range(100)}) == 100
    text = "20261122ABCDEFGH"
    for place in range(len(text)):
        wrong = text[:place] + ("7" if text[place] != "7" else "8") + text[place + 1 :]
        assert check_sign(wrong) != check_sign(text)


def test_a_help_number_is_checked() -> None:
    assert provisional({"system": HELP_NUMBER, "value": "88888888831"}, DAY)["use"] == "temp"
    with pytest.raises(Problem):
        provisional({"system": HELP_NUMBER, "value": "98019800546"}, DAY)
    with pytest.raises(Problem):
        provisional(FNR, DAY)


def test_the_fodselsnummer_replaces_a_temporary_number_and_the_guess() -> None:
    person = unknown(Appearance("male", 40), temporary("2026-11-01"), 2026)
    name = {"use": "official", "family": "Berg", "given": ["Ola"]}
    known = identified(person, Finding(FNR, name), DAY)
    assert validate("Patient", known) == []
    assert known["birthDate"] == "1965-07-15"
    assert not is_estimated(known)
    new, old = known["identifier"]
    assert (new["value"], new["use"], new["period"]) == (FNR["value"], "official", {"start": DAY})
    assert (old["system"], old["use"]) == (TEMPORARY, "old")
    assert old["period"] == {"start": "2026-11-01", "end": DAY}
    assert [one["use"] for one in known["name"]] == ["official", "old"]


def test_a_d_number_stays_as_an_old_one() -> None:
    patient = {"resourceType": "Patient", "identifier": [{**DNR, "use": "official"}]}
    known = identified(patient, Finding(FNR), DAY)
    assert [(one["value"], one["use"]) for one in known["identifier"]] == [
        (FNR["value"], "official"),
        (DNR["value"], "old"),
    ]
    assert known["identifier"][1]["period"] == {"end": DAY}
    assert identified(known, Finding(FNR), "2027-01-01") == known


@pytest.mark.parametrize(
    ("patient", "number"),
    [
        ({"identifier": [FNR]}, DNR),
        ({"identifier": [{"system": BIRTH_NUMBER, "value": "12045678901"}]}, FNR),
        ({"birthDate": "1990-01-01"}, FNR),
        ({}, {"system": BIRTH_NUMBER, "value": "15076500566"}),
        ({}, {"system": "urn:x", "value": "1"}),
    ],
)
def test_what_contradicts_is_refused(patient: dict[str, Any], number: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        identified(patient, Finding(number), DAY)
    assert refused.value.status == 422


def test_objections_to_a_merge() -> None:
    one = {"id": "a", "birthDate": "1980-01-01", "gender": "male", "identifier": [FNR]}
    other = {"id": "b", "birthDate": "1981-01-01", "gender": "female", "deceasedBoolean": True}
    found = {objection.expression for objection in objections(one, other, [])}
    assert found == {"Patient.birthDate", "Patient.gender", "Patient.deceased"}
    assert list(objections(one, {**one, "id": "b"}, [])) == []
    assert not differs("1980", "1980-05-01")


def test_relatives_are_two_persons() -> None:
    child, mother = {"id": "c"}, {"id": "m", "link": [{"other": {"reference": "RelatedPerson/r"}, "type": "seealso"}]}
    relative = {"id": "r", "patient": {"reference": "Patient/c"}}
    assert [one.expression for one in objections(child, mother, [relative])] == ["RelatedPerson.patient"]
    assert [one.expression for one in objections(mother, child, [relative])] == ["RelatedPerson.patient"]


def test_a_chain_that_closes_is_firmly_refused() -> None:
    a = {"id": "a"}
    b = subsumed({"id": "b"}, "a")
    assert any(one.firm for one in objections(a, b, []))
    assert any(one.firm for one in objections(b, {"id": "c"}, []))


def test_the_surviving_record_has_all_identifiers_once() -> None:
    source = {"id": "a", "identifier": [FNR, DNR]}
    after = surviving({"id": "b", "identifier": [DNR]}, source)
    assert after["identifier"] == [DNR, {**FNR, "use": "old"}]
    assert after["link"] == [{"other": {"reference": "Patient/a"}, "type": "replaces"}]
