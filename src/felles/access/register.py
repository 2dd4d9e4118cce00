"""The register of authorisations (pasientjournalforskriften § 13, Normen faktaark 47): who could do what, on which day,
granted by whom.

Read from the versions of PractitionerRole, Practitioner and Organization, so that it answers for any day since the
store began. Who granted a role is what the record says: the Provenance of that version, else whoever the log names for
the write; nobody knows the granter of a role that was imported without either.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from felles.access.audit import row as rows
from felles.access.audit.row import Row
from felles.access.chronicle import Chronicle, Version, chronicle, current
from felles.access.house import House
from felles.access.right import Rights, of_role
from felles.access.role import Employment
from felles.record import definition
from felles.record.index.term import parameters
from felles.record.index.value import key64
from felles.record.store.transaction import Reading

_PROVENANCE = definition.type_number("Provenance")
_TARGET = ", ".join(map(str, parameters("Provenance")["target"].numbers))
_TOLD = (
    "SELECT r.body FROM reference_index x JOIN resource r ON r.rid = x.rid "  # noqa: S608 - numbers and placeholders
    f"WHERE x.term IN ({_TARGET}) AND x.target = $1 AND r.type = $2 AND r.deleted = 0"
)
_WRITTEN = (rows.Act.CREATE, rows.Act.UPDATE)
_LOGGED = (
    f"SELECT body FROM log WHERE moment >= $1 AND moment < $2 AND act IN ({_WRITTEN[0].value}, {_WRITTEN[1].value})"  # noqa: S608
)
_WAITING = "SELECT body FROM trail"
_TICK = 1_000
"""Versions carry the millisecond they were written in."""
_LONGEST = 10_000_000
"""Microseconds between a row of the log and the write that it tells of, which is a little later."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """`person` "Practitioner/x" could do `rights` in `unit` on the day asked for, by version `number` of `role`, which
    was written at `since` (microseconds) by `granted_by` ("Type/id"; None: the record does not say). `name` and
    `place` are the person's and the unit's names on that day."""

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
    name: str = ""
    place: str = ""
    written: Version[Employment] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One version of a role: what it became (None: struck out), when, by whom, and why where that was told."""

    role: str
    version: Version[Employment]
    by: str | None
    reason: str


class Register:
    """The register of one store."""

    def __init__(self, store: Reading, house: House) -> None:
        self._store = store
        self._house = house

    async def at(self, moment: int, person: str | None = None, unit: str | None = None) -> list[Authorisation]:
        """Everything that was granted at a moment (microseconds), perhaps only to "Practitioner/x", or in
        "Organization/y" and below it as the tree was; by person, then role; with who granted it."""
        return await self.granted(await self.holding(moment, person, unit))

    async def holding(
        self,
        moment: int,
        person: str | None = None,
        unit: str | None = None,
        codes: Collection[str] = (),
        among: Collection[str] | None = None,
    ) -> list[Authorisation]:
        """The same, perhaps only these role codes and only `among` these units, without who granted it."""
        known = await self.chronicle()
        units = known.tree(moment)
        open_ = {one for one in (units.within(unit) if unit else units.units) if among is None or one in among}
        standing = {one for one in open_ if units.stands(one)}
        found = []
        for versions in known.roles.values():
            written = current(versions, moment)
            held = written.content if written else None
            if written is None or held is None or held.role.unit not in standing or not held.holds(moment):
                continue
            if person not in (None, held.practitioner) or (codes and held.role.code not in codes):
                continue
            holder = known.person(held.practitioner, moment)
            if holder is not None and holder.active:
                found.append(_authorisation(written, held, holder.name, units.units[held.role.unit].name))
        return sorted(found, key=lambda one: (one.person, one.role))

    async def chronicle(self) -> Chronicle:
        """The house through time."""
        return await chronicle(self._store, self._house)

    async def granted(self, found: Sequence[Authorisation]) -> list[Authorisation]:
        """With who granted each."""
        known, trail, named = await self.chronicle(), await self._trail(), []
        for one in found:
            by = (await self._who(known, trail, one.role, one.written))[0] if one.written else None
            named.append(replace(one, granted_by=by))
        return named

    async def history(self, person: str, among: Collection[str] | None = None) -> list[Change]:
        """Everything that became of the roles of "Practitioner/x" in these units (None: all), newest first."""
        known, trail = await self.chronicle(), await self._trail()
        found = []
        for role, versions in known.roles.items():
            theirs = [one.content for one in versions if one.content and one.content.practitioner == person]
            if theirs and (among is None or any(one.role.unit in among for one in theirs)):
                found += [Change(role, one, *await self._who(known, trail, role, one)) for one in versions]
        return sorted(found, key=lambda one: (one.version.since, one.version.number), reverse=True)

    async def _who(
        self, known: Chronicle, trail: Sequence[Row], role: str, written: Version[Employment]
    ) -> tuple[str | None, str]:
        """Who wrote a version, and why."""
        kept = known.authors.get((role, written.number))
        if kept is not None:
            return kept
        told = await self._provenance(role, written.number)
        by = _agent(told) if told else await self._logged(trail, role, written)
        reasons = (told or {}).get("reason") or ()
        reason = next((str(one["text"]) for one in reasons if one.get("text")), "")
        if by is not None:
            known.authors[role, written.number] = by, reason
        return by, reason

    async def _trail(self) -> list[Row]:
        """What of the log is not sealed yet."""
        return [rows.decode(body) for (body,) in await self._store.rows(_WAITING)]

    async def _provenance(self, role: str, number: int) -> Mapping[str, Any] | None:
        """The Provenance of this version (https://hl7.org/fhir/R4/provenance.html)."""
        found = await self._store.rows(_TOLD, (key64(role), _PROVENANCE))
        for told in (orjson.loads(one[0]) for one in found):
            targets = {one.get("reference") for one in told.get("target") or ()}
            if f"{role}/_history/{number}" in targets or (number == 1 and role in targets):
                provenance: Mapping[str, Any] = told
                return provenance
        return None

    async def _logged(self, trail: Sequence[Row], role: str, written: Version[Employment]) -> str | None:
        """Who wrote it, by the log's row of the write: the last before it, and after the version before."""
        type_name, _, id = role.partition("/")
        low, high = max(written.before, written.since - _LONGEST) + _TICK, written.since + _TICK
        logged = [rows.decode(body) for (body,) in await self._store.rows(_LOGGED, (low, high))]
        told = [one for one in (*logged, *trail) if one.act in _WRITTEN and one.type == type_name and id in one.ids]
        near = [one for one in told if low <= one.moment < high]
        return max(near, key=lambda one: one.moment).person if near else None


def _authorisation(written: Version[Employment], held: Employment, name: str, place: str) -> Authorisation:
    role = held.role
    return Authorisation(
        held.practitioner, role.id, role.unit, role.code, role.start, role.end, of_role(role.code), written.number,
        written.since, None, name, place, written,
    )  # fmt: skip


def _agent(told: Mapping[str, Any]) -> str | None:
    agents = [one.get("who", {}).get("reference") for one in told.get("agent") or ()]
    return next((str(one) for one in agents if one), None)
