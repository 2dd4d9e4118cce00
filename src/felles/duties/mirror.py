"""Whether the Tasks show the open duties as they are, for the proof of the ledger."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson

from felles.duties.kind import View, kinds
from felles.duties.serial import task_id
from felles.duties.task import instant
from felles.record.index.value import key64
from felles.record.store.snapshot import Snapshot

AT_ONCE = 500
_OPEN = "SELECT id, kind, moment, person FROM duty WHERE state = 0 AND viewed = turn ORDER BY id"
_TASKS = "SELECT r.key, r.body FROM directory d JOIN resource r ON r.rid = d.rid WHERE r.deleted = 0 AND d.key {among}"
_EMBEDDED = _TASKS.format(among="IN (SELECT value FROM json_each($1))")
_REGION = _TASKS.format(among="IN (SELECT value::int8 FROM json_array_elements_text($1::json))")
Rows = list[tuple[Any, ...]]


async def unlike(moment: Snapshot) -> AsyncIterator[tuple[int, str]]:
    """Numbers of open duties whose Task is not there, or shows another turn, and what is wrong. Those that a clock is
    about to draw again are not among them."""
    drawn = {kind.number for kind in kinds() if kind.view is not View.NONE}
    part: Rows = []
    async for row in moment.stream(_OPEN):
        if row[1] in drawn:
            part.append(row)
        if len(part) == AT_ONCE:
            for found in await _compared(moment, part):
                yield found
            part = []
    for found in await _compared(moment, part):
        yield found


async def _compared(moment: Snapshot, part: Sequence[Sequence[Any]]) -> list[tuple[int, str]]:
    keys = {key64(f"Task/{task_id(row[0])}"): row for row in part}
    sql = _REGION if moment.dialect == "postgresql" else _EMBEDDED
    bodies = dict(await moment.rows(sql, (orjson.dumps(list(keys)).decode(),)))
    found = [(row[0], "its Task is not there") for key, row in keys.items() if key not in bodies]
    for key, body in bodies.items():
        number, _, at, person = keys[key]
        task = orjson.loads(body)
        wanted = "requested" if person is None else "accepted"
        if (task["status"], task["lastModified"]) != (wanted, instant(at)):
            found.append((number, "its Task shows another turn"))
    return found
