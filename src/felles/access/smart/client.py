"""How an app shows who it is at the token endpoint: by a signed assertion (RFC 7523, SMART App Launch 2.2
client-confidential-asymmetric), by its secret, or, a public app, by its id alone."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from felles.access.session import digest
from felles.access.smart import app as registry
from felles.access.smart import signature
from felles.access.smart.app import App
from felles.access.smart.keyset import KeySets
from felles.access.smart.refusal import Refusal, unknown_client
from felles.access.smart.signature import Unsound
from felles.access.table import Tables, put
from felles.record.store import Line

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES256", "ES384", "RS384", "PS256", "PS384")
LIFE_SECONDS = 5 * 60
"""How far ahead an assertion may end (SMART: no more than five minutes)."""
SKEW_SECONDS = 30
Form = Mapping[str, str]


class Clients:
    """Authenticates apps. `audiences` are what an assertion may be addressed to: our token endpoint or issuer."""

    def __init__(self, tables: Tables, audiences: frozenset[str], keys: KeySets) -> None:
        self._tables = tables
        self._audiences = audiences
        self._keys = keys

    async def authenticate(self, form: Form, headers: Mapping[str, str], now: float) -> App:
        """The app that asks. Raises Refusal `invalid_client`, or `invalid_request` for two ways at once."""
        basic = _basic(headers.get("authorization", ""))
        ways = [basic is not None, "client_secret" in form, "client_assertion" in form]
        if sum(ways) > 1:
            raise Refusal("invalid_request", "an app shows who it is in one way")
        if "client_assertion" in form or "client_assertion_type" in form:
            return await self._by_assertion(form, now)
        id, secret = basic or (form.get("client_id", ""), form.get("client_secret"))
        if form.get("client_id", id) != id:
            raise unknown_client()
        app = await registry.find(self._tables, id)
        if app is None or not (app.public if secret is None else registry.secret_fits(app, secret)):
            raise unknown_client()
        return app

    async def _by_assertion(self, form: Form, now: float) -> App:
        if form.get("client_assertion_type") != ASSERTION:
            raise unknown_client()
        try:
            return await self._asserted(form.get("client_assertion", ""), form.get("client_id"), now)
        except Unsound:
            raise unknown_client() from None

    async def _asserted(self, assertion: str, named: str | None, now: float) -> App:
        header, claims = signature.parts(assertion)
        id = claims.get("sub")
        app = await registry.find(self._tables, id) if isinstance(id, str) else None
        if app is None or claims.get("iss") != id or (named is not None and named != id):
            raise Unsound("app")
        if header.get("alg") not in ALGORITHMS:
            raise Unsound("algorithm")
        await self._signed(app, assertion, header)
        self._addressed(claims, now)
        await self._once(app, claims, now)
        return app

    async def _signed(self, app: App, assertion: str, header: Mapping[str, Any]) -> None:
        kid = header.get("kid")
        for key in await self._keys.find(app, kid) if isinstance(kid, str) else ():
            try:
                signature.verify(assertion, header["alg"], signature.public_key(key))
            except Unsound:
                continue
            return
        raise Unsound("no key of the app fits")

    def _addressed(self, claims: Mapping[str, Any], now: float) -> None:
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if len(named) != 1 or named[0] not in self._audiences:
            raise Unsound("audience")
        ends, begins = claims.get("exp"), claims.get("nbf", claims.get("iat", 0))
        if isinstance(ends, bool) or not isinstance(ends, int | float) or not isinstance(begins, int | float):
            raise Unsound("times")
        if not now - SKEW_SECONDS < ends <= now + LIFE_SECONDS + SKEW_SECONDS or begins > now + SKEW_SECONDS:
            raise Unsound("expired, too long, or not yet valid")

    async def _once(self, app: App, claims: Mapping[str, Any], now: float) -> None:
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 1 <= len(jti) <= 512:
            raise Unsound("jti")
        seen = Line("app seen add", [digest(f"{app.id} {jti}"), int(now) + LIFE_SECONDS + 2 * SKEW_SECONDS + 1], 1)
        if not await put(self._tables, Line("app seen past", [int(now)]), seen):
            raise Unsound("the assertion was used")


def _basic(header: str) -> tuple[str, str] | None:
    """Id and secret of HTTP Basic (RFC 6749 §2.3.1: each form-encoded first)."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        id, colon, secret = b64decode(text.strip(), validate=True).decode().partition(":")
    except ValueError:
        raise unknown_client() from None
    if not colon:
        raise unknown_client()
    return unquote_plus(id), unquote_plus(secret)
