"""The official patch suites: JSON Patch and FHIRPath Patch of FHIR R4."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from felles.record.outcome import Problem
from felles.record.patch import fhirpath_patch, json_patch
from tests import fhirxml


@pytest.fixture(scope="module")
def suites(shared: Path) -> Path:
    return shared / "data" / "fhir-tests" / "patch-r4"


def test_json_patch_suite(suites: Path) -> None:
    cases = json.loads((suites / "json-patch-tests.json").read_bytes())
    assert len(cases) == 16
    for case in cases:
        if "error" in case:
            with pytest.raises(Problem) as caught:
                json_patch(case["doc"], case["patch"])
            assert caught.value.status == 422, case["comment"]
        else:
            assert json_patch(case["doc"], case["patch"]) == case["expected"], case["comment"]


def only(case: Any, name: str) -> dict[str, Any] | None:
    found = case.find(name)
    return None if found is None else fhirxml.resource(found[0])


def test_fhirpath_patch_suite(suites: Path) -> None:
    cases = list(etree.parse(suites / "fhir-patch-tests.xml").getroot().iter("case"))
    assert len(cases) == 33
    for case in cases:
        before, diff, after = only(case, "input"), only(case, "diff"), only(case, "output")
        assert before and diff
        if case.find("error") is not None:
            with pytest.raises(Problem) as caught:
                fhirpath_patch(before, diff)
            assert caught.value.issues[0].diagnostics == case.find("error").get("msg")
        else:
            assert squeezed(fhirpath_patch(before, diff)) == squeezed(after), case.get("name")


def squeezed(value: Any) -> Any:
    """White space counts for nothing where the suite's XML was indented."""
    if isinstance(value, dict):
        return {name: squeezed(child) for name, child in value.items()}
    if isinstance(value, list):
        return [squeezed(child) for child in value]
    return "".join(value.split()) if isinstance(value, str) else value
