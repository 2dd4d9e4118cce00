"""AuditEvent at the door: whoever asks gets the rows within reach, and the asking is logged like any other reading."""

from collections.abc import Awaitable, Callable

from felles.access.audit.answer import audit_events
from felles.access.audit.reach import NONE, Reach, reach_of
from felles.access.frame import scoped
from felles.access.guard import Watch
from felles.access.smart.restriction import Restriction
from felles.record import definition
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rest.message import Request, Response

AUDIT_EVENT = definition.type_number("AuditEvent")
Interaction = Callable[[Record, Request], Awaitable[Response | None]]


def interaction(watch: Watch) -> Interaction:
    """What answers for AuditEvent in the name of a guard's holder."""

    async def answer(record: Record, request: Request) -> Response | None:
        reach = await reach_of(watch.who, watch.access.house)
        return await audit_events(record, request, within(reach, scoped(watch.who, watch.context)))

    return answer


def within(reach: Reach, held: Restriction | None) -> Reach:
    """What an app's scopes leave of a reach. Raises Problem 403 for scopes that name some AuditEvents by search
    parameters: the log cannot keep to them."""
    if held is None:
        return reach
    if AUDIT_EVENT in held.limits:
        raise problem(403, "forbidden", "the log is not open to scopes that are limited by search parameters")
    wide = held.wide.get("AuditEvent", frozenset()) | held.wide.get("*", frozenset())
    if wide & {"r", "s"}:
        return reach
    if held.patient is None or not (reach.everything or held.patient in reach.patients):
        return NONE
    return Reach(patients=frozenset((held.patient,)))
