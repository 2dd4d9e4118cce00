"""What may be used once and not for long: a sign-in under way at a provider, a passkey's challenge, an invitation.

The store keeps a digest of the token, bound to the browser (or account) it was given to; taking it removes it, so that
of two who come with the same token one is refused, on whichever host.
"""

import secrets
from typing import Any

import msgspec

from felles.access.session import digest, same
from felles.access.table import Tables, put
from felles.record.store import Line


async def give(tables: Tables, kind: str, holder: str, body: Any, now: float, seconds: int) -> str:
    """A new token for `body` (plain data), good for one use within `seconds` by who knows `holder`."""
    token, text = secrets.token_urlsafe(32), msgspec.json.encode(body).decode()
    begun = Line("attempt begin", [digest(token), kind, digest(holder), text, int(now) + seconds])
    await put(tables, Line("attempts past", [int(now)]), begun)
    return token


async def take(tables: Tables, kind: str, holder: str, token: str, now: float) -> Any | None:
    """The body, once. None for a token that is unknown, used, too old, of another kind or another holder's."""
    rows = await tables.ask("attempt", [digest(token), kind, int(now)])
    if not rows or not await put(tables, Line("attempt end", [digest(token)], rows=1)):
        return None
    bound, body = rows[0]
    return msgspec.json.decode(body) if same(bound, digest(holder)) else None


async def look(tables: Tables, kind: str, token: str, now: float) -> Any | None:
    """The body without taking it, for a token that is bound to nobody."""
    rows = await tables.ask("attempt", [digest(token), kind, int(now)])
    return msgspec.json.decode(rows[0][1]) if rows else None
