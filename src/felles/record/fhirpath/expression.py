"""Compiled expressions, kept for the next time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from felles.record.fhirpath import parser
from felles.record.fhirpath.compiler import Compiler
from felles.record.fhirpath.context import BUDGET, Context, Resolve, Terminology
from felles.record.fhirpath.error import FhirPathError
from felles.record.fhirpath.model import TypeName
from felles.record.fhirpath.node import Node, root
from felles.record.fhirpath.quantity import Quantity
from felles.record.fhirpath.singleton import is_true
from felles.record.fhirpath.temporal import Temporal
from felles.record.fhirpath.value import Collection


class Expression:
    """One expression, ready to run on any resource; hold no state, so share it freely.

    A resource is a dict of parsed JSON, or a Node of one to begin at an element inside it. `variables` are values,
    lists of values or resources for `%name`; `resolve` turns a reference string into a resource or None.
    Every evaluation may raise FhirPathError.
    """

    __slots__ = ("_run", "text")

    def __init__(self, text: str, *, strict: bool = False) -> None:
        self.text = text
        try:
            self._run = Compiler(strict).closure(parser.parse(text))
        except FhirPathError as error:
            error.expression = text
            raise

    def __call__(
        self,
        resource: Mapping[str, Any] | Node,
        *,
        variables: Mapping[str, Any] | None = None,
        resolve: Resolve | None = None,
        terminology: Terminology | None = None,
    ) -> list[Any]:
        """The result as plain data: dicts of complex elements, JSON scalars, Decimals, text of dates and times."""
        found = self.nodes(resource, variables=variables, resolve=resolve, terminology=terminology)
        return [plain(item) for item in found]

    def nodes(
        self,
        resource: Mapping[str, Any] | Node,
        *,
        variables: Mapping[str, Any] | None = None,
        resolve: Resolve | None = None,
        terminology: Terminology | None = None,
        trace: Callable[[str, Collection], None] | None = None,
        budget: int = BUDGET,
    ) -> Collection:
        """The result as Nodes, which know their type and place, and System values.

        `trace` hears what trace() is called on; `budget` is the count of items that iteration may handle.
        """
        focus = resource if isinstance(resource, Node) else root(resource)
        try:
            return self._run(Context(focus, variables, resolve, terminology, trace, budget))
        except FhirPathError as error:
            error.expression = self.text
            raise
        except RecursionError:
            raise FhirPathError("The data nests too deep", None, self.text) from None

    def test(
        self,
        resource: Mapping[str, Any] | Node,
        *,
        variables: Mapping[str, Any] | None = None,
        resolve: Resolve | None = None,
        terminology: Terminology | None = None,
    ) -> bool:
        """Whether the expression holds, as an invariant must (an empty result does not hold)."""
        return is_true(self.nodes(resource, variables=variables, resolve=resolve, terminology=terminology))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def plain(item: Any) -> Any:
    """An item as plain data; a primitive without value is None."""
    if type(item) is Node:
        return item.value
    if isinstance(item, Temporal):
        return str(item)
    if type(item) is Quantity:
        return {"value": item.value, "unit": item.unit}
    if type(item) is TypeName:
        return {"namespace": item.namespace, "name": item.name}
    return item if not isinstance(item, Decimal) else Decimal(item)


@lru_cache(maxsize=2048)
def compile(expression: str, *, strict: bool = False) -> Expression:
    """The compiled expression; FhirPathError with the position when it is none.

    `strict` also refuses what the lenient reading of the specification takes for empty: elements that a type does
    not define, order of unordered collections, criteria that are no booleans.
    """
    return Expression(expression, strict=strict)
