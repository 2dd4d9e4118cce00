"""The house through time: every version of its roles, people and units, read once for each epoch of the house."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
import orjson

from felles.access.house import House, name_of
from felles.access.role import Employment, employment
from felles.access.unit import Piece, Tree, tree
from felles.record import definition
from felles.record.store.transaction import Reading

_VERSIONS = (
    "SELECT rid, number, updated, body FROM resource WHERE rid IN (SELECT rid FROM change WHERE type = $1) "
    "UNION ALL SELECT rid, number, updated, body FROM version WHERE rid IN (SELECT rid FROM change WHERE type = $1)"
)
_piece = msgspec.json.Decoder(Piece).decode
T = TypeVar("T")
_Rows = Sequence[tuple[int, int, int, bytes | None]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the staff: "Practitioner/x"."""

    id: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """`content` (None: struck out) as written at `since` by version `number`; `before`: when the one before it was
    written (0: none). Microseconds."""

    number: int
    since: int
    before: int
    content: T | None


@dataclass(frozen=True)
class Chronicle:
    """Versions by "Type/id", oldest first."""

    roles: Mapping[str, Sequence[Version[Employment]]]
    people: Mapping[str, Sequence[Version[Person]]]
    units: Mapping[str, Sequence[Version[Piece]]]
    authors: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)
    """Who wrote a version of a role, and why, as far as that has been asked for and found."""

    def tree(self, moment: int) -> Tree:
        """The units as they stood at a moment."""
        found = (current(versions, moment) for versions in self.units.values())
        return tree([one.content for one in found if one is not None and one.content is not None], (), ())

    def person(self, id: str, moment: int) -> Person | None:
        """Somebody as they stood at a moment."""
        found = current(self.people.get(id, ()), moment)
        return found.content if found else None


def current(versions: Sequence[Version[T]], moment: int) -> Version[T] | None:
    """The version that stood at a moment."""
    return next((one for one in reversed(versions) if one.since <= moment), None)


async def chronicle(store: Reading, house: House) -> Chronicle:
    """The house through time, up to now."""
    standing = await house.standing()
    kept: Chronicle | None = standing.frames.get(Chronicle)
    if kept is None:
        types = [definition.type_number(one) for one in ("PractitionerRole", "Practitioner", "Organization")]
        rows = [await store.rows(_VERSIONS, (one,)) for one in types]
        kept = standing.frames[Chronicle] = await asyncio.to_thread(_made, *rows)
    return kept


def _made(roles: _Rows, people: _Rows, units: _Rows) -> Chronicle:
    return Chronicle(
        _versions(roles, lambda body: employment(orjson.loads(body)), lambda one: one.role.id),
        _versions(people, lambda body: _person(orjson.loads(body)), lambda one: one.id),
        _versions(units, _piece, lambda one: f"Organization/{one.id}"),
    )


def _versions(
    rows: _Rows, read: Callable[[bytes], T | None], name: Callable[[T], str]
) -> dict[str, Sequence[Version[T]]]:
    by_rid: dict[int, list[tuple[int, int, bytes | None]]] = defaultdict(list)
    for rid, number, updated, body in rows:
        by_rid[rid].append((number, updated, body))
    found: dict[str, Sequence[Version[T]]] = {}
    for each in by_rid.values():
        each.sort(key=lambda one: one[0])
        befores = [0, *(updated for _, updated, _ in each)]
        made = [
            Version(number, updated, before, read(body) if body else None)
            for (number, updated, body), before in zip(each, befores, strict=False)
        ]
        known = next((one.content for one in reversed(made) if one.content is not None), None)
        if known is not None:
            found[name(known)] = made
    return found


def _person(resource: dict[str, Any]) -> Person:
    return Person(f"Practitioner/{resource['id']}", name_of(resource), resource.get("active") is not False)
