"""Operators (http://hl7.org/fhirpath/N1/#operations): from two collections, the right one on demand, to one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from felles.record.fhirpath import quantity, temporal
from felles.record.fhirpath.context import Context
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.quantity import Quantity
from felles.record.fhirpath.singleton import EMPTY, FALSE, TRUE, boolean, only, text, truth, value
from felles.record.fhirpath.temporal import Temporal
from felles.record.fhirpath.value import (
    Collection,
    compare,
    describe,
    distinct,
    equal_collections,
    equivalent_collections,
    identity,
    is_number,
    paired,
)

Closure = Callable[[Context], Collection]
Operator = Callable[[Context, Collection, Closure], Collection]
MAX_TEXT = 1_000_000
TEXT_PER_STEP = 50
MAX_INTEGER = 1 << 63


def equals(context: Context, left: Collection, right: Closure) -> Collection:
    other = right(context)
    return truth(equal_collections(left, other)) if left and other else EMPTY


def differs(context: Context, left: Collection, right: Closure) -> Collection:
    other = right(context)
    if not left or not other:
        return EMPTY
    same = equal_collections(left, other)
    return EMPTY if same is None else truth(not same)


def is_like(context: Context, left: Collection, right: Closure) -> Collection:
    return truth(like(context, left, right(context)))


def is_unlike(context: Context, left: Collection, right: Closure) -> Collection:
    return truth(not like(context, left, right(context)))


def like(context: Context, left: Collection, right: Collection) -> bool:
    context.spend(len(left) * len(right))
    return equivalent_collections(left, right)


def ordering(decide: Callable[[int], bool]) -> Operator:
    """A comparison that holds for the orders (-1, 0, 1) that `decide` accepts."""

    def operator(context: Context, left: Collection, right: Closure) -> Collection:
        first, second = only(left), only(right(context))
        if first is None or second is None:
            return EMPTY
        order = compare(first, second)
        return EMPTY if order is None else truth(decide(order))

    return operator


def conjunction(context: Context, left: Collection, right: Closure) -> Collection:
    first = boolean(left)
    if first is False:
        return FALSE
    second = boolean(right(context))
    if second is False:
        return FALSE
    return TRUE if first and second else EMPTY


def disjunction(context: Context, left: Collection, right: Closure) -> Collection:
    first = boolean(left)
    if first:
        return TRUE
    second = boolean(right(context))
    if second:
        return TRUE
    return FALSE if first is False and second is False else EMPTY


def exclusive(context: Context, left: Collection, right: Closure) -> Collection:
    first, second = boolean(left), boolean(right(context))
    return EMPTY if first is None or second is None else truth(first != second)


def implication(context: Context, left: Collection, right: Closure) -> Collection:
    first = boolean(left)
    if first is False:
        return TRUE
    second = boolean(right(context))
    if second:
        return TRUE
    return FALSE if first and second is False else EMPTY


def union(context: Context, left: Collection, right: Closure) -> Collection:
    other = right(context)
    context.spend(len(left) + len(other))
    return distinct([*left, *other])


def within(context: Context, left: Collection, right: Closure) -> Collection:
    other = right(context)
    return membership(context, only(left), other)


def contains(context: Context, left: Collection, right: Closure) -> Collection:
    return membership(context, only(right(context)), left)


def membership(context: Context, item: Any, items: Collection) -> Collection:
    """Whether an item is in a collection; empty when there is no item."""
    if item is None:
        return EMPTY
    context.spend(len(items))
    key = identity(item)
    return truth(any(identity(other) == key for other in items))


def concatenate(context: Context, left: Collection, right: Closure) -> Collection:
    found = bounded((text(left) or "") + (text(right(context)) or ""))
    context.spend(len(found) // TEXT_PER_STEP)
    return [found]


def bounded(result: str) -> str:
    if len(result) > MAX_TEXT:
        raise FhirPathError(f"A string of more than {MAX_TEXT} characters")
    return result


def arithmetic(calculate: Callable[[Any, Any], Any]) -> Operator:
    """A calculation on two single System values; empty when one is missing, when it has no result or overflows."""

    def operator(context: Context, left: Collection, right: Closure) -> Collection:
        first, second = value(left), value(right(context))
        if first is None or second is None:
            return EMPTY
        result = calculate(first, second)
        if type(result) is str:
            context.spend(len(result) // TEXT_PER_STEP)
        return EMPTY if result is None or overflows(result) else [result]

    return operator


def overflows(result: Any) -> bool:
    return type(result) is int and abs(result) > MAX_INTEGER


def unfit(symbol: str, left: Any, right: Any) -> FhirPathError:
    return FhirPathError(f"{describe(left)} {symbol} {describe(right)} has no meaning")


def add(left: Any, right: Any) -> Any:
    if type(left) is str and type(right) is str:
        return bounded(left + right)
    if isinstance(left, Temporal) and type(right) is Quantity:
        return temporal.add(left, right, 1)
    return sum_of(left, right, 1)


def subtract(left: Any, right: Any) -> Any:
    if isinstance(left, Temporal) and type(right) is Quantity:
        return temporal.add(left, right, -1)
    return sum_of(left, right, -1)


def sum_of(left: Any, right: Any, sign: int) -> Any:
    """left + sign · right for numbers and quantities."""
    if is_number(left) and is_number(right):
        return left + right if sign > 0 else left - right
    first, second = paired(left, right)
    if type(first) is Quantity and type(second) is Quantity:
        return quantity.add(first, Quantity(second.value * sign, second.unit))
    raise unfit("+" if sign > 0 else "-", left, right)


def multiply(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return left * right
    first, second = paired(left, right)
    if type(first) is Quantity and type(second) is Quantity:
        return quantity.multiply(first, second)
    raise unfit("*", left, right)


def divide(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return Decimal(left) / Decimal(right)
    first, second = paired(left, right)
    if type(first) is Quantity and type(second) is Quantity:
        return quantity.divide(first, second)
    raise unfit("/", left, right)


def whole_division(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        return int(Decimal(left) // Decimal(right))
    raise unfit("div", left, right)


def remainder(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        result = Decimal(left) % Decimal(right)
        return int(result) if type(left) is int and type(right) is int else result
    raise unfit("mod", left, right)


def negative(items: Collection) -> Collection:
    """Unary minus."""
    found = value(items)
    if found is None:
        return EMPTY
    if is_number(found):
        return [-found]
    if type(found) is Quantity:
        return [Quantity(-found.value, found.unit)]
    raise FhirPathError(f"{describe(found)} has no negative")


def positive(items: Collection) -> Collection:
    """Unary plus."""
    negative(items)
    return items


BINARY: dict[str, Operator] = {
    "=": equals,
    "!=": differs,
    "~": is_like,
    "!~": is_unlike,
    "<": ordering(lambda order: order < 0),
    "<=": ordering(lambda order: order <= 0),
    ">": ordering(lambda order: order > 0),
    ">=": ordering(lambda order: order >= 0),
    "and": conjunction,
    "or": disjunction,
    "xor": exclusive,
    "implies": implication,
    "|": union,
    "in": within,
    "contains": contains,
    "&": concatenate,
    "+": arithmetic(add),
    "-": arithmetic(subtract),
    "*": arithmetic(multiply),
    "/": arithmetic(divide),
    "div": arithmetic(whole_division),
    "mod": arithmetic(remainder),
}
UNARY = {"-": negative, "+": positive}
