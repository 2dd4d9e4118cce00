"""Access tokens: made with our key, and refused for whatever is not as we made it."""

from __future__ import annotations

import hmac
import json
import os
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from felles.access.smart import scope, signature
from felles.access.smart.key import OVERLAP_SECONDS, KeyFolder, KeyFolderOpen, folder_of
from felles.access.smart.signature import Unsound
from felles.access.smart.token import LOCAL, SYSTEM_SECONDS, Mint, Token

NOW = 1_800_000_000
ISSUER, BASE = "https://felles.example", "https://felles.example/fhir"


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


@pytest.fixture
def mint(keys: KeyFolder) -> Mint:
    return Mint(keys, ISSUER, BASE)


TOKEN = Token(
    id="1", app="app", subject="Practitioner/x", scopes=scope.read("patient/*.rs"), expires=NOW + 300, patient="p",
    session="s", grant="g",
)  # fmt: skip


def claims(**changes: Any) -> dict[str, Any]:
    made = {
        "iss": ISSUER, "aud": BASE, "sub": "Practitioner/x", "client_id": "app", "iat": NOW, "exp": NOW + 300,
        "jti": "1", "scope": "patient/*.rs", "grant": "g",
    }  # fmt: skip
    return {name: value for name, value in {**made, **changes}.items() if value is not None}


def segment(data: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def test_a_token_says_what_was_put_into_it(mint: Mint) -> None:
    bound = replace(TOKEN, jkt="k" * 43, encounter="e")
    assert mint.read(mint.issue(TOKEN, NOW), NOW + 10) == TOKEN
    assert mint.read(mint.issue(bound, NOW), NOW + 10) == bound


def test_any_library_reads_it_with_the_published_key(mint: Mint, keys: KeyFolder) -> None:
    read = jwt.decode(mint.issue(TOKEN, NOW), ECKey.import_key(keys.published()[0]), algorithms=["ES256"])
    assert read.header["typ"] == "at+jwt"
    assert read.claims["aud"] == BASE
    assert "d" not in keys.published()[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example/fhir"}, {"aud": None}, {"aud": [BASE]}, {"iss": "https://other.example"},
        {"iss": None}, {"exp": NOW}, {"exp": NOW - 1}, {"exp": NOW + SYSTEM_SECONDS + 1}, {"exp": "never"},
        {"exp": None}, {"iat": NOW + 60, "exp": NOW + 200}, {"iat": None}, {"scope": "root"}, {"scope": None},
        {"sub": None}, {"cnf": "x"}, {"iss": LOCAL, "aud": LOCAL}, {"grant": None},
    ],
)  # fmt: skip
def test_claims_of_another_kind_are_refused(mint: Mint, changes: dict[str, Any]) -> None:
    assert mint.read(mint.signed(claims(), "at+jwt"), NOW)
    with pytest.raises(Unsound):
        mint.read(mint.signed(claims(**changes), "at+jwt"), NOW)


def test_an_id_token_is_no_access_token(mint: Mint) -> None:
    with pytest.raises(Unsound):
        mint.read(mint.signed(claims(), "JWT"), NOW)


def test_a_forged_token_is_refused(mint: Mint, keys: KeyFolder) -> None:
    kid = keys.signing().kid
    other = generate_private_key(SECP256R1())
    header = {"typ": "at+jwt", "kid": kid}
    made = mint.issue(TOKEN, NOW)
    head, body, tail = made.split(".")
    forged = [
        signature.sign(header, claims(), other),
        signature.sign({**header, "kid": "another"}, claims(), other),
        signature.sign({**header, "jwk": keys.published()[0]}, claims(), other),
        signature.sign({**header, "crit": ["exp"]}, claims(), keys.signing().private),
        f"{head}.{segment(claims(scope='system/*.cruds'))}.{tail}",
        f"{segment({**header, 'alg': 'none'})}.{segment(claims())}.",
        f"{segment({**header, 'alg': 'none'})}.{segment(claims())}.{tail}",
        f"{head}.{body}.{tail[:-2]}",
        f"{head}.{body}.{'A' * 86}",
        f"{head}.{body}",
        made + "=",
        made + ".x",
        "",
        "." * 3,
        "A" * 9_000,
    ]
    for token in forged:
        with pytest.raises(Unsound):
            mint.read(token, NOW)


@given(st.data())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_token_with_any_character_changed_is_refused(mint: Mint, data: st.DataObject) -> None:
    made = mint.issue(TOKEN, NOW)
    place = data.draw(st.integers(0, len(made) - 1))
    other = data.draw(st.sampled_from("ABCXYZabcxyz019-_.=é ").filter(lambda one: one != made[place]))
    with pytest.raises(Unsound):
        mint.read(made[:place] + other + made[place + 1 :], NOW)


