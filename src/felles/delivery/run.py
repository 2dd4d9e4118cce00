"""The same act on many letters. What was to be done stands in the store before the first is touched; how far it has
come is read from the letters themselves, so that whoever is interrupted goes on where it stopped.

Each letter is a transaction of its own that holds only at the version the person saw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import msgspec

from felles.access.session import digest
from felles.access.table import put
from felles.access.who import Who
from felles.delivery.act import LEAST_WORDS, settle
from felles.delivery.letter import state_of
from felles.delivery.state import Event, State
from felles.duties.reading import Outside
from felles.duties.serial import SERIAL
from felles.record.outcome import Problem, problem
from felles.record.record import Record
from felles.record.store import Line, Sql

KEPT = 14 * 24 * 3600
"""Seconds for which a run may be gone on with."""
KIND = "letters"
MICRO = 1_000_000
AT_ONCE = 100
TARGETS: Mapping[Event, State] = {Event.AGAIN: State.QUEUED, Event.VOID: State.VOID}
LINES: Mapping[str, Sql] = {
    "letter runs of holder": Sql(
        "SELECT body FROM attempt WHERE kind = 'letters' AND holder = $1 AND expires >= $2 "
        "ORDER BY expires DESC LIMIT 5"
    ),
}


class Run(msgspec.Struct, frozen=True):
    """`pairs`: id and version of each delivery as the person saw it; `refused`: id → status of those that were not
    done."""

    number: int
    who: str
    begun: int
    event: Event
    reason: str
    pairs: list[tuple[str, int]]
    refused: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Progress:
    """Ids of deliveries: `done` by this run, `changed` by others meanwhile, `refused`, and those that are `left`."""

    done: Sequence[str]
    changed: Sequence[str]
    refused: Mapping[str, int]
    left: Sequence[str]


def _token(number: int) -> str:
    return digest(f"{KIND} {number}")


def _kept(run: Run) -> list[Line]:
    body, expires = msgspec.json.encode(run).decode(), run.begun // MICRO + KEPT
    return [
        Line("attempt end", [_token(run.number)]),
        Line("attempt begin", [_token(run.number), KIND, digest(run.who), body, expires]),
    ]


async def begin(record: Record, who: Who, pairs: Sequence[tuple[str, int]], event: Event, reason: str, now: int) -> Run:
    """Puts down what is to be done with these deliveries. Raises Problem 422 without a reason, a deed or a letter."""
    if len(reason.strip()) < LEAST_WORDS or not pairs or event not in TARGETS:
        raise problem(422, "required", "choose letters, say what is done with them, and why", "Communication")
    run = Run(SERIAL.next(), who.id, now, event, reason.strip(), list(pairs))
    await put(record, *_kept(run))
    return run


async def run_of(record: Record, who: Who, number: int, now: int) -> Run:
    """One's own run. Raises Problem 404."""
    rows = await record.ask("attempt", [_token(number), KIND, now // MICRO])
    found = msgspec.json.decode(rows[0][1], type=Run) if rows else None
    if found is None or found.who != who.id:
        raise problem(404, "not-found", "there is nothing under this number")
    return found


async def runs_of(record: Record, who: Who, now: int) -> list[Run]:
    """What somebody has begun lately, the newest first."""
    rows = await record.ask("letter runs of holder", [digest(who.id), now // MICRO])
    return [msgspec.json.decode(row[0], type=Run) for row in rows]


async def progress(record: Record, run: Run) -> Progress:
    """How far it has come, as the deliveries tell."""
    read, ids = Outside(record), [id for id, _ in run.pairs]
    bodies: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), AT_ONCE):
        asked = [("_id", ",".join(ids[start : start + AT_ONCE]))]
        bodies |= {one["id"]: one for one in await read.search("Communication", asked, AT_ONCE)}
    moved = {id for id, version in run.pairs if id in bodies and int(bodies[id]["meta"]["versionId"]) != version}
    done = {id for id in moved if _is_ours(bodies[id], run)}
    refused = {id: status for id, status in run.refused.items() if id not in moved}
    return Progress(
        [id for id in ids if id in done], [id for id in ids if id in moved - done], refused,
        [id for id in ids if id in bodies and id not in moved and id not in refused],
    )  # fmt: skip


def _is_ours(delivery: dict[str, Any], run: Run) -> bool:
    told = (delivery.get("statusReason") or {}).get("text")
    return state_of(delivery) is TARGETS[run.event] and told == run.reason


async def go_on(record: Record, who: Who, run: Run, seconds: float, now: int) -> Run:
    """Does some of what is left, for about so long. What is refused is put down, to be told and not tried again."""
    versions, until, refused = dict(run.pairs), monotonic() + seconds, dict(run.refused)
    for id in (await progress(record, run)).left:
        try:
            await settle(record, who, id, run.event, run.reason, now, versions[id])
        except Problem as error:
            if error.status not in (403, 404, 409, 412):
                raise
            refused[id] = error.status
        if monotonic() > until:
            break
    told = msgspec.structs.replace(run, refused=refused)
    if refused != run.refused:
        await put(record, *_kept(told))
    return told
