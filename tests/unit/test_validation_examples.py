"""Official and real-world material: no false refusals, and the quick check never accepts what examination refuses."""

import copy
import gzip
import random
from typing import Any

import orjson
import pytest

from felles.record import definition
from felles.record.validation import validate
from felles.record.validation.examination import examine
from felles.record.validation.quick import accepts
from tests import fhirxml

TRULY_INVALID = {
    "deviceusestatement-example.json": "reasonReference to a Procedure, which R4 does not list",
    "devicemetric-example.json": "parent is a DeviceDefinition, only Device is allowed",
    "medicationrequest0301.json": "dispenseRequest.performer is a Practitioner, only Organization is allowed",
    "bundle-questionnaire.json": "items without linkId",
    "codesystem-example.json": "two concepts have the same code (csd-1)",
    "eventdefinition-example.json": "its narrative is empty (txt-2)",
    "no-basis-HealthcareService-example.xml": "the id holds a space, the organisation number is 'test'",
    "no-basis-Patient-Espen-Eksempel.xml": "the birth number is masked with x",
}
BREAKING: tuple[Any, ...] = (None, 1, 1.5, True, "", " ", "x", "\x00", [], {}, [None], {"id": "a"}, "#x", "2026-02-30")


def test_synthea_bundles_are_valid(shared):
    for path in sorted((shared / "data/synthea").rglob("*.json.gz"))[::4]:
        for entry in orjson.loads(gzip.decompress(path.read_bytes()))["entry"]:
            resource = entry["resource"]
            assert validate(resource["resourceType"], resource) == [], path.name


def official(shared):
    for path in sorted((shared / "data/fhir-tests/examples-r4").glob("*.json")):
        resource = orjson.loads(path.read_bytes())
        if definition.is_resource(resource.get("resourceType", "")):
            yield path.name, resource


def test_official_examples(shared):
    refused = {name for name, resource in official(shared) if validate(resource["resourceType"], resource)}
    assert refused <= TRULY_INVALID.keys()


def test_norwegian_examples(shared):
    found = {path.name: fhirxml.read(path) for path in (shared / "data/no-basis").rglob("Examples/*.xml")}
    refused = {name for name, resource in found.items() if validate(resource["resourceType"], resource)}
    assert found and refused <= TRULY_INVALID.keys()


def slots(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        found.append((value, key))
        slots(item, found)
    return found


def broken(resource: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy with one to three things removed, replaced, repeated or added."""
    changed = copy.deepcopy(resource)
    for _ in range(chance.randint(1, 3)):
        container, key = chance.choice([s for s in slots(changed, []) if s[1] != "resourceType"])
        match chance.randrange(5):
            case 0:
                del container[key]
            case 1 | 2:
                container[key] = copy.deepcopy(chance.choice(BREAKING))
            case 3:
                container[key] = [container[key], container[key]]
            case _ if isinstance(container, dict):
                container[chance.choice(("_status", "valueString", "period", "extension", "code"))] = container[key]
    return changed


@pytest.mark.parametrize("seed", range(4))
def test_the_quick_check_accepts_only_what_examination_accepts(shared, seed):
    chance = random.Random(seed)
    examples = [resource for _, resource in official(shared) if len(orjson.dumps(resource)) < 6_000]
    for _ in range(500):
        resource = broken(chance.choice(examples), chance)
        name = resource["resourceType"]
        if accepts(name, resource):
            assert not [issue for issue in examine(resource) if issue.severity == "error"], resource
