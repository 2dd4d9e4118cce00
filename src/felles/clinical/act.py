"""What every act of a clinician holds to: staff in a role, a record that stands, one transaction, versions as shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from felles.access.who import Kind, Who
from felles.record.outcome import Problem, problem
from felles.record.record import Record
from felles.record.rule import Put, as_read
from felles.record.store import Line

LEAST = 3
"""Characters of a reason."""
STALE = 412
Json = dict[str, Any]


async def whole(record: Record, patient: str) -> Json:
    """The Patient, who may be dead. Raises Problem 422 for a record that was merged into another."""
    held = await record.resource("Patient", patient.partition("/")[2])
    if any(one.get("type") == "replaced-by" for one in held.get("link") or ()):
        raise problem(422, "business-rule", "this record was merged into another: open the one that holds", "subject")
    return held


async def alive(record: Record, patient: str) -> Json:
    """The Patient. Raises Problem 422 for the dead, and for a record that was merged into another."""
    held = await whole(record, patient)
    if held.get("deceasedBoolean") or held.get("deceasedDateTime"):
        raise problem(422, "business-rule", "the patient is dead", "subject")
    return held


def staff(who: Who) -> str:
    """ "PractitionerRole/x" in which somebody acts. Raises Problem 403 for who is no staff."""
    if who.kind is not Kind.STAFF or who.role is None:
        raise problem(403, "forbidden", "this is done by staff in a role")
    return who.role.id


async def commit(
    record: Record, deeds: Sequence[Put], held: Sequence[tuple[Json, int]], lines: Sequence[Line] = ()
) -> None:
    """One transaction, only if every version that was shown still stands. Raises Problem 409 when others were
    faster."""
    versions = {(one["resourceType"], one["id"]): version for one, version in held}
    writes, _ = as_read(deeds, versions)
    try:
        await record.commit(writes, lines=lines)
    except Problem as error:
        if error.status == STALE:
            raise problem(409, "conflict", "others have changed this meanwhile; look at it as it is now") from error
        raise
