"""Pages of registered apps call the addresses for apps from where they are (CORS, https://fetch.spec.whatwg.org).

Only these addresses, and none of them takes a cookie: what lets a page in is the token that it holds itself.
"""

import time
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from felles.access.smart import app as registry
from felles.access.smart.configuration import PATH
from felles.access.table import Tables

KEPT_SECONDS = 10
_PATHS = frozenset((f"{PATH}/token", f"{PATH}/revoke", f"{PATH}/keys"))
_ALLOWED = {
    "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
    "access-control-allow-headers": "accept, authorization, content-type, dpop, if-match, if-modified-since, "
    "if-none-exist, if-none-match, prefer",
    "access-control-max-age": "600",
}
_EXPOSED = "content-location, dpop-nonce, etag, last-modified, location, www-authenticate"


class Crossings:
    """ASGI for requests that name another origin: lets in what is for apps, from the origins of registered ones."""

    def __init__(self, app: ASGIApp, tables: Tables) -> None:
        self._app = app
        self._tables = tables
        self._origins: frozenset[str] = frozenset()
        self._read = -float("inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), "")
        if not is_for_apps(scope["path"]) or origin not in await self._known():
            await PlainTextResponse("Felles does not answer pages from elsewhere.", 403)(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await Response(status_code=204, headers={**_ALLOWED, **_opened(origin)})(scope, receive, send)
        else:
            await self._app(scope, receive, _opening(send, origin))

    async def _known(self) -> frozenset[str]:
        if time.monotonic() - self._read > KEPT_SECONDS:
            apps = await registry.every(self._tables)
            self._origins = frozenset(_origin(one) for app in apps for one in app.redirects) - {""}
            self._read = time.monotonic()
        return self._origins


def is_for_apps(path: str) -> bool:
    """Whether what stands at this path is called by apps and takes no cookie."""
    return path == "/fhir" or path.startswith(("/fhir/", "/.well-known/")) or path in _PATHS


def _origin(address: str) -> str:
    """The origin of a web address, empty for an app's own scheme."""
    split = urlsplit(address)
    return f"{split.scheme}://{split.netloc}" if split.scheme in ("https", "http") else ""


def _opened(origin: str) -> dict[str, str]:
    return {"access-control-allow-origin": origin, "vary": "origin"}


def _opening(send: Send, origin: str) -> Any:
    async def opened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = _EXPOSED
            headers.add_vary_header("origin")
        await send(message)

    return opened
