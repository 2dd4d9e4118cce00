"""From syntax tree to closures: an expression is compiled once, then only calls are left.

A path is a beginning (a Closure: context to collection) and stages (collection to collection), run in a loop;
what an operator has on its left is a path too, so that long chains do not nest.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

from felles.record.fhirpath import kind, syntax
from felles.record.fhirpath.context import Context
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.functions import FUNCTIONS
from felles.record.fhirpath.functions.iteration import each
from felles.record.fhirpath.model import FHIR_TYPES, TypeName, of
from felles.record.fhirpath.node import Node
from felles.record.fhirpath.operator import BINARY, UNARY, Closure
from felles.record.fhirpath.singleton import EMPTY, boolean, integer, only, value
from felles.record.fhirpath.syntax import Syntax
from felles.record.fhirpath.value import Collection, Item, compare

Stage = Callable[[Context, Collection], Collection]
UNORDERED = ("children", "descendants")
ORDERED = ("first", "last", "tail", "skip", "take")


class Compiler:
    """Compiles one expression. `strict` refuses elements that the type of the data does not define, functions of
    order on unordered collections, and criteria of `iif` that are no booleans.
    """

    def __init__(self, strict: bool = False) -> None:
        self.strict = strict

    def closure(self, tree: Syntax) -> Closure:
        """The whole tree as one function of the context."""
        spine: list[Syntax] = []
        while (below := source(tree)) is not None:
            spine.append(tree)
            tree = below
        beginning = self.beginning(tree)
        stages = tuple(self.stages(list(reversed(spine)), tree))
        if not stages:
            return beginning
        if len(stages) == 1:
            return single(beginning, stages[0])
        return chain(beginning, stages)

    def beginning(self, tree: Syntax) -> Closure:
        match tree:
            case syntax.Literal(None):
                return lambda context: EMPTY
            case syntax.Literal(found):
                constant = [found]
                return lambda context: constant
            case syntax.Variable(name, position):
                return at(position, lambda context: context.variable(name))
            case syntax.Special(name):
                return SPECIALS[name]
            case syntax.Unary(operator, operand, position):
                inner, negate = self.closure(operand), UNARY[operator]
                return at(position, lambda context: negate(inner(context)))
            case syntax.Member(None, name):
                return self.first_member(name)
            case syntax.Call(None):
                call = self.call(tree)
                return lambda context: call(context, context.this)
        raise FhirPathError("The expression has no meaning", tree.position)

    def first_member(self, name: str) -> Closure:
        """A path's first name: the type of what it begins with, or an element of it."""
        step = self.member((name,))
        if not name[:1].isupper():
            return lambda context: step(context, context.this)

        def begin(context: Context) -> Collection:
            named = [item for item in context.this if type(item) is Node and name in item.type.ancestors]
            return named or step(context, context.this)

        return begin

    def stages(self, spine: list[Syntax], tree: Syntax) -> list[Stage]:
        """What follows the beginning; members in a row are one stage."""
        found: list[Stage] = []
        names: list[str] = []
        before = tree
        for part in [*spine, None]:
            if type(part) is syntax.Member:
                names.append(part.name)
                continue
            if names:
                self.check_member(before, names[0])
                found.append(self.member(tuple(names)))
                names = []
            if part is not None:
                found.append(self.stage(part, before))
                before = part
        return found

    def stage(self, tree: Syntax, before: Syntax) -> Stage:
        match tree:
            case syntax.Index(_, index, position):
                self.check_order(before, position)
                return located(position, indexing(self.closure(index)))
            case syntax.Binary(operator, _, right, position):
                return located(position, binary(operator, self.closure(right)))
            case syntax.TypeTest(operator, _, name, position):
                return located(position, type_test(operator, name, position))
            case syntax.Call(_, name, _, position):
                if name in ORDERED:
                    self.check_order(before, position)
                return self.call(tree)
        raise FhirPathError("The expression has no meaning", tree.position)

    def check_member(self, before: Syntax, name: str) -> None:
        """In strict mode, a member of `x as Type` must be an element of that type."""
        if self.strict and type(before) is syntax.TypeTest and before.operator == "as":
            short = before.type.rpartition(".")[2]
            if short in FHIR_TYPES and name not in of(short).members:
                raise FhirPathError(f"{short} has no element {name}", before.position)

    def check_order(self, before: Syntax, position: int) -> None:
        if self.strict and type(before) is syntax.Call and before.name in UNORDERED:
            raise FhirPathError(f"{before.name}() has no order", position)

    def member(self, names: tuple[str, ...]) -> Stage:
        """The elements called `names`, one below the other."""
        if self.strict:
            return strict_members(names)

        def stage(context: Context, focus: Collection) -> Collection:
            for name in names:
                found: Collection = []
                for item in focus:
                    if type(item) is Node:
                        item.collect(name, found)
                    elif type(item) is TypeName and name in TypeName._fields:
                        found.append(getattr(item, name))
                if not found:
                    return EMPTY
                focus = found
            return focus

        return stage

    def call(self, tree: syntax.Call) -> Stage:
        name, arguments, position = tree.name, tree.arguments, tree.position
        if name in TYPE_FUNCTIONS:
            return located(position, self.type_function(tree))
        if name == "sort":
            return located(position, sorting([self.sort_key(argument) for argument in arguments]))
        if name == "type" and not arguments:
            return lambda context, focus: kind.type_names(focus)
        function = FUNCTIONS.get(name)
        if function is None:
            raise FhirPathError(f"There is no function {name}()", position)
        body, low, high, lazy = function
        if not low <= len(arguments) <= high:
            raise FhirPathError(f"{name}() takes {counted(low, high)}, not {len(arguments)}", position)
        closures = tuple(self.closure(argument) for argument in arguments)
        if self.strict and name == "iif":
            closures = (strict_boolean(closures[0]), *closures[1:])
        return located(position, applied(body, closures, lazy))

    def type_function(self, tree: syntax.Call) -> Stage:
        if len(tree.arguments) != 1:
            raise FhirPathError(f"{tree.name}() takes 1 argument, not {len(tree.arguments)}", tree.position)
        name = type_name(tree.arguments[0])
        if tree.name == "is":
            return type_test("is", name, tree.position)
        wanted, select = kind.wanted(name, tree.position), TYPE_FUNCTIONS[tree.name]
        return lambda context, focus: select(focus, wanted)

    def sort_key(self, tree: Syntax) -> tuple[Closure, int]:
        """A sort key; a minus before it means descending."""
        if type(tree) is syntax.Unary and tree.operator == "-":
            return self.closure(tree.operand), -1
        return self.closure(tree), 1


