"""A Query as one SQL statement: the (rid, number) of what is found, in order."""

from dataclasses import replace

from felles.record.index.choice import primary_date
from felles.record.index.value import NO_DATE
from felles.record.search.condition import Dates, Selection
from felles.record.search.query import Query, SortKey
from felles.record.search.sql.dialect import Dialect, Statement, Writing
from felles.record.search.sql.order import order
from felles.record.search.sql.selection import scanned, select


def compile(query: Query, dialect: Dialect, limit: int | None = None) -> Statement:
    """The statement that gives at most `limit` rows (rid, number), `query.count` if None."""
    writing = Writing(dialect)
    most = query.count if limit is None else limit
    dated = _everything_by_date(query)
    if dated is None:
        return Statement(_select(query, query.selection, query.sort, writing, most), tuple(writing.args))
    first = _select(query, dated, query.sort, writing, most)
    rest = _select(query, query.selection, (), writing, most, undated=True)
    sql = f"SELECT * FROM ({first}) a UNION ALL SELECT * FROM ({rest}) b LIMIT {writing.value(most)}"
    return Statement(sql, tuple(writing.args))


def _newest(query: Query) -> bool | None:
    """Whether the carried date alone orders, and which way."""
    alone = len(query.sort) == 1 and query.sort[0].kind == "carried"
    return query.sort[0].descending if alone else None


def _everything_by_date(query: Query) -> Selection | None:
    """The dated resources of a selection that no index narrows, when the date orders it: the index of dates then
    gives them in order, and those without a date follow."""
    if _newest(query) is None or not scanned(query.selection):
        return None
    always = Dates((primary_date(query.types[0]),), (), single=True, carried=True)
    return replace(query.selection, conditions=(always, *query.selection.conditions))


def _select(
    query: Query,
    selection: Selection,
    sort: tuple[SortKey, ...],
    writing: Writing,
    most: int,
    *,
    undated: bool = False,
) -> str:
    found = select(selection, writing, row=True, newest=_newest(query) if sort else None)
    if undated:
        found.where.append(f"{found.at}.date = {NO_DATE}")
    dated = any(isinstance(one, Dates) and one.carried for one in selection.conditions)
    sorting = order(sort, found, writing, dated=dated)
    end = f" LIMIT {writing.value(most)}"
    columns = f"{found.at}.rid, {found.row}.number"
    body = f"FROM {found.tables}{sorting.joins} WHERE {found.condition}"
    if found.unique:
        by = "" if found.sorted and writing.dialect == "sqlite" else sorting.by
        return f"SELECT {columns} {body}{by}{end}"
    extra = [expression for expression, _ in sorting.keys if not expression.endswith(".rid")]
    named = "".join(f", {expression} AS k{place}" for place, expression in enumerate(extra))
    return f"SELECT h.rid, h.number FROM (SELECT DISTINCT {columns}{named} {body}{_by_name(sorting.keys)}{end}) h"


def _by_name(keys: tuple[tuple[str, bool], ...]) -> str:
    """ORDER BY for SELECT DISTINCT, where the keys stand in the list."""
    named = []
    for place, (expression, descending) in enumerate(keys):
        name = expression if place == len(keys) - 1 else f"k{place}"
        named.append(f"{name} DESC" if descending else name)
    return f" ORDER BY {', '.join(named)}" if named else ""


def compile_count(query: Query, dialect: Dialect) -> Statement:
    """The statement that gives the number of matches as its one value."""
    writing = Writing(dialect)
    found = select(query.selection, writing, row=False)
    if found.unique:
        sql = f"SELECT count(*) FROM {found.tables} WHERE {found.condition}"
    else:
        sql = f"SELECT count(*) FROM (SELECT DISTINCT {found.at}.rid FROM {found.tables} WHERE {found.condition}) h"
    return Statement(sql, tuple(writing.args))
