"""JSON Patch and FHIRPath Patch beyond the suites: precision, primitives with extensions, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from felles.record import document
from felles.record.outcome import Problem
from felles.record.patch import fhirpath_patch, json_patch

OBSERVATION = b"""{"resourceType":"Observation","status":"final","code":{"text":"x"},
 "valueQuantity":{"value":1.00,"unit":"kg"},"component":[{"code":{"text":"y"},"valueQuantity":{"value":2.50e1}}]}"""
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"given": ["Kari", None, "Anne"], "_given": [None, {"id": "g"}, None]}],
    "birthDate": "1990-01-01",
    "_birthDate": {"extension": [{"url": "http://x.example", "valueString": "a"}]},
}


def operation(kind: str, path: str, name: str | None = None, value: Any = None, **numbers: int) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": path},
    ]
    if name is not None:
        parts.append({"name": "name", "valueString": name})
    if value is not None:
        parts.append({"name": "value", **value})
    parts += [{"name": key, "valueInteger": number} for key, number in numbers.items()]
    return {"name": "operation", "part": parts}


def patch(resource: Any, *operations: dict[str, Any]) -> dict[str, Any]:
    return fhirpath_patch(resource, {"resourceType": "Parameters", "parameter": list(operations)})


def refused(resource: Any, *operations: dict[str, Any]) -> Problem:
    with pytest.raises(Problem) as caught:
        patch(resource, *operations)
    return caught.value


def test_untouched_decimals_keep_their_digits() -> None:
    by_json = json_patch(OBSERVATION, b'[{"op":"replace","path":"/status","value":"amended"}]')
    by_path = patch(OBSERVATION, operation("replace", "Observation.status", value={"valueCode": "amended"}))
    for result in (by_json, by_path):
        text = document.serialise(result)
        assert b'"value":1.00,' in text
        assert b'"value":2.50e1}' in text
        assert b'"status":"amended"' in text


def test_moved_and_copied_decimals_keep_their_digits() -> None:
    steps = b"""[{"op":"copy","from":"/valueQuantity","path":"/component/-"},
        {"op":"test","path":"/component/1/value","value":1.0},
        {"op":"move","from":"/component/0","path":"/component/1"}]"""
    text = document.serialise(json_patch(OBSERVATION, steps))
    assert text.count(b"1.00") == 2
    assert text.count(b"2.50e1") == 1


def test_the_input_is_left_alone() -> None:
    before = document.serialise(PATIENT)
    patch(PATIENT, operation("delete", "Patient.name[0].given[0]"), operation("delete", "Patient.birthDate"))
    json_patch(PATIENT, [{"op": "remove", "path": "/name/0/given/0"}])
    assert document.serialise(PATIENT) == before


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"op": "frob", "path": ""}, "no operation 'frob'"),
        ({"op": "add", "path": "a", "value": 1}, "JSON Pointer"),
        ({"op": "add", "path": "/a~2b", "value": 1}, "neither ~0 nor ~1"),
        ({"op": "add", "path": "/a"}, "value is missing"),
        ({"op": "move", "path": "/a"}, "from must be"),
        ("remove", "an operation is an object"),
    ],
)
def test_a_malformed_json_patch_is_400(step: Any, reason: str) -> None:
    with pytest.raises(Problem) as caught:
        json_patch(PATIENT, [{"op": "test", "path": "/birthDate", "value": "1990-01-01"}, step])
    assert caught.value.status == 400
    assert f"Operation 1: {reason}" in caught.value.issues[0].diagnostics or reason in str(caught.value)


@pytest.mark.parametrize(
    "step",
    [
        {"op": "remove", "path": "/nothing"},
        {"op": "replace", "path": "/name/1", "value": 1},
        {"op": "add", "path": "/name/2", "value": 1},
        {"op": "add", "path": "/name/01", "value": 1},
        {"op": "add", "path": "/name/-1", "value": 1},
        {"op": "remove", "path": "/name/-"},
        {"op": "add", "path": "/birthDate/x", "value": 1},
        {"op": "move", "from": "/name", "path": "/name/0"},
        {"op": "test", "path": "/name/0/given/1", "value": False},
        {"op": "replace", "path": "", "value": [1]},
        {"op": "remove", "path": ""},
    ],
)
def test_a_json_patch_that_does_not_fit_is_422(step: dict[str, Any]) -> None:
    with pytest.raises(Problem) as caught:
        json_patch(PATIENT, [step])
    assert caught.value.status == 422


def test_numbers_and_booleans_are_told_apart() -> None:
    json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": 1.0}])
    with pytest.raises(Problem):
        json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": True}])


def test_copies_of_copies_are_stopped() -> None:
    steps = [{"op": "copy", "from": "", "path": f"/x{place}"} for place in range(60)]
    with pytest.raises(Problem, match="more than 100000 values"):
        json_patch({"a": 1}, steps)


def test_a_choice_may_change_its_type() -> None:
    result = patch(OBSERVATION, operation("replace", "Observation.value", value={"valueString": "much"}))
    assert result["valueString"] == "much"
    assert "valueQuantity" not in result


def test_values_and_extensions_of_a_primitive_list_stay_aligned() -> None:
    result = patch(
        PATIENT,
        operation("delete", "Patient.name[0].given[0]"),
        operation("insert", "Patient.name[0].given", value={"valueString": "Ida"}, index=1),
    )
    assert result["name"] == [{"given": [None, "Ida", "Anne"], "_given": [{"id": "g"}, None, None]}]


def test_extensions_of_primitives_can_be_added_and_removed() -> None:
    more = {"valueString": "x"}
    result = patch(
        PATIENT,
        operation("delete", "Patient.birthDate.extension[0]"),
        operation("add", "Patient.name[0].given[0]", "id", more),
    )
    assert "_birthDate" not in result
    assert result["birthDate"] == "1990-01-01"
    assert result["name"][0]["_given"] == [{"id": "x"}, {"id": "g"}, None]


def test_resources_and_nested_structures_can_be_added() -> None:
    contained = {"resourceType": "Organization", "id": "o"}
    period = {"part": [{"name": "name", "valueHumanName": {"text": "N"}}, {"name": "telecom", "valueContactPoint": {}}]}
    result = patch(
        PATIENT,
        operation("add", "Patient", "contained", {"resource": contained}),
        operation("add", "Patient", "contact", period),
        operation("add", "Patient", "deceased", {"valueBoolean": False}),
    )
    assert result["contained"] == [contained]
    assert result["contact"] == [{"name": {"text": "N"}, "telecom": [{}]}]
    assert result["deceasedBoolean"] is False


@pytest.mark.parametrize(
    ("step", "status", "reason"),
    [
        (operation("add", "Patient", "birthDate", {"valueDate": "1"}), 422, "birthDate already"),
        (operation("add", "Patient", "nonsense", {"valueDate": "1"}), 422, "no element 'nonsense'"),
        (operation("add", "Patient", "deceased", {"valueQuantity": {}}), 422, "cannot be a Quantity"),
        (operation("replace", "Patient.name.given", value={"valueString": "x"}), 422, "3 elements found"),
        (operation("replace", "Patient.gender", value={"valueCode": "male"}), 422, "No content found"),
        (operation("replace", "Patient", value={"valueCode": "male"}), 422, "The resource itself"),
        (operation("delete", "Patient.name.given.count()"), 422, "gives values"),
        (operation("delete", "Patient.("), 422, "at character 9"),
        (operation("delete", "Patient.repeatAll($this)"), 422, "steps"),
        (operation("move", "Patient.name", source=1, destination=0), 422, "source 1 lies outside"),
        (operation("insert", "Patient.name", value={"valueHumanName": {}}, index=5), 422, "index 5"),
        (operation("insert", "Patient.birthDate", value={"valueDate": "x"}, index=0), 422, "not one list"),
        (operation("add", "Patient", "gender"), 400, "no part value"),
        (operation("frob", "Patient"), 400, "no patch operation 'frob'"),
        ({"name": "other"}, 400, "must be an operation"),
        ({"name": "operation"}, 400, "no part type"),
    ],
)
def test_what_a_fhirpath_patch_refuses(step: dict[str, Any], status: int, reason: str) -> None:
    problem = refused(PATIENT, operation("delete", "Patient.photo"), step)
    assert problem.status == status
    assert reason in problem.issues[0].diagnostics
    assert problem.issues[0].expression == "Parameters.parameter[1]"


@pytest.mark.parametrize("parameters", [{}, [], {"resourceType": "Parameters", "parameter": {}}, b"{"])
def test_what_is_no_patch_is_400(parameters: Any) -> None:
    with pytest.raises(Problem) as caught:
        fhirpath_patch(PATIENT, parameters)
    assert caught.value.status == 400
