"""A query as somebody may ask it: whatever it selects, on its way or in the end, must be for their eyes."""

from dataclasses import replace

from felles.record.search.condition import (
    Both,
    Chained,
    Condition,
    Either,
    Keys,
    Listed,
    Not,
    References,
    Reverse,
    Seen,
    Selection,
)
from felles.record.search.query import Query
from felles.record.search.sight import Sight


def pinned(query: Query) -> frozenset[int] | None:
    """The keys of the patients of whom alone the query can give anything; None where that cannot be told, or where
    it looks at other resources on its way."""
    found: frozenset[int] | None = None
    for one in query.selection.conditions:
        if _wanders(one):
            return None
        if isinstance(one, References) and one.subject:
            found = frozenset(one.targets)
        elif isinstance(one, Keys) and query.types == ("Patient",):
            found = frozenset(one.keys)
    return None if query.includes or query.revincludes else found


def _wanders(condition: Condition) -> bool:
    match condition:
        case Chained() | Reverse() | Listed():
            return True
        case Either() | Both():
            return any(map(_wanders, condition.conditions))
        case Not():
            return _wanders(condition.condition)
        case _:
            return False


def restricted(query: Query, sight: Sight) -> Query:
    """The same query for the eyes of `sight`."""
    return replace(query, selection=_selection(query.selection, sight))


def _selection(selection: Selection, sight: Sight) -> Selection:
    conditions = (*(_within(one, sight) for one in selection.conditions), Seen(sight))
    return Selection(selection.types, conditions)


def _within(condition: Condition, sight: Sight) -> Condition:
    match condition:
        case Chained() | Reverse():
            return replace(condition, inner=_selection(condition.inner, sight))
        case Either() | Both():
            return replace(condition, conditions=tuple(_within(one, sight) for one in condition.conditions))
        case Not():
            return Not(_within(condition.condition, sight))
        case Listed():
            return replace(condition, inner=_selection(Selection(("List",), (Keys(condition.lists),)), sight))
        case _:
            return condition
