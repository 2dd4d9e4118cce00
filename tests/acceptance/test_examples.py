"""The official R4 examples through a running server on each engine: kept to the digit, found, exported; and every
search parameter of every type answers."""

from __future__ import annotations

import json
import os
import subprocess
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from felles.record import definition
from felles.record.search import searchable
from felles.record.validation import validate
from tests.server import FELLES
from tests.wire import Wire

SENSIBLE = {
    "token": "a",
    "string": "a",
    "uri": "http://example.org/a",
    "date": "ge2026-01",
    "number": "gt1.5",
    "quantity": "5.4|http://unitsofmeasure.org|mg",
    "reference": "Patient/a",
    "special": "60.4|5.3|10|km",
}
SERVERS = ("versionId", "lastUpdated")


def exact(data: bytes) -> Any:
    """JSON whose numbers keep their text."""
    return json.loads(data, parse_float=str, parse_int=str)


def without(resource: dict[str, Any]) -> dict[str, Any]:
    """Without what is the server's to write."""
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in SERVERS}
    return {name: value for name, value in resource.items() if name != "meta"} | ({"meta": meta} if meta else {})


@cache
def examples(folder: Path) -> dict[str, bytes]:
    """The valid examples by address."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        data = path.read_bytes()
        resource = json.loads(data)
        name = resource.get("resourceType", "")
        if definition.is_resource(name) and name != "Parameters" and "id" in resource and not validate(name, resource):
            found[f"{name}/{resource['id']}"] = data
    return found


@pytest.fixture(scope="module")
def official(shared: Path) -> dict[str, bytes]:
    found = examples(shared / "data/fhir-tests/examples-r4")
    assert len(found) > 60
    return found


@pytest.fixture(scope="module")
def stored(service: Wire, official: dict[str, bytes]) -> dict[str, bytes]:
    """Every example, put where its id says."""
    for address, data in official.items():
        answer = service("PUT", f"/{address}", data)
        assert answer.status in (200, 201), (address, answer.body[:500])
    return official


def test_every_example_reads_as_it_was_written(service: Wire, stored: dict[str, bytes]) -> None:
    for address, data in stored.items():
        assert without(exact(service("GET", f"/{address}").body)) == without(exact(data)), address


def tokens(resource: dict[str, Any]) -> list[tuple[str, str]]:
    """Searches that must find a resource by what it says of itself."""
    codes = {parameter.code: parameter.type for parameter in searchable(resource["resourceType"])}
    found = [("_id", resource["id"])]
    for element in ("identifier", "code", "category", "type", "class", "vaccineCode"):
        parameter = {"vaccineCode": "vaccine-code"}.get(element, element)
        if codes.get(parameter) != "token":
            continue
        values = resource.get(element, [])
        for value in values if isinstance(values, list) else [values]:
            for coding in value.get("coding", [value]) if isinstance(value, dict) else []:
                code = coding.get("value") if element == "identifier" else coding.get("code")
                if code and coding.get("system"):
                    found += [(parameter, f"{coding['system']}|{code}"), (parameter, code)]
    for element, kind in (("status", "token"), ("url", "uri")):
        if codes.get(element) == kind and isinstance(resource.get(element), str):
            found.append((element, resource[element]))
    return found


def test_every_example_is_found_by_its_own_identifiers_and_codes(service: Wire, stored: dict[str, bytes]) -> None:
    asked = 0
    for address, data in stored.items():
        resource = json.loads(data)
        for name, value in tokens(resource):
            asked += 1
            escaped = value.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")
            answer = service("GET", f"/{resource['resourceType']}?{name}={quote(escaped)}&_id={resource['id']}")
            assert answer.status == 200, (address, name, answer.body)
            assert [one["resource"]["id"] for one in answer.entries] == [resource["id"]], (address, name, value)
    assert asked > 200


def test_every_example_comes_out_of_an_export(service: Wire, stored: dict[str, bytes], tmp_path: Path) -> None:
    surroundings = {**os.environ, "FELLES_STORE": service.store}
    done = subprocess.run([FELLES, "export", tmp_path / "out"], env=surroundings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    exported = {}
    for path in (tmp_path / "out").glob("*.ndjson"):
        for line in path.read_bytes().splitlines():
            resource = exact(line)
            exported[f"{resource['resourceType']}/{resource['id']}"] = resource
    for address, data in stored.items():
        assert without(exported[address]) == without(exact(data)), address


def test_numbers_of_any_form_keep_their_text(service: Wire) -> None:
    numbers = ["1.00", "0.0", "1e3", "1E-3", "100000000000000000000.5", "0.1234567890123456789", "-0.0", "1.10e+2"]
    for number in numbers:
        body = b'{"resourceType":"Observation","status":"final","code":{"text":"a"},"valueQuantity":{"value":%b}}'
        made = service("POST", "/Observation", body % number.encode())
        assert made.status == 201, (number, made.body)
        read = service("GET", f"/Observation/{made.json['id']}")
        assert exact(read.body)["valueQuantity"]["value"] == number
        low, high = Decimal(number) - abs(Decimal(number)) - 1, Decimal(number) + abs(Decimal(number)) + 1
        url = f"/Observation?_id={made.json['id']}&value-quantity=gt{low}&value-quantity=lt{high}"
        assert len(service("GET", url.replace("+", "%2B")).entries) == 1, number


def sensible(type_name: str, parameter: definition.SearchParameter) -> str:
    """A value that a client could mean."""
    if parameter.code in ("_id", "_list"):
        return "a"
    if parameter.type == "composite":
        kinds = [kind(type_name, url) for url, _ in parameter.components]
        return "$".join(SENSIBLE[one] for one in kinds)
    return SENSIBLE[parameter.type]


def kind(type_name: str, url: str) -> str:
    """The type of a composite's component."""
    by_url = {one.url: one.type for one in definition.search_parameters(type_name).values()}
    return by_url.get(url) or next(
        one.type
        for name in definition.RESOURCE_TYPES
        for one in definition.search_parameters(name).values()
        if one.url == url
    )


