"""The relying party against a scripted provider: what it sends, how often it asks, and what it makes of bad answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from felles.access.oidc.claim import vouched
from felles.access.oidc.identity import LOGOUT_EVENT, Expected, departed, half_hash, verified
from felles.access.oidc.metadata import KEPT_SECONDS, REFETCH_SECONDS, Issuer, read_keys, read_metadata
from felles.access.oidc.party import Journey, Party
from felles.access.oidc.proof import base64url, challenge, dpop
from felles.access.oidc.provider import Provider
from felles.access.oidc.refusal import Refusal
from felles.access.oidc.wire import LIMIT_BYTES, Wire

ISSUER, NOW, BACK = "https://op.example", 1_800_000_000.0, "https://felles.example/sign-in/return"
OURS, THEIRS = ECKey.generate_key("P-256", {"kid": "ours"}), ECKey.generate_key("P-256", {"kid": "theirs"})
HELSEID = Provider("helseid", "helseid", "HelseID", ISSUER, "felles", OURS)
IDPORTEN = replace(HELSEID, name="idporten", kind="idporten")
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "aud": "felles", "sub": "s", "iat": NOW, "exp": NOW + 60, "nonce": "n", "auth_time": NOW,
    "helseid://claims/identity/assurance_level": "high", "helseid://claims/identity/security_level": "4",
    "helseid://claims/hpr/hpr_number": "431001110",
}  # fmt: skip


def signed(claims: dict[str, Any], key: Any = THEIRS, **header: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": "theirs", **header}, claims, key, algorithms=["ES256", "HS256", "PS256"])


def check(token: str, key: Any = THEIRS, nonce: str = "n", provider: Provider = HELSEID) -> dict[str, Any]:
    return verified(provider, token, key, Expected(nonce), NOW)


class Op:
    """A provider in memory; `twist` may change an answer by path."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], httpx.Headers]] = []
        self.keys = [THEIRS]
        self.twist: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.nonces = ["first"]
        self.now = 0.0

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]

    async def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append((path, dict(parse_qsl(request.content.decode())), request.headers))
        if path in self.twist:
            return self.twist[path](request)
        return httpx.Response(201 if path == "/par" else 200, json=self.answer(path), headers={"dpop-nonce": "first"})

    def answer(self, path: str) -> dict[str, Any]:
        if path == "/jwks":
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        if path == "/par":
            return {"request_uri": "urn:x", "expires_in": 60}
        if path == "/token":
            return {
                "id_token": signed(CLAIMS, self.keys[-1], kid=self.keys[-1].kid),
                "access_token": "a",
                "token_type": "DPoP",
            }
        names = {"authorization": "auth", "token": "token", "pushed_authorization_request": "par"}
        ends = {f"{name}_endpoint": f"{ISSUER}/{place}" for name, place in names.items()}
        return {
            "issuer": ISSUER,
            "jwks_uri": f"{ISSUER}/jwks",
            "authorization_response_iss_parameter_supported": True,
        } | ends

    def wire(self) -> Wire:
        return Wire(httpx.MockTransport(self.handle))

    def party(self) -> Party:
        return Party([HELSEID], self.wire(), lambda: NOW)

    def issuer(self) -> Issuer:
        return Issuer(HELSEID, self.wire(), lambda: self.now)


@pytest.fixture
def op() -> Op:
    return Op()


JOURNEY = Journey("helseid", "n", "v" * 64, int(NOW))


async def finish(op: Op, **answer: str) -> Any:
    return await op.party().finish(JOURNEY, {"code": "c", "state": "s", "iss": ISSUER, **answer}, BACK)


async def test_the_request_goes_by_our_own_line_and_the_browser_carries_only_its_name(op: Op) -> None:
    place = await op.party().begin(JOURNEY, "the-state", BACK, "nn")
    assert parse_qs(urlsplit(place).query) == {"client_id": ["felles"], "request_uri": ["urn:x"]}
    _, told, _ = op.asked[-1]
    assert told["code_challenge"] == challenge(JOURNEY.verifier) and told["code_challenge_method"] == "S256"
    assert (told["state"], told["nonce"], told["redirect_uri"], told["ui_locales"]) == ("the-state", "n", BACK, "nn")
    assert "prompt" not in told and "code_verifier" not in told


