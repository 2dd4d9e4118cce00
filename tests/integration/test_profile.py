"""$validate against profiles that are stored: rule by rule, and the Norwegian base profiles with their examples."""

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests import fhirxml
from tests.integration.conftest import Client

NO = "http://hl7.no/fhir/StructureDefinition/"
URL = "https://a.example/profile"
CORE = "http://hl7.org/fhir/StructureDefinition/"


def profile(*elements: dict[str, Any], type: str = "Observation", url: str = URL, base: str = "") -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": url,
        "name": "Profile",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": type,
        "baseDefinition": base or CORE + type,
        "derivation": "constraint",
        "differential": {"element": [{"id": type, "path": type}, *({"id": one["path"], **one} for one in elements)]},
    }


OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
    "subject": {"reference": "Patient/1"},
    "valueQuantity": {"value": 60, "unit": "/min"},
    "category": [{"coding": [{"system": "urn:c", "code": "vital"}]}],
    "component": [
        {"code": {"coding": [{"system": "urn:s", "code": "a"}]}, "valueString": "x"},
        {"code": {"text": "b"}, "valueInteger": 1},
    ],
}


async def issues(fhir: Client, resource: dict[str, Any], *, url: str = URL) -> list[tuple[str, str, str]]:
    """(severity, expression, diagnostics) of what the profile says."""
    posted = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": resource}, {"name": "profile", "valueCanonical": url}],
    }
    answer = await fhir("POST", f"{resource['resourceType']}/$validate", posted)
    assert answer.status == 200, answer.text
    found = [
        (one["severity"], one.get("expression", [""])[0], one["diagnostics"])
        for one in answer.json["issue"]
        if "dom-6" not in one["diagnostics"]
    ]
    return [one for one in found if one[2] != "All rules checked here hold"]


def slices(*rules: dict[str, Any], how: dict[str, Any] | None = None, path: str = "Observation.component") -> Any:
    named = {"discriminator": [{"type": "value", "path": "code"}], "rules": "open", **(how or {})}
    return [{"path": path, "slicing": named}, *rules]


def component(slice: str, code: str, **more: Any) -> list[dict[str, Any]]:
    at = f"Observation.component:{slice}"
    pattern = {"coding": [{"system": "urn:s", "code": code}]}
    return [
        {"id": at, "path": "Observation.component", "sliceName": slice, **more},
        {"id": f"{at}.code", "path": "Observation.component.code", "patternCodeableConcept": pattern},
    ]


CASES: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str]]]] = {
    "holds": ([{"path": "Observation.subject", "min": 1, "mustSupport": True}], []),
    "too few": ([{"path": "Observation.performer", "min": 1}], [("error", "Observation.performer")]),
    "too many": ([{"path": "Observation.component", "max": "1"}], [("error", "Observation.component")]),
    "prohibited": ([{"path": "Observation.category", "max": "0"}], [("error", "Observation.category")]),
    "below": ([{"path": "Observation.code.text", "min": 1}], [("error", "Observation.code.text")]),
    "fixed": ([{"path": "Observation.status", "fixedCode": "amended"}], [("error", "Observation.status")]),
    "pattern": (
        [{"path": "Observation.category", "patternCodeableConcept": {"coding": [{"system": "urn:c"}]}}],
        [],
    ),
    "other pattern": (
        [{"path": "Observation.category", "patternCodeableConcept": {"text": "x"}}],
        [("error", "Observation.category[0]")],
    ),
    "type": (
        [{"path": "Observation.value[x]", "type": [{"code": "string"}]}],
        [("error", "Observation.value")],
    ),
    "target": (
        [{"path": "Observation.subject", "type": [{"code": "Reference", "targetProfile": [f"{CORE}Group"]}]}],
        [("error", "Observation.subject.reference")],
    ),
    "binding": (
        [
            {
                "path": "Observation.status",
                "binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/task-status"},
            }
        ],
        [("error", "Observation.status")],
    ),
    "binding that cannot be told": (
        [
            {
                "path": "Observation.code",
                "binding": {"strength": "required", "valueSet": "http://hl7.org/fhir/ValueSet/body-site"},
            }
        ],
        [("information", "Observation.code")],
    ),
    "invariant": (
        [
            {
                "path": "Observation.component",
                "constraint": [
                    {"key": "own-1", "severity": "error", "human": "a text", "expression": "value is string"},
                    {"key": "own-2", "severity": "warning", "human": "a code", "expression": "code.coding.exists()"},
                ],
            }
        ],
        [("error", "Observation.component[1]"), ("warning", "Observation.component[1]")],
    ),
    "slice there": (slices(*component("a", "a", min=1, max="1")), []),
    "slice missing": (slices(*component("z", "z", min=1)), [("error", "Observation.component")]),
    "slice prohibited": (slices(*component("a", "a", max="0")), [("error", "Observation.component")]),
    "closed": (
        slices(*component("a", "a"), how={"rules": "closed"}),
        [("error", "Observation.component[1]")],
    ),
    "below a slice": (
        [
            *slices(*component("a", "a")),
            {
                "id": "Observation.component:a.value[x]",
                "path": "Observation.component.value[x]",
                "type": [{"code": "Quantity"}],
            },
        ],
        [("error", "Observation.component[0].value")],
    ),
    "by existence": (
        [
            *slices(how={"discriminator": [{"type": "exists", "path": "code.coding"}], "rules": "open"}),
            {"id": "Observation.component:c", "path": "Observation.component", "sliceName": "c", "max": "0"},
            {"id": "Observation.component:c.code.coding", "path": "Observation.component.code.coding", "min": 1},
        ],
        [("error", "Observation.component")],
    ),
    "by type": (
        [
            {
                "id": "Observation.value[x]:valueQuantity",
                "path": "Observation.value[x]",
                "sliceName": "valueQuantity",
                "type": [{"code": "Quantity"}],
            },
            {
                "id": "Observation.value[x]:valueQuantity.code",
                "path": "Observation.value[x].code",
                "min": 1,
            },
        ],
        [("error", "Observation.value.code")],
    ),
    "slices that cannot be told apart": (
        slices(*component("a", "a"), how={"discriminator": [{"type": "profile", "path": "$this"}]}),
        [("information", "Observation.component")],
    ),
}


