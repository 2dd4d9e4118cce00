"""The decision: may somebody do something with what concerns one patient, on what ground? Deny by default.

One pure function over frozen plain data. Locks beat roles, blocks of named persons beat emergencies, an emergency or
the patient's consent opens locks; scopes and agreements are asked beside it (`guard`) and only ever narrow.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from felles.access import age
from felles.access.facts import Facts, Opening, Wish
from felles.access.grace import counts
from felles.access.ground import HIDDEN_FROM_PARENTS, HIDDEN_FROM_PATIENT, LABEL, OF_RELATION, Ground
from felles.access.part import WHOLE, Part, Traits
from felles.access.right import NOTHING, PATIENT, SYSTEM, Rights, of_role
from felles.access.who import Kind, Purpose, Who
from felles.record.guard import Act
from felles.record.index.value import cached_key64


class Reason(StrEnum):
    """Why not; or, of a yes, that there is no reason against it."""

    GRANTED = "granted"
    ROLE = "role"
    ENDED = "ended"
    NO_RELATION = "no-relation"
    LOCKED = "locked"
    BLOCKED = "blocked"
    AGE = "age"
    PROTECTED = "protected"
    NOT_REPRESENTED = "not-represented"
    PURPOSE = "purpose"
    OBJECTION = "objection"


@dataclass(frozen=True, slots=True)
class What:
    """What is asked for. `facts` of the one patient concerned, None where no patient is; `type` a resource type, None
    for the record as such; `traits` of one resource, None for all of a kind. `named` are the keys by which wishes may
    name the asker: person, role, unit and the units above. `guarded`: the asker's own address is protected."""

    facts: Facts | None
    act: Act = Act.READ
    type: str | None = None
    traits: Traits | None = None
    named: frozenset[int] = frozenset()
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """A part that stays closed, but for the parts that were opened."""

    part: Part
    opened: tuple[Part, ...] = ()

    def holds(self, one: Traits) -> bool:
        return self.part.holds(one) and not any(part.holds(one) for part in self.opened)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ground` is None when not allowed. `closed`: parts that a yes does not reach; `only`: types it is limited to
    (None: all); `by`: the id of the Consent that opened or closed."""

    allow: bool
    ground: Ground | None = None
    reason: Reason = Reason.GRANTED
    closed: tuple[Closed, ...] = ()
    only: frozenset[str] | None = None
    by: str = ""


_ACTS = frozenset((Act.CREATE, Act.UPDATE, Act.DELETE))
_PARENTS = Closed(Part(labels=frozenset(((LABEL, HIDDEN_FROM_PARENTS), (LABEL, HIDDEN_FROM_PATIENT)))))
_PATIENT = Closed(Part(labels=frozenset(((LABEL, HIDDEN_FROM_PATIENT),))))


def decide(who: Who, what: What, why: Purpose, now: int) -> Verdict:
    """Allow or deny, with the ground or the reason; `now` in microseconds since 1970."""
    if what.type is not None and not rights(who).allow(what.act, what.type):
        return _no(Reason.ROLE)
    if who.kind is Kind.STAFF and not employed(who, now):
        return _no(Reason.ENDED)
    if what.facts is None:
        return _loose(who, what)
    verdict = _ASKED[who.kind](who, what, what.facts, why, now)
    return _of_one(verdict, what) if verdict.allow else verdict


def rights(who: Who) -> Rights:
    """What somebody may do at all."""
    if who.kind is Kind.STAFF:
        return of_role(who.role.code) if who.role else NOTHING
    return PATIENT if who.kind is Kind.PATIENT else SYSTEM


def employed(who: Who, now: int) -> bool:
    """Whether the role in which somebody works has begun and not ended."""
    role = who.role
    return role is not None and (role.start or 0) <= now and (role.end is None or now < role.end)


def _no(reason: Reason, by: str = "") -> Verdict:
    return Verdict(False, None, reason, by=by)


def _loose(who: Who, what: What) -> Verdict:
    """Where no patient is concerned: the directory and the like."""
    seen = what.type is None or what.type in rights(who).loose
    return Verdict(True, Ground.LOOSE) if seen else _no(Reason.ROLE)


def _of_one(verdict: Verdict, what: What) -> Verdict:
    """A yes to the record, narrowed to the one type and resource that were asked for."""
    if verdict.only is not None and what.type is not None and what.type not in verdict.only:
        return _no(Reason.NOT_REPRESENTED)
    if what.traits is not None and any(one.holds(what.traits) for one in verdict.closed):
        return _no(Reason.LOCKED)
    return verdict


def _staff(who: Who, what: What, facts: Facts, why: Purpose, now: int) -> Verdict:
    ground, by = _ground(who, what, facts, why, now)
    if ground is None:
        return _no(Reason.OBJECTION if by else Reason.NO_RELATION, by)
    if ground is Ground.QUALITY and what.act in _ACTS:
        return _no(Reason.PURPOSE)
    verdict = _opened(what, facts, ground, by, now)
    return _to_what_it_names(verdict, what, facts, now) if ground is Ground.CONSENT else verdict


def _to_what_it_names(verdict: Verdict, what: What, facts: Facts, now: int) -> Verdict:
    """A consent that is the only ground opens the part that it names and no more."""
    parts = tuple(one.part for one in facts.openings if one.named and one.holds(what.named, now))
    if not verdict.allow or WHOLE in parts:
        return verdict
    return replace(verdict, closed=(*verdict.closed, Closed(WHOLE, parts)))


def _opened(what: What, facts: Facts, ground: Ground, by: str, now: int) -> Verdict:
    """What is left of the record behind its locks and blocks."""
    if not facts.closed:
        return Verdict(True, ground, by=by)
    blocks = [one for one in facts.blocks if one.holds(what.named, now)]
    opened = tuple(one.part for one in facts.openings if one.holds(what.named, now))
    locks = [one for one in facts.locks if one.holds(what.named, now)]
    found = [*(Closed(one.part) for one in blocks), *_locked(locks, opened)]
    whole = next((one for one in blocks if one.part.whole), None)
    if whole is not None:
        return _no(Reason.BLOCKED, whole.id)
    if any(one.part.whole and not one.opened for one in found):
        return _no(Reason.LOCKED, next(one.id for one in locks if one.part.whole))
    return Verdict(True, ground, closed=tuple(found), by=by)


def _locked(locks: list[Wish], opened: tuple[Part, ...]) -> Iterator[Closed]:
    for one in locks:
        if WHOLE not in opened and one.part not in opened:
            yield Closed(one.part, opened)


def _ground(who: Who, what: What, facts: Facts, why: Purpose, now: int) -> tuple[Ground | None, str]:
    """The first ground that holds, the nearest first, and the Consent that made it; (None, Consent) for one that an
    objection took away."""
    if why is Purpose.OVERSIGHT:
        return None, ""
    emergency = _opening(facts, what.named, now, emergency=True)
    if emergency and emergency.part.whole:
        return Ground.EMERGENCY, emergency.id
    through = rights(who).through
    mine = {cached_key64(who.id), cached_key64(who.role.id) if who.role else 0}
    held = [] if who.keys.isdisjoint(facts.subjects) else [one for one in facts.relations if one.subject in who.keys]
    if why is Purpose.QUALITY:
        return _quality(facts, bool(held), now)
    unit: Ground | None = None
    for one in held:
        if one.ground in through and counts(one.ground, one.low, one.high, now):
            if one.subject in mine:
                return OF_RELATION[one.ground], ""
            unit = Ground.UNIT
    if unit is not None:
        return unit, ""
    consent = _opening(facts, what.named, now, emergency=False) or emergency
    return (Ground.CONSENT, consent.id) if consent else (None, "")


def _quality(facts: Facts, knew: bool, now: int) -> tuple[Ground | None, str]:
    """Quality work and learning (helsepersonelloven § 29 c): only of patients one has had to do with, at any time, who
    do not object."""
    against = next(
        (one for one in facts.objections if Purpose.QUALITY in one.purposes and one.holds(_ANYBODY, now)), None
    )
    if against is not None:
        return None, against.id
    return (Ground.QUALITY if knew else None), ""


_ANYBODY: frozenset[int] = frozenset()


def _opening(facts: Facts, named: frozenset[int], now: int, *, emergency: bool) -> Opening | None:
    """An opening that names the asker and so is a ground of its own."""
    for one in facts.openings:
        if one.emergency is emergency and one.named and one.holds(named, now):
            return one
    return None


def _patient(who: Who, what: What, facts: Facts, why: Purpose, now: int) -> Verdict:
    own = cached_key64(who.id)
    if who.acts_for is None:
        if facts.patient != own:
            return _no(Reason.NO_RELATION)
        return Verdict(True, Ground.OWN, closed=(_PATIENT,)) if age.has_own(facts.born, now) else _no(Reason.AGE)
    if facts.patient != cached_key64(who.acts_for):
        return _no(Reason.NO_RELATION)
    if facts.protected or what.guarded:
        return _no(Reason.PROTECTED)
    return _representative(own, what, facts, now)


def _representative(own: int, what: What, facts: Facts, now: int) -> Verdict:
    """A parent by the child's age, or somebody with a power of attorney."""
    acting = what.act in _ACTS
    if own in facts.parents:
        stage = age.stage(facts.born, now)
        if stage is not None and (stage.acts or not acting):
            return Verdict(True, Ground.REPRESENTATIVE, closed=(_PARENTS,), only=stage.types)
    held = [one for one in facts.representations if one.holds(frozenset((own,)), now)]
    fit = [one for one in held if (one.acts if acting else one.reads)]
    if not fit:
        aged = own in facts.parents and not held
        return _no(Reason.AGE if aged else Reason.NOT_REPRESENTED)
    areas = tuple(one.part for one in fit)
    only = None if any(not one.types for one in areas) else frozenset[str]().union(*(one.types for one in areas))
    beyond = () if WHOLE in areas else (Closed(WHOLE, areas),)
    return Verdict(True, Ground.REPRESENTATIVE, closed=(_PARENTS, *beyond), only=only, by=fit[0].id)


def _system(who: Who, what: What, facts: Facts, why: Purpose, now: int) -> Verdict:
    """A program: within its scopes, and not past locks."""
    return _opened(what, facts, Ground.SYSTEM, "", now)


_ASKED = {Kind.STAFF: _staff, Kind.PATIENT: _patient, Kind.SYSTEM: _system}