async def test_who_must_prove_anew_is_asked_by_the_provider(op: Op) -> None:
    await op.party().begin(replace(JOURNEY, again=True), "s", BACK)
    assert (op.asked[-1][1]["prompt"], op.asked[-1][1]["max_age"]) == ("login", "0")


async def test_we_prove_ourselves_with_a_short_signed_assertion_never_twice_the_same(op: Op) -> None:
    await op.party().begin(JOURNEY, "s", BACK)
    await op.party().begin(JOURNEY, "s", BACK)
    tokens = [jwt.decode(told["client_assertion"], OURS, ["ES256"]) for path, told, _ in op.asked if path == "/par"]
    header, claims = tokens[0].header, tokens[0].claims
    assert header == {"alg": "ES256", "typ": "client-authentication+jwt", "kid": "ours"}
    assert claims["iss"] == claims["sub"] == "felles" and claims["aud"] == ISSUER
    assert 0 < claims["exp"] - claims["iat"] <= 60
    assert claims["jti"] != tokens[1].claims["jti"]


def test_a_proof_of_possession_says_for_which_request_it_is() -> None:
    key = ECKey.generate_key("P-256")
    token = jwt.decode(dpop(key, "POST", f"{ISSUER}/token?x=1#y", NOW, "nonce", "access"), key, ["ES256"])
    assert token.header["typ"] == "dpop+jwt" and "d" not in token.header["jwk"]
    told = token.claims
    assert (told["htm"], told["htu"], told["nonce"], told["iat"]) == ("POST", f"{ISSUER}/token", "nonce", int(NOW))
    assert told["ath"] == base64url(hashlib.sha256(b"access").digest())


async def test_the_whole_way(op: Op) -> None:
    arrival = await finish(op)
    assert (arrival.person.hpr, arrival.person.level) == ("431001110", 4)
    assert arrival.person.pid is None


async def test_a_nonce_is_taken_once_and_then_it_is_enough(op: Op) -> None:
    def wants_nonce(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"error": "use_dpop_nonce"}, headers={"dpop-nonce": "again"})

    op.twist["/token"] = wants_nonce
    with pytest.raises(Refusal, match="refused"):
        await finish(op)
    proofs = [headers["dpop"] for path, _, headers in op.asked if path == "/token"]
    told = [json.loads(jws.extract_compact(one.encode()).payload) for one in proofs]
    assert [one.get("nonce") for one in told] == [None, "again"]
    assert len({one["jti"] for one in told}) == 2
    assertions = {told["client_assertion"] for path, told, _ in op.asked if path == "/token"}
    assert len(assertions) == 2


async def test_a_provider_without_possession_proofs_gives_bearer_tokens(op: Op) -> None:
    told = {"id_token": signed(CLAIMS), "access_token": "a", "token_type": "Bearer"}
    op.twist["/token"] = lambda _: httpx.Response(200, json=told)
    party = Party([replace(HELSEID, dpop=False)], op.wire(), lambda: NOW)
    arrival = await party.finish(JOURNEY, {"code": "c", "iss": ISSUER}, BACK)
    assert arrival.person.hpr and all("dpop" not in headers for _, _, headers in op.asked)


async def test_an_answer_of_another_issuer_costs_the_provider_nothing(op: Op) -> None:
    for iss in ("https://evil.example", "", ISSUER + "/"):
        with pytest.raises(Refusal, match="untrusted"):
            await finish(op, iss=iss)
    assert "/token" not in op.paths


async def test_an_answer_without_issuer_where_one_was_promised(op: Op) -> None:
    with pytest.raises(Refusal, match="untrusted"):
        await op.party().finish(JOURNEY, {"code": "c"}, BACK)


