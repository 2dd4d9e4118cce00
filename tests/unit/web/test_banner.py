"""The patient banner: who it is, and what must not be missed."""

from datetime import date
from typing import Any

from felles.web.chart.banner import banner, grouped_phone
from felles.web.chart.place import Directory
from felles.web.page import templates

TODAY = date(2026, 11, 22)
INTERPRETER = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "x1",
    "name": [
        {"use": "old", "family": "Berg", "given": ["Astrid"]},
        {"use": "official", "family": "Haugen", "given": ["Astrid", "Marie"]},
    ],
    "birthDate": "1947-03-14",
    "gender": "female",
    "identifier": [
        {"system": "urn:x", "value": "1"},
        {"system": "urn:oid:2.16.578.1.12.4.1.4.2", "value": "54834712345", "use": "old"},
        {"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "14834712345"},
    ],
    "address": [
        {"use": "old", "line": ["Gammelveien 1"]},
        {"use": "home", "line": ["Fjordgata 12"], "postalCode": "7300", "city": "Orkanger"},
    ],
    "telecom": [{"system": "email", "value": "a@b.example"}, {"system": "phone", "value": "+4790012345"}],
    "generalPractitioner": [{"reference": "PractitionerRole/r"}],
    "extension": [{"url": INTERPRETER, "valueBoolean": True}],
    "communication": [
        {"language": {"coding": [{"code": "nb"}]}},
        {"language": {"coding": [{"code": "se"}]}, "preferred": True},
    ],
}
PLACES = Directory(
    {
        "PractitionerRole/r": {"resourceType": "PractitionerRole", "practitioner": {"reference": "Practitioner/p"}},
        "Practitioner/p": {"resourceType": "Practitioner", "name": [{"family": "Nygård", "given": ["Marte"]}]},
    }
)


def allergy(substance: str, **more: Any) -> dict[str, Any]:
    active = {"clinicalStatus": {"coding": [{"code": "active"}]}}
    return {"resourceType": "AllergyIntolerance", "code": {"text": substance}, **active, **more}


def test_who_it_is() -> None:
    view = banner(PATIENT, [], [], PLACES, TODAY)
    assert view.name == "Haugen, Astrid Marie"
    assert view.born is not None and view.born.day == "14.03.1947"
    assert view.age is not None and view.age.count == 79
    assert (view.identifier_kind, view.identifier) == ("Fødselsnummer", "148347 12345")
    assert view.address == "Fjordgata 12, 7300 Orkanger"
    assert view.phone == "90 01 23 45"
    assert view.gp == "Marte Nygård"
    assert view.interpreter and view.language == "se"


def test_the_dangerous_allergy_comes_first_and_refuted_ones_are_gone() -> None:
    allergies = [
        allergy("Bjørkepollen"),
        allergy("Penicillin", criticality="high", reaction=[{"manifestation": [{"text": "Anafylaksi"}]}]),
        allergy("Egg", verificationStatus={"coding": [{"code": "refuted"}]}),
        allergy("Nøtter", clinicalStatus={"coding": [{"code": "resolved"}]}),
    ]
    view = banner(PATIENT, allergies, [], PLACES, TODAY)
    assert [(a.substance, a.critical) for a in view.allergies] == [("Penicillin", True), ("Bjørkepollen", False)]
    assert view.allergies[0].reactions == "Anafylaksi"


def test_no_known_allergy_is_not_the_same_as_nothing_registered() -> None:
    denial = {"code": {"coding": [{"code": "716186003"}]}, "clinicalStatus": {"coding": [{"code": "active"}]}}
    assert banner(PATIENT, [denial], [], PLACES, TODAY).no_known_allergy
    assert not banner(PATIENT, [], [], PLACES, TODAY).no_known_allergy


def test_only_flags_that_are_on() -> None:
    flags = [{"status": "active", "code": {"text": "Fallfare"}}, {"status": "inactive", "code": {"text": "MRSA"}}]
    assert banner(PATIENT, [], flags, PLACES, TODAY).flags == ("Fallfare",)


def test_age_stops_at_death() -> None:
    view = banner({**PATIENT, "deceasedDateTime": "2020-01-01"}, [], [], PLACES, TODAY)
    assert view.deceased and view.age is not None and view.age.count == 72


def test_the_least_patient_has_a_banner() -> None:
    view = banner({"resourceType": "Patient", "id": "y"}, [], [], Directory(), TODAY)
    assert (view.name, view.born, view.identifier, view.gp) == ("", None, "", "")


def test_foreign_numbers_stay_as_they_are() -> None:
    assert grouped_phone("+46 8 123 456") == "+46 8 123 456"


def test_a_merged_record_leads_to_the_one_that_lives_on() -> None:
    links = [
        {"type": "seealso", "other": {"reference": "Patient/a"}},
        {"type": "replaced-by", "other": {"reference": "Patient/b"}},
    ]
    assert banner({**PATIENT, "link": links}, [], [], PLACES, TODAY).replaced_by == "b"
    assert banner(PATIENT, [], [], PLACES, TODAY).replaced_by == ""


def test_the_banner_always_says_how_it_stands_with_allergies() -> None:
    flag = {"status": "active", "code": {"text": "Fallrisiko"}}
    denial = {"code": {"coding": [{"code": "716186003"}]}, "clinicalStatus": {"coding": [{"code": "active"}]}}
    alerts = templates("nb").get_template("ui/banner.html").module.alerts  # type: ignore[attr-defined]
    for flags in ([], [flag]):
        assert "Allergier ikke registrert" in alerts(banner(PATIENT, [], flags, PLACES, TODAY))
        assert "Ingen kjente allergier" in alerts(banner(PATIENT, [denial], flags, PLACES, TODAY))
        assert "Penicillin" in alerts(banner(PATIENT, [allergy("Penicillin")], flags, PLACES, TODAY))
