"""What we prove ourselves with: client assertions (RFC 7523), DPoP proofs (RFC 9449) and PKCE (RFC 7636)."""

import hashlib
import secrets
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from felles.access.oidc.provider import Provider

ASSERTION_SECONDS = 50
"""HelseID takes client assertions of at most 60 seconds."""

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def assertion(provider: Provider, now: float) -> dict[str, str]:
    """The form fields that say who we are, signed by our key, for the issuer (FAPI 2.0 5.3.3.1)."""
    moment = int(now)
    header: dict[str, Any] = {"alg": provider.key_algorithm, "typ": "client-authentication+jwt"}
    if provider.key.kid:
        header["kid"] = provider.key.kid
    claims = {
        "iss": provider.client_id, "sub": provider.client_id, "aud": provider.issuer, "jti": secrets.token_urlsafe(24),
        "iat": moment, "nbf": moment, "exp": moment + ASSERTION_SECONDS,
    }  # fmt: skip
    signed = jwt.encode(header, claims, provider.key, algorithms=[provider.key_algorithm])
    return {"client_id": provider.client_id, "client_assertion_type": JWT_BEARER, "client_assertion": signed}


def dpop(key: ECKey, method: str, url: str, now: float, nonce: str | None = None, token: str | None = None) -> str:
    """A proof that we hold `key`, for one request (RFC 9449 section 4.2); with `token`, of that access token."""
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(24), "htm": method, "htu": urlunsplit((*urlsplit(url)[:3], "", "")),
        "iat": int(now),
    }  # fmt: skip
    if nonce is not None:
        claims["nonce"] = nonce
    if token is not None:
        claims["ath"] = base64url(hashlib.sha256(token.encode()).digest())
    header = {"alg": "ES256", "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key, algorithms=["ES256"])


def challenge(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636 section 4.2)."""
    return base64url(hashlib.sha256(verifier.encode("ascii")).digest())
