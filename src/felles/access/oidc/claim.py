"""Who a provider vouches for: its claims as HelseID and ID-porten write them.

HelseID: utviklerportal.nhn.no, claims of `helseid://scopes/identity/*` and `helseid://scopes/hpr/hpr_number`.
ID-porten: docs.digdir.no, `pid` and `acr` (eIDAS: substantial, high).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from felles.access.oidc.provider import Provider
from felles.access.oidc.refusal import Refusal

LEVELS = {
    "high": 4,
    "substantial": 3,
    "idporten-loa-high": 4,
    "idporten-loa-substantial": 3,
    "level4": 4,
    "level3": 3,
    "4": 4,
    "3": 3,
}


@dataclass(frozen=True, slots=True)
class Vouched:
    """The person of an id_token: the provider's name for them, and what the record knows people by."""

    subject: str
    level: int
    signed: int
    pid: str | None = None
    hpr: str | None = None


def vouched(provider: Provider, claims: Mapping[str, Any]) -> Vouched:
    """Raises Refusal (weak) for a sign-in below what the operator demands."""
    level = helseid_level(claims) if provider.kind == "helseid" else LEVELS.get(str(claims.get("acr", "")), 0)
    if level < provider.level:
        raise Refusal("weak", "assurance level")
    own = provider.kind == "helseid"
    pid = _digits(claims.get("helseid://claims/identity/pid" if own else "pid"), 11)
    hpr = _digits(claims.get("helseid://claims/hpr/hpr_number"), 9) if own else None
    return Vouched(str(claims["sub"]), level, int(claims.get("auth_time") or claims["iat"]), pid, hpr)


def helseid_level(claims: Mapping[str, Any]) -> int:
    """The lower of assurance and security level, as the weaker one decides (Normen, krav til autentisering)."""
    said = [claims.get(f"helseid://claims/identity/{name}") for name in ("assurance_level", "security_level")]
    return min((LEVELS.get(str(one).lower(), 0) for one in said if one is not None), default=0)


def _digits(value: Any, most: int) -> str | None:
    """A number as text, or None for anything that is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= most else None
