"""What stays the same of a sight while the house does: types by role and scopes, and whose part of the record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from felles.access import maker
from felles.access.agreement import parties, reach
from felles.access.decision import rights
from felles.access.ground import CONSENT
from felles.access.house import House, Standing
from felles.access.smart import scope
from felles.access.smart.restriction import Restriction, restriction
from felles.access.who import Kind, Who
from felles.record import definition
from felles.record.guard import Hidden, Sight
from felles.record.index.leaf import system_key
from felles.record.index.relation import OPEN_HIGH
from felles.record.index.term import parameters
from felles.record.index.value import key64
from felles.record.search.condition import Condition, Not, Tokens

_CONSENT = definition.type_number("Consent")
_WISHES = Not(Tokens(parameters("Consent")["category"].numbers, ((None, system_key(CONSENT)),)))
"""Locks and blocks are not for staff to read: they would tell what is behind them."""


@dataclass(frozen=True, slots=True)
class Frame:
    """`sight` of no patient yet; `named` are the keys by which wishes may name the holder. `who` tells person, role and
    unit, not in which session: a frame is kept for all of them. It holds before the moment `until`."""

    who: Who
    named: frozenset[int]
    sight: Sight
    restriction: Restriction | None
    until: int


KEPT = 10_000
"""Frames that are kept at one epoch of the house."""
NOBODY = Sight(frozenset(), frozenset(), frozenset())
"""What somebody sees whose role has ended."""


async def frame(house: House, standing: Standing, who: Who, context: str | None, now: int) -> Frame | None:
    """The frame of somebody; None for staff whose role is no more. `context` is the id of an app's patient."""
    key = (who.id, who.role.id if who.role else "", who.acts_for, who.scopes, context)
    kept: Frame | None = standing.frames.get(key)
    if kept is not None and now < kept.until:
        return kept
    made = await _made(house, standing, who, context, now)
    if made is not None and len(standing.frames) < KEPT:
        standing.frames[key] = made
    return made


async def _made(house: House, standing: Standing, who: Who, context: str | None, now: int) -> Frame | None:
    current = who
    if who.kind is Kind.STAFF:
        found = await house.at(standing, who.id, who.role.id if who.role else "", now)
        if found is None:
            return None
        current = replace(who, role=found.role, keys=found.keys, party=found.party)
    sight = await _sight(house, standing, current, now)
    held = scoped(who, context)
    until = _until(standing, current, now)
    return Frame(current, _named(standing, current), held.narrowed(sight) if held else sight, held, until)


def _until(standing: Standing, who: Who, now: int) -> int:
    """When time alone may change the frame: a role or an agreement ends, or an agreement begins."""
    moments = [moment for one in standing.agreements for moment in (one.low, one.high)]
    moments += [who.role.end] if who.role and who.role.end is not None else []
    return min((moment for moment in moments if moment > now), default=OPEN_HIGH)


def scoped(who: Who, context: str | None) -> Restriction | None:
    """What the holder's scopes leave; None without scopes."""
    return None if who.scopes is None else _restriction(who.scopes, context)


@lru_cache(maxsize=1_024)
def _restriction(scopes: tuple[str, ...], context: str | None) -> Restriction:
    return restriction(scope.read(" ".join(scopes)), context)


def _named(standing: Standing, who: Who) -> frozenset[int]:
    own = frozenset((key64(who.id),))
    return own | {key64(who.role.id)} | standing.tree.names(who.role.unit) if who.role else own


async def _sight(house: House, standing: Standing, who: Who, now: int) -> Sight:
    allowed = rights(who)
    base = Sight(frozenset(), allowed.type_numbers, allowed.loose_numbers)
    if who.kind is not Kind.STAFF:
        return base
    return await _reaching(house, standing, who, replace(base, limits={_CONSENT: _WISHES}), now)


async def _reaching(house: House, standing: Standing, who: Who, base: Sight, now: int) -> Sight:
    """Within agreements: the parts of those who share one; without: the own part."""
    shared = reach(who.party, standing.agreements, now)
    all_parties = parties(standing.agreements, now)
    if len(shared) == 1 and len(standing.tree.parties) > 1:
        return _own_part(base, maker.only(await _keys(house, standing, shared)))
    if others := all_parties - shared:
        theirs, ours = await _keys(house, standing, others), await _keys(house, standing, shared)
        return replace(base, hidden=(Hidden(0, maker.others(theirs, ours)),))
    return base


def _own_part(base: Sight, limits: Mapping[int, Condition | None]) -> Sight:
    known = {number: one for number, one in limits.items() if one is not None}
    types = (base.types or frozenset()) - {number for number, one in limits.items() if one is None}
    return replace(base, types=types, limits={**base.limits, **known})


async def _keys(house: House, standing: Standing, legal: frozenset[str]) -> frozenset[int]:
    """Keys of all units of these legal entities, and of everybody in them."""
    units = sorted({one for party in legal for one in standing.tree.within(party)})
    return frozenset(key for party in legal for key in standing.tree.keys(party)) | await house.members(units)
