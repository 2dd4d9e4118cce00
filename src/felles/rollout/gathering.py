"""Evidence taken from a record: its resources and the raw records of the journal, counted on a day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any

import orjson

from felles.record.definition import type_number
from felles.record.guard import EVERYTHING
from felles.record.record import Record
from felles.rollout.criterion import criteria
from felles.rollout.journal import Kind, of_kind
from felles.rollout.measure import MEASURES, ORDER, Scope, raw
from felles.rollout.plan import Plan
from felles.rollout.verdict import Reading

AT_ONCE = 500
RAW = frozenset(criteria()) - {measure.key for measure in MEASURES}
"""The criteria that are counted from raw records."""


async def bodies(record: Record, name: str) -> AsyncIterator[dict[str, Any]]:
    """All current resources of a type."""
    system, after = record.seen_by(EVERYTHING), -1
    while rows := await system.ask("rollout bodies", [type_number(name), after, AT_ONCE]):
        for _, body in rows:
            yield orjson.loads(body)
        after = int(rows[-1][0])


async def organizations(record: Record, unit: str) -> set[str]:
    """A unit's organization and all below it, as "Organization/x"."""
    parents = {
        f"Organization/{one['id']}": str((one.get("partOf") or {}).get("reference", ""))
        async for one in bodies(record, "Organization")
    }
    found = {f"Organization/{unit}"}
    while more := {id for id, parent in parents.items() if parent in found} - found:
        found |= more
    return found


async def gathered(record: Record, plan: Plan, source: str, units: Sequence[str], on: date) -> list[Reading]:
    """Every criterion: at the source from its resources since it went live, at each unit from raw records."""
    place = plan.unit(source)
    scope = Scope(source, await organizations(record, source), place.live or plan.first, on)
    measures = [measure(scope) for measure in MEASURES]
    for name in ORDER:
        wanting = [measure for measure in measures if name in measure.types]
        async for resource in bodies(record, name):
            for measure in wanting:
                measure.see(resource)
    records = [entry.told() async for entry in of_kind(record, Kind.RECORD)]
    return [measure.reading() for measure in measures] + [
        raw(key, Scope(unit, (), plan.first, on), records)
        for key in sorted(RAW)
        for unit in ([source] if criteria()[key].at == "source" else units)
    ]


def checked(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """A raw record as it may be brought in. ValueError says what is missing or wrong."""
    if told.get("criterion") not in RAW:
        raise ValueError(f"criterion: {told.get('criterion')!r} is none of {', '.join(sorted(RAW))}")
    for name in ("unit", "id", "day"):
        if not isinstance(told.get(name), str) or not told[name]:
            raise ValueError(f"{name}: a text is missing")
    if not isinstance(told.get("good"), bool):
        raise ValueError("good: true or false is missing")
    date.fromisoformat(told["day"])
    if extra := set(told) - {"criterion", "unit", "id", "day", "good", "group"}:
        raise ValueError(f"{', '.join(sorted(extra))}: not known; only counts and opaque ids are kept")
    return told