def test_every_parameter_of_every_type_answers(service: Wire, stored: dict[str, bytes]) -> None:
    """Each with a sensible value, each with :missing where it may stand, and each as an order."""
    refused = []
    for type_name in definition.RESOURCE_TYPES:
        if type_name == "Parameters":
            continue
        asked = []
        for parameter in searchable(type_name):
            asked.append(f"{parameter.code}={quote(sensible(type_name, parameter))}")
            if parameter.type != "composite" and parameter.code not in ("_id", "_lastUpdated"):
                asked += [f"{parameter.code}:missing={truth}" for truth in ("true", "false")]
            if parameter.type not in ("composite", "special"):
                asked.append(f"_sort=-{parameter.code}")
        urls = [f"{type_name}?{one}&_count=2" for one in asked]
        entries = [{"request": {"method": "GET", "url": url}} for url in urls]
        answer = service("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
        assert answer.status == 200, (type_name, answer.body[:500])
        for url, entry in zip(urls, answer.entries, strict=True):
            if entry["response"]["status"][:3] != "200":
                refused.append((url, entry["response"]))
    assert refused == []


def test_missing_divides_the_examples(service: Wire, stored: dict[str, bytes]) -> None:
    """What has a value and what has none are together all there is."""
    for type_name in sorted({address.partition("/")[0] for address in stored}):
        everything = service("GET", f"/{type_name}?_summary=count").json["total"]
        for parameter in searchable(type_name):
            if parameter.type == "composite" or parameter.code in ("_id", "_lastUpdated"):
                continue
            parts = [
                service("GET", f"/{type_name}?{parameter.code}:missing={truth}&_summary=count").json["total"]
                for truth in ("true", "false")
            ]
            assert sum(parts) == everything, (type_name, parameter.code, parts)
