"""Filtering, projection, repetition and aggregates (http://hl7.org/fhirpath/N1/#filtering-and-projection)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from felles.record.fhirpath.context import Context
from felles.record.fhirpath.functions.registry import function
from felles.record.fhirpath.operator import Closure
from felles.record.fhirpath.singleton import EMPTY, boolean, is_true, only
from felles.record.fhirpath.value import Collection, Item, identity


def each(context: Context, focus: Collection, expression: Closure) -> Iterator[tuple[Item, Collection]]:
    """Every item with what `expression` gives for it as `$this`, counted by `$index`."""
    this, index = context.this, context.index
    for place, item in enumerate(focus):
        context.spend(1)
        context.this, context.index = [item], place
        result = expression(context)
        context.this, context.index = this, index
        yield item, result


@function("where", 1, lazy=True)
def where(context: Context, focus: Collection, criteria: Closure) -> Collection:
    return [item for item, result in each(context, focus, criteria) if is_true(result)]


@function("select", 1, lazy=True)
def select(context: Context, focus: Collection, projection: Closure) -> Collection:
    found: Collection = []
    for _, result in each(context, focus, projection):
        context.spend(len(result))
        found += result
    return found


@function("repeat", 1, lazy=True)
def repeat(context: Context, focus: Collection, projection: Closure) -> Collection:
    """Only new items are followed, so a cycle ends."""
    found: dict[Hashable, Item] = {}
    fresh = focus
    while fresh:
        reached = select(context, fresh, projection)
        fresh = []
        for item in reached:
            key = identity(item)
            if key not in found:
                found[key] = item
                fresh.append(item)
    return list(found.values())


@function("repeatAll", 1, lazy=True)
def repeat_all(context: Context, focus: Collection, projection: Closure) -> Collection:
    """As `repeat`, equal items kept; the work limit ends a cycle."""
    found: Collection = []
    fresh = focus
    while fresh:
        fresh = select(context, fresh, projection)
        found += fresh
    return found


@function("aggregate", 1, 2, lazy=True)
def aggregate(context: Context, focus: Collection, aggregator: Closure, initial: Closure | None = None) -> Collection:
    outer = context.total
    total = initial(context) if initial else EMPTY
    this, index = context.this, context.index
    for place, item in enumerate(focus):
        context.spend(1 + len(total))
        context.this, context.index, context.total = [item], place, total
        total = aggregator(context)
    context.this, context.index, context.total = this, index, outer
    return total


@function("iif", 2, 3, lazy=True)
def conditional(
    context: Context, focus: Collection, criterion: Closure, then: Closure, otherwise: Closure | None = None
) -> Collection:
    """http://hl7.org/fhirpath/N1/#iifcriterion-expression-true-result-collection--otherwise-result-collection"""
    only(focus)
    outer = context.this
    context.this = focus
    branch = then if boolean(criterion(context)) else otherwise
    result = branch(context) if branch else EMPTY
    context.this = outer
    return result


@function("coalesce", 1, 20, lazy=True)
def coalesce(context: Context, focus: Collection, *choices: Closure) -> Collection:
    """The first argument that is not empty."""
    return next((found for found in (choice(context) for choice in choices) if found), EMPTY)


@function("trace", 1, 2, lazy=True)
def trace(context: Context, focus: Collection, name: Closure, projection: Closure | None = None) -> Collection:
    """Hands the items to the caller's listener, if there is one."""
    if context.trace is not None:
        label = only(name(context))
        context.trace(str(label), select(context, focus, projection) if projection else focus)
    return focus
