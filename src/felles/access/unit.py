"""Units in their tree: legal entity, hospital, clinic, ward; municipality, service, zone. Pure, made once per epoch.

Organization.partOf makes the tree (https://hl7.org/fhir/R4/organization.html); HealthcareService.providedBy and
Location.managingOrganization hang on it, a Location without one where its `partOf` hangs.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from felles.record.index.value import key64


class Target(msgspec.Struct, gc=False):
    """A Reference."""

    reference: str = ""


class Piece(msgspec.Struct, gc=False, rename="camel"):
    """What of an Organization, HealthcareService or Location makes the tree."""

    id: str
    name: str = ""
    active: bool = True
    status: str = "active"
    part_of: Target | None = None
    provided_by: Target | None = None
    managing_organization: Target | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """`id` and `parent` are "Organization/x"; a root is a legal entity."""

    id: str
    name: str
    parent: str | None
    active: bool = True


@dataclass(frozen=True)
class Tree:
    """The units by id, and the keys of what belongs to each: itself, its services and its places."""

    units: Mapping[str, Unit]
    _own: Mapping[str, frozenset[int]]
    _below: Mapping[str, tuple[str, ...]]

    def above(self, unit: str) -> tuple[str, ...]:
        """The unit and all above it, the legal entity last. A circle is cut where it closes."""
        found: dict[str, None] = {}
        at: str | None = unit
        while at is not None and at in self.units and at not in found:
            found[at] = None
            at = self.units[at].parent
        return tuple(found)

    def party(self, unit: str) -> str | None:
        """The legal entity of a unit; None for a unit that does not exist."""
        return next(reversed(self.above(unit)), None)

    @cached_property
    def parties(self) -> frozenset[str]:
        """All legal entities."""
        return frozenset(one.id for one in self.units.values() if one.parent not in self.units)

    def stands(self, unit: str) -> bool:
        """Whether the unit, and all above it, are active."""
        chain = self.above(unit)
        return bool(chain) and all(self.units[one].active for one in chain)

    def within(self, unit: str) -> frozenset[str]:
        """The unit and all below it."""
        found: set[str] = set()
        waiting = [unit] if unit in self.units else []
        while waiting:
            at = waiting.pop()
            if at not in found:
                found.add(at)
                waiting += self._below.get(at, ())
        return frozenset(found)

    def below(self, unit: str) -> tuple[str, ...]:
        """The units right below it."""
        return self._below.get(unit, ())

    def keys(self, unit: str) -> frozenset[int]:
        """Keys of the unit, all below it, and their services and places."""
        return frozenset(key for one in self.within(unit) for key in self._own[one])

    def names(self, unit: str) -> frozenset[int]:
        """Keys by which a wish may name those who work in the unit: of it and all above it."""
        return frozenset(map(key64, self.above(unit)))


def tree(organizations: Iterable[Piece], services: Iterable[Piece], places: Iterable[Piece]) -> Tree:
    """The tree of these resources."""
    units = {}
    for one in organizations:
        parent = _local(one.part_of)
        units[f"Organization/{one.id}"] = Unit(f"Organization/{one.id}", one.name, parent, one.active)
    below = defaultdict(list)
    for unit in units.values():
        if unit.parent is not None:
            below[unit.parent].append(unit.id)
    own = {unit: {key64(unit)} for unit in units}
    for service in services:
        _hang(own, _local(service.provided_by), f"HealthcareService/{service.id}")
    _hang_places(own, list(places))
    return Tree(
        units,
        {unit: frozenset(keys) for unit, keys in own.items()},
        {unit: tuple(parts) for unit, parts in below.items()},
    )


def _local(target: Target | None) -> str | None:
    return "/".join(target.reference.split("/")[:2]) if target and target.reference else None


def _hang(own: dict[str, set[int]], unit: str | None, name: str) -> None:
    if unit in own:
        own[unit].add(key64(name))


def _hang_places(own: dict[str, set[int]], places: list[Piece]) -> None:
    known = {f"Location/{one.id}": one for one in places}
    for name, place in known.items():
        at, passed = place, {name}
        while at.managing_organization is None:
            over = _local(at.part_of)
            if over not in known or over in passed:
                break
            passed.add(over)
            at = known[over]
        _hang(own, _local(at.managing_organization), name)
