"""The store: current resources, versions, the change feed and the index, on SQLite or PostgreSQL."""

from felles.record.store.commit import Change, Committer, Rules
from felles.record.store.line import Lines, Sql
from felles.record.store.store import Store, open_store
from felles.record.store.write import (
    UNLESS_SAME,
    UNLESS_THERE,
    Advance,
    Criterion,
    Kind,
    Line,
    Origin,
    Refused,
    Reindex,
    Reply,
    Request,
    Write,
    Written,
)
from felles.record.store.writer import StoreLocked

__all__ = [
    "UNLESS_SAME",
    "UNLESS_THERE",
    "Advance",
    "Change",
    "Committer",
    "Criterion",
    "Kind",
    "Line",
    "Lines",
    "Origin",
    "Refused",
    "Reindex",
    "Reply",
    "Request",
    "Rules",
    "Sql",
    "Store",
    "StoreLocked",
    "Write",
    "Written",
    "open_store",
]
