"""A query as somebody may ask it: whatever it selects, on its way or in the end, must be for their eyes."""

from dataclasses import replace
from functools import cache

from felles.record import definition
from felles.record.index.choice import compartment, subject
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
    """The same query for the eyes of `sight`; itself where all that it can give is for them anyway."""
    if _all_seen(query, sight):
        return query
    return replace(query, selection=_selection(query.selection, sight))


def _all_seen(query: Query, sight: Sight) -> bool:
    """Whether it gives one type alone, of patients whose records are open, without exceptions."""
    patients = pinned(query) if len(query.types) == 1 else None
    if patients is None or not _is_of_one(query.types[0]):
        return False
    number = definition.type_number(query.types[0])
    return all(sight.shows(number, one) and sight.is_plain(number, one) for one in patients)


@cache
def _is_of_one(type_name: str) -> bool:
    """Whether rows whose subject is a patient are that patient's alone."""
    return type_name == "Patient" or subject(type_name) in compartment(type_name)


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
