"""The addresses that apps call by themselves, as Starlette handlers. The pages that people see are in `web`."""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from felles.access.smart.configuration import PATH, smart_configuration
from felles.access.smart.entry import refused
from felles.access.smart.inspection import introspect, revoke
from felles.access.smart.patience import Patience
from felles.access.smart.refusal import Refusal
from felles.access.smart.service import Smart
from felles.access.table import put

MAX_FORM = 65_536
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache", "x-content-type-options": "nosniff"}
log = structlog.get_logger("felles.app")
Answer = tuple[int, dict[str, Any] | None, dict[str, str]]
Handler = Callable[[Smart, Request, dict[str, str], float], Awaitable[Answer]]


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form, each of which comes once. Raises Refusal."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refusal("invalid_request", "send application/x-www-form-urlencoded")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM:
            raise Refusal("invalid_request", "the form is too large", 413)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:
        raise Refusal("invalid_request", "the form cannot be read") from error
    if len(dict(pairs)) != len(pairs):
        raise Refusal("invalid_request", "a field comes twice")
    return {name: value for name, value in pairs if value}


async def _posted(smart: Smart, handler: Handler, request: Request) -> Response:
    now = time.time()
    try:
        _patient(smart.patience, _address(request), now)
        status, body, headers = await handler(smart, request, await _form(request), now)
    except Refusal as error:
        if error.code != "use_dpop_nonce" and error.status != 429:
            await _failed(smart, _address(request), error, now)
        status, body = error.status, {"error": error.code, "error_description": error.text}
        headers = error.headers | _challenge(error, request.headers)
    if body is None:
        return Response(status_code=status, headers={**_NO_STORE, **headers})
    return JSONResponse(body, status, {**_NO_STORE, **headers})


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _patient(patience: Patience, address: str, now: float) -> None:
    seconds = patience.waits(address, now)
    if seconds:
        text = "too many requests from this address"
        raise Refusal("temporarily_unavailable", text, 429, {"Retry-After": str(seconds)})


def _counted(patience: Patience, request: Request, now: float) -> None:
    """What anybody can ask for and takes room in the store, for a while."""
    _patient(patience, _address(request), now)
    patience.failed(_address(request), now)


async def _failed(smart: Smart, address: str, error: Refusal, now: float) -> None:
    """Counted, and told to the access log; what the caller has sent stands nowhere."""
    smart.patience.failed(address, now)
    log.warning("an app was refused", reason=error.code, status=error.status)
    await put(smart.tables, *refused(error.code, now))


def _challenge(error: Refusal, headers: Mapping[str, str]) -> dict[str, str]:
    """RFC 6749 §5.2: whoever tried with an Authorization header is told its scheme."""
    tried = error.code == "invalid_client" and "authorization" in headers
    return {"WWW-Authenticate": 'Basic realm="felles"'} if tried else {}


async def _token(smart: Smart, request: Request, form: dict[str, str], now: float) -> Answer:
    answer = await smart.tokens.exchange(form, request.headers, now)
    nonce = {"DPoP-Nonce": smart.resources.nonce(now)} if "dpop" in request.headers else {}
    return 200, answer, nonce


async def _push(smart: Smart, request: Request, form: dict[str, str], now: float) -> Answer:
    app = await smart.clients.authenticate(form, request.headers, now)
    if app.public:
        _counted(smart.pushes, request, now)
    uri = await smart.authorization.push(app, list(form.items()), now)
    return 201, {"request_uri": uri, "expires_in": 600}, {}


async def _revoke(smart: Smart, request: Request, form: dict[str, str], now: float) -> Answer:
    app = await smart.clients.authenticate(form, request.headers, now)
    await revoke(smart.tables, smart.mint, app, form.get("token", ""), now)
    return 200, None, {}


async def _introspect(smart: Smart, request: Request, form: dict[str, str], now: float) -> Answer:
    app = await smart.clients.authenticate(form, request.headers, now)
    return 200, await introspect(smart.tables, smart.mint, app, form.get("token", ""), now), {}


def _public(make: Callable[[], dict[str, Any]]) -> Callable[[Request], Awaitable[Response]]:
    """What anybody may read."""

    async def handler(request: Request) -> Response:
        headers = {"cache-control": "max-age=300"}
        return JSONResponse(make(), headers=headers)

    return handler


def routes(smart: Smart) -> list[Route]:
    """All of them. Those under /fhir must be asked before the FHIR server is."""
    configuration = _public(lambda: smart_configuration(smart.issuer))
    posts: dict[str, Handler] = {
        "token": _token,
        "request": _push,
        "revoke": _revoke,
        "introspect": _introspect,
    }
    return [
        Route("/fhir/.well-known/smart-configuration", configuration),
        Route("/.well-known/openid-configuration", configuration),
        Route("/.well-known/oauth-authorization-server", configuration),
        Route(f"{PATH}/keys", _public(lambda: {"keys": smart.keys.published()})),
        *(Route(f"{PATH}/{name}", partial(_posted, smart, post), methods=["POST"]) for name, post in posts.items()),
    ]
