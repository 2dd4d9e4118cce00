"""The public keys of apps: those registered with it, or those at the https address that was registered with it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import orjson

from felles.access.smart.app import MAX_KEYS, App
from felles.access.smart.signature import Unsound

MAX_BYTES = 65_536
KEPT_SECONDS = 300
AGAIN_SECONDS = 10
"""How soon an address is asked again when a key is missing in what it gave."""
TIMEOUT = httpx.Timeout(5.0)


class KeySets:
    """Fetches key sets, and keeps each for a while. Only addresses that the operator has registered are ever asked:
    no redirects are followed, and no header of a token (`jku`, `x5u`) leads anywhere."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._kept: dict[str, tuple[float, Sequence[Mapping[str, Any]]]] = {}

    async def find(self, app: App, kid: str) -> list[Mapping[str, Any]]:
        """The app's keys of this id. Raises Unsound where its address gives none."""
        if not app.jwks_uri:
            return _of(app.jwks, kid)
        fetched, keys = self._kept.get(app.jwks_uri, (-KEPT_SECONDS, ()))
        age = time.monotonic() - fetched
        found = _of(keys, kid)
        if age > KEPT_SECONDS or (not found and age > AGAIN_SECONDS):
            keys = await self._fetch(app.jwks_uri)
            self._kept[app.jwks_uri] = (time.monotonic(), keys)
            found = _of(keys, kid)
        return found

    async def _fetch(self, address: str) -> Sequence[Mapping[str, Any]]:
        async with httpx.AsyncClient(transport=self._transport, timeout=TIMEOUT, trust_env=False) as client:
            try:
                return await _keys(client, address)
            except (httpx.HTTPError, orjson.JSONDecodeError) as error:
                raise Unsound("the app's key set cannot be fetched") from error


async def _keys(client: httpx.AsyncClient, address: str) -> Sequence[Mapping[str, Any]]:
    body = b""
    async with client.stream("GET", address, headers={"accept": "application/json"}) as answer:
        if answer.status_code != 200:
            raise Unsound("the app's key set is not there")
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > MAX_BYTES:
                raise Unsound("the app's key set is too large")
    data = orjson.loads(body)
    keys = data.get("keys") if isinstance(data, dict) else None
    if not isinstance(keys, list) or len(keys) > MAX_KEYS:
        raise Unsound("no key set")
    return [key for key in keys if isinstance(key, dict)]


def _of(keys: Sequence[Mapping[str, Any]], kid: str) -> list[Mapping[str, Any]]:
    return [key for key in keys if key.get("kid") == kid]
