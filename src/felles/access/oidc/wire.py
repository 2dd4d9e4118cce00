"""Requests to a provider: bounded in time and size, no redirects followed, DPoP nonces remembered."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import httpx

from felles.access.oidc.refusal import Refusal

LIMIT_BYTES = 256 * 1024
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: the JSON object in it ({} for anything else), and the nonce that the next proof should hold."""

    status: int
    body: dict[str, Any]
    nonce: str | None

    @property
    def error(self) -> str:
        """OAuth's word for what is wrong (RFC 6749 section 5.2), if it is one."""
        word = self.body.get("error")
        return word if isinstance(word, str) and word.isascii() and word.isidentifier() else ""


class Wire:
    """One pool of connections for the process."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    async def get(self, url: str) -> Reply:
        return await self.send(httpx.Request("GET", url, headers={"accept": "application/json"}))

    async def post(self, url: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Reply:
        told = {"accept": "application/json", **(headers or {})}
        return await self.send(httpx.Request("POST", url, data=fields, headers=told))

    async def send(self, request: httpx.Request) -> Reply:
        """Raises Refusal (unavailable) for whatever keeps an answer from coming."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=SECONDS, transport=self._transport, follow_redirects=False)
        try:
            async with asyncio.timeout(2 * SECONDS):
                answer = await self._client.send(request, stream=True)
                try:
                    body = await _read(answer)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            raise Refusal("unavailable", f"{request.url.host}: {type(error).__name__}") from error
        return Reply(answer.status_code, _object(body), answer.headers.get("dpop-nonce"))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()


async def _read(answer: httpx.Response) -> bytes:
    body = b""
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > LIMIT_BYTES:
            raise Refusal("unavailable", "answer too large")
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
