"""A patient who acts for another: a child, or who has given a power of attorney (pbrl. § 4-4, avtaleloven chapter 2).

It stands in the session, on the server, under a session id of its own, so that a form from before belongs to nobody.
At every request it is asked again whether it may: a revoked power or a birthday ends it at once.
"""

from felles.access.entrance import change_role
from felles.access.representation import Represented, represented
from felles.access.session import Session
from felles.record.outcome import problem
from felles.record.record import Record

SECOND = 1_000_000


async def held(record: Record, person: str, patient: str, now: int) -> Represented | None:
    """On what grounds "Patient/x" may act for another at a moment (microseconds); None without any."""
    return next((one for one in await represented(record, person, now) if one.patient == patient), None)


async def begin(
    record: Record, session: Session, patient: str, now: float, *, secure: bool
) -> tuple[Session, str] | None:
    """The session in which somebody acts for "Patient/x", and its token; None where the session has ended meanwhile.
    Raises Problem 403 for whom the person may not represent."""
    if await held(record, session.person, patient, int(now * SECOND)) is None:
        raise problem(403, "forbidden", "this person is not represented by you")
    return await change_role(record, session, patient, now, secure=secure)


async def end(record: Record, session: Session, now: float, *, secure: bool) -> tuple[Session, str] | None:
    """The session in the person's own name again; None where it has ended meanwhile, or nobody is acted for."""
    return await change_role(record, session, None, now, secure=secure) if session.acts_for else None
