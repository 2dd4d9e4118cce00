"""The relying party: from the button to a verified person (code flow with PAR, PKCE, private_key_jwt and DPoP).

Between `begin` and `finish` the browser is at the provider; what must be remembered is a `Journey`, plain data that
whoever calls keeps, bound to the browser, for one use.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import time
from typing import Any
from urllib.parse import urlencode

from joserfc.jwk import ECKey

from felles.access.oidc.claim import Vouched, vouched
from felles.access.oidc.identity import LOGOUT, Expected, check_algorithm, departed, header_of, verified
from felles.access.oidc.metadata import Issuer
from felles.access.oidc.proof import assertion, challenge, dpop
from felles.access.oidc.provider import Provider
from felles.access.oidc.refusal import Refusal
from felles.access.oidc.wire import Reply, Wire
from felles.access.session import same

CANCELLED = ("access_denied", "interaction_required", "login_required", "consent_required", "user_cancelled")


@dataclass(frozen=True, slots=True)
class Journey:
    """One sign-in under way. `again`: a fresh proof was asked for, so the sign-in must be later than `begun`."""

    provider: str
    nonce: str
    verifier: str
    begun: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who has come back, and the id_token that will end the provider's session."""

    person: Vouched
    id_token: str


class Party:
    """What this process needs to sign people in at the configured providers."""

    def __init__(self, providers: Sequence[Provider], wire: Wire | None = None, clock: Callable[[], float] = time):
        self._wire, self._clock = wire or Wire(), clock
        self.issuers = {one.name: Issuer(one, self._wire) for one in providers}

    @property
    def providers(self) -> list[Provider]:
        return [one.provider for one in self.issuers.values()]

    def _issuer(self, name: str) -> Issuer:
        if name not in self.issuers:
            raise Refusal("stale", "unknown provider")
        return self.issuers[name]

    def journey(self, name: str, again: bool = False) -> Journey:
        """What a new sign-in at a provider must remember."""
        provider = self._issuer(name).provider
        return Journey(provider.name, secrets.token_urlsafe(32), secrets.token_urlsafe(48), int(self._clock()), again)

    async def begin(self, journey: Journey, state: str, back: str, language: str = "nb") -> str:
        """Hands the request to the provider over our own line (RFC 9126); the address to send the browser to."""
        issuer = self._issuer(journey.provider)
        provider, metadata = issuer.provider, await issuer.metadata()
        asked = {
            "response_type": "code", "redirect_uri": back, "scope": provider.scope, "state": state,
            "nonce": journey.nonce, "code_challenge": challenge(journey.verifier), "code_challenge_method": "S256",
            "ui_locales": language,
        }  # fmt: skip
        if provider.acr_values:
            asked["acr_values"] = provider.acr_values
        if provider.resource:
            asked["resource"] = provider.resource
        if journey.again:
            asked |= {"prompt": "login", "max_age": "0"}
        reply = await self._wire.post(metadata.push, asked | assertion(provider, self._clock()))
        address = reply.body.get("request_uri")
        if reply.status != 201 or not isinstance(address, str):
            raise Refusal("refused" if reply.error else "unavailable", f"pushed request: {reply.status} {reply.error}")
        return metadata.authorize + "?" + urlencode({"client_id": provider.client_id, "request_uri": address})

    async def finish(self, journey: Journey, answer: Mapping[str, str], back: str) -> Arrival:
        """The verified person of an answer that came back with our state. Raises Refusal."""
        issuer = self._issuer(journey.provider)
        provider, metadata = issuer.provider, await issuer.metadata()
        if not same(answer.get("iss", "" if metadata.iss else provider.issuer), provider.issuer):
            raise Refusal("untrusted", "answer of another issuer")
        if "error" in answer:
            raise Refusal("cancelled" if answer["error"] in CANCELLED else "refused", "answer with an error")
        if not answer.get("code"):
            raise Refusal("untrusted", "answer without code")
        told = await self._exchange(provider, metadata.token, journey, answer["code"], back)
        token, access = _tokens(provider, told)
        header = header_of(token)
        check_algorithm(provider, header)
        key = await issuer.key(header.get("kid"))
        expected = Expected(journey.nonce, access, journey.begun if journey.again else 0)
        claims = verified(provider, token, key, expected, self._clock())
        return Arrival(vouched(provider, claims), token)

    async def _exchange(self, provider: Provider, url: str, journey: Journey, code: str, back: str) -> Reply:
        """The tokens for a code; asked once more where the provider wants a nonce in the proof (RFC 9449 section 8)."""
        fields = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": journey.verifier
        }  # fmt: skip
        key, nonce = ECKey.generate_key("P-256"), None
        for _ in range(2):
            proof = {"dpop": dpop(key, "POST", url, self._clock(), nonce)} if provider.dpop else {}
            reply = await self._wire.post(url, fields | assertion(provider, self._clock()), proof)
            nonce = reply.nonce
            if reply.error != "use_dpop_nonce" or not nonce:
                break
        if reply.status != 200:
            raise Refusal("refused" if reply.error else "unavailable", f"token: {reply.status} {reply.error}")
        return reply

    async def departed(self, name: str, token: str) -> str:
        """The subject whose sessions a provider has ended. Raises Refusal."""
        issuer = self._issuer(name)
        header = header_of(token)
        check_algorithm(issuer.provider, header, LOGOUT)
        return departed(issuer.provider, token, await issuer.key(header.get("kid")), self._clock())

    async def leaving(self, name: str, id_token: str | None, back: str) -> tuple[str, dict[str, str]] | None:
        """Where and with which form fields the provider's own session ends (RP-Initiated Logout 1.0); None where there
        is no such place. It is a form because the token names a person, and addresses are kept in many places."""
        try:
            issuer = self._issuer(name)
            place = (await issuer.metadata()).leave
        except Refusal:
            return None
        if not place or not id_token:
            return None
        own = {"client_id": issuer.provider.client_id, "post_logout_redirect_uri": back}
        return place, {"id_token_hint": id_token, **own}


def _tokens(provider: Provider, reply: Reply) -> tuple[str, str]:
    """The id_token and access token of an answer; bearer tokens are not taken where we proved possession."""
    told: dict[str, Any] = reply.body
    token, access = told.get("id_token"), told.get("access_token", "")
    if not isinstance(token, str) or not isinstance(access, str):
        raise Refusal("untrusted", "answer without id_token")
    if provider.dpop and str(told.get("token_type", "")).lower() != "dpop":
        raise Refusal("untrusted", "token is not bound to our key")
    return token, access
