"""Search: parameters read into a Query, a Query compiled to SQL of either engine."""

from felles.record.search.include import Included, gather
from felles.record.search.parse import parse
from felles.record.search.query import Query
from felles.record.search.restriction import pinned, restricted
from felles.record.search.scope import searchable
from felles.record.search.sql.dialect import Statement, Writing
from felles.record.search.sql.selection import visible
from felles.record.search.sql.statement import compile, compile_count

__all__ = [
    "Included",
    "Query",
    "Statement",
    "Writing",
    "compile",
    "compile_count",
    "gather",
    "parse",
    "pinned",
    "restricted",
    "searchable",
    "visible",
]
