"""Signed-in sessions with an idle limit and an absolute one (OWASP ASVS 5, V7.3), kept in the store.

The browser holds 256 random bits, the store their digest: whoever reads the store cannot become anybody, and a
sign-out holds for every process and host from the moment it is committed.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from time import monotonic
from weakref import WeakKeyDictionary

from felles.access.attendance import told
from felles.access.audit.row import Act
from felles.access.table import Tables, put
from felles.access.trust import Trust, ended
from felles.record.store import Line

IDLE_SECONDS = 30 * 60
ABSOLUTE_SECONDS = 12 * 3600
NOTED_SECONDS = 60
"""How often at the most the store is told that a session is in use."""

SESSION_COOKIE, HOST_PREFIX = "felles_session", "__Host-"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's work between signing in and out; times are seconds since 1970.

    `person` is "Practitioner/x" or "Patient/x", `role` the "PractitionerRole/y" in which staff work now, or the
    "Patient/y" for whom another patient acts. `level` is the
    assurance level of the sign-in (3 substantial, 4 high, 0 a demo person without a secret), `signed` when the person
    last proved who they are. `provider` names who vouched (`demo`, `local` or a configured one), `subject` whom, by its
    own name for them; `hint` is the id_token that ends the provider's session. `id` is for the log, it opens nothing.
    """

    id: str
    person: str
    role: str | None
    level: int
    provider: str
    subject: str
    signed: int
    started: int
    seen: int
    hint: str | None = None

    @property
    def acts_for(self) -> str | None:
        """ "Patient/y" whom a patient acts for now."""
        return self.role if self.role and self.role.startswith("Patient/") else None


@dataclass(frozen=True, slots=True)
class Proof:
    """What a finished sign-in has shown: the fields of `Session` that come from it."""

    person: str
    level: int
    provider: str
    subject: str
    signed: int
    hint: str | None = None


def begin(proof: Proof, now: float, role: str | None = None) -> tuple[Session, str]:
    """A new session and its cookie's value. Neither is ever taken from the visitor, so that none can be planted."""
    moment = int(now)
    session = Session(
        secrets.token_hex(16), proof.person, role, proof.level, proof.provider, proof.subject, proof.signed,
        moment, moment, proof.hint,
    )  # fmt: skip
    return session, secrets.token_urlsafe(32)


def renewed(session: Session, now: float, **changes: str | int | None) -> tuple[Session, str]:
    """The same work under a new id and token (after step-up or a change of role); the absolute limit stays."""
    again = replace(session, id=secrets.token_hex(16), seen=int(now), **changes)  # type: ignore[arg-type]
    return again, secrets.token_urlsafe(32)


def expired(session: Session, now: float) -> bool:
    """Whether one of the limits has passed."""
    return now - session.seen > IDLE_SECONDS or now - session.started > ABSOLUTE_SECONDS


def fresh(session: Session | None, seconds: int, now: float) -> bool:
    """Whether the person has proved who they are within `seconds` (to sign, or to change how one signs in)."""
    return session is not None and 0 <= now - session.signed <= seconds


def cookie_name(secure: bool) -> str:
    """`__Host-` binds the cookie to this host and TLS (RFC 6265bis section 4.1.3.2)."""
    return HOST_PREFIX + SESSION_COOKIE if secure else SESSION_COOKIE


def token_in(cookies: Mapping[str, str]) -> str:
    """The session token that a browser sends, bound to the cookie's name; empty without one.

    A token that was given under `__Host-` counts under that name only: without it, a neighbouring site could plant one.
    """
    for name in (HOST_PREFIX + SESSION_COOKIE, SESSION_COOKIE):
        if cookies.get(name):
            return f"{name}={cookies[name]}"
    return ""


def digest(text: str) -> str:
    """SHA-256 in hex: what the store keeps of tokens of full entropy."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


_TRUSTED: WeakKeyDictionary[object, Trust[Session]] = WeakKeyDictionary()


async def session_of(cookies: Mapping[str, str], tables: Tables, now: float) -> Session | None:
    """The session of a request's cookies, or None when it is forged, ended or past a limit; notes that it is in use."""
    given = token_in(cookies)
    if not given:
        return None
    token, trusted = digest(given), _TRUSTED.setdefault(getattr(tables, "store", tables), Trust())

    async def ask() -> Session | None:
        rows = await tables.ask("session of token", [token])
        return Session(*rows[0]) if rows else None

    number, asked = ended(tables).number, monotonic()
    session = await trusted.of(tables, token, ask)
    if session is None or expired(session, now):
        return None
    if now - session.seen >= NOTED_SECONDS:
        await put(tables, Line("session seen", [session.id, int(now)]))
        session = replace(session, seen=int(now))
        trusted.put(token, session, number, asked)
    return session


async def session_by_id(tables: Tables, id: str, now: float) -> Session | None:
    """The session of an id that we kept ourselves; no way in for anybody who merely knows it."""
    rows = await tables.ask("session of id", [id])
    session = Session(*rows[0]) if rows else None
    return None if session is None or expired(session, now) else session


def begin_lines(session: Session, token: str, secure: bool) -> list[Line]:
    """What puts a session down; those long past their limits go with it."""
    given = digest(f"{cookie_name(secure)}={token}")
    return [
        Line("sessions past", [session.started - ABSOLUTE_SECONDS]),
        Line("session begin", [given, *astuple(session)]),
        *_said(Act.SIGN_IN, session, session.seen),
    ]


async def replaced(
    tables: Tables, old: Session, new: Session, token: str, secure: bool, used: Sequence[Line] = ()
) -> bool:
    """Puts a new session in an old one's place; False where the old one has been ended meanwhile."""
    return await put(tables, *used, Line("session end", [old.id], rows=1), *begin_lines(new, token, secure))


def _said(act: Act, session: Session, now: float) -> list[Line]:
    role = None if session.acts_for else session.role
    return told(
        act, now, session.person, role=role, provider=session.provider, session=session.id,
        acts_for=session.acts_for or "",
    )  # fmt: skip


async def end(tables: Tables, session: Session, now: float) -> None:
    """Signs out here."""
    await put(tables, Line("session end", [session.id]), *_said(Act.SIGN_OUT, session, now))


async def end_one(tables: Tables, person: str, id: str, now: float) -> None:
    """Signs out one of a person's own sessions."""
    await put(tables, Line("session end of person", [id, person], rows=1), *told(Act.SIGN_OUT, now, person, session=id))


async def end_all(tables: Tables, person: str, now: float) -> None:
    """Signs a person out everywhere."""
    await put(tables, Line("sessions end", [person]), *told(Act.SIGN_OUT, now, person))


async def end_subject(tables: Tables, provider: str, subject: str, now: float) -> None:
    """Ends whatever a provider's own person has open: it has signed them out."""
    rows = await tables.ask("sessions of subject", [provider, subject])
    said = [line for row in rows for line in _said(Act.SIGN_OUT, Session(*row), now)]
    await put(tables, Line("sessions end of subject", [provider, subject]), *said)


async def sessions_of(tables: Tables, person: str, now: float) -> list[Session]:
    """Where a person is signed in, the latest first."""
    rows = await tables.ask("sessions of person", [person, int(now) - IDLE_SECONDS, int(now) - ABSOLUTE_SECONDS])
    return sorted((Session(*row) for row in rows), key=lambda one: one.started, reverse=True)
