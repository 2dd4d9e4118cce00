"""What the log says of signing in and out: told in the transaction that does it (pasientjournalloven § 22)."""

from felles.access.audit.log import lines
from felles.access.audit.row import Act, Result, Row
from felles.access.table import Tables, put
from felles.record.store import Line

SECOND = 1_000_000


def told(
    act: Act,
    now: float,
    person: str,
    *,
    role: str | None = None,
    provider: str = "",
    session: str = "",
    acts_for: str = "",
) -> list[Line]:
    """Somebody has signed in or out, or acts for another now; `client` of the row is who vouched for them."""
    moment = int(now * SECOND)
    return lines(Row(moment, act, person=person, role=role or "", client=provider, session=session, acts_for=acts_for))


async def refused(tables: Tables, now: float, provider: str, reason: str, person: str = "") -> None:
    """Somebody was not let in: at which provider, and a word for why. `person` where an account was named."""
    row = Row(int(now * SECOND), Act.SIGN_IN, Result.REFUSED, person=person, client=provider, reason=reason)
    await put(tables, *lines(row))
