"""Registered apps: what each may ask for, where its users may be sent back to, and how it shows who it is."""

import re
import secrets
from urllib.parse import urlsplit

import msgspec

from felles.access.session import digest
from felles.access.smart import restriction, scope
from felles.access.smart.refusal import Refusal
from felles.access.smart.scope import Scopes
from felles.access.smart.signature import Unsound, public_key
from felles.access.table import Tables, put
from felles.record.store import Line

CODE, REFRESH, SYSTEM = "authorization_code", "refresh_token", "client_credentials"
_ID = re.compile(r"[A-Za-z0-9._~-]{3,80}")
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_HOST = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:]+\]")
MAX_KEYS = 10


class App(msgspec.Struct, frozen=True, kw_only=True):
    """One app. It shows who it is by keys (`jwks`, or those at `jwks_uri`), by a secret (of which the store has a
    digest), or not at all: then it is public, and PKCE alone binds its codes. `launch` is where it begins when the
    record opens it. `person` and `system`: whether people sign in to it, and whether it works by itself. `bound`: its
    tokens must be bound to a key (DPoP). `inspects`: it may ask about other apps' tokens (RFC 7662)."""

    id: str = ""
    name: str = ""
    redirects: tuple[str, ...] = ()
    scope: str = ""
    secret: str = ""
    jwks: tuple[dict[str, str], ...] = ()
    jwks_uri: str = ""
    launch: str = ""
    person: bool = True
    system: bool = False
    bound: bool = False
    inspects: bool = False

    @property
    def public(self) -> bool:
        return not (self.secret or self.jwks or self.jwks_uri)

    @property
    def scopes(self) -> Scopes:
        """What it may be given at the most."""
        return scope.read(self.scope)


def checked(app: App) -> App:
    """The app if it may be registered. Raises Refusal `invalid_client_metadata` (RFC 7591 §3.2.2) saying why not."""
    _require(bool(_ID.fullmatch(app.id)), "an id has 3 to 80 letters, digits and . _ ~ -")
    _require(bool(app.name.strip()) and app.name.isprintable() and len(app.name) <= 100, "it needs a name for people")
    _require(app.person or app.system, "it is for people or works by itself")
    _require(bool(app.redirects) == app.person, "redirects are for apps that people sign in to, and these need one")
    for address in (*app.redirects, *([app.launch] if app.launch else [])):
        _require(_may_return(address), f"{address!r} is no https address, own scheme or loopback address")
    _require(not app.jwks_uri or _is_https(app.jwks_uri), "jwks_uri must be an https address")
    _require(sum(map(bool, (app.secret, app.jwks, app.jwks_uri))) <= 1, "it shows who it is in one way")
    _require(not app.system or bool(app.jwks or app.jwks_uri), "what works by itself shows who it is by a key")
    _require(not app.inspects or not app.public, "only an app that shows who it is may ask about tokens")
    _keys(app)
    scopes = restriction.supported(app.scopes)
    _require(app.system or not scopes.level("system"), "system scopes are for apps that work by themselves")
    return app


def _require(holds: bool, text: str) -> None:
    if not holds:
        raise Refusal("invalid_client_metadata", text)


def _keys(app: App) -> None:
    _require(len(app.jwks) <= MAX_KEYS, f"at most {MAX_KEYS} keys")
    try:
        for key in app.jwks:
            public_key(key)
    except Unsound as error:
        raise Refusal("invalid_client_metadata", "jwks holds something else than public EC or RSA keys") from error


def _is_https(address: str) -> bool:
    try:
        split = urlsplit(address)
        fits = split.scheme == "https" and split.username is None and (split.port or 443) > 0 and not split.fragment
    except ValueError:
        return False
    return fits and bool(_HOST.fullmatch(split.hostname or "")) and _plain(address)


def _may_return(address: str) -> bool:
    """https, http on this machine (RFC 8252 §7.3), or a scheme of the app's own with a dot in it (§7.1)."""
    if "#" in address or "*" in address or not _plain(address):
        return False
    try:
        split = urlsplit(address)
        host, user = split.hostname or "", split.username
    except ValueError:
        return False
    if split.scheme == "http":
        return user is None and host in ("localhost", "127.0.0.1", "::1")
    return _is_https(address) or bool(_PRIVATE_SCHEME.fullmatch(split.scheme))


def _plain(address: str) -> bool:
    return (
        len(address) <= 500 and address.isascii() and address.isprintable() and not re.search(r"[\s\\\"'<>]", address)
    )


def new_secret() -> str:
    """A secret of 256 bits, shown once."""
    return secrets.token_urlsafe(32)


async def register(tables: Tables, app: App, now: float) -> bool:
    """Registers an app. False when the id is taken. Raises Refusal."""
    body = msgspec.json.encode(checked(app)).decode()
    if await tables.ask("app any", [app.id]):
        return False
    return await put(tables, Line("app add", [app.id, app.name, body, int(now)], 1))


async def find(tables: Tables, id: str) -> App | None:
    """The app of this id."""
    rows = await tables.ask("app", [id]) if _ID.fullmatch(id) else []
    return msgspec.json.decode(rows[0][1], type=App) if rows else None


async def every(tables: Tables) -> list[App]:
    """All registered apps, by name."""
    return [msgspec.json.decode(body, type=App) for _, _, body in await tables.ask("apps")]


async def remove(tables: Tables, id: str, now: float) -> bool:
    """Ends an app and all that it was granted; its id is never given again."""
    ended = Line("app grants end", [id, int(now)])
    return await put(tables, Line("app end", [id, int(now)], 1), ended)


def secret_fits(app: App, secret: str) -> bool:
    """Whether this is the app's secret, in constant time."""
    return bool(app.secret) and secrets.compare_digest(digest(secret), app.secret)
