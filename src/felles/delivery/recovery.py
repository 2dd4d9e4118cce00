"""Recovery: a set of letters that did not come through is found, looked through for what still matters, and sent again
or voided in bulk, each with its reason in its own history.

Old summonses are never sent blindly: what a letter is about is looked at first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from felles.access.consent import instant
from felles.access.who import Who
from felles.delivery.act import settle
from felles.delivery.case import fetched
from felles.delivery.letter import DELIVERY, KIND, LETTER, is_delivery
from felles.delivery.receiver import is_dead
from felles.delivery.state import STATUS, TERMINAL, Event, State
from felles.duties.reading import Outside, Reading
from felles.record.outcome import Problem
from felles.record.record import Record

MOST = 1_000
Json = dict[str, Any]


class Still(StrEnum):
    """Whether a letter still matters: RELEVANT; PAST, what it calls to is over; CALLED_OFF; SEEN, the patient has been
    there already; DEAD, the receiver is."""

    RELEVANT = "relevant"
    PAST = "past"
    CALLED_OFF = "called-off"
    SEEN = "seen"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Lost:
    """A delivery that is not through, with what became of what it is about."""

    delivery: Json
    still: Still


async def lost(
    record: Record, unit: str, now: int, *, template: str = "", before: int | None = None, limit: int = MOST
) -> list[Lost]:
    """The unit's deliveries that are not through, the oldest first; of one template, written before a moment."""
    asked = [("sender", unit), ("_sort", "_lastUpdated"), ("_count", str(limit))]
    asked += [("category", f"{LETTER}|{template}")] if template else [("category", f"{DELIVERY}|{KIND}")]
    asked += [("_lastUpdated", f"lt{instant(before)}")] if before is not None else []
    open_ = {STATUS[state] for state in State if state not in TERMINAL}
    found = await record.resources("Communication", [*asked, ("status", ",".join(sorted(open_)))])
    read = Outside(record)
    return [Lost(one, await still(read, one, now)) for one in found if is_delivery(one)]


async def still(read: Reading, delivery: Json, now: int) -> Still:
    """Whether a delivery still matters."""
    to = await fetched(read, str(delivery["recipient"][0]["reference"]))
    if to is not None and is_dead(to):
        return Still.DEAD
    for one in delivery.get("basedOn") or ():
        about = await fetched(read, str(one["reference"]))
        if about is not None and about["resourceType"] == "Appointment":
            return _of_appointment(about, now)
        if about is not None and about.get("status") in ("revoked", "entered-in-error", "cancelled"):
            return Still.CALLED_OFF
    return Still.RELEVANT


def _of_appointment(about: Json, now: int) -> Still:
    if about.get("status") in ("cancelled", "entered-in-error", "noshow"):
        return Still.CALLED_OFF
    if about.get("status") in ("fulfilled", "arrived", "checked-in"):
        return Still.SEEN
    end = about.get("end") or about.get("start")
    over = end is not None and datetime.fromisoformat(end).timestamp() * 1_000_000 < now
    return Still.PAST if over else Still.RELEVANT


@dataclass(frozen=True, slots=True)
class Done:
    """What a bulk act did: the deliveries that it reached, and why it did not reach the others."""

    reached: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


async def act(record: Record, who: Who, ids: Sequence[str], event: Event, reason: str, now: int) -> Done:
    """Sends again (AGAIN) or voids (VOID) each of them, one transaction each: it can be broken off and called again
    with the same list. One that others were faster with is told, and holds up no other."""
    reached, left = [], []
    for id in ids:
        try:
            await settle(record, who, id, event, reason, now)
            reached.append(id)
        except Problem as error:
            if error.status in (403, 422):
                raise
            left.append((id, error.issues[0].diagnostics))
    return Done(tuple(reached), tuple(left))
