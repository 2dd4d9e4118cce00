"""Searches carried out: the keys in order, the first page's versions, what is included, the token of later pages."""

from dataclasses import dataclass, field, replace
from functools import partial

from felles.record import question, reading, search
from felles.record.guard import ALL, Act, Guard, Sight
from felles.record.outcome import Problem, problem
from felles.record.page import MAX_KEYS, Pages, Plan, packed
from felles.record.reading import Reader, Stored
from felles.record.search import Query
from felles.record.search.include import gather

Keys = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was asked: by whom, for which type, within which compartment (type and id)."""

    user: str
    type: str | None
    parameters: list[tuple[str, str]]
    compartment: tuple[str, str] | None = None
    lenient: bool = False

    async def query(self, reader: Reader, base: str) -> Query:
        """Raises Problem 400 for what cannot be asked. `base`: the record's own address."""
        of, pairs = self.compartment, self.parameters
        return await question.read(reader, self.type, pairs, lenient=self.lenient, compartment=of, base=base)

    def plan(self, found: Keys, count: int, matched: int | None, *, capped: bool) -> Plan:
        """What later pages need."""
        rows, numbers = packed(found)
        asked = self.user, self.type, self.parameters
        return Plan(*asked, rows, numbers, capped, count, self.compartment, self.lenient, matched)


@dataclass(frozen=True, slots=True)
class Extent:
    """A page among all: `total` is exact or None, `kept` matches can be paged through by `token`, `offset` is where
    this page begins; `capped`: more matched than are kept."""

    total: int | None = None
    token: str | None = None
    offset: int = 0
    kept: int = 0
    capped: bool = False

    def more(self, count: int) -> bool:
        """Whether a page of `count` has another behind it."""
        return self.token is not None and self.offset + count < self.kept


@dataclass(frozen=True, slots=True)
class Result:
    """One page. `truncated`: more would have been included."""

    query: Query
    extent: Extent
    matches: list[Stored] = field(default_factory=list)
    included: list[Stored] = field(default_factory=list)
    truncated: bool = False


async def keys(reader: Reader, query: Query, limit: int) -> Keys:
    """(row, version) of the first `limit` matches that the reader may see, in order."""
    query, _ = await seen_by(reader, query)
    return await _keys(reader, query, limit)


async def _keys(reader: Reader, query: Query, limit: int) -> Keys:
    statement = search.compile(query, reader.dialect, limit)
    return [(row[0], row[1]) for row in await reader.rows(statement.sql, statement.args)]


async def first_ids(reader: Reader, query: Query, limit: int) -> list[str]:
    """Ids of the first `limit` matches."""
    query, sight = await seen_by(reader, query)
    return [one.id for one in await reading.by_rows(reader, await _keys(reader, query, limit), sight)]


async def seen_by(reader: Reader, query: Query) -> tuple[Query, Sight]:
    """The query for the reader's eyes, and what these may see. Raises Problem 403 where the type is not for them."""
    if reader.guard.everything:
        return query, ALL
    types = _searched(reader.guard, query.types)
    if types != query.types:
        query = replace(query, selection=replace(query.selection, types=types))
    sight = await reader.guard.sight(search.pinned(query))
    return search.restricted(query, sight), sight


def _searched(guard: Guard, types: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the types that may be searched. Raises Problem 403 where none may be."""
    allowed = tuple(name for name in types if len(types) > 1 and _may_search(guard, name))
    if not allowed:
        guard.may(Act.SEARCH, types[0])
    return allowed or types


def _may_search(guard: Guard, name: str) -> bool:
    try:
        guard.may(Act.SEARCH, name)
    except Problem:
        return False
    return True


async def _count(reader: Reader, query: Query) -> int:
    statement = search.compile_count(query, reader.dialect)
    return int((await reader.rows(statement.sql, statement.args))[0][0])


async def execute(reader: Reader, query: Query, pages: Pages | None = None, asked: Asked | None = None) -> Result:
    """The first page of a search; with `pages` what `asked` matched is kept for later pages."""
    query, sight = await seen_by(reader, query)
    if query.summary == "count" or query.count == 0:
        return Result(query, Extent(await _count(reader, query)))
    if pages is None or asked is None:
        found = await _keys(reader, query, query.count)
        return await _page(reader, query, found, Extent(len(found) if len(found) < query.count else None), sight)
    found = await _keys(reader, query, MAX_KEYS + 1)
    capped = len(found) > MAX_KEYS
    found = found[:MAX_KEYS]
    total = await _total(reader, query, len(found), capped)
    token = None
    if len(found) > query.count:
        token = await pages.keep(asked.plan(found, query.count, total, capped=capped))
    return await _page(reader, query, found[: query.count], Extent(total, token, 0, len(found), capped), sight)


async def _total(reader: Reader, query: Query, found: int, capped: bool) -> int | None:
    """What _total asks for (FHIR R4 search.html#total): an estimate is exact where that is known anyway."""
    if query.total == "none":
        return None
    if not capped:
        return found
    return await _count(reader, query) if query.total in ("accurate", "estimate") else None


async def following(reader: Reader, query: Query, plan: Plan, token: str, offset: int) -> Result:
    """A later page of a search that has been kept: the matches as they were when the first page was made, those that
    the reader may still see."""
    if not 0 <= offset < plan.kept:
        raise problem(400, "value", "this page lies outside the search")
    total = plan.matched if plan.capped else None if query.total == "none" else plan.kept
    query = replace(query, count=plan.count)
    return await _page(reader, query, plan.keys(offset), Extent(total, token, offset, plan.kept, plan.capped))


async def _page(reader: Reader, query: Query, found: Keys, extent: Extent, sight: Sight | None = None) -> Result:
    matches = await reading.by_rows(reader, found, sight)
    reader.guard.show(matches)
    if not query.includes and not query.revincludes:
        return Result(query, extent, matches)
    along = await gather(query, matches, reader.rows, partial(reading.by_rows, reader), reader.dialect)
    reader.guard.show(along.resources)
    return Result(query, extent, matches, along.resources, along.truncated)