@pytest.mark.parametrize(("error", "reason"), [("access_denied", "cancelled"), ("server_error", "refused")])
async def test_an_answer_with_an_error(op: Op, error: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        await finish(op, error=error)
    assert "/token" not in op.paths


@pytest.mark.parametrize(
    "body", [{}, {"id_token": 1}, {"id_token": "a.b.c", "token_type": "Bearer"}, {"access_token": [], "id_token": ""}]
)
async def test_tokens_that_are_none(op: Op, body: dict[str, Any]) -> None:
    op.twist["/token"] = lambda _: httpx.Response(200, json=body)
    with pytest.raises(Refusal, match="untrusted"):
        await finish(op)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/jwks", "/token"])
@pytest.mark.parametrize("what", ["nonsense", "large", "redirect", "dead", "list"])
async def test_a_provider_that_is_out_of_order_lets_nobody_in(op: Op, path: str, what: str) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        if what == "dead":
            raise httpx.ConnectError("no")
        bodies = {"nonsense": b"<html>", "large": b"[" * (LIMIT_BYTES + 1), "redirect": b"", "list": b"[1]"}
        status = 302 if what == "redirect" else 200
        return httpx.Response(status, content=bodies[what], headers={"location": "https://evil.example"})

    op.twist[path] = broken
    with pytest.raises(Refusal):
        await finish(op)


async def test_keys_are_asked_for_again_when_they_are_new_but_not_oftener_than_that(op: Op) -> None:
    issuer = op.issuer()
    assert await issuer.key("theirs")
    op.keys.append(ECKey.generate_key("P-256", {"kid": "new"}))
    for _ in range(10):
        with pytest.raises(Refusal):
            await issuer.key("new")
    assert op.paths.count("/jwks") == 1
    op.now += REFETCH_SECONDS + 1
    assert await issuer.key("new") and await issuer.key("theirs")
    assert op.paths.count("/jwks") == 2
    op.now += REFETCH_SECONDS + 1
    for number in range(10):
        with pytest.raises(Refusal):
            await issuer.key(f"nobody {number}")
    assert op.paths.count("/jwks") == 3


async def test_a_key_that_was_withdrawn_is_trusted_for_an_hour_at_the_most(op: Op) -> None:
    issuer = op.issuer()
    await issuer.key("theirs")
    op.keys[:] = [ECKey.generate_key("P-256", {"kid": "new"})]
    op.now += KEPT_SECONDS + 1
    with pytest.raises(Refusal):
        await issuer.key("theirs")


async def test_keys_outlive_a_failure_of_the_address_they_came_from(op: Op) -> None:
    issuer = op.issuer()
    await issuer.key("theirs")
    op.twist["/jwks"] = lambda _: httpx.Response(500)
    op.now += REFETCH_SECONDS + 1
    with pytest.raises(Refusal):
        await issuer.key("new")
    assert await issuer.key("theirs")


def test_symmetric_keys_are_never_a_providers() -> None:
    told = [OctKey.generate_key(256).as_dict(), {"kty": "EC"}, "x", THEIRS.as_dict(private=False)]
    assert set(read_keys({"keys": told})) == {"theirs"}
    assert read_keys({"keys": "x"}) == read_keys({}) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://op.example/token"},
        {"jwks_uri": None},
        {"pushed_authorization_request_endpoint": "ftp://op.example"},
    ],
)
def test_metadata_that_are_not_the_providers_own(op: Op, changes: dict[str, Any]) -> None:
    with pytest.raises(Refusal):
        read_metadata(HELSEID, op.answer("") | changes)


def test_a_token_that_holds() -> None:
    assert check(signed(CLAIMS))["sub"] == "s"
    assert check(signed(CLAIMS | {"aud": ["felles", "x"], "azp": "felles"}))["sub"] == "s"


@given(
    st.sampled_from(sorted(CLAIMS.keys() - {"auth_time"})),
    st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text()),
)
def test_no_other_value_of_a_claim_that_matters_is_taken(name: str, value: Any) -> None:
    if name.startswith("helseid") or value == CLAIMS[name] or (name == "sub" and isinstance(value, str) and value):
        return
    if name in ("iat", "exp") and isinstance(value, int) and abs(value - CLAIMS[name]) < 400:
        return
    if name == "exp" and isinstance(value, int) and NOW < value < 1e11:
        return
    with pytest.raises(Refusal, match="untrusted"):
        check(signed(CLAIMS | {name: value}))


