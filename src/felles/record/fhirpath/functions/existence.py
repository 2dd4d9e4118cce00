"""Existence (http://hl7.org/fhirpath/N1/#existence)."""

from __future__ import annotations

from felles.record.fhirpath.context import Context
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.functions.iteration import each
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.operator import Closure
from felles.record.fhirpath.singleton import EMPTY, FALSE, TRUE, boolean, is_true, truth
from felles.record.fhirpath.value import Collection, describe, distinct, identity, system


@function("empty")
def empty(context: Context, focus: Collection) -> Collection:
    return FALSE if focus else TRUE


@function("exists", 0, 1, lazy=True)
def exists(context: Context, focus: Collection, criteria: Closure | None = None) -> Collection:
    if criteria is None:
        return TRUE if focus else FALSE
    return truth(any(is_true(result) for _, result in each(context, focus, criteria)))


@function("all", 1, lazy=True)
def all_fit(context: Context, focus: Collection, criteria: Closure) -> Collection:
    return truth(all(is_true(result) for _, result in each(context, focus, criteria)))


@function("not")
def negation(context: Context, focus: Collection) -> Collection:
    found = boolean(focus)
    return EMPTY if found is None else truth(not found)


def booleans(focus: Collection) -> list[bool]:
    found = [system(item) for item in focus]
    for item in found:
        if type(item) is not bool:
            raise FhirPathError(f"Expected Booleans, found {describe(item)}")
    return found


@function("allTrue")
def all_true(context: Context, focus: Collection) -> Collection:
    return truth(all(booleans(focus)))


@function("anyTrue")
def any_true(context: Context, focus: Collection) -> Collection:
    return truth(any(booleans(focus)))


@function("allFalse")
def all_false(context: Context, focus: Collection) -> Collection:
    return truth(not any(booleans(focus)))


@function("anyFalse")
def any_false(context: Context, focus: Collection) -> Collection:
    return truth(not all(booleans(focus)))


@function("subsetOf", 1)
def subset_of(context: Context, focus: Collection, other: Collection) -> Collection:
    return truth({identity(item) for item in focus} <= {identity(item) for item in other})


@function("supersetOf", 1)
def superset_of(context: Context, focus: Collection, other: Collection) -> Collection:
    return subset_of(context, other, focus)


@function("count")
def count(context: Context, focus: Collection) -> Collection:
    return [len(focus)]


@function("distinct")
def without_repetition(context: Context, focus: Collection) -> Collection:
    return distinct(focus)


@function("isDistinct")
def is_distinct(context: Context, focus: Collection) -> Collection:
    return truth(len(distinct(focus)) == len(focus))
