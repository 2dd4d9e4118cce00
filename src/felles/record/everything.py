"""Everything of one patient: the compartment's rows by their patient key, those shared with other patients, and what
all these refer to outside it."""

from dataclasses import dataclass

import orjson

from felles.record import definition, finding, question, reading
from felles.record.index import extract
from felles.record.index.value import NO_DATE, key64
from felles.record.outcome import problem
from felles.record.page import MAX_KEYS, Plan, packed
from felles.record.reading import Stored
from felles.record.record import Record

_ROWS = (
    "SELECT rid, number, type, date, updated FROM resource WHERE patient = $1 AND deleted = 0 AND patient <> 0 "
    "ORDER BY type, date DESC, rid DESC LIMIT $2"
)
MAX_EVERYTHING = 100_000
MAX_PAGE = 1_000
Found = tuple[Stored, int]
"""A resource and its row."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What part: types (empty: all), care dates [start, end) and versions since, in microseconds; page size."""

    types: frozenset[str] = frozenset()
    start: int | None = None
    end: int | None = None
    since: int | None = None
    count: int | None = None

    def holds(self, kind: int, date: int, updated: int) -> bool:
        """Whether a resource of type number `kind` belongs. Without a care date it does, and the Patient always."""
        if (self.types and definition.type_name(kind) not in self.types) or updated < (self.since or 0):
            return False
        if date == NO_DATE or definition.type_name(kind) == "Patient":
            return True
        return (self.start is None or date >= self.start) and (self.end is None or date < self.end)


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
    reader = record.store.reading
    rows = await reader.rows(_ROWS, (key64(patient.address), MAX_EVERYTHING + 1))
    if len(rows) > MAX_EVERYTHING:
        raise problem(403, "too-costly", "this patient has more than 100,000 resources: see the compartment's searches")
    keys = [(row[0], row[1]) for row in rows if wanted.holds(*row[2:])]
    found = await reading.by_rows(reader, keys)
    shared = await _shared(record, patient, wanted, {row[0] for row in rows})
    outside = await _referred(record, found + [one for one, _ in shared], wanted.types)
    found += [one for one, _ in shared + outside]
    if wanted.count is None:
        return Page(found, len(found), None, len(found))
    keys += [(rid, one.number) for one, rid in shared + outside]
    count, token = min(wanted.count, MAX_PAGE), None
    if len(keys) > count:
        plan = Plan(user, "Patient", [], *packed(keys[:MAX_KEYS]), capped=len(keys) > MAX_KEYS, count=count)
        token = await record.pages.keep(plan)
    return Page(found[:count], len(found), token, count)


async def _shared(record: Record, patient: Stored, wanted: Wanted, own: set[int]) -> list[Found]:
    """What lies in the compartments of several patients: appointments, groups, lists (compartmentdefinition.html)."""
    reader = record.store.reading
    query = await question.read(reader, None, [], compartment=("Patient", patient.id))
    keys = [key for key in await finding.keys(reader, query, MAX_EVERYTHING) if key[0] not in own]
    shared = [(one, key[0]) for key in keys for one in await reading.by_rows(reader, [key])]
    return [
        (one, rid) for one, rid in shared if wanted.holds(definition.type_number(one.type), _date(one), one.updated)
    ]


def _date(one: Stored) -> int:
    return extract(one.type, orjson.loads(one.body or b"{}")).date


async def _referred(record: Record, found: list[Stored], types: frozenset[str]) -> list[Found]:
    """Resources outside the compartment that its resources refer to (practitioners, organisations, medication ...)."""
    have = {one.address for one in found}
    wanted: dict[str, None] = {}
    for one in found:
        for address in references(orjson.loads(one.body or b"{}")):
            type_name = address.partition("/")[0]
            if address not in have and type_name != "Patient" and (not types or type_name in types):
                wanted[address] = None
    outside = [await reading.find(record.store.reading, *address.split("/")) for address in wanted]
    return [there for there in outside if there is not None and there[0].body is not None]


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
