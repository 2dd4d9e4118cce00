"""The same act on many duties. What was to be done stands in the store before the first is touched; what has been done
is never counted beside the ledger but read from its entries, so that whoever is interrupted goes on where it stopped,
and is told exactly what has been done.

Each row is a transaction of its own that holds only at the turn the person saw. Undoing is an act on many, too.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from time import monotonic
from typing import Any

import msgspec

from felles.access.session import digest
from felles.access.table import put
from felles.access.who import Who
from felles.duties import handling
from felles.duties.duty import Act, Outcome
from felles.duties.serial import SERIAL
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.record import Record
from felles.record.store import Line, Sql

KEPT = 14 * 24 * 3600
"""Seconds for which an act on many may be gone on with, and taken back."""
MICRO = 1_000_000
_PAIRS = "(SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS turn FROM json_each($1))"
_PAIRS_REGION = "(SELECT (value->>0)::int8 AS id, (value->>1)::int8 AS turn FROM json_array_elements($1::json))"
_STANDING = (
    "SELECT pair.id, e.act, e.actor FROM {pairs} AS pair "
    "JOIN duty_entry e ON e.duty = pair.id AND e.turn = pair.turn + 1 AND e.side = 0"
)
LINES: Mapping[str, Sql] = {
    "duties standing": Sql(_STANDING.format(pairs=_PAIRS), _STANDING.format(pairs=_PAIRS_REGION)),
    "duties bulk of holder": Sql(
        "SELECT body FROM attempt WHERE kind = 'bulk' AND holder = $1 AND expires >= $2 ORDER BY expires DESC LIMIT 20"
    ),
}


class Deed(StrEnum):
    """What is done with each."""

    TAKE = "take"
    HAND = "hand"
    CLOSE = "close"
    UNDO = "undo"


_ACTS = {
    Deed.TAKE: frozenset((Act.HAND,)),
    Deed.HAND: frozenset((Act.HAND,)),
    Deed.CLOSE: frozenset((Act.CLOSE,)),
    Deed.UNDO: frozenset((Act.REOPEN, Act.RETURN, Act.VOID)),
}


class Bulk(msgspec.Struct, frozen=True):
    """`pairs`: number and turn of each duty as the person saw it; `deed` empty until it is chosen; `unit`
    "Organization/x" that is handed on to; `refused`: number → status of those that were not done; `undoes`: the number
    of the one that is taken back."""

    number: int
    who: str
    begun: int
    pairs: list[tuple[int, int]]
    deed: Deed | None = None
    outcome: int = 0
    reason: str = ""
    unit: str = ""
    refused: dict[int, int] = {}
    undoes: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """Numbers of the duties: `done` in this person's name, `changed` by others meanwhile, `refused`, and those that
    are `left`."""

    done: Sequence[int] = ()
    changed: Sequence[int] = ()
    refused: Mapping[int, int] = field(default_factory=dict)
    left: Sequence[int] = ()

    @property
    def finished(self) -> bool:
        return not self.left


def _token(number: int) -> str:
    return digest(f"bulk {number}")


def _kept(bulk: Bulk) -> list[Line]:
    body, expires = msgspec.json.encode(bulk).decode(), bulk.begun // MICRO + KEPT
    begun = Line("attempt begin", [_token(bulk.number), "bulk", digest(bulk.who), body, expires])
    return [Line("attempt end", [_token(bulk.number)]), begun]


async def begin(record: Record, who: Who, pairs: Sequence[tuple[int, int]], **chosen: Any) -> Bulk:
    """Puts down what is to be done with these duties."""
    if not pairs:
        raise problem(422, "required", "choose at least one duty")
    bulk = Bulk(SERIAL.next(), who.id, handling.now(), list(pairs), **chosen)
    await put(record, *_kept(bulk))
    return bulk


async def bulk_of(record: Record, who: Who, number: int) -> Bulk:
    """One's own act on many. Raises Problem 404."""
    rows = await record.ask("attempt", [_token(number), "bulk", handling.now() // MICRO])
    found = msgspec.json.decode(rows[0][1], type=Bulk) if rows else None
    if found is None or found.who != who.id:
        raise problem(404, "not-found", "there is nothing under this number")
    return found


async def bulks_of(record: Record, who: Who) -> list[Bulk]:
    """Everything that somebody has begun lately, newest first."""
    rows = await record.ask("duties bulk of holder", [digest(who.id), handling.now() // MICRO])
    return [msgspec.json.decode(row[0], type=Bulk) for row in rows]


async def choose(record: Record, bulk: Bulk, deed: Deed, reason: str, outcome: int = 0, unit: str = "") -> Bulk:
    """Says what is done with each; from then on it stays. Raises Problem 422 where something is missing, 409 when it
    has been chosen."""
    if bulk.deed is not None:
        raise problem(409, "conflict", "this has begun already")
    if deed is not Deed.TAKE and not reason.strip():
        raise problem(422, "required", "a reason is needed")
    if (deed is Deed.HAND and not unit) or (deed is Deed.CLOSE and outcome not in set(Outcome) - {0, 1}):
        raise problem(422, "required", "say how it is closed, or to whom it goes")
    chosen = msgspec.structs.replace(bulk, deed=deed, reason=reason.strip(), outcome=outcome, unit=unit)
    await put(record, *_kept(chosen))
    return chosen


async def progress(record: Record, bulk: Bulk) -> Progress:
    """How far it has come, as the ledger's entries tell."""
    if bulk.deed is None:
        return Progress(left=[number for number, _ in bulk.pairs])
    rows = await record.ask("duties standing", [json.dumps(bulk.pairs)])
    mine, acts = key64(bulk.who), _ACTS[bulk.deed]
    done = {number for number, act, actor in rows if act in acts and actor == mine}
    changed = {row[0] for row in rows} - done
    found = Progress(refused={one: status for one, status in bulk.refused.items() if one not in done | changed})
    left = [one for one, _ in bulk.pairs if one not in done | changed and one not in found.refused]
    order = [one for one, _ in bulk.pairs]
    return replace(found, done=[one for one in order if one in done],
                   changed=[one for one in order if one in changed], left=left)  # fmt: skip


async def go_on(record: Record, who: Who, bulk: Bulk, seconds: float) -> Bulk:
    """Does some of what is left, for about so long. What is refused is put down, to be told and not tried again."""
    turns, until = dict(bulk.pairs), monotonic() + seconds
    refused = dict(bulk.refused)
    for number in (await progress(record, bulk)).left:
        try:
            await _do(record, who, bulk, number, turns[number])
        except Problem as error:
            if error.status not in (403, 404, 409, 422):
                raise
            refused[number] = error.status
        if monotonic() > until:
            break
    told = msgspec.structs.replace(bulk, refused=refused)
    if refused != bulk.refused:
        await put(record, *_kept(told))
    return told


async def _do(record: Record, who: Who, bulk: Bulk, number: int, turn: int) -> None:
    if bulk.deed is Deed.TAKE:
        await handling.take(record, who, number, turn=turn)
    elif bulk.deed is Deed.HAND:
        await handling.hand_on(record, who, number, bulk.unit, None, bulk.reason, turn=turn)
    elif bulk.deed is Deed.CLOSE:
        await handling.close(record, who, number, Outcome(bulk.outcome), bulk.reason, turn=turn)
    else:
        await handling.undo(record, who, number, bulk.reason, turn=turn)


async def undo(record: Record, who: Who, bulk: Bulk, reason: str) -> Bulk:
    """An act on many that takes back what this one has done, row by row, by counter-entries."""
    turns = dict(bulk.pairs)
    pairs = [(number, turns[number] + 1) for number in (await progress(record, bulk)).done]
    return await begin(record, who, pairs, deed=Deed.UNDO, reason=reason, undoes=bulk.number)