def test_a_public_key_is_never_a_shared_secret(mint: Mint, keys: KeyFolder) -> None:
    public = keys.published()[0]
    for secret in (json.dumps(public).encode(), ECKey.import_key(public).as_pem(private=False)):
        signed = f"{segment({'alg': 'HS256', 'typ': 'at+jwt', 'kid': public['kid']})}.{segment(claims())}"
        forged = f"{signed}.{signature.encode(hmac.digest(secret, signed.encode(), 'sha256'))}"
        with pytest.raises(Unsound):
            mint.read(forged, NOW)


def test_an_algorithm_takes_keys_of_its_kind_only() -> None:
    rsa, curve = RSAKey.generate_key(2048), ECKey.generate_key("P-256")
    made = jwt.encode({"alg": "ES256"}, claims(), curve)
    by_rsa = jwt.encode({"alg": "RS384"}, claims(), rsa, algorithms=["RS384"])
    signature.verify(made, "ES256", signature.public_key(curve.as_dict(private=False)))
    signature.verify(by_rsa, "RS384", signature.public_key(rsa.as_dict(private=False)))
    for token, algorithm, key in ((made, "RS384", curve), (made, "ES384", curve), (made, "ES256", rsa),
                                  (by_rsa, "ES256", rsa), (by_rsa, "PS384", rsa), (by_rsa, None, rsa),
                                  (by_rsa, ["RS384"], rsa)):  # fmt: skip
        with pytest.raises(Unsound):
            signature.verify(token, algorithm, signature.public_key(key.as_dict(private=False)))


@pytest.mark.parametrize("jwk", [None, [], {}, {"kty": "oct", "k": "AAAA"}, {"kty": "EC", "crv": "P-256", "x": "AA"}])
def test_what_is_no_public_key_is_refused(jwk: object) -> None:
    with pytest.raises(Unsound):
        signature.public_key(jwk)


@pytest.mark.filterwarnings("ignore:Key size")
def test_private_and_weak_keys_are_refused() -> None:
    for jwk in (ECKey.generate_key("P-256").as_dict(private=True), RSAKey.generate_key(1024).as_dict(private=False)):
        with pytest.raises(Unsound):
            signature.public_key(jwk)


def test_keys_are_the_owners_alone_and_shared_by_processes(keys: KeyFolder, mint: Mint) -> None:
    first = keys.signing()
    files = list(keys.place.glob("*.jwk"))
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]
    assert keys.place.stat().st_mode & 0o777 == 0o700
    other = KeyFolder(keys.place)
    assert other.signing().kid == first.kid
    assert other.secret == keys.secret
    assert Mint(other, ISSUER, BASE).read(mint.issue(TOKEN, NOW), NOW) == TOKEN


def test_a_key_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    KeyFolder(folder).signing()
    folder.chmod(0o755)
    with pytest.raises(KeyFolderOpen):
        KeyFolder(folder).signing()
    folder.chmod(0o700)
    next(folder.glob("*.jwk")).chmod(0o644)
    with pytest.raises(KeyFolderOpen):
        KeyFolder(folder).signing()


def test_a_new_key_signs_and_the_old_one_still_verifies_for_a_while(keys: KeyFolder, mint: Mint) -> None:
    keys.rotate(NOW)
    before = mint.issue(TOKEN, NOW)
    fresh = keys.rotate(NOW + 10)
    assert keys.signing().kid == fresh.kid
    assert mint.read(before, NOW + 20) == TOKEN
    assert keys.published()[0]["kid"] == fresh.kid
    assert len(keys.published()) == 2
    keys.rotate(NOW + 11 + OVERLAP_SECONDS)
    assert len(keys.published()) == 2
    with pytest.raises(Unsound):
        mint.read(before, NOW + 20)


def test_a_running_process_sees_keys_that_another_makes(keys: KeyFolder, mint: Mint) -> None:
    keys.rotate(NOW)
    other = KeyFolder(keys.place)
    other.rotate(NOW + 1)
    keys._looked = 0.0
    assert mint.read(Mint(other, ISSUER, BASE).issue(TOKEN, NOW), NOW) == TOKEN


def test_where_keys_lie(tmp_path: Path) -> None:
    assert folder_of(os.fspath(tmp_path / "felles.db")) == tmp_path / "felles.db-keys"
    assert folder_of("postgresql://x/y", os.fspath(tmp_path)) == tmp_path
    assert folder_of("postgresql://x/y") == Path("var/felles-keys")
