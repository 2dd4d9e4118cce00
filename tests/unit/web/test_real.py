"""Other people's records: every Synthea patient becomes an overview, whole and without a fault."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from felles.web.chart.flowsheet import flowsheet
from felles.web.chart.overview import Overview, overview
from felles.web.chart.place import Directory
from felles.web.page import templates
from felles.web.source import CHART, PLACES

TODAY = date(2026, 11, 22)
READER = SimpleNamespace(name="x", role="y", unit="z")
VISITOR = SimpleNamespace(
    person=READER, token="t", finds=True, sees=lambda _: True, writes=lambda _: True, sitting=None, acting=None
)


def patients(bundle: Path) -> Iterator[tuple[dict[str, Any], Mapping[str, list[dict[str, Any]]], Directory]]:
    """Patient, chart parts and places of a transaction bundle."""
    entries = orjson.loads(gzip.decompress(bundle.read_bytes()))["entry"]
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    places = {entry["fullUrl"]: entry["resource"] for entry in entries if entry["resource"]["resourceType"] in PLACES}
    for number, entry in enumerate(entries):
        entry["resource"].setdefault("id", str(number))
        by_type[entry["resource"]["resourceType"]].append(entry["resource"])
    parts = {name: list(by_type[kind]) for name, (kind, _) in CHART.items()}
    for patient in by_type["Patient"]:
        yield patient, parts, Directory(places)


def page(chart: Overview, language: str) -> str:
    """The overview as HTML."""
    template = templates(language).get_template("overview.html")
    return template.render(visit=VISITOR, demo=True, path="/", today=TODAY, places=[], chart=chart)


@pytest.mark.parametrize("part", range(4))
def test_every_synthea_patient_has_an_overview(shared: Path, part: int) -> None:
    bundles = sorted((shared / "data/synthea").glob("*.json.gz"))[part::4]
    assert bundles
    for bundle in bundles:
        for patient, parts, places in patients(bundle):
            chart = overview(patient, parts, places, TODAY)
            assert chart.banner.name and chart.contacts and chart.events
            assert all(analysis.name and analysis.last.value for analysis in chart.results)
            assert flowsheet(chart.results).days
            assert chart.banner.name.replace("'", "&#39;") in page(chart, "nb")