TYPE_FUNCTIONS: dict[str, Any] = {"is": kind.is_type, "as": kind.as_type, "ofType": kind.of_type}
SPECIALS: dict[str, Closure] = {
    "$this": lambda context: context.this,
    "$index": lambda context: EMPTY if context.index is None else [context.index],
    "$total": lambda context: context.total,
}


def source(tree: Syntax) -> Syntax | None:
    """What a tree's last operation works on, or None for the beginning of a path."""
    match tree:
        case syntax.Member() | syntax.Call() | syntax.Index() | syntax.TypeTest():
            return tree.source
        case syntax.Binary():
            return tree.left
    return None


def chain(beginning: Closure, stages: tuple[Stage, ...]) -> Closure:
    def run(context: Context) -> Collection:
        found = beginning(context)
        for stage in stages:
            found = stage(context, found)
        return found

    return run


def single(beginning: Closure, stage: Stage) -> Closure:
    return lambda context: stage(context, beginning(context))


def at(position: int, closure: Closure) -> Closure:
    """The closure, its errors told with the position."""
    stage = located(position, lambda context, focus: closure(context))
    return lambda context: stage(context, EMPTY)


def located(position: int, stage: Stage) -> Stage:
    """The stage, its errors told with the position. What overflows is empty (http://hl7.org/fhirpath/N1/#math-2)."""

    def run(context: Context, focus: Collection) -> Collection:
        try:
            return stage(context, focus)
        except FhirPathError as error:
            if error.position is None:
                error.position = position
            raise
        except ArithmeticError:
            return EMPTY

    return run


def applied(body: Callable[..., Collection], closures: tuple[Closure, ...], lazy: bool) -> Stage:
    """A function's call with its arguments."""
    if not closures:
        return body
    if lazy:
        return lambda context, focus: body(context, focus, *closures)
    return lambda context, focus: body(context, focus, *[closure(context) for closure in closures])


def binary(operator: str, right: Closure) -> Stage:
    body = BINARY[operator]
    return lambda context, focus: body(context, focus, right)


def indexing(index: Closure) -> Stage:
    def stage(context: Context, focus: Collection) -> Collection:
        place = integer(index(context))
        return EMPTY if place is None or place < 0 else focus[place : place + 1]

    return stage


def type_test(operator: str, name: str, position: int) -> Stage:
    """`is` and `as` as operators. R4's own search parameters use `as` on lists, so there it filters."""
    wanted = kind.Wanted(name) if operator == "is" else kind.wanted(name, position)
    select = kind.is_type if operator == "is" else kind.of_type
    return lambda context, focus: select(focus, wanted)


def type_name(tree: Syntax) -> str:
    """The type that an argument names."""
    match tree:
        case syntax.Member(None, name):
            return name
        case syntax.Member(syntax.Member(None, namespace), name):
            return f"{namespace}.{name}"
    raise FhirPathError("Expected the name of a type", tree.position)


def counted(low: int, high: int) -> str:
    if low == high:
        return f"{low} argument{'' if low == 1 else 's'}"
    return f"{low} to {high} arguments"


def sorting(keys: list[tuple[Closure, int]]) -> Stage:
    """Items in the order of their keys, or of themselves; what has no key is the greatest."""

    def stage(context: Context, focus: Collection) -> Collection:
        rows: list[list[Item]] = [[] for _ in focus]
        for closure, _ in keys:
            for row, (_, result) in zip(rows, each(context, focus, closure), strict=True):
                row.append(only(result))
        signs = [sign for _, sign in keys] or [1]
        decorated = [(row or [item], item) for row, item in zip(rows, focus, strict=True)]
        return [item for _, item in sorted(decorated, key=cmp_to_key(ordering(signs)))]

    return stage


def ordering(signs: list[int]) -> Callable[[Any, Any], int]:
    def order(left: Any, right: Any) -> int:
        for first, second, sign in zip(left[0], right[0], signs, strict=True):
            if first is None or second is None:
                found = (first is None) - (second is None)
            else:
                found = compare(first, second) or 0
            if found:
                return found * sign
        return 0

    return order


def strict_members(names: tuple[str, ...]) -> Stage:
    """As the lenient form, but an element must be defined for the type."""

    def stage(context: Context, focus: Collection) -> Collection:
        for name in names:
            found: Collection = []
            for item in focus:
                if type(item) is Node:
                    if name not in item.type.members:
                        raise FhirPathError(f"{item.type.path} has no element {name}")
                    item.collect(name, found)
                elif type(item) is TypeName and name in TypeName._fields:
                    found.append(getattr(item, name))
            focus = found
        return focus

    return stage


def strict_boolean(criterion: Closure) -> Closure:
    def checked(context: Context) -> Collection:
        found = criterion(context)
        boolean(found)
        if found and type(value(found)) is not bool:
            raise FhirPathError("Expected a Boolean criterion")
        return found

    return checked
