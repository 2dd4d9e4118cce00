"""Everything of one patient or of all: the compartment's rows by their patient key, those shared with other patients,
and what all these refer to outside it."""

from dataclasses import dataclass

import orjson

from felles.record import definition, finding, question, reading, search
from felles.record.index import extract
from felles.record.index.choice import primary_date
from felles.record.index.value import NO_DATE, key64
from felles.record.outcome import problem
from felles.record.page import Plan, packed
from felles.record.reading import Reader, Stored
from felles.record.record import Record

_ROWS = (
    "SELECT r.rid, r.number, r.type, r.date, r.updated FROM resource r WHERE r.patient = $1 AND r.deleted = 0 "
    "AND r.patient <> 0 {only} ORDER BY r.type, r.date DESC, r.rid DESC LIMIT $2"
)
MAX_EVERYTHING = 100_000
MAX_PAGE = 1_000
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What part: types (empty: all), care dates [start, end) and versions since, in microseconds; page size."""

    types: frozenset[str] = frozenset()
    start: int | None = None
    end: int | None = None
    since: int | None = None
    count: int | None = None

    def may_hold(self, kind: int, date: int, updated: int) -> bool:
        """Whether a resource of type number `kind` that begins at `date` can belong."""
        if (self.types and definition.type_name(kind) not in self.types) or updated < (self.since or 0):
            return False
        return date == NO_DATE or self.end is None or date < self.end or definition.type_name(kind) == "Patient"

    def holds(self, one: Stored) -> bool:
        """Whether its care dates reach into [start, end). Without care dates it belongs, and the Patient always."""
        if one.type == "Patient" or (self.start is None and self.end is None):
            return True
        rows = extract(one.type, orjson.loads(one.body or b"{}"))
        if rows.date == NO_DATE:
            return True
        ends = [row[3] for row in rows.dates if row[0] == primary_date(one.type)]
        return (self.end is None or rows.date < self.end) and (self.start is None or max(ends) > self.start)


@dataclass(frozen=True, slots=True)
class Page:
    """The resources, how many there are in all, and the token of the pages that follow."""

    resources: list[Stored]
    total: int
    token: str | None
    count: int


async def of_patient(record: Record, patient: Stored, wanted: Wanted, user: str = "") -> Page:
    """Raises Problem 400 for an unknown type, 403 past 100,000 resources."""
    _check(wanted)
    found = await _found(record, patient, wanted)
    if wanted.count is None:
        record.guard.show(found)
        return Page(found, len(found), None, len(found))
    count = min(wanted.count, MAX_PAGE)
    token = await _kept(record, [(one.rid, one.number) for one in found], count, user)
    record.guard.show(found[:count])
    return Page(found[:count], len(found), token, count)


async def of_patients(record: Record, wanted: Wanted, user: str = "") -> Page:
    """Everything of each patient whom the reader may find, in pages. Raises Problem as `of_patient`."""
    _check(wanted)
    reader = record.reader
    keys: dict[tuple[int, int], None] = {}
    query = await question.read(reader, "Patient", [])
    patients = await finding.keys(reader, query, MAX_EVERYTHING + 1)
    for place in range(0, len(patients), _AT_ONCE):
        for patient in await reading.by_rows(reader, patients[place : place + _AT_ONCE]):
            keys |= dict.fromkeys((one.rid, one.number) for one in await _found(record, patient, wanted))
            if len(keys) > MAX_EVERYTHING:
                raise problem(403, "too-costly", "there are more than 100,000 resources: narrow it by _type or _since")
    count, ordered = min(wanted.count or MAX_PAGE, MAX_PAGE), list(keys)
    token = await _kept(record, ordered, count, user)
    shown = await reading.by_rows(reader, ordered[:count])
    reader.guard.show(shown)
    return Page(shown, len(ordered), token, count)


def _check(wanted: Wanted) -> None:
    if not all(definition.is_resource(name) for name in wanted.types):
        raise problem(400, "value", "_type holds a name that is no resource type", "_type")


async def _kept(record: Record, keys: list[tuple[int, int]], count: int, user: str) -> str | None:
    """The token of the pages behind the first."""
    if len(keys) <= count:
        return None
    return await record.pages.keep(Plan(user, "Patient", [], *packed(keys), capped=False, count=count))


async def _found(record: Record, patient: Stored, wanted: Wanted) -> list[Stored]:
    """What belongs to one patient and is wanted."""
    reader = record.reader
    rows = await _rows(reader, key64(patient.address))
    if len(rows) > MAX_EVERYTHING:
        raise problem(403, "too-costly", "this patient has more than 100,000 resources: see the compartment's searches")
    keys = [(row[0], row[1]) for row in rows if wanted.may_hold(*row[2:])]
    found = [one for one in await reading.by_rows(reader, keys) if wanted.holds(one)]
    shared = await _shared(record, patient, wanted, {row[0] for row in rows})
    return found + shared + await _referred(record, found + shared, wanted)


async def _rows(reader: Reader, patient: int) -> list[tuple[int, ...]]:
    writing = search.Writing(reader.dialect, [patient, MAX_EVERYTHING + 1])
    only = ""
    if not reader.guard.everything:
        numbers = range(1, len(definition.RESOURCE_TYPES) + 1)
        only = f"AND {search.visible(await reader.guard.sight(frozenset((patient,))), 'r', numbers, writing)}"
    return await reader.rows(_ROWS.format(only=only), tuple(writing.args))


async def _shared(record: Record, patient: Stored, wanted: Wanted, own: set[int]) -> list[Stored]:
    """What lies in the compartments of several patients: appointments, groups, lists (compartmentdefinition.html)."""
    reader = record.reader
    query = await question.read(reader, None, [], compartment=("Patient", patient.id))
    keys = [key for key in await finding.keys(reader, query, MAX_EVERYTHING) if key[0] not in own]
    shared = [one for one in await reading.by_rows(reader, keys) if one.type != "Patient"]
    asked = [one for one in shared if wanted.may_hold(definition.type_number(one.type), NO_DATE, one.updated)]
    return [one for one in asked if wanted.holds(one)]


async def _referred(record: Record, found: list[Stored], asked: Wanted) -> list[Stored]:
    """Resources outside the compartment that its resources refer to (practitioners, organisations, medication ...)."""
    have = {one.address for one in found}
    wanted: dict[str, None] = {}
    for one in found:
        for address in references(orjson.loads(one.body or b"{}")):
            type_name = address.partition("/")[0]
            if address not in have and type_name != "Patient" and (not asked.types or type_name in asked.types):
                wanted[address] = None
    outside = [await reading.find(record.reader, *address.split("/")) for address in wanted]
    since = asked.since or 0
    return [there for there in outside if there is not None and there.body is not None and there.updated >= since]


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
