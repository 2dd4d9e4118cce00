"""The extract of the whole made-up region: it adds up, its identities are valid, and what is not coded is owed."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from felles.cli import main

TODAY = "2026-11-23"


def felles(*words: str) -> str:
    said = CliRunner().invoke(main, list(words))
    assert said.exit_code == 0, said.output
    return said.output


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("region") / "felles.db"
    felles("demo", "--store", str(store), "--patients", "650", "--today", TODAY)
    return store


@pytest.mark.parametrize("month", ["2026-08", "2026-10", "2026-11"])
def test_each_month_adds_up_and_its_identities_are_valid(
    region: Path, tmp_path: Path, shared: Path, month: str
) -> None:
    schemas = str(shared / "data" / "emeldinger" / "xsd")
    said = felles("npr", "extract", "--store", str(region), "--month", month, "--out", str(tmp_path), "--xsd", schemas)
    assert said.count("adds up") == 3 and "NOT" not in said
    (line,) = [one for one in said.splitlines() if "npr_ide" in one]
    assert ": valid;" in line
    assert "ØVINGSDATA-npr_ord" in next(tmp_path.glob("npr_ord-*.xml")).read_text()


def test_what_of_the_region_is_not_coded_is_owed_and_nothing_else(region: Path, tmp_path: Path) -> None:
    felles("export", str(tmp_path / "out"), "--store", str(region), "--type", "Encounter", "--type", "Condition")
    lines = (tmp_path / "out" / "Encounter.ndjson").read_bytes().splitlines()
    bare = [one for one in map(orjson.loads, lines) if one["status"] == "finished" and not one.get("diagnosis")]
    said = felles("npr", "extract", "--store", str(region), "--month", "2026-11", "--out", str(tmp_path / "npr"))
    left = [row for file in (tmp_path / "npr").glob("left-*2026-11.csv") for row in file.read_text().splitlines()]
    missing = {row.split(";")[1] for row in left if row.endswith(";diagnosis")}
    assert missing and missing <= {f"Encounter/{one['id']}" for one in bare}
    assert "left out" in said