@pytest.mark.anyio
@pytest.mark.parametrize("case", CASES)
async def test_rules(fhir: Client, case: str) -> None:
    elements, expected = CASES[case]
    await fhir.create(profile(*elements))
    found = await issues(fhir, OBSERVATION)
    assert [(severity, place) for severity, place, _ in found] == expected, found


@pytest.mark.anyio
async def test_a_profile_of_a_profile_and_the_newest_one(fhir: Client) -> None:
    await fhir.create(profile({"path": "Observation.performer", "min": 1}, url=f"{URL}/base"))
    await fhir.create(profile({"path": "Observation.note", "min": 1}, base=f"{URL}/base"))
    claimed = {**OBSERVATION, "meta": {"profile": [f"{URL}|1.0"]}}
    answer = await fhir("POST", "Observation/$validate", claimed)
    assert {"Observation.performer", "Observation.note"} <= set(answer.expressions)
    await fhir.create(profile({"path": "Observation.device", "min": 1}))
    answer = await fhir("POST", "Observation/$validate", claimed)
    assert "Observation.device" in answer.expressions and "Observation.note" not in answer.expressions


@pytest.mark.anyio
async def test_what_is_not_here_is_said(fhir: Client) -> None:
    ((severity, _, words),) = await issues(fhir, OBSERVATION, url="https://a.example/unknown")
    assert severity == "information" and "not stored" in words
    await fhir.create(profile(type="Patient"))
    ((severity, place, _),) = await issues(fhir, OBSERVATION)
    assert (severity, place) == ("error", "Observation")
    assert (await issues(fhir, OBSERVATION, url=f"{CORE}Patient"))[0][0] == "error"
    assert not await issues(fhir, OBSERVATION, url=f"{CORE}Observation")


@pytest.mark.anyio
async def test_profiles_that_lead_to_one_another_end(fhir: Client) -> None:
    circle = {"path": "Observation.code", "type": [{"code": "CodeableConcept", "profile": [f"{URL}/code"] * 3}]}
    await fhir.create(profile(circle, base=URL))
    concept = profile(type="CodeableConcept", url=f"{URL}/code", base=f"{URL}/code")
    await fhir.create({**concept, "kind": "complex-type"})
    assert not await issues(fhir, OBSERVATION)


@pytest.mark.anyio
async def test_modes_and_parameters(fhir: Client) -> None:
    assert (await fhir("POST", "Observation/$validate?mode=wrong", OBSERVATION)).status == 400
    assert (await fhir("POST", "Observation/$validate?colour=red", OBSERVATION)).status == 400
    created = await fhir.create(OBSERVATION)
    deletable = await fhir("POST", f"Observation/{created['id']}/$validate?mode=delete")
    assert (deletable.status, deletable.json["issue"][0]["severity"]) == (200, "information")
    wrong = await fhir("POST", "Observation/$validate?mode=update", OBSERVATION)
    assert "Observation.id" in wrong.expressions
    assert (await fhir("POST", f"Observation/{created['id']}/$validate")).status == 200


def plain(resource: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(resource, default=lambda one: float(one) if Decimal else None))
    return made


@pytest.fixture
async def norway(fhir: Client, shared: Path) -> dict[str, dict[str, Any]]:
    """The Norwegian base profiles, stored; their examples by name."""
    home = shared / "data" / "no-basis" / "basisprofiler-r4"
    entries = []
    for folder in ("StructureDefinition", "ValueSet", "CodeSystem"):
        for path in sorted((home / folder).glob("*.xml")):
            resource = plain(fhirxml.read(path))
            entries.append({"resource": resource, "request": {"method": "POST", "url": folder}})
    answer = await fhir("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert {one["response"]["status"][:3] for one in answer.entries} == {"201"}
    return {path.stem: plain(fhirxml.read(path)) for path in (home / "Examples").glob("no-basis-*.xml")}


@pytest.mark.anyio
async def test_norwegian_profiles(fhir: Client, norway: dict[str, dict[str, Any]]) -> None:
    for name, example in norway.items():
        found = await issues(fhir, example, url=example["meta"]["profile"][0])
        wrong = [
            one for one in found if one[0] == "error" and "not a valid" not in one[2] and "not an id" not in one[2]
        ]
        assert not wrong, (name, wrong)


@pytest.mark.anyio
async def test_norwegian_faults(fhir: Client, norway: dict[str, dict[str, Any]]) -> None:
    patient = copy.deepcopy(norway["no-basis-Patient-Jannice-Søreng"])
    assert not [one for one in await issues(fhir, patient, url=f"{NO}no-basis-Patient") if one[0] == "error"]
    del patient["identifier"][0]["value"]
    found = await issues(fhir, patient, url=f"{NO}no-basis-Patient")
    assert [place for severity, place, _ in found if severity == "error"] == ["Patient.identifier[0].value"]