@given(st.text(max_size=200) | st.binary(max_size=60).map(lambda data: data.hex() + ".e30."))
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(Refusal, match="untrusted"):
        check(text)


def test_an_rsa_key_is_no_key_for_an_ec_algorithm_nor_the_other_way() -> None:
    rsa = RSAKey.generate_key(2048)
    with pytest.raises(Refusal, match="key"):
        check(signed(CLAIMS), rsa)
    token = jwt.encode({"alg": "PS256"}, CLAIMS, rsa, algorithms=["PS256"])
    with pytest.raises(Refusal, match="key"):
        check(token, THEIRS)
    assert check(token, rsa)
    with pytest.raises(Refusal, match="algorithm"):
        check(token, rsa, provider=replace(HELSEID, algorithms=("ES256",)))


def test_the_half_hash_is_that_of_the_standard() -> None:
    """OpenID Connect Core 1.0 appendix A.3: at_hash of the example."""
    assert half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


@pytest.mark.parametrize(
    ("provider", "claims", "level"),
    [
        (HELSEID, {}, 4),
        (HELSEID, {"helseid://claims/identity/security_level": "3"}, 0),
        (HELSEID, {"helseid://claims/identity/assurance_level": "low"}, 0),
        (replace(HELSEID, level=3), {"helseid://claims/identity/security_level": "3"}, 3),
        (IDPORTEN, {"acr": "idporten-loa-high"}, 4),
        (IDPORTEN, {"acr": "idporten-loa-substantial"}, 0),
        (IDPORTEN, {"acr": ["idporten-loa-high"]}, 0),
        (IDPORTEN, {}, 0),
    ],
)
def test_levels(provider: Provider, claims: dict[str, Any], level: int) -> None:
    if level:
        assert vouched(provider, CLAIMS | claims).level == level
    else:
        with pytest.raises(Refusal, match="weak"):
            vouched(provider, CLAIMS | claims)


@pytest.mark.parametrize("value", ["43100x110", "", "1234567890", "４３１", None, True, ["431001110"], {"a": 1}])
def test_a_number_that_is_none(value: Any) -> None:
    assert vouched(HELSEID, CLAIMS | {"helseid://claims/hpr/hpr_number": value}).hpr is None


def test_idporten_says_nothing_about_authorisations() -> None:
    told = CLAIMS | {"acr": "idporten-loa-high", "pid": "21886512345"}
    assert vouched(IDPORTEN, told).hpr is None and vouched(IDPORTEN, told).pid == "21886512345"


LOGOUT = {"iss": ISSUER, "aud": "felles", "iat": NOW, "jti": "j", "sub": "s", "events": {LOGOUT_EVENT: {}}}


def test_a_providers_word_that_somebody_has_left() -> None:
    assert departed(HELSEID, signed(LOGOUT, typ="logout+jwt"), THEIRS, NOW) == "s"
    assert departed(HELSEID, signed(LOGOUT), THEIRS, NOW) == "s"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"iat": NOW - 3600},
        {"iat": None},
        {"exp": NOW - 60},
        {"nonce": "n"},
        {"events": {}},
        {"events": [LOGOUT_EVENT]},
        {"events": {LOGOUT_EVENT: 1}},
        {"sub": None},
    ],
)
def test_words_that_are_none(changes: dict[str, Any]) -> None:
    with pytest.raises(Refusal, match="untrusted"):
        departed(HELSEID, signed(LOGOUT | changes), THEIRS, NOW)


def test_an_id_token_signs_nobody_out_and_a_logout_token_signs_nobody_in() -> None:
    with pytest.raises(Refusal):
        departed(HELSEID, signed(CLAIMS), THEIRS, NOW)
    with pytest.raises(Refusal):
        check(signed(CLAIMS, typ="logout+jwt"))
    with pytest.raises(Refusal):
        departed(HELSEID, signed(LOGOUT, ECKey.generate_key("P-256")), THEIRS, NOW)
