"""Access tokens: signed JSON of our own (RFC 9068), for our FHIR base alone, minutes long."""

import secrets
from dataclasses import dataclass
from typing import Any

from felles.access.smart import scope, signature
from felles.access.smart.key import KeyFolder
from felles.access.smart.refusal import Refusal
from felles.access.smart.restriction import Restriction, restriction
from felles.access.smart.scope import Scopes
from felles.access.smart.signature import Unsound

USER_SECONDS, SYSTEM_SECONDS = 5 * 60, 15 * 60
"""How long a token lives at the most: with a person behind it, and without."""
SKEW_SECONDS = 5
"""How far the clocks of our own hosts may be apart."""
LOCAL = "urn:felles:store"
"""Issuer and audience of what `felles token` makes: the holder of the store's own key, who speaks for no address."""
TYPE = "at+jwt"


@dataclass(frozen=True, slots=True)
class Token:
    """What an access token says. `subject` is "Practitioner/x", "Patient/x", or "Device/<app>" for a program;
    `patient` and `encounter` are ids in the app's context, `grant` and `session` what it ends with, `jkt` the key it is
    bound to; `purpose` and `by` are words of whoever made it by hand. `expires` is in seconds."""

    id: str
    app: str
    subject: str
    scopes: Scopes
    expires: int
    patient: str | None = None
    encounter: str | None = None
    session: str = ""
    grant: str = ""
    jkt: str = ""
    purpose: str = ""
    by: str = ""

    @property
    def restriction(self) -> Restriction:
        """What the scopes leave of whatever the subject may do."""
        return restriction(self.scopes, self.patient)


def new_id() -> str:
    """An opaque id, which may stand in the log."""
    return secrets.token_hex(16)


class Mint:
    """Makes and reads access tokens. `issuer` is our address, `base` that of FHIR below it."""

    def __init__(self, keys: KeyFolder, issuer: str, base: str) -> None:
        self._keys = keys
        self.issuer = issuer
        self.base = base

    def issue(self, token: Token, now: float) -> str:
        """The signed token."""
        local = not token.grant
        claims: dict[str, Any] = {
            "iss": LOCAL if local else self.issuer,
            "aud": LOCAL if local else self.base,
            "sub": token.subject,
            "client_id": token.app,
            "iat": int(now),
            "exp": token.expires,
            "jti": token.id,
            "scope": str(token.scopes),
        }
        more = {name: getattr(token, name) for name in _MORE if getattr(token, name)}
        bound = {"cnf": {"jkt": token.jkt}} if token.jkt else {}
        return self.signed({**claims, **more, **bound}, TYPE)

    def signed(self, claims: dict[str, Any], kind: str) -> str:
        """Claims signed with the key of today."""
        key = self._keys.signing()
        return signature.sign({"typ": kind, "kid": key.kid}, claims, key.private)

    def read(self, text: str, now: float) -> Token:
        """The token, signature and times verified. Raises Unsound."""
        header, claims = signature.parts(text)
        if header.get("typ") != TYPE or header.get("alg") != "ES256" or not isinstance(header.get("kid"), str):
            raise Unsound("header")
        key = self._keys.find(header["kid"])
        if key is None:
            raise Unsound("key")
        signature.verify(text, "ES256", key.verifying)
        self._ours(claims, now)
        return _token(claims)

    def _ours(self, claims: dict[str, Any], now: float) -> None:
        local = "grant" not in claims
        expected = (LOCAL, LOCAL) if local else (self.issuer, self.base)
        if (claims.get("iss"), claims.get("aud")) != expected:
            raise Unsound("issuer or audience")
        made, ends = claims.get("iat"), claims.get("exp")
        if not isinstance(made, int) or not isinstance(ends, int) or ends - made > SYSTEM_SECONDS:
            raise Unsound("times")
        if not made - SKEW_SECONDS <= now < ends:
            raise Unsound("expired, or not yet valid")


_MORE = ("patient", "encounter", "session", "grant", "purpose", "by")


def _token(claims: dict[str, Any]) -> Token:
    try:
        scopes = scope.read(claims["scope"])
        more = {name: claims[name] for name in _MORE if name in claims}
        jkt = claims.get("cnf", {}).get("jkt", "")
        return Token(claims["jti"], claims["client_id"], claims["sub"], scopes, claims["exp"], jkt=jkt, **more)
    except (KeyError, TypeError, AttributeError, Refusal) as error:
        raise Unsound("claims") from error
