"""Within what a parameter is read: the types that are searched, and what the server knows of itself."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from felles.record import definition
from felles.record.index.term import Parameter, parameters
from felles.record.search.refusal import MAX_DEPTH, too_costly

Expand = Callable[[str], Iterable[tuple[str, str]] | None]
"""The (system, code) pairs of a value set by URL, or None where it is not known."""
Related = Callable[[str, str, str], Iterable[str] | None]
"""The codes `above` or `below` a code of a system, itself among them, or None where they are not known."""

ROW_PARAMETERS = ("_id", "_lastUpdated")
REFUSED = {
    "_text": "full text search of narratives is not offered",
    "_content": "full text search of resources is not offered",
    "_filter": "filter expressions are not offered; use plain parameters, chains and _has",
    "_query": "there are no named queries",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """`types` are searched together; `base` is the server's own address; `now` in microseconds since 1970."""

    types: tuple[str, ...]
    base: str = ""
    expand: Expand | None = None
    now: int = 0
    depth: int = 0
    related: Related | None = None

    def at(self, type_name: str) -> "Scope":
        """One step further along a chain. Raises Problem 403 when it is too long."""
        if self.depth >= MAX_DEPTH:
            raise too_costly(f"chains are at most {MAX_DEPTH} steps long")
        return replace(self, types=(type_name,), depth=self.depth + 1)

    def codes_of(self, value_set: str) -> Iterable[tuple[str, str]] | None:
        """The (system, code) pairs of a value set: as `expand` says, else of those that R4 binds as required."""
        known = self.expand(value_set) if self.expand else None
        if known is not None:
            return known
        shipped = definition.required_systems(value_set.partition("|")[0])
        return None if shipped is None else [(system, code) for system, codes in shipped.items() for code in codes]

    @property
    def where(self) -> str:
        """For messages."""
        return self.types[0] if len(self.types) == 1 else "the search over several types"


def scope(
    types: tuple[str, ...], base: str = "", expand: Expand | None = None, related: Related | None = None
) -> Scope:
    """A scope of the present moment."""
    return Scope(types, base, expand, int(time.time() * 1_000_000), related=related)


@lru_cache(maxsize=512)
def known(types: tuple[str, ...]) -> Mapping[str, Parameter]:
    """The parameters that all these types have, their terms together."""
    if len(types) == 1:
        return parameters(types[0])
    common = set.intersection(*(set(parameters(name)) for name in types)) if types else set()
    return {code: merged for code in sorted(common) if (merged := _merged(types, code)) is not None}


def _merged(types: tuple[str, ...], code: str) -> Parameter | None:
    found = [parameters(name)[code] for name in types]
    if len({parameter.type for parameter in found}) > 1 or found[0].type == "composite":
        return None
    bindings = tuple(binding for parameter in found for binding in parameter.bindings)
    targets = dict.fromkeys(target for parameter in found for target in parameter.targets)
    return Parameter(code, found[0].type, bindings, tuple(targets))


def valid_names(types: tuple[str, ...]) -> list[str]:
    """What a client may ask for, for messages."""
    return [*known(types), *ROW_PARAMETERS, "_list", "_has"]


def searchable(type_name: str) -> list[definition.SearchParameter]:
    """The parameters that this server takes for a type, as the standard defines them."""
    offered = {*parameters(type_name), *ROW_PARAMETERS}
    return [one for code, one in sorted(definition.search_parameters(type_name).items()) if code in offered]
