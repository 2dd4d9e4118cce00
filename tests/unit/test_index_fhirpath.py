"""Extraction gives, row for row, what FHIRPath gives for the official expressions."""

import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from felles.record import definition
from felles.record.index import extract
from felles.record.index.term import parameters
from tests.index_oracle import actual, expected

PER_TYPE = 12


def differences(resource: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(type, parameter) of what differs."""
    name = resource["resourceType"]
    rows = extract(name, resource)
    decomposed = parameters(name)
    for code, parameter in definition.search_parameters(name).items():
        if code not in decomposed or parameter.type == "composite":
            continue
        if actual(decomposed[code], rows) != expected(parameter, resource):
            yield name, code


def test_official_examples(shared: Path) -> None:
    found = [
        orjson.loads(path.read_bytes()) for path in sorted((shared / "data/fhir-tests/examples-r4").glob("*.json"))
    ]
    assert len(found) > 60
    assert [pair for one in found for pair in differences(one)] == []


def test_synthea(shared: Path) -> None:
    seen: Counter[str] = Counter()
    for path in sorted((shared / "data/synthea").glob("*.json.gz"))[:4]:
        for entry in orjson.loads(gzip.decompress(path.read_bytes()))["entry"]:
            resource = entry["resource"]
            seen[resource["resourceType"]] += 1
            if seen[resource["resourceType"]] <= PER_TYPE:
                assert list(differences(resource)) == []
    assert len(seen) >= 10
