"""The functions an expression may call, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from felles.record.fhirpath.value import Collection

Body = Callable[..., Collection]
B = TypeVar("B", bound=Body)


class Function(NamedTuple):
    """`body(context, focus, *arguments)`; between `low` and `high` arguments.

    Arguments come as collections, or unevaluated as closures over the context when `lazy`.
    """

    body: Body
    low: int
    high: int
    lazy: bool


FUNCTIONS: dict[str, Function] = {}


def function(name: str, low: int = 0, high: int | None = None, *, lazy: bool = False) -> Callable[[B], B]:
    """Register a body under `name`."""

    def register(body: B) -> B:
        FUNCTIONS[name] = Function(body, low, low if high is None else high, lazy)
        return body

    return register
