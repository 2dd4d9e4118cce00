"""The record's guard in somebody's name: what `decide` says of each patient, as a sight that search turns into SQL.

A guard lives for one request. It reads epochs where the reader has not, takes a yes from kept facts only at these
epochs, and asks the store again before it says no.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from felles.access import decision
from felles.access.birthnumber import sees_numbers, without_numbers
from felles.access.decision import Verdict, What
from felles.access.dossier import Dossier
from felles.access.epoch import epochs as read_epochs
from felles.access.facts import Facts
from felles.access.frame import NOBODY, Frame, frame, scoped
from felles.access.grace import counts
from felles.access.hiding import hidden
from felles.access.house import House
from felles.access.right import LOOSE, numbers
from felles.access.smart.restriction import Restriction
from felles.access.territory import KEPT as KEEPING
from felles.access.territory import beyond
from felles.access.who import Kind, Purpose, Who
from felles.access.writing import refused_call, refused_type, told
from felles.record.guard import Act, Context, Epochs, Shown, Sight, Touch
from felles.record.index.value import cached_key64, key64
from felles.record.outcome import problem
from felles.record.protection import mask
from felles.record.store import Line
from felles.record.store.transaction import Reading

SECOND = 1_000_000
KEPT = 20_000


def _now() -> int:
    return time.time_ns() // 1_000


@dataclass(frozen=True)
class Access:
    """What the guards of one process share: the directory and the facts of one store."""

    store: Reading
    house: House
    dossier: Dossier
    known: dict[Any, tuple[Frame, Facts, Verdict]] = field(default_factory=dict)

    def keep(self, asked: Any, found: tuple[Frame, Facts, Verdict]) -> None:
        """The same question about the same facts in the same second has the same answer."""
        if len(self.known) >= KEPT:
            self.known.clear()
        self.known[asked] = found

    @classmethod
    def of(cls, store: Reading) -> "Access":
        return cls(store, House(store), Dossier(store))

    def guard(self, who: Who, context: str | None = None, now: int | None = None) -> "Watch":
        """The guard of one request. `context`: the id of the patient whom an app was launched for; `now` for tests."""
        return Watch(self, who, context, now)


@dataclass
class Watch:
    """A `record.guard.Guard`. `verdicts` by patient, `shown` and `refused` are for the log; `written`: it has
    been told of a write, in the write's own transaction."""

    access: Access
    who: Who
    context: str | None = None
    now: int | None = None
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    refused: list[tuple[str, str, tuple[int, ...]]] = field(default_factory=list)
    written: bool = False
    everything: bool = False
    _frame: tuple[int, Frame | None] | None = None

    async def sight(self, patients: frozenset[int] | None = None, epochs: Epochs | None = None) -> Sight:
        """See `record.guard.Guard`."""
        if patients is None:
            patients = await self._related()
        at = epochs or await read_epochs(self.access.store, patients or ())
        held = await self._framed(at.house)
        if held is None:
            return NOBODY
        if patients is None:
            return await self._everybody(held)
        found = await self._decide(held, patients, at, Act.READ)
        return _sight(held, {one: verdict for one, verdict in found.items() if verdict.allow})

    def opened(self) -> Context:
        """See `record.guard.Guard`. A program may read of everybody, but for what `sight` hides."""
        if self.who.kind is Kind.SYSTEM:
            return Context(everything=True)
        held = self._frame[1] if self._frame else None
        who = self.who if held is None else held.who
        opened = frozenset(one for one, verdict in self.verdicts.items() if verdict.allow)
        return Context(opened, who.keys if who.kind is Kind.STAFF else frozenset((key64(who.id),)))

    def may(self, act: Act, type_name: str) -> None:
        """Raises Problem 403."""
        name = type_name.removeprefix("$")
        allowed = decision.rights(self.who).allow(act, name)
        held = scoped(self.who, self.context)
        if not allowed or (held is not None and not _within(held, act, name)):
            raise refused_call() if act is Act.CALL else refused_type()

    async def may_write(self, touches: Sequence[Touch]) -> None:
        """Raises Problem 403 for what the holder may not do, 404 for whom the holder may not know of."""
        scopes = scoped(self.who, self.context)
        for touch in touches:
            self.may(touch.act, touch.type)
            if scopes is not None and not scopes.allows_touch(touch):
                raise refused_type()
            if self._grants_itself(touch):
                raise refused_type()
            if not touch.after and touch.act is not Act.DELETE and not self._may_loosely(touch):
                raise refused_type()
        new = frozenset(key64(f"Patient/{one.id}") for one in touches if one.type == "Patient" and not one.before)
        asked = frozenset(key for one in touches for key in one.before | one.after) - new
        at = await read_epochs(self.access.store, asked)
        held = await self._framed(at.house)
        if held is None:
            raise refused_type()
        for touch in touches:
            if touch.type in KEEPING and await self._beyond(held, touch):
                raise refused_type()
            await self._may_touch(held, touch, new, at)

    async def _beyond(self, held: Frame, touch: Touch) -> bool:
        standing = await self.access.house.standing()
        return await beyond(self.access.store, standing, held.who, touch)

    async def _may_touch(self, held: Frame, touch: Touch, new: frozenset[int], at: Epochs) -> None:
        found = await self._decide(held, (touch.before | touch.after) - new, at, touch.act, touch.type)
        if not all(found[one].allow for one in touch.before):
            raise problem(404, "not-found", f"there is no {touch.type} with this id")
        if not all(verdict.allow for verdict in found.values()):
            raise problem(403, "forbidden", "the record of a patient whom this concerns is not open to you")

    def _grants_itself(self, touch: Touch) -> bool:
        """Nobody gives himself a role, whatever he may give to others."""
        return touch.type == "PractitionerRole" and cached_key64(self.who.id) in touch.named

    def _may_loosely(self, touch: Touch) -> bool:
        """What concerns no patient, or would no longer, is written only where that is in its nature."""
        return self.who.kind is Kind.SYSTEM or touch.type in LOOSE or touch.type == "Contract"

    def lines(self, touches: Sequence[Touch]) -> list[Line]:
        """See `record.guard.Guard`."""
        self.written = True
        return told(self._current(), touches, self.verdicts, self._moment())

    def mask(self, type_name: str, body: bytes) -> bytes:
        """A protected address is for no reader of the record (folkeregisterloven § 10-4), the national number of an
        employee for few."""
        shown = mask(type_name, body)
        return shown if type_name != "Practitioner" or sees_numbers(self.who) else without_numbers(shown)

    def show(self, versions: Sequence[Shown]) -> None:
        """These leave with the answer."""
        self.shown += versions

    def refuse(self, type_name: str, id: str, patients: Sequence[int]) -> None:
        """This was asked for and not given."""
        self.refused.append((type_name, id, tuple(patients)))

    def _moment(self) -> int:
        return _now() if self.now is None else self.now

    def _current(self) -> Who:
        held = self._frame[1] if self._frame else None
        if held is None:
            return self.who
        return replace(self.who, role=held.who.role, keys=held.who.keys, party=held.who.party)

    async def _framed(self, epoch: int) -> Frame | None:
        """The frame at this epoch of the house; made anew when the house has changed under the request."""
        if self._frame is None or self._frame[0] < epoch:
            standing = await self.access.house.standing(epoch)
            made = await frame(self.access.house, standing, self.who, self.context, self._moment())
            self._frame = (standing.epoch, made)
        return self._frame[1]

    async def _related(self) -> frozenset[int] | None:
        """Of whom anything can be open to the holder at all; None for a program: of anybody."""
        if self.who.kind is Kind.SYSTEM:
            return None
        if self.who.kind is Kind.PATIENT:
            return frozenset((key64(self.who.acts_for or self.who.id),))
        held = await self._framed((await read_epochs(self.access.store, ())).house)
        if held is None:
            return frozenset()
        rows = await self.access.dossier.related(held.who.keys | held.named)
        now, quality = self._moment(), self.who.purpose is Purpose.QUALITY
        return frozenset(one for one, ground, low, high in rows if quality or counts(ground, low, high, now))

    async def _everybody(self, held: Frame) -> Sight:
        """The sight of a program: everybody, but for what is locked."""
        closed = await self.access.dossier.closed()
        at = await read_epochs(self.access.store, closed)
        verdicts = await self._decide(held, closed, at, Act.READ)
        return replace(held.sight, patients=_scoped(held, None), hidden=(*held.sight.hidden, *hidden(verdicts)))

    async def _decide(
        self, held: Frame, patients: Iterable[int], at: Epochs, act: Act, type_name: str | None = None
    ) -> Mapping[int, Verdict]:
        """The verdict on each patient. Patients and their representatives are few: nothing of theirs is kept."""
        if self.who.kind is Kind.PATIENT:
            facts = await self.access.dossier.read([*patients, key64(self.who.id)])
            guarded = facts[key64(self.who.id)].protected
            return {one: self._verdict(held, facts[one], act, type_name, guarded) for one in patients}
        facts = await self.access.dossier.of(patients, at.patients)
        found = {one: self._verdict(held, facts[one], act, type_name) for one in facts}
        if refused := [one for one, verdict in found.items() if not verdict.allow]:
            fresh = await self.access.dossier.read(refused)
            found |= {one: self._verdict(held, fresh[one], act, type_name) for one in refused}
        return found

    def _verdict(
        self, held: Frame, facts: Facts, act: Act, type_name: str | None = None, guarded: bool = False
    ) -> Verdict:
        moment = self._moment()
        asked = (id(held), id(facts), act, type_name, guarded, self.who.purpose, moment // SECOND)
        known = self.access.known.get(asked)
        if known is None or known[0] is not held or known[1] is not facts:
            what = What(facts, act, type_name, None, held.named, guarded)
            known = (held, facts, decision.decide(held.who, what, self.who.purpose, moment))
            self.access.keep(asked, known)
        verdict = known[2]
        self.verdicts[facts.patient] = verdict
        return verdict


def _within(held: Restriction, act: Act, name: str) -> bool:
    """Whether scopes leave room for an act, or for an operation of this name."""
    return held.allows(act, f"${name}" if act is Act.CALL else name)


def _sight(held: Frame, verdicts: Mapping[int, Verdict]) -> Sight:
    """The frame with these patients in it."""
    base, types = held.sight, held.sight.types
    for verdict in verdicts.values():
        if verdict.only is not None:
            seen = numbers(verdict.only) | (base.loose or frozenset())
            types = seen if types is None else types & seen
    patients = _scoped(held, frozenset(verdicts))
    return Sight(patients, types, base.loose, base.hidden + hidden(verdicts), base.limits)


def _scoped(held: Frame, patients: frozenset[int] | None) -> frozenset[int] | None:
    """Those of the patients whom an app's scopes are about."""
    only = held.restriction.only if held.restriction else None
    return patients if only is None else frozenset((only,)) if patients is None else patients & {only}
