"""_include and _revinclude (https://hl7.org/fhir/R4/search.html#include): from what was found to what goes along.

Rounds: in the first all includes look at the matches; in the following ones those with :iterate look at what the
round before has brought, until nothing new comes or the limit is reached.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import orjson

from felles.record import definition
from felles.record.index import extract
from felles.record.index.leaf import NUMBERS
from felles.record.index.value import key64
from felles.record.search.query import Include, Query
from felles.record.search.sql.dialect import Dialect, Statement, Writing, terms

MAX_INCLUDED = 2_000
MAX_ROUNDS = 8


class Resource(Protocol):
    """A stored version."""

    @property
    def type(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def body(self) -> bytes | None: ...


Stored = TypeVar("Stored", bound=Resource)
Rows = Callable[[str, Sequence[Any]], Awaitable[list[tuple[Any, ...]]]]
Load = Callable[[Sequence[tuple[int, int]]], Awaitable[list[Stored]]]


@dataclass(frozen=True, slots=True)
class Included:
    """What goes along with the matches. `truncated`: there would have been more."""

    resources: list[Any]
    truncated: bool


def targets(includes: Iterable[Include], resources: Iterable[Resource], base: str = "") -> list[int]:
    """The keys of what these resources refer to by these includes."""
    chosen = tuple(includes)
    found: dict[int, None] = {}
    for one in resources:
        wanted = [include for include in chosen if include.source == one.type]
        if wanted and one.body is not None:
            references = extract(one.type, orjson.loads(one.body), base).references
            for include in wanted:
                found.update(dict.fromkeys(_chosen(include, references)))
    return list(found)


def _chosen(include: Include, references: list[tuple[int, int, int]]) -> Iterable[int]:
    for binding in include.bindings:
        kinds = {NUMBERS[name] for name in binding.targets if name in NUMBERS}
        for term, key, kind in references:
            if term == binding.term.number and (not kinds or kind in kinds) and _of_type(include, kind):
                yield key


def _of_type(include: Include, kind: int) -> bool:
    return include.target is None or kind == NUMBERS[include.target]


def by_keys(keys: Sequence[int], dialect: Dialect, limit: int) -> Statement:
    """The statement that gives (rid, number) of current resources by key."""
    writing = Writing(dialect)
    sql = (
        f"SELECT r.rid, r.number FROM directory d {writing.join} resource r ON r.rid = d.rid"  # noqa: S608
        f" WHERE {writing.among('d.key', keys)} AND r.deleted = 0 LIMIT {writing.value(limit)}"
    )
    return Statement(sql, tuple(writing.args))


def referring(
    includes: Iterable[Include], found: Sequence[tuple[str, int]], dialect: Dialect, limit: int
) -> Statement | None:
    """The statement that gives (rid, number) of what refers to `found`, (type, key) each, by these includes."""
    writing = Writing(dialect)
    conditions = []
    for include in includes:
        for binding in include.bindings:
            allowed = {include.target} if include.target else binding.targets
            keys = [key for name, key in found if not allowed or name in allowed]
            if keys:
                conditions.append(f"{terms('x.term', (binding.term.number,))} AND {writing.among('x.target', keys)}")
    if not conditions:
        return None
    rows = " UNION ".join(f"SELECT x.rid FROM reference_index x WHERE {one}" for one in conditions)  # noqa: S608
    sql = (
        f"SELECT r.rid, r.number FROM ({rows}) i {writing.join} resource r ON r.rid = i.rid"  # noqa: S608
        f" LIMIT {writing.value(limit)}"
    )
    return Statement(sql, tuple(writing.args))


async def gather(
    query: Query, matches: Sequence[Stored], rows: Rows, load: Load[Stored], dialect: Dialect, base: str = ""
) -> Included:
    """Everything that goes along with these matches, each once, without the matches themselves.

    `rows` runs a statement, `load` gives the versions of (rid, number). At most MAX_INCLUDED resources.
    """
    seen = {(one.type, one.id) for one in matches}
    found: list[Stored] = []
    latest: Sequence[Stored] = matches
    for turn in range(MAX_ROUNDS):
        statements = _round(query, latest, turn == 0, dialect, base)
        keys = [row for one in statements for row in await rows(one.sql, one.args)]
        fresh = [one for one in await load(list(dict.fromkeys(keys))) if (one.type, one.id) not in seen] if keys else []
        seen.update((one.type, one.id) for one in fresh)
        found += fresh
        latest = fresh
        if not fresh or len(found) > MAX_INCLUDED:
            break
    return Included(found[:MAX_INCLUDED], len(found) > MAX_INCLUDED)


def _round(query: Query, latest: Sequence[Resource], first: bool, dialect: Dialect, base: str) -> list[Statement]:
    includes = [one for one in query.includes if first or one.iterate]
    revincludes = [one for one in query.revincludes if first or one.iterate]
    statements = []
    if includes and (keys := targets(includes, latest, base)):
        statements.append(by_keys(keys, dialect, MAX_INCLUDED + 1))
    if revincludes:
        found = [(one.type, key64(f"{one.type}/{one.id}")) for one in latest if definition.is_resource(one.type)]
        back = referring(revincludes, found, dialect, MAX_INCLUDED + 1)
        statements += [back] if back is not None else []
    return statements
