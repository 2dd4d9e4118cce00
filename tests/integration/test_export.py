"""Exports: everything that is current, as it is, and importing it gives the same store."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from felles.cli.export import NOTE
from felles.demo.resource import TAG
from felles.record.bulk.export import Wanted, export
from felles.record.bulk.generation import mark
from felles.record.record import Record
from tests.batch import held, numbers, take, transaction, write


async def test_an_export_imported_elsewhere_is_the_same_store(store_url: str, tmp_path: Path) -> None:
    await take(store_url, write(tmp_path / "a.json", transaction(1)))
    lines = [
        '{"resourceType":"Observation","id":"n","status":"final","code":{"text":"æøå"},"valueQuantity":{"value":1.00}}'
    ]
    await take(store_url, write(tmp_path / "n.ndjson", lines))
    counts = await export(store_url, tmp_path / "out", Wanted())
    copy = str(tmp_path / "copy.db")
    tally, faults = await take(copy, tmp_path / "out")
    assert counts == {"Observation": 4, "Organization": 1, "Patient": 1}
    assert (faults, numbers(tally)) == ([], (6, 6, 0, 0, 0))
    assert await held(copy) == await held(store_url)
    assert b'"value":1.00' in (tmp_path / "out" / "Observation.ndjson").read_bytes()
    again, _ = await take(store_url, tmp_path / "out")
    assert numbers(again) == (6, 0, 0, 6, 0)


async def test_only_what_is_asked_for_and_what_is_current(store_url: str, tmp_path: Path) -> None:
    lines = [{"resourceType": "Patient", "id": "a", "gender": gender} for gender in ("male", "female")]
    lines.append({"resourceType": "Group", "id": "g", "type": "person", "actual": True})
    await take(store_url, write(tmp_path / "p.ndjson", lines))
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "DELETE", "url": "Group/g"}}]}
    await take(store_url, write(tmp_path / "d.json", bundle))
    assert await export(store_url, tmp_path / "all", Wanted(packed=True)) == {"Patient": 1}
    line = json.loads(gzip.decompress((tmp_path / "all" / "Patient.ndjson.gz").read_bytes()))
    assert (line["gender"], line["meta"]["versionId"]) == ("female", "2")
    assert await export(store_url, tmp_path / "none", Wanted(["Observation"])) == {}
    assert await export(store_url, tmp_path / "later", Wanted(since=2**60)) == {}
    assert (tmp_path / "all" / "manifest.json").stat().st_mode & 0o77 == 0


async def test_every_export_of_a_demo_store_says_so(store_url: str, tmp_path: Path) -> None:
    await mark(store_url)
    record = await Record.open(store_url)
    tagged = {"meta": {"profile": ["http://example.org/p"], "tag": [{"system": "urn:x", "code": "y"}]}}
    await record.create({"resourceType": "Patient", "id": "a", **tagged}, "a")
    await record.create({"resourceType": "Patient", "id": "b"}, "b")
    await record.close()
    await export(store_url, tmp_path / "out", Wanted(mark=TAG, note=NOTE))
    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes())["note"] == "Øvingsdata – ikke målte tall"
    for line in (tmp_path / "out" / "Patient.ndjson").read_text().splitlines():
        assert TAG in json.loads(line)["meta"]["tag"]


async def test_an_export_does_not_mix_with_other_files(store_url: str, tmp_path: Path) -> None:
    await take(store_url, write(tmp_path / "a.json", transaction(1)))
    with pytest.raises(ValueError, match="not empty"):
        await export(store_url, tmp_path, Wanted())


async def test_there_is_no_export_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no store"):
        await export(str(tmp_path / "none.db"), tmp_path / "out", Wanted())
