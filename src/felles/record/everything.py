"""Everything of one patient: the compartment's rows by their patient key, and what these refer to outside it."""

from dataclasses import dataclass

import orjson

from felles.record import definition, reading
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.page import MAX_KEYS, Plan, packed
from felles.record.reading import Stored
from felles.record.record import Record

_ROWS = (
    "SELECT rid, number, type FROM resource WHERE patient = $1 AND deleted = 0 AND patient <> 0 "
    "AND (date = 0 OR (date >= $2 AND date < $3)) AND updated >= $4 ORDER BY type, date DESC, rid DESC LIMIT $5"
)
_FAR = 9_000_000_000_000_000_000
MAX_EVERYTHING = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What part: types (empty: all), care dates [start, end) and versions since, in microseconds; page size."""

    types: frozenset[str] = frozenset()
    start: int | None = None
    end: int | None = None
    since: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The resources, how many there are in all, and the token of the pages that follow."""

    resources: list[Stored]
    total: int
    token: str | None
    count: int


async def of_patient(record: Record, patient: Stored, wanted: Wanted, user: str = "") -> Page:
    """Raises Problem 400 for an unknown type, 403 past 100,000 resources."""
    for name in wanted.types:
        if not definition.is_resource(name):
            raise problem(400, "value", "_type holds a name that is no resource type", "_type")
    numbers = {definition.type_number(name) for name in wanted.types}
    key = key64(patient.address)
    start = -_FAR if wanted.start is None else wanted.start
    end = _FAR if wanted.end is None else wanted.end
    rows = await record.store.reading.rows(_ROWS, (key, start, end, wanted.since or 0, MAX_EVERYTHING + 1))
    if len(rows) > MAX_EVERYTHING:
        raise problem(403, "too-costly", "this patient has more than 100,000 resources: ask by _type or dates")
    keys = [(rid, number) for rid, number, kind in rows if not numbers or kind in numbers]
    if wanted.count is None:
        found = await reading.by_rows(record.store.reading, keys)
        found += await _referred(record, found, wanted.types)
        return Page(found, len(found), None, len(found))
    count = max(1, min(wanted.count, 1_000))
    token = None
    if len(keys) > count:
        plan = Plan(user, "Patient", [], *packed(keys[:MAX_KEYS]), capped=len(keys) > MAX_KEYS, count=count)
        token = await record.pages.keep(plan)
    return Page(await reading.by_rows(record.store.reading, keys[:count]), len(keys), token, count)


async def _referred(record: Record, found: list[Stored], types: frozenset[str]) -> list[Stored]:
    """Resources outside the compartment that its resources refer to (practitioners, organisations, medication ...)."""
    have = {one.address for one in found}
    wanted: dict[str, None] = {}
    for one in found:
        for address in references(orjson.loads(one.body or b"{}")):
            type_name = address.partition("/")[0]
            if address not in have and type_name != "Patient" and (not types or type_name in types):
                wanted[address] = None
    outside = []
    for address in wanted:
        type_name, _, id = address.partition("/")
        there = await reading.find(record.store.reading, type_name, id)
        if there is not None and there[0].body is not None:
            outside.append(there[0])
    return outside


def references(node: object) -> list[str]:
    """All literal local references `Type/id` below a node."""
    found: list[str] = []
    stack = [node]
    while stack:
        at = stack.pop()
        if isinstance(at, dict):
            target = at.get("reference")
            if isinstance(target, str):
                parts = target.split("/")
                if len(parts) >= 2 and definition.is_resource(parts[0]):
                    found.append(f"{parts[0]}/{parts[1]}")
            stack.extend(at.values())
        elif isinstance(at, list):
            stack.extend(at)
    return found
