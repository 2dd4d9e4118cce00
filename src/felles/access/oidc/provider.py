"""The providers that an operator has set up: FELLES_OIDC names a TOML or JSON file.

[[provider]]
name = "helseid"                      # stands in addresses and sessions
kind = "helseid"                      # or "idporten": which claims say who it is
title = "HelseID"                     # what people read on the button
issuer = "https://helseid-sts.nhn.no"
client_id = "..."
key = "helseid.jwk"                   # private JWK or PEM beside this file; signs as `key_algorithm`
"""

import ipaddress
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

ASYMMETRIC = ("ES256", "PS256", "RS256", "ES384", "PS384", "ES512", "PS512", "EdDSA")
USUAL = ("ES256", "PS256", "RS256")
PrivateKey = ECKey | RSAKey


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `level` is the lowest assurance level that is let in (3 substantial, 4 high). `algorithms` are
    those in which its id_tokens may be signed; `resource` is an audience to ask an access token for (RFC 8707)."""

    name: str
    kind: Literal["helseid", "idporten"]
    title: str
    issuer: str
    client_id: str
    key: PrivateKey
    key_algorithm: str = "ES256"
    scope: str = "openid"
    algorithms: tuple[str, ...] = USUAL
    level: int = 4
    acr_values: str = ""
    resource: str = ""
    dpop: bool = True


def providers(place: str) -> tuple[Provider, ...]:
    """The providers of a file; none for an empty path. Raises ValueError saying what is wrong and where."""
    if not place:
        return ()
    path = Path(place)
    try:
        text = path.read_text(encoding="utf-8")
        told = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ValueError(f"FELLES_OIDC: {path} cannot be read: {error}") from error
    given = told.get("provider") if isinstance(told, dict) else None
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ValueError(f"FELLES_OIDC: {path} holds no list named provider")
    found = tuple(_provider(one, path) for one in given)
    if len({one.name for one in found}) < len(found) or len({one.issuer for one in found}) < len(found):
        raise ValueError(f"FELLES_OIDC: {path} has two providers of one name or issuer")
    return found


def _provider(given: dict[str, Any], path: Path) -> Provider:
    where = f"FELLES_OIDC: {path}: provider {given.get('name', '(without name)')}"
    unknown = given.keys() - {one.name for one in fields(Provider)}
    missing = {"name", "kind", "issuer", "client_id", "key"} - given.keys()
    if unknown or missing:
        raise ValueError(f"{where}: " + ("missing " if missing else "unknown ") + ", ".join(sorted(missing or unknown)))
    for name, holds, words in CHECKS:
        if name in given and not holds(given[name]):
            raise ValueError(f"{where}: {name} must be {words}")
    key, algorithm = _key(path.parent / given["key"], given.get("key_algorithm"), where)
    usual = {"title": given["name"], "scope": SCOPES[given["kind"]], "algorithms": USUAL}
    told = {**usual, **given, "key": key, "key_algorithm": algorithm}
    return Provider(**{**told, "algorithms": tuple(told["algorithms"])})


def _text(value: Any) -> bool:
    return isinstance(value, str)


CHECKS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    (
        "name",
        lambda v: _text(v) and re.fullmatch("[a-z0-9-]{1,40}", v) is not None and v not in ("demo", "local"),
        "small letters, digits and hyphens, and not demo or local",
    ),
    ("kind", lambda v: v in ("helseid", "idporten"), "helseid or idporten"),
    ("issuer", lambda v: _text(v) and is_safe(v), "an https address"),
    *((name, _text, "text") for name in ("title", "client_id", "key", "scope", "acr_values", "resource")),
    ("level", lambda v: type(v) is int and v in (3, 4), "3 (substantial) or 4 (high)"),
    ("dpop", lambda v: isinstance(v, bool), "true or false"),
    (
        "algorithms",
        lambda v: isinstance(v, list) and v != [] and all(_text(one) and one in ASYMMETRIC for one in v),
        "a list of " + ", ".join(ASYMMETRIC),
    ),
)
SCOPES = {
    "helseid": "openid profile helseid://scopes/identity/pid helseid://scopes/identity/assurance_level "
    "helseid://scopes/identity/security_level helseid://scopes/hpr/hpr_number",
    "idporten": "openid profile",
}


def _key(path: Path, algorithm: str | None, where: str) -> tuple[PrivateKey, str]:
    try:
        text = path.read_text(encoding="utf-8")
        key = import_key(json.loads(text)) if text.lstrip().startswith("{") else _pem(text)
    except (OSError, ValueError, KeyError, JoseError) as error:
        raise ValueError(f"{where}: key {path} cannot be read: {type(error).__name__}") from error
    if not isinstance(key, ECKey | RSAKey) or not key.is_private:
        raise ValueError(f"{where}: key {path} is no private EC or RSA key")
    usual = "PS256" if isinstance(key, RSAKey) else "ES256"
    if algorithm not in (None, *(("PS256", "PS384", "PS512") if isinstance(key, RSAKey) else ("ES256", "ES384"))):
        raise ValueError(f"{where}: key_algorithm {algorithm} does not go with the key")
    return key, algorithm or usual


def _pem(text: str) -> PrivateKey:
    """A PKCS #8 key says inside what it is: whichever reads it."""
    try:
        return ECKey.import_key(text)
    except (JoseError, ValueError, TypeError):
        return RSAKey.import_key(text)


def is_safe(address: str) -> bool:
    """Whether an address of a provider may be used: https, or http on this machine (RFC 8252 section 7.3)."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname) and not parts.username
    try:
        return parts.scheme == "http" and (
            parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False
