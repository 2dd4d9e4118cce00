"""The register of authorisations (pasientjournalforskriften § 13, Normen faktaark 47): who could do what, on which day,
granted by whom.

Read from the versions of PractitionerRole, so that it answers for any day since the store began. Who granted a role is
what the record says: the Provenance of that version, else whoever the log names for the write; nobody knows the
granter of a role that was imported without either.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from felles.access.audit import row as rows
from felles.access.house import House
from felles.access.right import Rights, of_role
from felles.access.role import Employment, employment
from felles.record import definition
from felles.record.index.term import parameters
from felles.record.index.value import key64
from felles.record.store.transaction import Reading

_ROLE, _PROVENANCE = definition.type_number("PractitionerRole"), definition.type_number("Provenance")
_VERSIONS = (
    "SELECT rid, number, updated, body FROM resource WHERE rid IN (SELECT rid FROM change WHERE type = $1) "
    "UNION ALL SELECT rid, number, updated, body FROM version WHERE rid IN (SELECT rid FROM change WHERE type = $1)"
)
_TARGET = ", ".join(map(str, parameters("Provenance")["target"].numbers))
_TOLD = (
    "SELECT r.body FROM reference_index x JOIN resource r ON r.rid = x.rid "  # noqa: S608 - numbers and placeholders
    f"WHERE x.term IN ({_TARGET}) AND x.target = $1 AND r.type = $2 AND r.deleted = 0"
)
_WRITTEN = (rows.Act.CREATE, rows.Act.UPDATE)
_LOGGED = (
    f"SELECT body FROM log WHERE moment >= $1 AND moment < $2 AND act IN ({_WRITTEN[0].value}, {_WRITTEN[1].value}) "  # noqa: S608
    "UNION ALL SELECT body FROM trail"
)
_TICK = 1_000
"""Versions carry the millisecond they were written in."""
_LONGEST = 10_000_000
"""Microseconds between a row of the log and the write that it tells of, which is a little later."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """`person` "Practitioner/x" could do `rights` in `unit` on the day asked for, by version `number` of `role`, which
    was written at `since` (microseconds) by `granted_by` ("Type/id"; None: the record does not say)."""

    person: str
    role: str
    unit: str
    code: str
    start: int | None
    end: int | None
    rights: Rights
    number: int
    since: int
    granted_by: str | None = None


class Register:
    """The register of one store."""

    def __init__(self, store: Reading, house: House) -> None:
        self._store = store
        self._house = house

    async def at(self, moment: int, person: str | None = None, unit: str | None = None) -> list[Authorisation]:
        """Everything that was granted at a moment (microseconds), perhaps only to "Practitioner/x", or in
        "Organization/y" and below it as the tree is today; by person, then role."""
        within = (await self._house.standing()).tree.within(unit) if unit else None
        found = []
        for written, held in await self._held(moment):
            if person in (None, held.practitioner) and (within is None or held.role.unit in within):
                found.append(await self._authorisation(written, held))
        return sorted(found, key=lambda one: (one.person, one.role))

    async def _held(self, moment: int) -> list[tuple["_Written", Employment]]:
        """Each role that gave something at a moment, by the version that was current then."""
        versions: dict[int, list[tuple[int, int, bytes | None]]] = defaultdict(list)
        for rid, number, updated, body in await self._store.rows(_VERSIONS, (_ROLE,)):
            if updated <= moment:
                versions[rid].append((number, updated, body))
        found = []
        for *_, before, newest in ([(0, 0, None), *sorted(each)] for each in versions.values()):
            held = employment(orjson.loads(newest[2])) if newest[2] else None
            if held is not None and held.holds(moment):
                found.append((_Written(newest[0], newest[1], before[1]), held))
        return found

    async def _authorisation(self, written: "_Written", held: Employment) -> Authorisation:
        role = held.role
        granter = await self._provenance(role.id, written.number) or await self._logged(role.id, written)
        return Authorisation(
            held.practitioner, role.id, role.unit, role.code, role.start, role.end, of_role(role.code), written.number,
            written.updated, granter,
        )  # fmt: skip

    async def _provenance(self, role: str, number: int) -> str | None:
        """The agent of a Provenance of this version (https://hl7.org/fhir/R4/provenance.html)."""
        found = await self._store.rows(_TOLD, (key64(role), _PROVENANCE))
        for told in (orjson.loads(one[0]) for one in found):
            targets = {one.get("reference") for one in told.get("target") or ()}
            if f"{role}/_history/{number}" in targets or (number == 1 and role in targets):
                return _agent(told)
        return None

    async def _logged(self, role: str, written: "_Written") -> str | None:
        """Who wrote it, by the log's row of the write: the last before it, and after the version before."""
        type_name, _, id = role.partition("/")
        low, high = max(written.before, written.updated - _LONGEST) + _TICK, written.updated + _TICK
        logged = [rows.decode(body) for (body,) in await self._store.rows(_LOGGED, (low, high))]
        told = [one for one in logged if one.act in _WRITTEN and one.type == type_name and id in one.ids]
        near = [one for one in told if low <= one.moment < high]
        return max(near, key=lambda one: one.moment).person if near else None


@dataclass(frozen=True, slots=True)
class _Written:
    """A version: its number, when it was written, and when the one before it was (0: none); microseconds."""

    number: int
    updated: int
    before: int


def _agent(told: Mapping[str, Any]) -> str | None:
    agents = [one.get("who", {}).get("reference") for one in told.get("agent") or ()]
    return next((str(one) for one in agents if one), None)
