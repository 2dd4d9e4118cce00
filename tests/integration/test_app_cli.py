"""`felles app` and `felles token`: who may ask is the operator's to say, and what is made by hand stands in the log."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from joserfc.jwk import ECKey

from felles.access.audit import row
from felles.access.smart import app as registry
from felles.access.smart.app import App
from felles.access.smart.key import KeyFolder
from felles.access.smart.token import LOCAL, Mint
from felles.app import LINES
from felles.cli import main
from felles.record.record import Record

BACK = "https://app.example/back"


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "signing"
    monkeypatch.setenv("FELLES_KEYS", str(folder))
    return folder


@pytest.fixture
def store(store_url: str) -> str:
    async def make() -> None:
        await (await Record.open(store_url, lines=LINES)).close()

    asyncio.run(make())
    return store_url


def felles(store: str, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--store", store])


def apps(store: str) -> dict[str, App]:
    async def read() -> dict[str, App]:
        record = await Record.open(store, lines=LINES)
        found = {one.id: one for one in await registry.every(record)}
        await record.close()
        return found

    return asyncio.run(read())


def trail(store: str) -> list[row.Row | None]:
    async def read() -> list[row.Row | None]:
        record = await Record.open(store, lines=LINES)
        rows = await record.ask("log.trail", [50])
        await record.close()
        return [row.read(bytes(body)) for _, body in rows]

    return asyncio.run(read())


def test_apps_are_registered_shown_and_removed_for_good(store: str, tmp_path: Path) -> None:
    common = ("--name", "Kurven", "--scope", "patient/*.rs", "--redirect", BACK)
    assert felles(store, "app", "add", "curve", *common).exit_code == 0
    made = felles(store, "app", "add", "server", *common, "--secret")
    secret = made.stdout.strip()
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": [ECKey.generate_key("P-256", parameters={"kid": "a"}).as_dict(private=False)]}))
    system = ("--name", "Uttrekk", "--scope", "system/*.rs", "--system", "--jwks", str(jwks))
    assert felles(store, "app", "add", "export", *system).exit_code == 0
    found = apps(store)
    assert registry.secret_fits(found["server"], secret)
    assert secret not in found["server"].secret
    assert (found["curve"].public, found["export"].system, found["export"].person) == (True, True, False)
    listed = felles(store, "app", "list").stdout
    assert [line.split("\t")[2] for line in listed.splitlines()] == ["public", "secret", "keys"]
    assert felles(store, "app", "remove", "curve").exit_code == 0
    assert felles(store, "app", "remove", "curve").exit_code == 1
    assert felles(store, "app", "add", "curve", *common).exit_code == 1
    assert set(apps(store)) == {"server", "export"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--scope", "patient/*.rs", "--redirect", "http://app.example/"), "loopback"),
        (("--scope", "everything", "--redirect", BACK), "scope"),
        (("--scope", "patient/*.rs"), "redirect"),
        (("--scope", "system/*.rs", "--system"), "key"),
        (("--scope", "system/*.rs", "--redirect", BACK), "system scopes"),
    ],
)
def test_what_would_be_unsafe_is_said_and_not_registered(store: str, words: tuple[str, ...], said: str) -> None:
    refused = felles(store, "app", "add", "new", "--name", "Ny", *words)
    assert (refused.exit_code, said in refused.output) == (1, True), refused.output
    assert apps(store) == {}


def test_a_private_key_is_not_taken(store: str, tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(ECKey.generate_key("P-256", parameters={"kid": "a"}).as_dict(private=True)))
    asked = ("--name", "Uttrekk", "--scope", "system/*.rs", "--system", "--jwks", str(jwks))
    assert felles(store, "app", "add", "new", *asked).exit_code == 1
    jwks.write_text("no key")
    assert felles(store, "app", "add", "new", *asked).exit_code == 2


def test_a_token_by_hand_stands_in_the_log_with_its_purpose(store: str, keys: Path) -> None:
    made = felles(store, "token", "--scope", "system/Observation.rs", "--purpose", "nightly counts", "--minutes", "2")
    assert made.exit_code == 0, made.output
    assert "2 minutes" in made.stderr
    mint = Mint(KeyFolder(keys), LOCAL, LOCAL)
    token = mint.read(made.stdout.strip(), time.time())
    assert (token.subject, str(token.scopes)) == ("Device/felles-token", "system/Observation.rs")
    assert 0 < token.expires - time.time() <= 120
    (told,) = trail(store)
    assert told is not None
    assert (told.act, told.details, told.session, told.client) == (
        row.Act.TOKEN,
        "nightly counts",
        token.session,
        "felles-token",
    )
    assert told.ids == [token.by]


def test_a_token_needs_the_owners_key_and_a_store(store: str, keys: Path, tmp_path: Path) -> None:
    asked = ("token", "--scope", "system/*.rs", "--purpose", "x")
    assert felles(store, *asked).exit_code == 0
    keys.chmod(0o755)
    for words in (asked, ("app", "rotate")):
        refused = felles(store, *words)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "chmod 700" in refused.stderr
    keys.chmod(0o700)
    nowhere = felles(str(tmp_path / "nothing.db"), *asked)
    assert (nowhere.exit_code, nowhere.stdout) == (1, "")
    assert not (tmp_path / "nothing.db").exists()


def test_rotation_makes_a_new_key_and_keeps_the_old_one(store: str, keys: Path) -> None:
    felles(store, "token", "--scope", "system/*.rs", "--purpose", "x")
    before = KeyFolder(keys).signing()
    assert felles(store, "app", "rotate").exit_code == 0
    after = KeyFolder(keys)
    assert after.find(before.kid) is not None
    assert len(after.published()) == 2
