"""How far a role that keeps the house reaches: its own unit and what lies below it, over every interface. Nobody moves
another's unit, role or employee into the own tree either."""

import orjson

from felles.access.house import Standing, current
from felles.access.role import employment
from felles.access.who import Kind, Who
from felles.record import definition
from felles.record.guard import Touch
from felles.record.index.value import cached_key64, key64
from felles.record.store.transaction import Reading

KEPT = frozenset(("PractitionerRole", "Organization", "Practitioner"))
_ROLES = (
    "SELECT r.body FROM reference_index x JOIN resource r ON r.rid = x.rid "
    "WHERE x.target = $1 AND r.type = $2 AND r.deleted = 0"
)


async def beyond(store: Reading, standing: Standing, who: Who, touch: Touch) -> bool:
    """Whether a write is of a role, unit or employee that is for others to keep (pasientjournalforskriften § 13: each
    legal entity authorises its own)."""
    if touch.type not in KEPT or who.kind is not Kind.STAFF:
        return False
    others = frozenset(map(cached_key64, standing.tree.units)) - who.keys
    if not others.isdisjoint(touch.named):
        return True
    if touch.type == "Organization":
        return key64(f"Organization/{touch.id}") in others
    if touch.type == "PractitionerRole":
        return not others.isdisjoint(await _of_role(store, f"PractitionerRole/{touch.id}"))
    theirs = await _of_person(store, f"Practitioner/{touch.id}")
    return bool(theirs) and who.keys.isdisjoint(theirs)


async def _of_role(store: Reading, role: str) -> frozenset[int]:
    """The unit of a role as it stands."""
    body = await current(store, role)
    held = employment(body) if body else None
    return frozenset((key64(held.role.unit),)) if held else frozenset()


async def _of_person(store: Reading, person: str) -> frozenset[int]:
    """The units of somebody's roles that are in use."""
    rows = await store.rows(_ROLES, (key64(person), definition.type_number("PractitionerRole")))
    found = [employment(orjson.loads(body)) for (body,) in rows]
    return frozenset(key64(one.role.unit) for one in found if one is not None and one.active)
