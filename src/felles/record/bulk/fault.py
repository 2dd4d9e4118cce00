"""What an import could not take: in which file, where in it, and why."""

import msgspec

from felles.record.outcome import Problem

_NAMED = 10


class Fault(msgspec.Struct, array_like=True):
    """`at` is a line or an entry, `expression` a FHIRPath; `count`: so many resources were not taken because of it."""

    name: str
    at: str
    expression: str
    reason: str
    count: int = 1

    def __str__(self) -> str:
        return ": ".join(part for part in (self.name, self.at, self.expression, self.reason) if part)


def fault(name: str, error: Problem, at: str = "", count: int = 1, prefix: str = "", instead: str = "") -> Fault:
    """The Fault of a Problem. The path of the entry (`prefix`) is taken off the expression: `at` tells it."""
    first = error.issues[0]
    expression = first.expression or ""
    if prefix and expression.startswith(prefix):
        expression = instead + expression.removeprefix(prefix)
    return Fault(name, at, expression, first.diagnostics + _more(error), count)


def _more(error: Problem) -> str:
    """How many other issues there are, and the places of the first."""
    others = error.issues[1:]
    places = ", ".join(one.expression for one in others[:_NAMED] if one.expression)
    return f" (and {len(others)} more{': ' if places else ''}{places})" if others else ""
