"""What is refused, and how precisely it is said."""

from decimal import Decimal
from time import perf_counter

import pytest

from felles.record.validation import check, validate

OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
    "subject": {"reference": "Patient/1"},
    "effectiveDateTime": "2026-11-20T08:30:00+01:00",
    "valueQuantity": {"value": 13.5, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"},
}
CONDITION = {
    "resourceType": "Condition",
    "clinicalStatus": {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    },
    "subject": {"reference": "Patient/1"},
}


def observation(**changes):
    return {key: value for key, value in {**OBSERVATION, **changes}.items() if value is not ...}


def places(issues):
    return [issue.expression for issue in issues]


def test_valid_resources_have_no_issues():
    assert validate("Observation", OBSERVATION) == []
    assert validate("Condition", CONDITION) == []
    assert validate("Patient", {"resourceType": "Patient"}) == []


@pytest.mark.parametrize(
    ("changes", "place", "code"),
    [
        ({"colour": "red"}, "Observation.colour", "structure"),
        ({"status": ...}, "Observation.status", "required"),
        ({"status": "finished"}, "Observation.status", "code-invalid"),
        ({"status": 1}, "Observation.status", "value"),
        ({"status": None}, "Observation.status", "structure"),
        ({"status": ["final"]}, "Observation.status", "value"),
        ({"code": {"coding": {"code": "1"}}}, "Observation.code.coding", "structure"),
        ({"code": {"coding": [{"kode": "1"}]}}, "Observation.code.coding[0].kode", "structure"),
        ({"code": {"coding": []}}, "Observation.code.coding", "structure"),
        ({"code": {}}, "Observation.code", "invariant"),
        ({"code": "718-7"}, "Observation.code", "structure"),
        ({"valueString": "13.5"}, "Observation.value", "structure"),
        ({"value": 13.5}, "Observation.value", "structure"),
        ({"effectiveDateTime": "2026-02-30"}, "Observation.effective", "value"),
        ({"effectiveDateTime": "2026-11-20T08:30"}, "Observation.effective", "value"),
        ({"subject": {"reference": "Practitioner/1"}}, "Observation.subject.reference", "value"),
        ({"subject": {"reference": "Pasient/1"}}, "Observation.subject.reference", "value"),
        ({"subject": {"reference": "1"}}, "Observation.subject.reference", "value"),
        ({"subject": {"reference": "#p"}}, "Observation.subject.reference", "not-found"),
        ({"subject": {"reference": "Patient/1", "type": "Group"}}, "Observation.subject.reference", "value"),
        ({"note": [{"text": "a\x00b"}]}, "Observation.note[0].text", "value"),
        ({"note": [{"text": ""}]}, "Observation.note[0].text", "value"),
        ({"note": [None]}, "Observation.note[0]", "structure"),
        ({"dataAbsentReason": {"text": "lost"}}, "Observation", "invariant"),
        ({"valueQuantity": {"value": "13.5"}}, "Observation.value.value", "value"),
        ({"valueQuantity": {"value": 1, "code": "g"}}, "Observation.value", "invariant"),
        ({"referenceRange": [{"age": {"low": {"value": 1}}}]}, "Observation.referenceRange[0]", "invariant"),
        (
            {"referenceRange": [{"low": {"value": 1, "comparator": "<"}}]},
            "Observation.referenceRange[0].low.comparator",
            "invariant",
        ),
        ({"extension": [{"url": "http://a.example/x"}]}, "Observation.extension[0]", "invariant"),
        ({"meta": {"lastUpdated": "2026"}}, "Observation.meta.lastUpdated", "value"),
        ({"id": "a b"}, "Observation.id", "value"),
        ({"id": "x" * 10_000}, "Observation.id", "value"),
    ],
)
def test_each_fault_is_told_at_its_place(changes, place, code):
    issues = validate("Observation", observation(**changes))
    assert (place, code) in [(issue.expression, issue.code) for issue in issues]


def test_place_in_lists():
    patient = {"resourceType": "Patient", "name": [{"given": ["Kari", 4]}]}
    assert places(validate("Patient", patient)) == ["Patient.name[0].given[1]"]


def test_primitive_extensions_beside_their_values():
    reason = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }
    patient = {"resourceType": "Patient", "birthDate": "1965-07-15", "_birthDate": reason}
    assert validate("Patient", patient) == []
    assert validate("Patient", {"resourceType": "Patient", "_birthDate": reason}) == []
    names = {"resourceType": "Patient", "name": [{"given": ["Kari", None], "_given": [None, reason]}]}
    assert validate("Patient", names) == []
    gap = {"resourceType": "Patient", "name": [{"given": ["Kari", None], "_given": [None, None]}]}
    assert "Patient.name[0].given[1]" in places(validate("Patient", gap))


def test_element_ids_and_absolute_and_urn_references_are_accepted():
    assert validate("Observation", observation(code={"id": "c1", "text": "Hb"})) == []
    for reference in ("urn:uuid:018f428e-34f6-4707-8009-5ad742f901e7", "https://a.example/fhir/Patient/1/_history/2"):
        assert validate("Observation", observation(subject={"reference": reference})) == []


def test_numbers_may_be_decimals_but_integers_not():
    assert validate("Observation", observation(valueQuantity={"value": Decimal("1.00")})) == []
    assert validate("Observation", observation(valueQuantity=..., valueInteger=5)) == []
    assert places(validate("Observation", observation(valueQuantity=..., valueInteger=5.0)))
    assert places(validate("Observation", observation(valueQuantity=..., valueInteger=2**31)))
    assert places(validate("Observation", observation(valueQuantity=..., valueInteger=True)))


