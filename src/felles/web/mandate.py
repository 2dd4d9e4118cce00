"""What somebody may see and do for another, as a page tells it: areas, and the day on which it turns."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from felles.access.area import named
from felles.access.audit.words import thing
from felles.access.representation import Basis, Mandate
from felles.web.chart.moment import OSLO


@dataclass(frozen=True, slots=True)
class Facet:
    """One basis. `areas` are names of `access.area` (`record`: all), `other` words for what no area covers; `acts`:
    acting as well as reading. `last` is the last day as dd.mm.yyyy, `turns` the day after it, for a child."""

    id: str
    parent: bool
    areas: tuple[str, ...]
    other: tuple[str, ...]
    acts: bool
    last: str
    turns: str
    limited: bool


def facets(mandates: Iterable[Mandate]) -> list[Facet]:
    """The mandates in words."""
    return [_facet(one) for one in mandates]


def _facet(one: Mandate) -> Facet:
    types = one.reads if one.reads is None or one.reads else one.acts
    areas, left = (["record"], []) if types is None else named(types)
    parent = one.basis is Basis.PARENT
    turns = datetime.fromtimestamp(one.until / 1e6, OSLO).strftime("%d.%m.%Y") if parent and one.until else ""
    return Facet(
        one.id,
        parent,
        tuple(areas),
        tuple(dict.fromkeys(thing(name) for name in left)),
        one.acts is None or bool(one.acts),
        one.last_day.strftime("%d.%m.%Y") if one.last_day else "",
        turns,
        parent and types is not None,
    )
