"""The commands as their users meet them: help, exit status, the line of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from felles.app import is_foreign
from felles.cli import main
from felles.cli.serve import ServeError, address_of, listen
from felles.settings import Settings


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FELLES_STORE", str(tmp_path / "felles.db"))
    return str(tmp_path / "felles.db")


def felles(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    said = felles("--help")
    assert said.exit_code == 0
    for name in ("serve", "import", "export", "backup", "restore", "check", "reindex", "demo"):
        assert f"\n  {name} " in said.output
    program = (
        "import sys, felles.cli; print([m for m in ('asyncpg', 'apsw', 'felles.record', 'rich') if m in sys.modules])"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments", [("import",), ("import", "/no/such/file"), ("demo", "--patients", "0"), ("nonsense",)]
)
def test_wrong_usage_is_status_2(store: str, arguments: tuple[str, ...]) -> None:
    assert felles(*arguments).exit_code == 2


def test_an_import_ends_with_one_line_of_json(store: str, tmp_path: Path) -> None:
    file = tmp_path / "p.ndjson"
    file.write_text('{"resourceType":"Patient","id":"a"}\n')
    said = felles("import", "--json", file)
    line = json.loads(said.stdout.splitlines()[-1])
    assert said.exit_code == 0 and set(line) == {"read", "created", "updated", "unchanged", "failed", "seconds"}
    assert (line["read"], line["created"]) == (1, 1)
    assert felles("check").exit_code == 0
    assert Path(store).stat().st_mode & 0o77 == 0


def test_an_import_with_a_bad_resource_is_status_1_and_names_it(store: str, tmp_path: Path) -> None:
    file = tmp_path / "p.ndjson"
    file.write_text('{"resourceType":"Patient","id":"a","gender":"x"}\n{"resourceType":"Patient","id":"b"}\n')
    said = felles("import", "--json", file)
    assert said.exit_code == 1
    assert f"{file}: line 1: Patient.gender: " in said.stderr
    assert json.loads(said.stdout)["created"] == 1


def test_a_store_that_cannot_be_opened_is_said_plainly(tmp_path: Path) -> None:
    file = tmp_path / "p.ndjson"
    file.write_text('{"resourceType":"Patient","id":"a"}\n')
    said = felles("import", "--store", "postgresql://nobody@127.0.0.1:1/none", file)
    assert said.exit_code == 1 and "Traceback" not in said.output and said.stderr.startswith("Error: ")
    assert (
        felles("check", "--store", tmp_path / "none.db").stderr == f"Error: there is no store at {tmp_path}/none.db\n"
    )


def test_the_demo_wants_a_store_of_its_own(store: str, tmp_path: Path) -> None:
    file = tmp_path / "p.ndjson"
    file.write_text('{"resourceType":"Patient","id":"a"}\n')
    felles("import", file)
    said = felles("demo", "--patients", "1")
    assert said.exit_code == 1 and "a store of its own" in said.stderr


@pytest.mark.slow
def test_the_same_demo_twice_changes_nothing(store: str) -> None:
    arguments = ("demo", "--json", "--patients", "20", "--today", "2026-11-22")
    first, second = felles(*arguments), felles(*arguments)
    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr
    one, two = json.loads(first.stdout), json.loads(second.stdout)
    assert (one["failed"], two["read"], two["unchanged"]) == (0, one["read"], one["read"])
    assert felles("check").output == "everything holds\n"


def test_a_copy_there_and_back(store: str, tmp_path: Path) -> None:
    file = tmp_path / "p.ndjson"
    file.write_text('{"resourceType":"Patient","id":"a"}\n')
    felles("import", file)
    assert felles("backup", tmp_path / "copy").exit_code == 0
    said = felles("restore", tmp_path / "copy")
    assert said.exit_code == 1 and "--replace" in said.stderr
    assert felles("restore", "--replace", tmp_path / "copy").exit_code == 0
    assert felles("export", tmp_path / "out").output == f"1 resources of 1 types in {tmp_path / 'out'}\n"
    assert felles("reindex").output == "0 resources had other index rows\n"
    assert felles("check", "--sample", "3").output == "everything holds\n"


def test_help_is_quick() -> None:
    begun = time.process_time()
    felles("--help")
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "localhost:80"), ("localhost", "localhost:80"), ("::1", "[::1]:80"), ("[::1]", "[::1]:80")],
)
def test_the_address_that_is_printed_can_be_opened(host: str, address: str) -> None:
    assert address_of(host, 80) == f"http://{address}"


@pytest.mark.parametrize("command", ["check", "serve", "demo"])
def test_an_address_of_another_kind_is_no_file(command: str) -> None:
    said = felles(command, "--store", "mysql://localhost/felles")
    assert said.exit_code != 0
    assert "FELLES_STORE must be a file path or a postgresql:// address" in said.output


def test_a_folder_with_nothing_to_import_is_status_1_and_says_so(store: str, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "a.txt").write_text("no FHIR")
    said = felles("import", "--json", folder)
    assert said.exit_code == 1
    assert "nothing to import" in said.stderr and ".ndjson" in said.stderr
    assert json.loads(said.stdout.splitlines()[-1])["read"] == 0


@pytest.mark.parametrize("command", ["check", "export", "serve"])
def test_what_is_no_store_is_called_so(tmp_path: Path, command: str) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("A letter to somebody, which is longer than the header of a database.\n" * 20)
    more = {"export": [str(tmp_path / "out")], "serve": ["--port", "0"]}.get(command, [])
    result = CliRunner().invoke(main, [command, *more, "--store", str(other)])
    assert result.exit_code == 1
    assert "no store of Felles" in result.output


def test_a_server_that_does_not_answer_is_called_so() -> None:
    result = CliRunner().invoke(main, ["check", "--store", "postgresql://nobody@127.0.0.1:1/none"])
    assert result.exit_code == 1
    assert "PostgreSQL does not answer" in result.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"FELLES_HOST": "0.0.0.0"}, "FELLES_ORIGIN"),
        ({"FELLES_ORIGIN": "http://felles.example"}, "must be https://"),
        ({"FELLES_ORIGIN": "https://felles.example/journal"}, "must be https://"),
    ],
)
def test_others_reach_a_server_only_by_an_https_address(
    store: str, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    refused = felles("serve", "--port", "0")
    assert refused.exit_code == 1 and said in refused.output


def test_a_store_of_made_up_people_is_for_this_machine_alone(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert felles("demo", "--patients", "1").exit_code == 0
    monkeypatch.setenv("FELLES_ORIGIN", "https://felles.example")
    refused = felles("serve", "--port", "0")
    assert refused.exit_code == 1 and "marked as demo" in refused.output


def test_a_port_that_another_server_shares_out_among_its_processes_is_taken() -> None:
    first = listen(Settings(port=0))
    port = first[0].getsockname()[1]
    try:
        assert {one.getsockname()[1] for one in first} == {port}
        with pytest.raises(ServeError, match=f"port {port} on 127.0.0.1 is taken"):
            listen(Settings(port=port))
    finally:
        for one in first:
            one.close()
    for one in listen(Settings(port=port)):
        one.close()


def test_names_that_are_not_ours_are_turned_away() -> None:
    def named(host: str, origin: str) -> bool:
        return is_foreign({"headers": [(b"host", host.encode())]}, origin)

    assert not named("localhost:8080", "http://localhost:8080")
    assert named("felles.attacker.example", "http://localhost:8080")
    assert not named("felles.example", "https://felles.example")
    assert named("felles.example:444", "https://felles.example")
