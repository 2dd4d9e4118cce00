"""What an id_token proves (OpenID Connect Core 1.0 section 3.1.3.7), and nothing before all of it has been checked."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key

from felles.access.oidc.proof import base64url
from felles.access.oidc.provider import Provider
from felles.access.oidc.refusal import Refusal
from felles.access.session import same

SKEW_SECONDS = 10
OLDEST_SECONDS = 300
"""How old a token may be when it comes: it is fetched at once."""

KINDS = {"ES": "EC", "PS": "RSA", "RS": "RSA", "Ed": "OKP"}
HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "DSA": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: our nonce, and where a fresh sign-in was asked for, the oldest one that will do."""

    nonce: str
    access_token: str = ""
    signed_after: int = 0


def header_of(token: str) -> dict[str, Any]:
    """The unverified header, to find the key by. Raises Refusal."""
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, UnicodeError) as error:
        raise Refusal("untrusted", "malformed") from error
    return dict(header)


def check_algorithm(provider: Provider, header: dict[str, Any], kind: str = "JWT") -> str:
    """The algorithm, if the operator allows it (RFC 8725 section 3.1): `none` and HMAC never are. Raises Refusal."""
    algorithm = header.get("alg")
    if algorithm not in provider.algorithms:
        raise Refusal("untrusted", "algorithm")
    if header.keys() & {"jwk", "jku", "x5u", "x5c", "crit", "b64"} or str(header.get("typ", kind)).upper() not in (
        "JWT",
        kind,
    ):
        raise Refusal("untrusted", "header")
    return str(algorithm)


def verified(provider: Provider, token: str, key: Key, expected: Expected, now: float) -> dict[str, Any]:
    """The claims of a token that holds in every respect. Raises Refusal naming the first that does not."""
    claims, algorithm = _signed(provider, token, key)
    for name, holds in _checks(provider, claims, expected, now):
        if not holds:
            raise Refusal("untrusted", name)
    if "at_hash" in claims and claims["at_hash"] != half_hash(expected.access_token, algorithm):
        raise Refusal("untrusted", "at_hash")
    return claims


def _signed(provider: Provider, token: str, key: Key, kind: str = "JWT") -> tuple[dict[str, Any], str]:
    """The claims of a token with the provider's signature, and its algorithm. Raises Refusal."""
    algorithm = check_algorithm(provider, header_of(token), kind)
    if key.key_type != KINDS[algorithm[:2]]:
        raise Refusal("untrusted", "key")
    try:
        claims = json.loads(jws.deserialize_compact(token.encode(), key, algorithms=[algorithm]).payload)
    except (JoseError, ValueError, RecursionError) as error:
        raise Refusal("untrusted", "signature") from error
    if not isinstance(claims, dict):
        raise Refusal("untrusted", "malformed")
    return claims, algorithm


LOGOUT, LOGOUT_EVENT = "LOGOUT+JWT", "http://schemas.openid.net/event/backchannel-logout"


def departed(provider: Provider, token: str, key: Key, now: float) -> str:
    """Whose sessions a provider says have ended: the subject of a logout token (OpenID Connect Back-Channel Logout 1.0
    section 2.6). An id_token is none: it names no such event, and a logout token has no nonce. Raises Refusal."""
    claims, _ = _signed(provider, token, key, LOGOUT)
    audience, events, issued = claims.get("aud"), claims.get("events"), _moment(claims, "iat")
    holds = (
        claims.get("iss") == provider.issuer
        and provider.client_id in (audience if isinstance(audience, list) else [audience])
        and issued is not None
        and abs(now - issued) <= OLDEST_SECONDS
        and ("exp" not in claims or (_moment(claims, "exp") or 0) > now - SKEW_SECONDS)
        and isinstance(events, dict)
        and isinstance(events.get(LOGOUT_EVENT), dict)
        and "nonce" not in claims
        and isinstance(claims.get("sub"), str)
    )
    if not holds:
        raise Refusal("untrusted", "logout token")
    return str(claims["sub"])


def _checks(provider: Provider, claims: dict[str, Any], expected: Expected, now: float) -> list[tuple[str, bool]]:
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    issued, expires, before = (_moment(claims, name) for name in ("iat", "exp", "nbf"))
    return [
        ("issuer", claims.get("iss") == provider.issuer),
        ("audience", provider.client_id in (audience if isinstance(audience, list) else [audience])),
        ("authorized party", claims.get("azp", None if several else provider.client_id) == provider.client_id),
        ("subject", isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255),
        ("expired", expires is not None and expires > now - SKEW_SECONDS),
        ("issued", issued is not None and now - OLDEST_SECONDS - SKEW_SECONDS <= issued <= now + SKEW_SECONDS),
        ("not before", "nbf" not in claims or (before is not None and before <= now + SKEW_SECONDS)),
        ("nonce", isinstance(claims.get("nonce"), str) and same(claims["nonce"], expected.nonce)),
        ("sign-in too old", not expected.signed_after or (_moment(claims, "auth_time") or 0) >= expected.signed_after),
    ]


def _moment(claims: dict[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519 section 2), or None for what is none."""
    value = claims.get(name)
    return (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e11 else None
    )


def half_hash(token: str, algorithm: str) -> str:
    """`at_hash` (OpenID Connect Core 1.0 section 3.1.3.6)."""
    digest = HASHES[algorithm[-3:]](token.encode()).digest()
    return base64url(digest[: len(digest) // 2])
