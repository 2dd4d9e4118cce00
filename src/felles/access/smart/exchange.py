"""The token endpoint: codes, refresh tokens and a program's own assertion into access tokens
(RFC 6749 §4.1.3, §6, §4.4; RFC 7636; RFC 9449 §5; SMART App Launch 2.2 backend services)."""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from felles.access.smart import app as registry
from felles.access.smart import grant as grants
from felles.access.smart import restriction, scope, signature
from felles.access.smart.app import App
from felles.access.smart.client import Clients, Form
from felles.access.smart.dpop import NonceWanted, Proofs
from felles.access.smart.grant import Grant
from felles.access.smart.refusal import Refusal, invalid_grant
from felles.access.smart.scope import Scopes
from felles.access.smart.signature import Unsound
from felles.access.smart.token import SYSTEM_SECONDS, USER_SECONDS, Mint, Token, new_id
from felles.access.table import Tables
from felles.record.store import Line

IDENTITY_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token is given out, for the log: by which `way` (a grant_type)."""

    way: str
    token: Token


Said = Callable[[Issued, float], Sequence[Line]]
"""What the log says of it, committed with the grant."""


class TokenEndpoint:
    """Every way to an access token. `url` is the endpoint's own address, which proofs are for."""

    def __init__(self, tables: Tables, clients: Clients, mint: Mint, proofs: Proofs, url: str, said: Said) -> None:
        self._tables = tables
        self._clients = clients
        self._mint = mint
        self._proofs = proofs
        self._url = url
        self._said = said

    async def exchange(self, form: Form, headers: Mapping[str, str], now: float) -> dict[str, Any]:
        """The token response (RFC 6749 §5.1). Raises Refusal."""
        way = form.get("grant_type", "")
        if way not in (registry.CODE, registry.REFRESH, registry.SYSTEM):
            raise Refusal("unsupported_grant_type", "grant_type is none of those in the configuration")
        app = await self._clients.authenticate(form, headers, now)
        jkt = self._proved(headers, now)
        if app.bound and not jkt:
            raise Refusal("invalid_dpop_proof", "this app's tokens are bound to a key: send a DPoP proof")
        if way == registry.CODE:
            return await self._code(app, form, jkt, now)
        if way == registry.REFRESH:
            return await self._refresh(app, form, jkt, now)
        return await self._program(app, form, jkt, now)

    def _proved(self, headers: Mapping[str, str], now: float) -> str:
        """The key of the DPoP proof, empty without one."""
        proof = headers.get("dpop")
        if proof is None:
            return ""
        try:
            return self._proofs.verify(proof, "POST", self._url, now)
        except NonceWanted as wanted:
            text = "send this server's nonce in the DPoP proof"
            raise Refusal("use_dpop_nonce", text, 400, {"DPoP-Nonce": wanted.nonce}) from None
        except Unsound:
            raise Refusal("invalid_dpop_proof", "the DPoP proof does not hold") from None

    async def _code(self, app: App, form: Form, jkt: str, now: float) -> dict[str, Any]:
        text = form.get("code", "")
        code = await grants.read_code(self._tables, text, app.id, now)
        if form.get("redirect_uri") != code.redirect or not _verified(form.get("code_verifier", ""), code.challenge):
            await grants.burn(self._tables, text)
            raise invalid_grant()
        if code.jkt and code.jkt != jkt:
            raise Refusal("invalid_dpop_proof", "the code is bound to another key")
        grant = grants.of_person(new_id(), code, jkt, now)
        token = _token(grant, scope.read(grant.context.scope), now)
        refresh = await grants.begin(self._tables, grant, now, text, self._said(Issued(registry.CODE, token), now))
        if not await grants.lives(self._tables, grant, now):
            raise invalid_grant()
        return self._answer(grant, token, refresh, now)

    async def _refresh(self, app: App, form: Form, jkt: str, now: float) -> dict[str, Any]:
        text = form.get("refresh_token", "")
        grant = await grants.refreshed(self._tables, text, app.id, now)
        if grant.context.jkt != jkt:
            raise Refusal("invalid_dpop_proof", "the refresh token is bound to another key")
        held = scope.read(grant.context.scope)
        wanted = scope.read(form["scope"]) if form.get("scope") else held
        if not scope.narrower(wanted, held):
            raise Refusal("invalid_scope", "a refreshed token has no more scopes than were granted")
        token = _token(grant, wanted, now)
        said = self._said(Issued(registry.REFRESH, token), now)
        fresh = await grants.rotate(self._tables, grant, text, now, said)
        return self._answer(grant, token, fresh, now)

    async def _program(self, app: App, form: Form, jkt: str, now: float) -> dict[str, Any]:
        if not app.system:
            raise Refusal("unauthorized_client", "this app does not work by itself")
        asked = restriction.supported(scope.read(form.get("scope", "")))
        allowed = scope.at_levels(scope.common(asked, app.scopes), "system")
        if not allowed.grants:
            raise Refusal("invalid_scope", "the app is registered for none of these scopes")
        allowed = scope.without(allowed, *scope.WORDS)
        grant = grants.of_program(app.id, str(allowed), jkt, now)
        token = _token(grant, allowed, now)
        await grants.begin(self._tables, grant, now, lines=self._said(Issued(registry.SYSTEM, token), now))
        return self._answer(grant, token, "", now)

    def _answer(self, grant: Grant, token: Token, refresh: str, now: float) -> dict[str, Any]:
        context = grant.context
        answer: dict[str, Any] = {
            "access_token": self._mint.issue(token, now),
            "token_type": "DPoP" if token.jkt else "Bearer",
            "expires_in": token.expires - int(now),
            "scope": str(token.scopes),
        }
        told = {"patient": token.patient, "encounter": token.encounter, "refresh_token": refresh}
        answer |= {name: value for name, value in told.items() if value}
        if token.patient:
            answer["need_patient_banner"] = context.banner
        if "openid" in token.scopes.words:
            answer["id_token"] = self._mint.signed(self._identity(grant, token, now), "JWT")
        return answer

    def _identity(self, grant: Grant, token: Token, now: float) -> dict[str, Any]:
        """The id_token (OpenID Connect Core §2) with fhirUser (SMART App Launch 2.2)."""
        claims = {
            "iss": self._mint.issuer,
            "sub": grant.person,
            "aud": grant.app,
            "iat": int(now),
            "exp": int(now) + IDENTITY_SECONDS,
            "auth_time": grant.context.signed,
        }
        user = f"{self._mint.base}/{grant.person}"
        more = {"nonce": grant.context.nonce} if grant.context.nonce else {}
        words = token.scopes.words
        return {**claims, **more, **{name: user for name in ("fhirUser", "profile") if name in words}}


def _token(grant: Grant, scopes: Scopes, now: float) -> Token:
    """An access token that ends no later than its grant."""
    context = grant.context
    life = SYSTEM_SECONDS if grant.person.startswith("Device/") else USER_SECONDS
    return Token(
        id=new_id(),
        app=grant.app,
        subject=grant.person,
        scopes=scopes,
        expires=min(int(now) + life, grant.expires),
        patient=context.patient or None,
        encounter=context.encounter or None,
        session=grant.session,
        grant=grant.id,
        jkt=context.jkt,
    )


def _verified(verifier: str, challenge: str) -> bool:
    """RFC 7636 §4.6, S256."""
    if not 43 <= len(verifier) <= 128 or not verifier.isascii():
        return False
    made = signature.encode(hashlib.sha256(verifier.encode()).digest())
    return secrets.compare_digest(made, challenge)
