"""What a provider says of itself (OpenID Connect Discovery 1.0) and the keys it signs with (RFC 7517)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from felles.access.oidc.provider import Provider, is_safe
from felles.access.oidc.refusal import Refusal
from felles.access.oidc.wire import Wire

KEPT_SECONDS = 3600.0
REFETCH_SECONDS = 30.0
"""Unknown key ids make us ask for the keys anew, but no oftener than this: nobody makes us flood a provider."""

MOST_KEYS = 50


@dataclass(frozen=True, slots=True)
class Metadata:
    """The addresses that are used; `iss` says whether answers name their issuer (RFC 9207)."""

    authorize: str
    token: str
    push: str
    keys: str
    leave: str
    iss: bool


def read_metadata(provider: Provider, told: dict[str, Any]) -> Metadata:
    """The metadata, if they are the provider's own (Discovery section 4.3). Raises Refusal."""
    if told.get("issuer") != provider.issuer:
        raise Refusal("unavailable", "metadata of another issuer")
    wanted = (
        "authorization_endpoint",
        "token_endpoint",
        "pushed_authorization_request_endpoint",
        "jwks_uri",
    )
    places = [told.get(name) for name in wanted]
    leave = told.get("end_session_endpoint")
    if not all(isinstance(place, str) and is_safe(place) for place in places):
        raise Refusal("unavailable", "metadata without " + " or ".join(wanted))
    authorize, token, push, keys = (str(place) for place in places)
    usable = isinstance(leave, str) and is_safe(leave)
    named = told.get("authorization_response_iss_parameter_supported") is True
    return Metadata(authorize, token, push, keys, str(leave) if usable else "", named)


class Issuer:
    """One provider's metadata and keys, kept for an hour."""

    def __init__(self, provider: Provider, wire: Wire, clock: Callable[[], float] = monotonic) -> None:
        self.provider, self._wire, self._clock = provider, wire, clock
        self._metadata: Metadata | None = None
        self._keys: dict[str, Key] = {}
        self._known_at = self._asked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Raises Refusal (unavailable)."""
        async with self._lock:
            if self._metadata is None or self._clock() - self._known_at > KEPT_SECONDS:
                told = await self._wire.get(self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
                self._metadata, self._known_at = read_metadata(self.provider, told.body), self._clock()
            return self._metadata

    async def key(self, id: str | None) -> Key:
        """The key of this id (or the only one). Raises Refusal when the provider has none such."""
        metadata = await self.metadata()
        async with self._lock:
            age = self._clock() - self._asked_at
            if age > KEPT_SECONDS or (self._pick(id) is None and age > REFETCH_SECONDS):
                self._asked_at = self._clock()
                self._keys = read_keys((await self._wire.get(metadata.keys)).body) or self._keys
            found = self._pick(id)
        if found is None:
            raise Refusal("untrusted", "unknown key")
        return found

    def _pick(self, id: str | None) -> Key | None:
        if id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(id)


def read_keys(told: dict[str, Any]) -> dict[str, Key]:
    """The public keys for signatures by id; symmetric ones are never a provider's (key confusion)."""
    found: dict[str, Key] = {}
    given = told.get("keys")
    for one in given[:MOST_KEYS] if isinstance(given, list) else ():
        if not isinstance(one, dict) or one.get("kty") not in ("EC", "RSA", "OKP") or one.get("use", "sig") != "sig":
            continue
        try:
            found[str(one.get("kid", ""))] = import_key({k: v for k, v in one.items() if k != "d"})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return found
