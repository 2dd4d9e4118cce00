"""A parsed search: what is selected, in which order, and what the answer shall hold."""

from dataclasses import dataclass, field
from typing import Literal

from felles.record.index.term import Binding
from felles.record.search.condition import Selection

Total = Literal["none", "estimate", "accurate"]
Summary = Literal["false", "true", "text", "data", "count"]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of _sort. `kind`: updated, id, carried, date, text, quantity or member (read from the resource).

    `members` are JSON paths, first found wins.
    """

    kind: str
    descending: bool
    terms: tuple[int, ...] = ()
    members: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Include:
    """One _include or _revinclude, resolved: references of `source` by `bindings`, to `target` types (empty: any)."""

    source: str
    bindings: tuple[Binding, ...]
    target: str | None
    iterate: bool
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """One search. `ignored`: parameters that a lenient reading has left out, as "name: why".

    `applied` are the parameters that were used, for the self link. `count` is the page size.
    """

    selection: Selection
    sort: tuple[SortKey, ...] = ()
    count: int = 50
    total: Total | None = None
    summary: Summary = "false"
    elements: tuple[str, ...] = ()
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    ignored: tuple[str, ...] = ()
    applied: tuple[tuple[str, str], ...] = field(default=())

    @property
    def types(self) -> tuple[str, ...]:
        """The resource types that are searched."""
        return self.selection.types
