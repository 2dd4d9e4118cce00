"""The directory of people, units and roles, read from the record and kept for one house epoch.

What has changed the house makes a new epoch in the transaction of the change: an ended employment is gone with the
next reading, in every process.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from felles.access.agreement import Agreement, agreement
from felles.access.epoch import among, epochs, listed
from felles.access.right import of_role
from felles.access.role import Employment, employment
from felles.access.unit import Piece, Tree, tree
from felles.access.who import Kind, Who
from felles.record import definition
from felles.record.index.value import key64
from felles.record.store.transaction import Reading

_PIECES = ("Organization", "HealthcareService", "Location")
_OF_TYPE = "SELECT body FROM resource WHERE type = $1 AND deleted = 0"
_ROLES_OF = (
    "SELECT r.body FROM reference_index x JOIN resource r ON r.rid = x.rid "
    "WHERE x.target = $1 AND r.type = $2 AND r.deleted = 0"
)
_decode = msgspec.json.Decoder(Piece).decode


@dataclass(frozen=True)
class Standing:
    """The house at one epoch: the tree, the agreements, and the roles that were asked for since, with their
    holders; `frames` is for whoever derives something from it that holds as long."""

    epoch: int
    tree: Tree
    agreements: tuple[Agreement, ...]
    roles: dict[str, tuple[Employment, Who] | None] = field(default_factory=dict)
    frames: dict[Any, Any] = field(default_factory=dict)


class House:
    """The directory of one store, for all requests of a process."""

    def __init__(self, store: Reading) -> None:
        self._store = store
        self._standing: Standing | None = None

    async def standing(self, epoch: int | None = None) -> Standing:
        """The house at this epoch (None: as it is now)."""
        wanted = (await epochs(self._store, ())).house if epoch is None else epoch
        if self._standing is None or self._standing.epoch < wanted:
            self._standing = await self._read(wanted)
        return self._standing

    async def _read(self, epoch: int) -> Standing:
        pieces = [[_decode(body) for body in await self._bodies(name)] for name in _PIECES]
        contracts = [agreement(orjson.loads(body)) for body in await self._bodies("Contract")]
        return Standing(epoch, tree(*pieces), tuple(one for one in contracts if one is not None))

    async def _bodies(self, type_name: str) -> list[bytes]:
        return [row[0] for row in await self._store.rows(_OF_TYPE, (definition.type_number(type_name),))]

    async def who_of(self, practitioner: str, role: str, moment: int) -> Who | None:
        """Somebody at work in one role, "Practitioner/x" in "PractitionerRole/y"; None when the person, the role, the
        unit or a unit above it is not, or no longer, active, or the role is another's."""
        return await self.at(await self.standing(), practitioner, role, moment)

    async def who_lately(self, practitioner: str, role: str, moment: int) -> Who | None:
        """The same as this process last read the house. Whoever is bound to it is asked again by the guard, at the
        epoch that stands beside the rows."""
        found = await self.at(self._standing, practitioner, role, moment) if self._standing is not None else None
        return found or await self.who_of(practitioner, role, moment)

    async def at(self, standing: Standing, practitioner: str, role: str, moment: int) -> Who | None:
        """The same, in a house that has been read."""
        if role not in standing.roles:
            standing.roles[role] = await self._held(standing, role)
        found = standing.roles[role]
        if found is None or found[0].practitioner != practitioner or not found[0].holds(moment):
            return None
        return found[1]

    async def _held(self, standing: Standing, role: str) -> tuple[Employment, Who] | None:
        """A role with its holder, dates aside; None when person, role or unit is not active."""
        body = await current(self._store, role) if role.startswith("PractitionerRole/") else None
        held = employment(body) if body else None
        person = await current(self._store, held.practitioner) if held else None
        if held is None or person is None or person.get("active") is False or not standing.tree.stands(held.role.unit):
            return None
        return held, _who(person, held, standing.tree)

    async def roles_of(self, practitioner: str, moment: int) -> list[Who]:
        """Everything somebody may work as at a moment, to choose among."""
        rows = await self._store.rows(_ROLES_OF, (key64(practitioner), definition.type_number("PractitionerRole")))
        found = sorted({f"PractitionerRole/{orjson.loads(row[0])['id']}" for row in rows})
        people = [await self.who_of(practitioner, role, moment) for role in found]
        return [one for one in people if one is not None]

    async def members(self, units: Sequence[str]) -> frozenset[int]:
        """Keys of all roles at these units, and of the people in them."""
        targets = listed(self._store, map(key64, units))
        sql = (
            "SELECT r.body FROM reference_index x JOIN resource r ON r.rid = x.rid "  # noqa: S608 - placeholders only
            f"WHERE {among(self._store, 'x.target')} AND r.type = $2 AND r.deleted = 0"
        )
        rows = await self._store.rows(sql, (*targets, definition.type_number("PractitionerRole")))
        held = [one for one in (employment(orjson.loads(row[0])) for row in rows) if one is not None]
        return frozenset(key64(name) for one in held for name in (one.role.id, one.practitioner))


_CURRENT = "SELECT r.id, r.body FROM directory d JOIN resource r ON r.rid = d.rid WHERE d.key = $1 AND r.deleted = 0"


async def current(store: Reading, address: str) -> dict[str, Any] | None:
    """The current version of "Type/id" as the system reads it; None where there is none."""
    rows = await store.rows(_CURRENT, (key64(address),))
    if not rows or rows[0][0] != address.partition("/")[2]:
        return None
    found: dict[str, Any] = orjson.loads(rows[0][1])
    return found


def _who(person: dict[str, Any], held: Employment, units: Tree) -> Who:
    unit = held.role.unit
    own = units.keys(unit) if of_role(held.role.code).below else frozenset((key64(unit),))
    keys = own | {key64(held.practitioner), key64(held.role.id)}
    return Who(held.practitioner, name_of(person), Kind.STAFF, held.role, keys, units.party(unit))


def name_of(person: dict[str, Any]) -> str:
    """The official name, else the first, as it is said."""
    names = person.get("name") or [{}]
    chosen: dict[str, Any] = next((one for one in names if one.get("use") == "official"), names[0])
    return str(chosen.get("text") or " ".join([*(chosen.get("given") or ()), chosen.get("family") or ""])).strip()
