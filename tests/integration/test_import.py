"""Imports: what goes in, what stays out and why, and that the same input twice changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from felles.record.record import Record
from felles.record.store import Origin
from felles.record.store.snapshot import snapshot
from tests.batch import SYSTEM, entry, findings, held, numbers, organization, take, transaction, uuid, write
from tests.server import FELLES, serving

BUNDLES = 100


async def test_the_same_transaction_twice_changes_nothing(store_url: str, tmp_path: Path) -> None:
    file = write(tmp_path / "in" / "a.json", transaction(1))
    first, _ = await take(store_url, file)
    before = await held(store_url)
    second, _ = await take(store_url, file)
    third, _ = await take(store_url, file, anew=True)
    assert numbers(first) == (5, 5, 0, 0, 0)
    assert numbers(second) == numbers(third) == (5, 0, 0, 5, 0)
    assert await held(store_url) == before
    assert await findings(store_url) == []


async def test_an_organization_that_bundles_repeat_becomes_one(store_url: str, tmp_path: Path) -> None:
    for number in range(1, 6):
        write(tmp_path / "in" / f"{number}.json.gz", transaction(number, name=f"Legesenter {number}"))
    tally, faults = await take(store_url, tmp_path / "in")
    found = await held(store_url)
    offices = [address for address in found if address.startswith("Organization/")]
    assert (faults, numbers(tally)) == ([], (25, 21, 0, 4, 0))
    assert len(offices) == 1 and found[offices[0]]["name"] == "Legesenter 1"
    patients = [one for address, one in found.items() if address.startswith("Patient/")]
    assert {one["managingOrganization"]["reference"] for one in patients} == set(offices)


async def test_an_organization_that_the_store_has_keeps_its_id(store_url: str, tmp_path: Path) -> None:
    record = await Record.open(store_url)
    await record.create(organization("77", "Den gamle"), "gammel")
    await record.close()
    tally, _ = await take(store_url, write(tmp_path / "a.json", transaction(1, shared="77")))
    found = await held(store_url)
    assert numbers(tally) == (5, 4, 0, 1, 0)
    assert found[f"Patient/{uuid(1000)}"]["managingOrganization"]["reference"] == "Organization/gammel"


async def test_a_bad_line_is_reported_and_the_others_go_in(store_url: str, tmp_path: Path) -> None:
    lines = [
        {"resourceType": "Patient", "id": "a"},
        "{broken",
        "",
        {"resourceType": "Patient", "id": "b", "birthDate": "yesterday"},
        {"resourceType": "Nothing", "id": "c"},
        {"resourceType": "Patient", "id": "not an id"},
        {"resourceType": "Patient", "id": "d"},
    ]
    tally, faults = await take(store_url, write(tmp_path / "p.ndjson", lines))
    assert numbers(tally) == (6, 2, 0, 0, 4)
    assert [one.at for one in faults] == ["line 2", "line 4", "line 5", "line 6"]
    assert faults[1].name.endswith("p.ndjson") and faults[1].expression == "Patient.birthDate"
    assert set(await held(store_url)) == {"Patient/a", "Patient/d"}
    again, _ = await take(store_url, tmp_path / "p.ndjson")
    assert numbers(again) == (6, 0, 0, 2, 4)


async def test_a_transaction_with_a_bad_entry_stays_out_as_a_whole(store_url: str, tmp_path: Path) -> None:
    bad = transaction(1)
    bad["entry"][3]["resource"]["status"] = "perhaps"
    write(tmp_path / "in" / "a.json", bad)
    write(tmp_path / "in" / "b.json", transaction(2))
    tally, faults = await take(store_url, tmp_path / "in")
    assert numbers(tally) == (10, 5, 0, 0, 5)
    assert [(Path(one.name).name, one.at, one.expression) for one in faults] == [
        ("a.json", "entry 3", "Bundle.entry[3].resource.status")
    ]
    assert f"Patient/{uuid(1000)}" not in await held(store_url)


async def test_every_bad_entry_of_a_transaction_is_named(store_url: str, tmp_path: Path) -> None:
    bad = transaction(1)
    bad["entry"][2]["resource"]["status"] = "perhaps"
    bad["entry"][3]["resource"] |= {"status": "perhaps", "nonsense": 1}
    tally, faults = await take(store_url, write(tmp_path / "a.json", bad))
    assert numbers(tally) == (5, 0, 0, 0, 5)
    assert [(one.at, one.expression) for one in faults] == [
        ("entry 2", "Bundle.entry[2].resource.status"),
        ("entry 3", "Bundle.entry[3].resource.status"),
    ]
    assert "Bundle.entry[3].resource.nonsense" in faults[1].reason
    frame = transaction(2)
    del frame["entry"][0]["request"]
    frame["entry"][4]["request"]["method"] = "JUMP"
    _, faults = await take(store_url, write(tmp_path / "b.json", frame))
    assert [(one.at, one.expression) for one in faults] == [
        ("entry 0", "Bundle.entry[0].request"),
        ("entry 4", "Bundle.entry[4].request"),
    ]
    assert await held(store_url) == {}


@pytest.mark.parametrize("kind", ["collection", "batch"])
async def test_every_bad_entry_of_other_bundles_is_named_and_the_good_go_in(
    store_url: str, tmp_path: Path, kind: str
) -> None:
    bundle = {**transaction(1), "type": kind}
    for place in (2, 3):
        bundle["entry"][place]["resource"]["status"] = "perhaps"
    tally, faults = await take(store_url, write(tmp_path / "a.json", bundle))
    assert numbers(tally)[1:] == (3, 0, 0, 2)
    assert [(one.at, one.expression) for one in faults] == [
        ("entry 2", "Observation.status"),
        ("entry 3", "Observation.status"),
    ]


async def test_damaged_archives_are_told_as_such(tmp_path: Path) -> None:
    store, folder = str(tmp_path / "felles.db"), tmp_path / "in"
    whole = write(tmp_path / "whole.ndjson.gz", [{"resourceType": "Patient", "id": "a"}]).read_bytes()
    folder.mkdir()
    (folder / "crc.ndjson.gz").write_bytes(whole[:-8] + b"00000000")
    (folder / "cut.json.gz").write_bytes(whole[: len(whole) // 2])
    (folder / "none.json.gz").write_bytes(b"PK no gzip")
    (folder / "none.zip").write_bytes(b"PK no zip")
    (folder / "plain.json.gz").write_bytes(b'{"resourceType": "Patient", "id": "b"}')
    with zipfile.ZipFile(folder / "z.zip", "w") as box:
        box.writestr("a.json", '{"resourceType": "Patient", "id": "c"}')
    (folder / "cut.zip").write_bytes((folder / "z.zip").read_bytes()[:-30])
    raw = bytearray((folder / "z.zip").read_bytes())
    raw[45] ^= 1
    (folder / "z.zip").write_bytes(raw)
    _, faults = await take(store, folder)
    assert [Path(one.name).name for one in faults] == [
        "crc.ndjson.gz", "cut.json.gz", "cut.zip", "none.json.gz", "none.zip", "z.zip!a.json",
    ]  # fmt: skip
    assert all("the archive is damaged or cut off" in one.reason for one in faults), faults
    assert "Patient/b" in await held(store)


async def test_other_content_under_the_same_id_is_a_new_version(store_url: str, tmp_path: Path) -> None:
    file = write(tmp_path / "p.ndjson", [{"resourceType": "Patient", "id": "a", "gender": "male"}])
    await take(store_url, file)
    write(file, [{"resourceType": "Patient", "id": "a", "gender": "female"}])
    tally, _ = await take(store_url, file)
    assert numbers(tally) == (1, 0, 1, 0, 0)
    assert (await held(store_url))["Patient/a"]["meta"]["versionId"] == "2"
    assert await findings(store_url) == []


async def test_two_versions_in_one_file_are_two_versions(store_url: str, tmp_path: Path) -> None:
    lines = [{"resourceType": "Patient", "id": "a", "gender": gender} for gender in ("male", "female", "female")]
    tally, faults = await take(store_url, write(tmp_path / "p.ndjson", lines))
    assert (faults, numbers(tally)) == ([], (3, 1, 1, 1, 0))
    assert (await held(store_url))["Patient/a"]["gender"] == "female"


async def test_a_collection_is_unpacked_and_its_references_lead_home(store_url: str, tmp_path: Path) -> None:
    bundle = {**transaction(1), "type": "collection"}
    for one in bundle["entry"]:
        del one["request"]
    tally, faults = await take(store_url, write(tmp_path / "c.json", bundle))
    found = await held(store_url)
    assert (faults, numbers(tally)) == ([], (5, 5, 0, 0, 0))
    assert found[f"Observation/{uuid(1001)}"]["subject"]["reference"] == f"Patient/{uuid(1000)}"


async def test_a_batch_goes_in_entry_by_entry(store_url: str, tmp_path: Path) -> None:
    entries = [
        entry({"resourceType": "Patient", "id": "a"}, method="PUT", url="Patient/a"),
        entry({"resourceType": "Patient", "gender": "unheard-of"}),
        {"request": {"method": "DELETE", "url": "Patient/none"}},
    ]
    entries[0]["request"]["ifNoneMatch"] = "*"
    file = write(tmp_path / "b.json", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    first, faults = await take(store_url, file)
    assert (numbers(first), [one.at for one in faults]) == ((3, 1, 0, 1, 1), ["entry 1"])
    second, faults = await take(store_url, file)
    assert [one.at for one in faults] == ["entry 1", "entry 0"] and second.failed == 2


async def test_single_resources_without_an_id_get_the_same_one_again(store_url: str, tmp_path: Path) -> None:
    write(tmp_path / "in" / "one.json", {"resourceType": "Patient", "gender": "female"})
    write(tmp_path / "in" / "same.json", {"gender": "female", "resourceType": "Patient"})
    tally, _ = await take(store_url, tmp_path / "in")
    assert numbers(tally) == (2, 1, 0, 1, 0)


async def test_a_condition_on_what_a_later_file_brings_is_asked_again(store_url: str, tmp_path: Path) -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "puls"},
        "performer": [{"reference": f"Organization?identifier={SYSTEM}|5"}],
    }
    waits = {"resourceType": "Bundle", "type": "transaction", "entry": [entry(observation, f"urn:uuid:{uuid(1)}")]}
    write(tmp_path / "in" / "a.json", waits)
    write(tmp_path / "in" / "b.json", transaction(2, shared="5"))
    tally, faults = await take(store_url, tmp_path / "in")
    found = await held(store_url)
    assert (faults, tally.failed) == ([], 0)
    assert found[f"Observation/{uuid(1)}"]["performer"][0]["reference"] in found


async def test_zip_gzip_and_folders_are_read_in_order(store_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder / "deep" / "x.ndjson.gz", [{"resourceType": "Patient", "id": "x"}])
    (folder / "readme.txt").write_text("not for import")
    with zipfile.ZipFile(folder / "z.zip", "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("in/a.json", json.dumps(transaction(1)))
        box.writestr("in/b.ndjson", '{"resourceType":"Patient","id":"b"}\n{"resourceType":"Patient","id":"c"}')
        box.writestr("inner.zip", b"PK")
    tally, faults = await take(store_url, folder)
    assert numbers(tally) == (9, 8, 0, 0, 1)
    assert [Path(one.name).name for one in faults] == ["z.zip!inner.zip"]


async def test_damaged_files_and_bombs_are_reported_by_name(tmp_path: Path) -> None:
    store, folder = str(tmp_path / "felles.db"), tmp_path / "in"
    write(folder / "a.json", {"resourceType": "Patient", "id": "a"})
    whole = write(tmp_path / "whole.json.gz", transaction(1)).read_bytes()
    (folder / "cut.json.gz").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("bomb.json", b" " * (80 << 20))
    (folder / "empty.json").write_bytes(b"")
    (folder / "latin.json").write_bytes(b'{"resourceType":"Patient","name":[{"family":"\xe5s"}]}')
    (folder / "list.json").write_bytes(b"[]")
    (folder / "twice.json").write_bytes(b'{"resourceType":"Patient","gender":"male","gender":"female"}')
    tally, faults = await take(store, folder)
    assert [Path(one.name).name for one in faults] == [
        "bomb.zip!bomb.json", "cut.json.gz", "empty.json", "latin.json", "list.json", "twice.json",
    ]  # fmt: skip
    assert "250 times" in faults[0].reason and numbers(tally)[1:] == (1, 0, 0, 6)


async def test_an_import_says_so_in_the_feed(store_url: str, tmp_path: Path) -> None:
    await take(store_url, write(tmp_path / "a.json", transaction(1)))
    record = await Record.open(store_url)
    assert await record.store.reading.rows("SELECT DISTINCT origin FROM change") == [(Origin.IMPORT,)]
    await record.close()


@pytest.fixture
def region(tmp_path: Path) -> Path:
    """Bundles that share offices, each with other content of them: more than goes into one commit."""
    for number in range(1, BUNDLES + 1):
        bundle = transaction(number, observations=98, shared=str(number % 7), name=f"Legesenter {number}")
        write(tmp_path / "in" / f"{number:03d}.json", bundle)
    return tmp_path / "in"


async def test_processes_give_the_same_store_as_one(store_url: str, region: Path, tmp_path: Path) -> None:
    alone = str(tmp_path / "alone.db")
    await take(alone, region)
    tally, faults = await take(store_url, region, jobs=2)
    assert (faults, tally.created) == ([], BUNDLES * 99 + 7)
    assert await held(store_url) == await held(alone)


async def test_an_import_that_is_killed_goes_on_where_it_was(store_url: str, region: Path, tmp_path: Path) -> None:
    whole = str(tmp_path / "whole.db")
    await take(whole, region)
    for share in (0.1, 0.5):
        await killed_at(store_url, region, int(BUNDLES * 99 * share))
        assert await findings(store_url) == []
    tally, faults = await take(store_url, region)
    assert (faults, tally.failed) == ([], 0) and tally.unchanged >= 3_000
    assert await held(store_url) == await held(whole)
    assert await findings(store_url) == []


async def killed_at(store: str, folder: Path, resources: int) -> None:
    """Runs the command and kills it, when that many are in the store or it was quicker."""
    process = subprocess.Popen([FELLES, "import", "--store", store, "--jobs", "1", str(folder)], start_new_session=True)
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        try:
            async with snapshot(store) as moment:
                if (await moment.rows("SELECT count(*) FROM directory"))[0][0] >= resources:
                    break
        except (ValueError, OSError):
            pass
        time.sleep(0.01)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.2)


async def test_an_import_into_a_served_store_goes_through_its_writer(region: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "felles.db")
    with serving(store):
        said = subprocess.run(
            [FELLES, "import", "--store", store, "--json", str(region)], capture_output=True, check=True, text=True
        )
        assert json.loads(said.stdout.splitlines()[-1])["created"] == BUNDLES * 99 + 7
    assert await findings(store) == []


@pytest.mark.slow
async def test_synthea_goes_in_whole_and_only_once(store_url: str, shared: Path) -> None:
    first, faults = await take(store_url, shared / "data" / "synthea", jobs=1)
    assert (faults, numbers(first)) == ([], (12_214, 12_158, 0, 56, 0))
    second, _ = await take(store_url, shared / "data" / "synthea")
    assert numbers(second) == (12_214, 0, 0, 12_214, 0)
    assert await findings(store_url) == []
