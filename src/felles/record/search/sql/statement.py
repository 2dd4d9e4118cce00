"""A Query as one SQL statement: the (rid, number) of what is found, in order."""

from felles.record.search.condition import Dates
from felles.record.search.query import Query
from felles.record.search.sql.dialect import Dialect, Statement, Writing
from felles.record.search.sql.order import order
from felles.record.search.sql.selection import select


def compile(query: Query, dialect: Dialect, limit: int | None = None) -> Statement:
    """The statement that gives at most `limit` rows (rid, number), `query.count` if None."""
    writing = Writing(dialect)
    found = select(query.selection, writing, row=True)
    dated = any(isinstance(one, Dates) and one.carried for one in query.selection.conditions)
    sorting = order(query.sort, found, writing, dated=dated)
    end = f" LIMIT {writing.value(query.count if limit is None else limit)}"
    columns = f"{found.row}.rid, {found.row}.number"
    body = f"FROM {found.tables}{sorting.joins} WHERE {found.condition}"
    if found.unique:
        return Statement(f"SELECT {columns} {body}{sorting.by}{end}", tuple(writing.args))
    extra = [expression for expression, _ in sorting.keys if not expression.endswith(".rid")]
    named = "".join(f", {expression} AS k{place}" for place, expression in enumerate(extra))
    sql = f"SELECT h.rid, h.number FROM (SELECT DISTINCT {columns}{named} {body}{_by_name(sorting.keys)}{end}) h"
    return Statement(sql, tuple(writing.args))


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
