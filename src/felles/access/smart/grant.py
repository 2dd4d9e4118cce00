"""What a person, or an operator, has granted an app, as rows: codes, refresh tokens, and the grant that they and the
access tokens live by. A code or refresh token that comes again has been stolen: it ends the grant (RFC 9700 §4.14)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from felles.access.session import ABSOLUTE_SECONDS, Session, digest, expired
from felles.access.smart.refusal import invalid_grant
from felles.access.smart.token import SYSTEM_SECONDS, new_id
from felles.access.table import Tables, put
from felles.record.store import Line

CODE_SECONDS = 60
OFFLINE_SECONDS = 90 * 24 * 3600
"""How long an app may come back for a patient who is away, before it must ask again."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a grant is for: its scopes, whom it is about, and what the app is told with its tokens."""

    scope: str
    patient: str = ""
    encounter: str = ""
    nonce: str = ""
    signed: int = 0
    jkt: str = ""
    banner: bool = True


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What a code stands for until it is exchanged."""

    app: str
    redirect: str
    challenge: str
    jkt: str
    person: str
    session: str
    context: Context


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant. `session` is empty where it outlives it (offline_access), and `person` is a Device for a program."""

    id: str
    app: str
    person: str
    session: str
    context: Context
    expires: int


class Pending(Protocol):
    """The part of a request that its code holds on to."""

    @property
    def app(self) -> str: ...
    @property
    def redirect(self) -> str: ...
    @property
    def challenge(self) -> str: ...
    @property
    def jkt(self) -> str: ...


async def give_code(tables: Tables, asked: Pending, session: Session, context: Context, now: float) -> str:
    """A code for what a person has just agreed to: it holds once and for CODE_SECONDS."""
    code = secrets.token_urlsafe(32)
    body = Code(
        app=asked.app,
        redirect=asked.redirect,
        challenge=asked.challenge,
        jkt=asked.jkt,
        person=session.person,
        session=session.id,
        context=context,
    )
    added = Line("app code add", [digest(code), msgspec.json.encode(body).decode(), int(now) + CODE_SECONDS])
    await put(tables, *_past(now), added)
    return code


async def read_code(tables: Tables, code: str, app: str, now: float) -> Code:
    """What a code stands for, unused. Raises Refusal; a used one ends what came of it."""
    rows = await tables.ask("app code", [digest(code)])
    if not rows:
        raise invalid_grant()
    found = msgspec.json.decode(rows[0][0], type=Code)
    if found.app != app:
        raise invalid_grant()
    if rows[0][2]:
        await end(tables, rows[0][2], now)
        raise invalid_grant()
    if rows[0][1] < now:
        raise invalid_grant()
    return found


async def burn(tables: Tables, code: str) -> None:
    """Ends a code that was shown by somebody who cannot be whom it was given to."""
    await put(tables, Line("app code use", [digest(code), "none"]))


async def begin(tables: Tables, grant: Grant, now: float, code: str = "", lines: Sequence[Line] = ()) -> str:
    """Puts a grant down, uses up its code, and returns its first refresh token, or none. Raises Refusal where the
    code was used in the meantime."""
    used = [Line("app code use", [digest(code), grant.id], 1)] if code else []
    refresh, added = _refresh(grant) if _comes_back(grant) else ("", [])
    if not await put(tables, *_past(now), *used, _added(grant, now), *added, *lines):
        raise invalid_grant()
    return refresh


async def refreshed(tables: Tables, token: str, app: str, now: float) -> Grant:
    """The grant of an unused refresh token. Raises Refusal; a used one ends the grant."""
    rows = await tables.ask("app refresh", [digest(token), int(now)])
    found = await find(tables, rows[0][0]) if rows else None
    if found is None or found.app != app or not await lives(tables, found, now):
        raise invalid_grant()
    if rows[0][1]:
        await end(tables, found.id, now)
        raise invalid_grant()
    return found


async def rotate(tables: Tables, grant: Grant, token: str, now: float, lines: Sequence[Line] = ()) -> str:
    """The next refresh token in place of this one. Raises Refusal where it was used in the meantime."""
    fresh, added = _refresh(grant)
    if not await put(tables, Line("app refresh use", [digest(token), int(now)], 1), *added, *lines):
        await end(tables, grant.id, now)
        raise invalid_grant()
    return fresh


async def find(tables: Tables, id: str) -> Grant | None:
    """The grant of this id, if it has not ended."""
    rows = await tables.ask("app grant", [id])
    if not rows:
        return None
    app, person, session, body, expires = rows[0]
    return Grant(id, app, person, session, msgspec.json.decode(body, type=Context), expires)


async def of_refresh(tables: Tables, token: str, now: float) -> Grant | None:
    """The grant of a refresh token, used or not."""
    rows = await tables.ask("app refresh", [digest(token), int(now)])
    return await find(tables, rows[0][0]) if rows else None


async def lives(tables: Tables, grant: Grant, now: float) -> bool:
    """Whether the grant holds now, and the session it was given in."""
    rows = await tables.ask("app grant alive", [grant.id])
    if not rows or grant.expires < now:
        return False
    return not grant.session or (rows[0][1] is not None and not expired(Session(*rows[0][1:]), now))


async def end(tables: Tables, id: str, now: float) -> None:
    """Ends a grant and every token of it at once."""
    await put(tables, Line("app grant end", [id, int(now)]))


async def end_of_person(tables: Tables, id: str, person: str, now: float) -> None:
    """Ends a grant, if it is this person's."""
    await put(tables, Line("app grant end of person", [id, person, int(now)]))


def of_person(id: str, code: Code, jkt: str, now: float) -> Grant:
    """The grant that a code gives."""
    offline = "offline_access" in code.context.scope.split(" ")
    context = msgspec.structs.replace(code.context, jkt=jkt)
    ends = int(now) + (OFFLINE_SECONDS if offline else ABSOLUTE_SECONDS)
    return Grant(id, code.app, code.person, "" if offline else code.session, context, ends)


def of_program(app: str, scope: str, jkt: str, now: float) -> Grant:
    """The grant of an app that works by itself, for one access token."""
    return Grant(new_id(), app, f"Device/{app}", "", Context(scope=scope, jkt=jkt), int(now) + SYSTEM_SECONDS)


def _comes_back(grant: Grant) -> bool:
    return not {"offline_access", "online_access"}.isdisjoint(grant.context.scope.split(" "))


def _added(grant: Grant, now: float) -> Line:
    body = msgspec.json.encode(grant.context).decode()
    return Line("app grant add", [grant.id, grant.app, grant.person, grant.session, body, int(now), grant.expires], 1)


def _refresh(grant: Grant) -> tuple[str, list[Line]]:
    token = secrets.token_urlsafe(32)
    return token, [Line("app refresh add", [digest(token), grant.id, grant.expires])]


def _past(now: float) -> list[Line]:
    """What can mean nothing any more. Codes are kept for a day, so that one that comes again is known for stolen."""
    day = int(now) - 24 * 3600
    return [Line("app codes past", [day]), Line("app grants past", [day]), Line("app refreshes past", [day])]
