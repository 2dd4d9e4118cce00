"""Whether one resource, met as a row with date and rid, holds a condition."""

from collections.abc import Callable
from dataclasses import dataclass

from felles.record import definition
from felles.record.search.condition import (
    Both,
    Condition,
    Dates,
    Either,
    Interval,
    Keys,
    Listed,
    Not,
    OfPatients,
    OfType,
    Reverse,
    Seen,
    Updated,
)
from felles.record.search.sql import interval
from felles.record.search.sql.dialect import Writing, terms
from felles.record.search.sql.source import Keys as WriteKeys
from felles.record.search.sql.source import Source, source

_TYPES = [definition.type_number(name) for name in definition.RESOURCE_TYPES]
WriteReferring = Callable[[Reverse, Writing], str]
"""Writes the SELECT of the keys that the resources of a _has refer to."""


@dataclass(frozen=True, slots=True)
class Probing:
    """`at` is the alias whose date and rid are known, `row` that of the resource row. `patient`: the key of the
    one patient whom all resources are about, if that is known."""

    at: str
    row: str
    writing: Writing
    keys: WriteKeys
    referring: WriteReferring
    patient: int | None = None


def probe(condition: Condition, probing: Probing) -> str:
    """The SQL condition."""
    match condition:
        case Not():
            return _not(condition.condition, probing)
        case Either():
            return "(" + " OR ".join(probe(one, probing) for one in condition.conditions) + ")"
        case Both():
            return "(" + " AND ".join(probe(one, probing) for one in condition.conditions) + ")"
        case Keys():
            return probing.writing.among(f"{probing.row}.key", condition.keys)
        case OfType():
            return terms(f"{probing.row}.type", condition.types)
        case OfPatients():
            return _of_patients(condition.patients, probing)
        case Updated():
            return updated(condition, probing.row, probing.writing)
        case Seen():
            return _seen(condition, probing)
        case Listed():
            return f"{probing.row}.key IN ({listed(condition, probing.writing, probing.keys)})"
        case Reverse():
            return f"{probing.row}.key IN ({probing.referring(condition, probing.writing)})"
        case Dates() if condition.carried:
            return interval.carried(condition, probing.at, probing.writing)
        case _:
            found = source(condition, probing.writing, probing.keys)
            assert found is not None  # noqa: S101 (all others have one)
            return _asked(found, probing)


def _seen(condition: Seen, probing: Probing) -> str:
    from felles.record.search.sql.seen import seen  # which asks conditions in its turn

    return f"({seen(condition.sight, _TYPES, probing)})"


def _of_patients(patients: frozenset[int], probing: Probing) -> str:
    row, writing = probing.row, probing.writing
    c = writing.alias("c")
    named = f"SELECT 1 FROM concern_index {c} WHERE {c}.rid = {row}.rid AND {writing.hashed(f'{c}.whom', patients)}"
    return f"({writing.hashed(f'{row}.patient', patients)} OR ({row}.patient = 0 AND EXISTS ({named})))"


def _not(condition: Condition, probing: Probing) -> str:
    """PostgreSQL reads NOT IN anew for each row when the inner rows are many; NOT EXISTS becomes an anti-join."""
    if probing.writing.dialect == "postgresql" and not (isinstance(condition, Dates) and condition.carried):
        found = source(condition, probing.writing, probing.keys)
        if found is not None and not found.keyed:
            u = probing.writing.alias("u")
            rows = union(found, "rid", probing.writing, probing.patient)
            return f"NOT EXISTS (SELECT 1 FROM ({rows}) {u} WHERE {u}.rid = {probing.at}.rid)"
        if found is not None:
            return f"NOT {_asked(found, probing)}"
    return f"NOT ({probe(condition, probing)})"


def _asked(found: Source, probing: Probing) -> str:
    if found.keyed:
        return "(" + " OR ".join(_by_key(found.table, arm, probing) for arm in found.arms) + ")"
    rows = union(found, "rid", probing.writing, probing.patient)
    return f"{probing.writing.outer(probing.at)}.rid IN ({rows})"


def _by_key(table: str, arm: str, probing: Probing) -> str:
    x, writing = probing.writing.alias("x"), probing.writing
    at = writing.outer(probing.at)
    return (
        f"EXISTS (SELECT 1 FROM {table} {x} WHERE {arm.replace('{x}', x)}"
        f" AND {x}.date = {at}.date AND {x}.rid = {at}.rid{writing.fence})"
    )


def union(found: Source, columns: str, writing: Writing, patient: int | None = None) -> str:
    """All rows of a source, those of one patient only if `patient` is given."""
    selects = []
    only = f" AND {{x}}.patient = {writing.value(patient)}" if patient is not None else ""
    for arm in found.arms:
        x = writing.alias("x")
        listed = ", ".join(f"{x}.{column.strip()}" for column in columns.split(","))
        selects.append(f"SELECT {listed} FROM {found.table} {x} WHERE {(arm + only).replace('{x}', x)}")
    return " UNION ALL ".join(selects)


def listed(condition: Listed, writing: Writing, keys: WriteKeys) -> str:
    """The keys of what stands in these lists."""
    x, d = writing.alias("x"), writing.alias("d")
    if condition.inner is None:
        among = writing.among(f"{d}.key", condition.lists)
    else:
        among = f"{d}.key IN ({keys(condition.inner, writing)})"
    rids = f"SELECT {d}.rid FROM directory {d} WHERE {among}"
    term = terms(f"{x}.term", (condition.term,))
    return f"SELECT {x}.target FROM reference_index {x} WHERE {term} AND {writing.outer(x)}.rid IN ({rids})"


def updated(condition: Updated, row: str, writing: Writing) -> str:
    """The condition on `updated`, which is known to the microsecond."""
    return "(" + " OR ".join(_updated(one, f"{row}.updated", writing) for one in condition.values) + ")"


def _updated(one: Interval, column: str, writing: Writing) -> str:
    low, high = one.low, one.high
    match one.prefix:
        case "eq" | "ap":
            return f"({column} >= {writing.value(low)} AND {column} < {writing.value(high)})"
        case "ne":
            return f"({column} < {writing.value(low)} OR {column} >= {writing.value(high)})"
        case "gt" | "sa":
            return f"{column} >= {writing.value(high)}"
        case "ge":
            return f"{column} >= {writing.value(low)}"
        case "lt" | "eb":
            return f"{column} < {writing.value(low)}"
        case "le":
            return f"{column} < {writing.value(high)}"
