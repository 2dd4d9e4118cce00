"""Signed-in sessions: a signed cookie with an idle limit and an absolute one (OWASP ASVS 5, V7.3).

The token is `<payload>.<signature>`, base64url, HMAC-SHA-256 over the payload. It holds the person's id and two
times, nothing about any patient.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace

import msgspec

IDLE_SECONDS = 30 * 60
ABSOLUTE_SECONDS = 12 * 3600
RENEW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Session:
    """`started` and `seen` are seconds since the epoch; `id` is 128 random bits in hex."""

    id: str
    person: str
    started: int
    seen: int


def begin(person: str, now: float) -> Session:
    """A new session; its id is never taken from the visitor, so none can be planted."""
    return Session(secrets.token_hex(16), person, int(now), int(now))


def renewed(session: Session, now: float) -> Session:
    """The same session, seen now."""
    return replace(session, seen=int(now))


def wants_renewal(session: Session, now: float) -> bool:
    return now - session.seen >= RENEW_SECONDS


def expired(session: Session, now: float) -> bool:
    return now - session.seen > IDLE_SECONDS or now - session.started > ABSOLUTE_SECONDS


def signature(secret: bytes, purpose: str, text: str) -> str:
    """HMAC-SHA-256 in base64url; `purpose` keeps signatures of one use from serving another."""
    digest = hmac.new(secret, f"{purpose}:{text}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def seal(session: Session, secret: bytes) -> str:
    """The cookie's value."""
    payload = urlsafe_b64encode(msgspec.json.encode(session)).decode().rstrip("=")
    return f"{payload}.{signature(secret, 'session', payload)}"


def unseal(token: str, secret: bytes, now: float) -> Session | None:
    """The session of a cookie, or None when it is forged, malformed or past a limit."""
    payload, _, signed = token.partition(".")
    if not hmac.compare_digest(signature(secret, "session", payload).encode(), signed.encode()):
        return None
    padded = payload + "=" * (-len(payload) % 4)
    session = msgspec.json.decode(urlsafe_b64decode(padded), type=Session)
    return None if expired(session, now) else session
