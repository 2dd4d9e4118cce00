"""Searches carried out: the keys in order, the first page's versions, what is included, the token of later pages."""

from dataclasses import dataclass, field, replace
from functools import partial

from felles.record import question, reading, search
from felles.record.outcome import problem
from felles.record.page import MAX_KEYS, Pages, Plan, packed
from felles.record.reading import Stored
from felles.record.search import Query
from felles.record.search.include import gather
from felles.record.store.transaction import Reading

Keys = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was asked: by whom, for which type, within which compartment (type and id)."""

    user: str
    type: str | None
    parameters: list[tuple[str, str]]
    compartment: tuple[str, str] | None = None
    lenient: bool = False

    async def query(self, store: Reading, base: str) -> Query:
        """Raises Problem 400 for what cannot be asked. `base`: the record's own address."""
        of, pairs = self.compartment, self.parameters
        return await question.read(store, self.type, pairs, lenient=self.lenient, compartment=of, base=base)

    def plan(self, found: Keys, count: int, capped: bool) -> Plan:
        """What later pages need."""
        rows, numbers = packed(found)
        return Plan(self.user, self.type, self.parameters, rows, numbers, capped, count, self.compartment, self.lenient)


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


async def keys(store: Reading, query: Query, limit: int) -> Keys:
    """(row, version) of the first `limit` matches, in order."""
    statement = search.compile(query, store.dialect, limit)
    return [(row[0], row[1]) for row in await store.rows(statement.sql, statement.args)]


async def first_ids(store: Reading, query: Query, limit: int) -> list[str]:
    """Ids of the first `limit` matches."""
    return [one.id for one in await reading.by_rows(store, await keys(store, query, limit))]


async def count(store: Reading, query: Query) -> int:
    """How many match, exactly."""
    statement = search.compile_count(query, store.dialect)
    return int((await store.rows(statement.sql, statement.args))[0][0])


async def execute(store: Reading, query: Query, pages: Pages | None = None, asked: Asked | None = None) -> Result:
    """The first page of a search; with `pages` what `asked` matched is kept for later pages."""
    if query.summary == "count" or query.count == 0:
        return Result(query, Extent(await count(store, query)))
    if pages is None or asked is None:
        found = await keys(store, query, query.count)
        return await _page(store, query, found, Extent(len(found) if len(found) < query.count else None))
    found = await keys(store, query, MAX_KEYS + 1)
    capped = len(found) > MAX_KEYS
    found = found[:MAX_KEYS]
    total = len(found) if not capped else await count(store, query) if query.total == "accurate" else None
    token = await pages.keep(asked.plan(found, query.count, capped)) if len(found) > query.count else None
    return await _page(store, query, found[: query.count], Extent(total, token, 0, len(found), capped))


async def following(store: Reading, query: Query, plan: Plan, token: str, offset: int) -> Result:
    """A later page of a search that has been kept: the matches as they were when the first page was made."""
    if not 0 <= offset < plan.total:
        raise problem(400, "value", "this page lies outside the search")
    total = None if plan.capped else plan.total
    query = replace(query, count=plan.count)
    return await _page(store, query, plan.keys(offset), Extent(total, token, offset, plan.total, plan.capped))


async def _page(store: Reading, query: Query, found: Keys, extent: Extent) -> Result:
    matches = await reading.by_rows(store, found)
    if not query.includes and not query.revincludes:
        return Result(query, extent, matches)
    along = await gather(query, matches, store.rows, partial(reading.by_rows, store), store.dialect)
    return Result(query, extent, matches, along.resources, along.truncated)
