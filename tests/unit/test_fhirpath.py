"""FHIRPath beyond the official suite: FHIR's additions, places, precision, errors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from felles.record import fhirpath
from felles.record.fhirpath import FhirPathError, Terminology

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "birthDate": "1990-05-17",
    "_birthDate": {"extension": [{"url": "http://x.example/time", "valueDateTime": "1990-05-17T10:00:00+02:00"}]},
    "name": [
        {"use": "official", "family": "Nordmann", "given": ["Kari", None], "_given": [None, {"id": "g2"}]},
        {"use": "nickname", "given": ["Kaja"]},
    ],
    "contact": [{"name": {"text": "Ola"}, "gender": "male"}],
    "managingOrganization": {"reference": "#org"},
    "generalPractitioner": [{"reference": "Practitioner/1"}, {"reference": "Practitioner/2"}],
    "contained": [{"resourceType": "Organization", "id": "org", "name": "Legekontoret"}],
    "multipleBirthInteger": 2,
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "valueQuantity": {"value": 72.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
}


def values(expression: str, resource: Any = PATIENT, **options: Any) -> list[Any]:
    return fhirpath.compile(expression)(resource, **options)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name.given", ["Kari", None, "Kaja"]),
        ("name.given.id", ["g2"]),
        ("name[0].given.hasValue()", [False]),
        ("name[0].given[0].hasValue()", [True]),
        ("name[0].given[1].exists()", [True]),
        ("birthDate.extension('http://x.example/time').value.hourOf()", [10]),
        ("multipleBirth is integer", [True]),
        ("multipleBirth.type().name", ["integer"]),
        ("contact.type().name", ["BackboneElement"]),
        ("Resource.id | DomainResource.id | Patient.id", ["p"]),
        ("managingOrganization.resolve().name", ["Legekontoret"]),
        ("contained[0].is(Organization) and contained[0] is Resource", [True]),
        ("contained.descendants().count()", [2]),
        ("name.given.where($index = 2)", ["Kaja"]),
        ("nonsense.path", []),
        ("Observation.status", []),
        ("%resource.id & %context.id & %rootResource.id", ["ppp"]),
        ("name.select(use & ':' & $index.toString())", ["official:0", "nickname:1"]),
        ("birthDate + 1 month", ["1990-06-17"]),
        ("@2020-01-31 + 1 month", ["2020-02-29"]),
        ("@2020 + 18 months", ["2021"]),
        ("@T23:30 + 45 minutes", ["00:15"]),
        ("@2020-02-29 - 1 year", ["2019-02-28"]),
        ("0.1 + 0.2 = 0.3", [True]),
        ("1.00", [Decimal("1.00")]),
        ("10 'mg/dL' = 0.1 'g/L'", [True]),
        ("37 'Cel' = 98.6 '[degF]'", [True]),
        ("1 'mm[Hg]' = 133.322 'Pa'", [True]),
        ("3 'mmol/L' > 2 'umol/L'", [True]),
        ("1 'kg' > 1 'm'", []),
        ("1 'furlong' = 1 'furlong'", [True]),
        ("1 year = 12 months and (1 year = 1 'a').empty() and 1 year ~ 1 'a'", [True]),
        ("'1.5 mg'.toQuantity().empty() and '1.5 \\'mg\\''.toQuantity() = 1500 'ug'", [True]),
        ("2147483647.toString().toInteger() = 2147483647 and '2147483648'.toInteger().empty()", [True]),
        ("name.given.first().matches('^K.*i$')", [True]),
        ("'Kari Nordmann'.replaceMatches('(\\\\w+) (\\\\w+)', '$2, $1')", ["Nordmann, Kari"]),
        ("`id`", ["p"]),
        ("name.exists(use = 'official' and given contains 'Kari')", [True]),
        ("elementDefinition().count() = 0 and birthDate.elementDefinition().type.code = 'date'", [True]),
        ("%`ext-a` & %`vs-b`", ["http://hl7.org/fhir/StructureDefinition/ahttp://hl7.org/fhir/ValueSet/b"]),
        ("getResourceKey()", ["Patient/p"]),
    ],
)
def test_evaluation(expression: str, expected: list[Any]) -> None:
    assert values(expression) == expected


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("value > 72 'kg' and value < 72500.5 'g'", True),
        ("value.value = 72.5", True),
        ("(value as Quantity).unit = 'kg'", True),
        ("value.ofType(string).exists()", False),
        ("code.coding.where(system = %loinc).code = '29463-7'", True),
        ("status in ('final' | 'amended')", True),
        ("component.value > 3", False),
    ],
)
def test_invariants(expression: str, holds: bool) -> None:
    assert fhirpath.compile(expression).test(OBSERVATION) is holds


def test_decimals_are_exact_from_floats_and_from_decimals() -> None:
    for value in (0.1, Decimal("0.1")):
        resource = {"resourceType": "Observation", "valueQuantity": {"value": value}}
        assert values("value.value + 0.2 = 0.3", resource) == [True]


def test_a_node_tells_its_type_and_place() -> None:
    node = fhirpath.compile("Patient.contact.name.text").nodes(PATIENT)[0]
    assert (node.location(), node.type.name, node.value) == ("Patient.contact[0].name.text", "string", "Ola")
    assert fhirpath.compile("multipleBirth").nodes(PATIENT)[0].key == "multipleBirthInteger"


def test_an_expression_may_begin_inside_a_resource() -> None:
    contact = fhirpath.compile("Patient.contact").nodes(PATIENT)[0]
    assert fhirpath.compile("name.exists() or telecom.exists()").test(contact)
    assert values("%resource.id", contact) == ["p"]
    organization = fhirpath.compile("contained").nodes(PATIENT)[0]
    assert values("%resource.id | %rootResource.id", organization) == ["org", "p"]


def test_references_are_resolved_by_the_caller_and_inside_bundles() -> None:
    doctors = {"Practitioner/1": {"resourceType": "Practitioner", "id": "1", "gender": "female"}}
    assert values("generalPractitioner.resolve().gender", resolve=doctors.get) == ["female"]
    assert values("generalPractitioner.resolve()") == []
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "link": [{"other": {}}]}},
            {"resource": {"resourceType": "Observation", "subject": {"reference": "urn:uuid:1"}}},
        ],
    }
    assert values("entry.resource.ofType(Observation).subject.resolve().is(Patient)", bundle) == [True]


def test_variables_come_from_the_caller() -> None:
    assert values("%limit + 1", variables={"limit": 41}) == [42]
    assert values("%other.name", variables={"other": PATIENT["contained"][0]}) == ["Legekontoret"]
    with pytest.raises(FhirPathError, match="no variable %nothing"):
        values("%nothing")


def test_terminology_comes_from_the_caller() -> None:
    class Codes(Terminology):
        def member_of(self, coded: Any, value_set: str) -> bool | None:
            return None if value_set != "http://x.example" else coded == {"code": "a"}

    resource = {"resourceType": "Basic", "code": {"coding": [{"code": "a"}]}}
    assert values("code.coding.memberOf('http://x.example')", resource, terminology=Codes()) == [True]
    assert values("code.coding.memberOf('http://y.example')", resource, terminology=Codes()) == []
    with pytest.raises(FhirPathError, match="needs a terminology"):
        values("code.coding.memberOf('http://x.example')", resource)


@pytest.mark.parametrize(
    ("div", "fine"),
    [
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p class="a">Hei <a href="http://x.example">x</a></p></div>', True),
        ("<div><script>alert(1)</script></div>", False),
        ('<div onclick="x()">a</div>', False),
        ('<div><a href="javascript:x()">a</a></div>', False),
        ('<div><img src=" JavaScript:x()"/></div>', False),
        ("<div><p>open</div>", False),
        ('<!DOCTYPE div [<!ENTITY a "b">]><div>&a;</div>', False),
        ("<p>a</p>", False),
    ],
)
def test_narrative_holds_only_formatting(div: str, fine: bool) -> None:
    resource = {"resourceType": "Basic", "text": {"status": "generated", "div": div}}
    assert fhirpath.compile("text.`div`.htmlChecks()").test(resource) is fine


@pytest.mark.parametrize(
    ("expression", "position", "reason"),
    [
        ("name.", 5, "Expected a name, found the end"),
        ("name.where(use = )", 17, "Expected an expression"),
        ("name.frobnicate()", 5, "no function frobnicate()"),
        ("name.where()", 5, "takes 1 argument, not 0"),
        ("name # use", 5, "Unexpected character '#'"),
        ("name.ofType(Nonsense)", 5, "no type Nonsense"),
        ("'abc", 0, "Unexpected character"),
        ("'\\q'", 0, "Unknown escape"),
        ("@2020-13-01", 0, "is no date or time"),
        ("(1 + 2", 6, "Expected )"),
        ("1 2", 2, "Expected the end"),
        ("name and or", 9, "Expected a name"),
    ],
)
def test_a_syntax_error_tells_its_place(expression: str, position: int, reason: str) -> None:
    with pytest.raises(FhirPathError) as caught:
        fhirpath.compile(expression)
    assert caught.value.position == position
    assert reason in str(caught.value)
    assert caught.value.expression == expression


@pytest.mark.parametrize(
    ("expression", "position"),
    [("name.single()", 5), ("id + 1", 3), ("name.given.lower()", 11), ("name < 1", 5), ("1 + -name", 4)],
)
def test_an_evaluation_error_tells_its_place(expression: str, position: int) -> None:
    with pytest.raises(FhirPathError) as caught:
        values(expression)
    assert (caught.value.position, caught.value.expression) == (position, expression)


@pytest.mark.parametrize("expression", ["name.nickname", "Observation.status", "(multipleBirth as integer).unit"])
def test_strict_expressions_refuse_undefined_elements(expression: str) -> None:
    with pytest.raises(FhirPathError, match="has no element"):
        fhirpath.compile(expression, strict=True)(PATIENT)


def test_compiled_expressions_are_kept() -> None:
    assert fhirpath.compile("name.given") is fhirpath.compile("name.given")


def test_what_is_no_resource_gives_nothing() -> None:
    for resource in ({}, {"resourceType": "Nonsense"}, {"resourceType": ["Patient"]}, {"name": [1]}):
        assert values("name.given | children()", resource) == []


@pytest.mark.parametrize("wrong", [{"name": "x"}, {"name": [None, 1, "x"]}, {"birthDate": {"a": 1}}, {"name": {}}])
def test_ill_formed_resources_raise_nothing_else(wrong: dict[str, Any]) -> None:
    resource = {"resourceType": "Patient", **wrong}
    values("name.given | birthDate | descendants()", resource)
    assert not fhirpath.compile("birthDate.exists() and name.given.exists()").test(resource)
