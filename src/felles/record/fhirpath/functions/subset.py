"""Subsetting and combining (http://hl7.org/fhirpath/N1/#subsetting, #combining)."""

from __future__ import annotations

from felles.record.fhirpath.context import Context
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.operator import union
from felles.record.fhirpath.singleton import EMPTY, integer, only
from felles.record.fhirpath.value import Collection, distinct, identity


@function("single")
def single(context: Context, focus: Collection) -> Collection:
    only(focus)
    return focus


@function("first")
def first(context: Context, focus: Collection) -> Collection:
    return focus[:1]


@function("last")
def last(context: Context, focus: Collection) -> Collection:
    return focus[-1:]


@function("tail")
def tail(context: Context, focus: Collection) -> Collection:
    return focus[1:]


@function("skip", 1)
def skip(context: Context, focus: Collection, count: Collection) -> Collection:
    number = integer(count)
    return EMPTY if number is None else focus[max(number, 0) :]


@function("take", 1)
def take(context: Context, focus: Collection, count: Collection) -> Collection:
    number = integer(count)
    return EMPTY if number is None else focus[: max(number, 0)]


@function("intersect", 1)
def intersect(context: Context, focus: Collection, other: Collection) -> Collection:
    keys = {identity(item) for item in other}
    return distinct(item for item in focus if identity(item) in keys)


@function("exclude", 1)
def exclude(context: Context, focus: Collection, other: Collection) -> Collection:
    keys = {identity(item) for item in other}
    return [item for item in focus if identity(item) not in keys]


@function("union", 1)
def united(context: Context, focus: Collection, other: Collection) -> Collection:
    return union(context, focus, lambda _: other)


@function("combine", 1)
def combine(context: Context, focus: Collection, other: Collection) -> Collection:
    context.spend(len(focus) + len(other))
    return [*focus, *other]