def test_a_required_binding_of_a_concept():
    wrong = {**CONDITION, "clinicalStatus": {"coding": [{"system": "http://a.example", "code": "active"}]}}
    issues = validate("Condition", wrong)
    assert ("Condition.clinicalStatus", "code-invalid") in [(i.expression, i.code) for i in issues]
    assert validate("Condition", {**CONDITION, "clinicalStatus": {"text": "active"}})


def test_invariants_over_several_elements():
    over = {**CONDITION, "abatementDateTime": "2026"}
    assert "(con-4)" in validate("Condition", over)[0].diagnostics
    period = {"start": "2026-11-20", "end": "2026-11-19"}
    encounter = {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "period": period}
    assert [(i.expression, i.code) for i in validate("Encounter", encounter)] == [("Encounter.period", "invariant")]
    assert validate("Encounter", {**encounter, "period": {"start": "2026-11-20", "end": "2026-11"}}) == []
    moments = {"start": "2026-11-20T10:00:00+01:00", "end": "2026-11-20T09:30:00Z"}
    assert validate("Encounter", {**encounter, "period": moments}) == []
    home = {"resourceType": "Organization", "name": "A", "telecom": [{"system": "phone", "value": "1", "use": "home"}]}
    assert places(validate("Organization", home)) == ["Organization.telecom[0]"]


def contained(**changes):
    patient = {"resourceType": "Patient", "id": "p", **changes}
    return observation(contained=[patient], subject={"reference": "#p"})


def test_contained_resources():
    assert validate("Observation", contained()) == []
    assert places(validate("Observation", contained(gender="x"))) == ["Observation.contained[0].gender"]
    assert places(validate("Observation", contained(id="q")))
    assert places(validate("Observation", {**contained(), "subject": {"reference": "Patient/1"}})) == [
        "Observation.contained[0]"
    ]
    nested = contained(contained=[{"resourceType": "Patient", "id": "x"}])
    assert "Observation.contained[0].contained" in places(validate("Observation", nested))
    assert "Observation.contained[0].meta" in places(validate("Observation", contained(meta={"versionId": "1"})))
    wrong_type = observation(contained=[{"resourceType": "Medication", "id": "p"}], subject={"reference": "#p"})
    assert places(validate("Observation", wrong_type)) == ["Observation.subject.reference"]


def test_resources_inside_bundles_and_parameters():
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": observation(status="x")}]}
    assert places(validate("Bundle", bundle)) == ["Bundle.entry[0].resource.status"]
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", "resource": observation(status="x")}]}],
    }
    assert places(validate("Parameters", parameters)) == ["Parameters.parameter[0].part[0].resource.status"]
    twice = {"fullUrl": "https://a.example/fhir/Observation/1", "resource": OBSERVATION}
    assert places(validate("Bundle", {"resourceType": "Bundle", "type": "collection", "entry": [twice, twice]})) == [
        "Bundle.entry[1].fullUrl"
    ]


def test_deep_nesting_ends():
    resource = {"resourceType": "Patient"}
    for _ in range(60):
        resource = {
            "resourceType": "Parameters",
            "parameter": [{"name": "a", "resource": resource, "valueString": "x"}],
        }
    assert any(issue.code == "too-long" for issue in validate("Parameters", resource))


def test_another_type_than_expected():
    assert places(validate("Patient", OBSERVATION)) == ["Patient.resourceType"]
    assert places(validate("Patient", {})) == ["Patient.resourceType"]


def test_check_tells_what_was_not_checked():
    profiled = {
        "resourceType": "Patient",
        "meta": {"profile": ["http://hl7.no/fhir/StructureDefinition/no-basis-Patient"]},
    }
    (unchecked,) = [i for i in check("Patient", profiled) if i.code == "not-supported"]
    assert (unchecked.severity, unchecked.expression) == ("information", "Patient.meta.profile[0]")
    assert any(i.severity == "warning" and "dom-6" in i.diagnostics for i in check("Patient", profiled))
    assert [i.code for i in check("Patient", {"resourceType": "Patient"}, mode="update") if i.severity == "error"] == [
        "required"
    ]


def test_the_list_of_faults_is_bounded():
    issues = validate("Patient", {"resourceType": "Patient", "name": [{"given": [1] * 1000}]})
    assert len(issues) == 101


@pytest.mark.parametrize(
    ("data", "valid"),
    [
        *(("AAAA", True), ("AAA=", True), ("AA==", True), (" AA AA\r\nAA = =\n", True)),
        *(("AAAA=", False), ("AAA", False), ("A===", False), ("AA=A", False), ("ÅAAA", False), (" ", False)),
        *(("", False), ("AAAA" * 500_000 + "!", False)),
    ],
)
def test_base64(data, valid):
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": data}
    assert (validate("Binary", binary) == []) is valid


def repeated_observation(*codes: str, **more: object) -> dict[str, object]:
    components = [{"code": {"coding": [{"system": "urn:s", "code": code}]}, "valueInteger": 1} for code in codes]
    code = {"coding": [{"system": "urn:s", "code": "a"}]}
    return {"resourceType": "Observation", "status": "final", "code": code, "component": components, **more}


def test_an_observation_says_its_value_once() -> None:
    assert not validate("Observation", repeated_observation("b", "c", valueString="x"))
    assert not validate("Observation", repeated_observation("b", "a"))
    (issue,) = validate("Observation", repeated_observation("b", "a", valueString="x"))
    assert "obs-7" in issue.diagnostics


def test_many_components_take_no_longer_than_they_must() -> None:
    many = repeated_observation(*(f"c{number}" for number in range(3_000)), valueString="x", status="unknown!")
    begun = perf_counter()
    assert validate("Observation", many)
    assert not validate("Observation", {**many, "status": "final"})
    assert perf_counter() - begun < 1
