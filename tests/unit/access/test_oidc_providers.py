"""The file in which an operator names the providers: what it may say, and what is said of a wrong one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from joserfc.jwk import ECKey, RSAKey

from felles.access.oidc.provider import is_safe, providers
from felles.cli import main

ISSUER, OURS = "https://op.example", ECKey.generate_key("P-256", {"kid": "ours"})


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://op.example", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://op.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("https://user@op.example", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_addresses_of_providers(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


def written(folder: Path, **changes: Any) -> str:
    entry = {"name": "helseid", "kind": "helseid", "issuer": ISSUER, "client_id": "felles", "key": "key.jwk", **changes}
    (folder / "key.jwk").write_text(json.dumps(OURS.as_dict(private=True)))
    (folder / "public.jwk").write_text(json.dumps(OURS.as_dict(private=False)))
    (folder / "key.pem").write_text(RSAKey.generate_key(2048).as_pem(private=True).decode())
    told = {name: value for name, value in entry.items() if value is not None}
    (folder / "oidc.json").write_text(json.dumps({"provider": [told]}))
    return str(folder / "oidc.json")


def test_the_operators_file(tmp_path: Path) -> None:
    (one,) = providers(written(tmp_path))
    assert (one.title, one.key_algorithm, one.level, one.dpop) == ("helseid", "ES256", 4, True)
    assert "helseid://scopes/hpr/hpr_number" in one.scope
    (two,) = providers(written(tmp_path, key="key.pem", kind="idporten"))
    assert two.key_algorithm == "PS256" and two.scope == "openid profile"
    assert providers("") == ()


def test_the_operators_file_in_toml(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "oidc.toml").write_text(
        f'[[provider]]\nname = "a"\nkind = "idporten"\nissuer = "{ISSUER}"\nclient_id = "felles"\nkey = "key.jwk"\n'
    )
    assert providers(str(tmp_path / "oidc.toml"))[0].name == "a"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "local"}, "not demo or local"),
        ({"name": "Ærlig"}, "small letters"),
        ({"kind": "google"}, "helseid or idporten"),
        ({"issuer": "http://op.example"}, "https"),
        ({"issuer": None}, "missing issuer"),
        ({"secret": "x"}, "unknown secret"),
        ({"algorithms": ["HS256"]}, "algorithms"),
        ({"algorithms": "ES256"}, "algorithms"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"key": "none.jwk"}, "cannot be read"),
        ({"key": "public.jwk"}, "private"),
        ({"key_algorithm": "PS256"}, "does not go with"),
        ({"level": "4"}, "level must be"),
        ({"level": 2}, "level must be"),
        ({"dpop": "no"}, "dpop must be"),
        ({"scope": ["openid"]}, "scope must be"),
    ],
)
def test_what_the_operator_got_wrong_is_said(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        providers(written(tmp_path, **changes))


def test_a_file_that_is_none(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"provider": 1}', '{"provider": [1]}', "x"):
        (tmp_path / "oidc.json").write_text(text)
        with pytest.raises(ValueError, match="FELLES_OIDC"):
            providers(str(tmp_path / "oidc.json"))
    with pytest.raises(ValueError, match="FELLES_OIDC"):
        providers(str(tmp_path / "nowhere.toml"))


def test_a_server_does_not_start_with_a_file_that_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FELLES_OIDC", written(tmp_path, kind="google"))
    done = CliRunner().invoke(main, ["serve", "--store", str(tmp_path / "felles.db"), "--port", "0"])
    assert done.exit_code == 1 and "kind must be helseid or idporten" in done.output
    assert not (tmp_path / "felles.db").exists()
