"""`felles audit` as its users meet it: exit status, words and JSON; the sealing process keeps the log by itself."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from felles.access.audit.log import Log, lines
from felles.access.audit.place import place_of
from felles.access.audit.row import Act, decode
from felles.app import LINES
from felles.cli import main
from felles.record.record import Record
from tests.audit import START, bodies, by_hand, row


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FELLES_STORE", str(tmp_path / "felles.db"))
    asyncio.run(told(str(tmp_path / "felles.db")))
    return str(tmp_path / "felles.db")


async def told(store: str) -> None:
    record, log = await Record.open(store, lines=LINES), Log(place_of(store).folder)
    for number in range(1, 6):
        await log.append(row(number))
        await record.commit((), lines=lines(row(number + 5, act=Act.UPDATE)))
    await log.close()
    await record.close()


def felles(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_log_is_sealed_and_verified(store: str) -> None:
    assert felles("audit", "seal").output == "10 rows sealed\n"
    said = felles("audit", "verify")
    assert (said.exit_code, said.output) == (0, "10 rows, 1 seals, 1 anchors: the log is what was told\n")


def test_a_row_altered_by_hand_is_status_1_and_named(store: str) -> None:
    felles("audit", "seal")
    asyncio.run(by_hand(store, ("UPDATE log SET moment = $1 WHERE seq = $2", (START, 3))))
    said = felles("audit", "verify", "--json")
    found = json.loads(said.output)
    assert said.exit_code == 1 and [fault["row"] for fault in found["faults"]] == [3]
    assert (found["rows"], found["seals"], found["anchors"]) == (10, 1, 1)


def test_anchors_that_are_gone_are_missed_and_a_copy_does(store: str, tmp_path: Path) -> None:
    felles("audit", "seal")
    copy = place_of(store).anchor.rename(tmp_path / "copy.jsonl")
    said = felles("audit", "verify")
    assert said.exit_code == 1 and "there are no anchors" in said.output
    assert felles("audit", "verify", "--anchor", str(copy)).exit_code == 0


def test_a_day_is_verified_alone_and_nonsense_is_usage(store: str) -> None:
    felles("audit", "seal")
    said = felles("audit", "verify", "--from", "2031-01-01")
    assert (said.exit_code, said.output[:6]) == (0, "0 rows")
    assert felles("audit", "verify", "--from", "someday").exit_code == 2


def test_a_day_is_searched_for_unusual_reading(store: str) -> None:
    felles("audit", "seal")
    said = felles("audit", "unusual", "--day", "2026-09-21", "--json")
    assert said.exit_code == 0, said.output
    assert json.loads(said.output) == []
    assert felles("audit", "unusual").exit_code == 2


def test_the_sealing_process_seals_and_ends_with_its_input(store: str) -> None:
    process = subprocess.Popen([sys.executable, "-m", "felles.cli.sealer"], stdin=subprocess.PIPE)
    assert process.stdin is not None
    until = time.monotonic() + 30
    while len(asyncio.run(bodies(store))) < 10:
        assert time.monotonic() < until
        time.sleep(0.1)
    process.stdin.close()
    assert process.wait(timeout=10) == 0
    assert felles("audit", "seal").exit_code == 0, "what it was stopped in is finished by the next"
    assert felles("audit", "verify").exit_code == 0


def test_who_takes_everything_out_leaves_a_row(store: str, tmp_path: Path) -> None:
    assert felles("export", str(tmp_path / "out")).exit_code == 0
    assert felles("backup", str(tmp_path / "copy.db")).exit_code == 0
    felles("audit", "seal")
    rows = [decode(body) for body in asyncio.run(bodies(store))]
    taken = [one.client.split()[1] for one in rows if one.act is Act.EXPORT]
    assert taken == ["export", "backup"]


def test_nothing_is_taken_out_that_cannot_be_logged(store: str, tmp_path: Path) -> None:
    place_of(store).folder.chmod(0o755)
    said = felles("export", str(tmp_path / "out"))
    assert said.exit_code == 1 and "nothing is taken out" in said.output
    assert not (tmp_path / "out").exists()
