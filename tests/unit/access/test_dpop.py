"""DPoP proofs (RFC 9449): each counts once, for its request, its token and its moment."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from felles.access.smart.dpop import EARLY_SECONDS, LATE_SECONDS, NONCE_SECONDS, Nonces, NonceWanted, Proofs, token_hash
from felles.access.smart.replay import Replay
from felles.access.smart.signature import Unsound

NOW = 1_800_000_000.5
URL = "https://felles.example/fhir/Patient/1"
KEY = ECKey.generate_key("P-256")
NONCES = Nonces(b"x" * 32)


@pytest.fixture
def proofs(tmp_path: Path) -> Proofs:
    return Proofs(NONCES, Replay(tmp_path / "seen"))


def proof(key: Any = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {"htm": "GET", "htu": URL, "iat": int(NOW), "jti": "j" * 16, "ath": token_hash("token"),
              "nonce": NONCES.current(NOW)}  # fmt: skip
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)} | (header or {})
    kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(head, kept, key, algorithms=["ES256", "ES384", "RS256", "HS256"])


def test_a_proof_gives_the_thumbprint_of_its_key(proofs: Proofs) -> None:
    assert proofs.verify(proof(), "GET", URL, NOW, "token") == KEY.thumbprint()


def test_query_and_case_of_the_host_do_not_matter(proofs: Proofs) -> None:
    assert proofs.verify(proof(htu="HTTPS://FELLES.example:443/fhir/Patient/1?x=y#z"), "GET", URL, NOW, "token")


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "POST"}, {"htm": None}, {"htm": "get"}, {"htu": "https://felles.example/fhir/Patient/2"},
        {"htu": "https://other.example/fhir/Patient/1"}, {"htu": "http://felles.example/fhir/Patient/1"},
        {"htu": "https://x@felles.example/fhir/Patient/1"}, {"htu": 7}, {"htu": "https://felles.example:x/"},
        {"htu": None}, {"ath": token_hash("other")}, {"ath": None}, {"iat": NOW - LATE_SECONDS - 1},
        {"iat": NOW + EARLY_SECONDS + 1}, {"iat": None}, {"iat": True}, {"iat": "now"}, {"jti": None}, {"jti": "short"},
        {"jti": "j" * 300}, {"jti": 12_345_678},
    ],
)  # fmt: skip
def test_a_proof_for_something_else_is_refused(proofs: Proofs, changes: dict[str, Any]) -> None:
    with pytest.raises(Unsound):
        proofs.verify(proof(**changes), "GET", URL, NOW, "token")


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"}, {"typ": None}, {"jwk": ECKey.generate_key("P-256").as_dict(private=False)},
        {"jwk": KEY.as_dict(private=True)}, {"jwk": None}, {"jwk": "x"}, {"crit": ["x"], "x": 1},
    ],
)  # fmt: skip
def test_a_proof_with_another_header_is_refused(proofs: Proofs, header: dict[str, Any]) -> None:
    try:
        made = proof(header=header)
    except Exception:
        pytest.skip("the library does not make it")
    with pytest.raises(Unsound):
        proofs.verify(made, "GET", URL, NOW, "token")


def test_other_algorithms_are_refused(proofs: Proofs) -> None:
    rsa = RSAKey.generate_key(2048)
    secret = OctKey.generate_key(256)
    for made in (
        proof(rsa, {"alg": "RS256"}),
        proof(ECKey.generate_key("P-384"), {"alg": "ES384"}),
        jwt.encode({"typ": "dpop+jwt", "alg": "HS256", "jwk": KEY.as_dict(private=False)}, {}, secret,
                   algorithms=["HS256"]),
    ):  # fmt: skip
        with pytest.raises(Unsound):
            proofs.verify(made, "GET", URL, NOW, "token")


def test_a_proof_counts_once(proofs: Proofs) -> None:
    proofs.verify(proof(), "GET", URL, NOW, "token")
    with pytest.raises(Unsound):
        proofs.verify(proof(), "GET", URL, NOW + 1, "token")
    proofs.verify(proof(jti="k" * 16), "GET", URL, NOW, "token")


def test_a_nonce_of_ours_is_wanted_and_given(proofs: Proofs) -> None:
    for nonce in (None, "guessed", NONCES.current(NOW - 2 * NONCE_SECONDS)):
        with pytest.raises(NonceWanted) as wanted:
            proofs.verify(proof(nonce=nonce), "GET", URL, NOW, "token")
        assert wanted.value.nonce == NONCES.current(NOW)
    assert proofs.verify(proof(nonce=NONCES.current(NOW - NONCE_SECONDS)), "GET", URL, NOW, "token")


def test_what_was_seen_is_seen_by_every_process(tmp_path: Path) -> None:
    here = Replay(tmp_path / "seen")
    assert here.first("one", 20, 10)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_first_elsewhere, (tmp_path / "seen", "one")) is False
        assert pool.apply(_first_elsewhere, (tmp_path / "seen", "two")) is True
    assert not here.first("two", 20, 10)
    assert here.first("one", 40, 21)


def _first_elsewhere(file: Path, value: str) -> bool:
    return Replay(file).first(value, 20, 10)


def test_a_full_table_refuses_rather_than_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("felles.access.smart.replay.SLOTS", 64)
    monkeypatch.setattr("felles.access.smart.replay._SIZE", 64 * 16)
    seen = Replay(tmp_path / "seen")
    taken = [seen.first(f"value {number}", 100, 10) for number in range(200)]
    assert not all(taken)
    assert not any(seen.first(f"value {number}", 100, 10) for number, first in enumerate(taken) if first)
