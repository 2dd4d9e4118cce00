"""What the pages need of access: who sits there, the record as they may see it, and the log of what was shown."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from felles.access.acting import held
from felles.access.audit import insight, row
from felles.access.audit.insight import Insight
from felles.access.audit.log import Log
from felles.access.audit.reach import reach_of
from felles.access.decision import rights
from felles.access.ground import Ground
from felles.access.guard import Access, Watch
from felles.access.representation import Represented, acts, reads
from felles.access.session import Session
from felles.access.who import Kind, Purpose, Who
from felles.access.writing import ground_of
from felles.record.guard import Act
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.record import Record


@dataclass(frozen=True, slots=True)
class Sitting:
    """One request of somebody at work on the pages. `record` is bound to them; `acting`: whom they act for, and on
    what grounds."""

    who: Who
    record: Record
    watch: Watch
    log: Log
    acting: Represented | None = None

    @property
    def finds(self) -> bool:
        """Whether looking for patients is part of the work."""
        return self.who.kind is Kind.STAFF and rights(self.who).allow(Act.SEARCH, "Patient")

    def sees(self, type_name: str) -> bool:
        """Whether the role, or the right to represent somebody, shows resources of a type at all."""
        allowed = rights(self.who).allow(Act.SEARCH, type_name)
        return allowed and (self.acting is None or reads(self.acting.mandates, type_name))

    def writes(self, type_name: str) -> bool:
        """Whether the role writes new resources of a type at all."""
        return self.who.kind is Kind.STAFF and rights(self.who).allow(Act.CREATE, type_name)

    @property
    def decides(self) -> bool:
        """Whether this person may put down what the patient wants closed: the patient, or who may act in all."""
        return bool(self.home) and (self.acting is None or acts(self.acting.mandates, "Consent"))

    @property
    def home(self) -> str:
        """The id of the patient whose own record this is, empty for staff."""
        return (self.who.acts_for or self.who.id).removeprefix("Patient/") if self.who.kind is Kind.PATIENT else ""

    async def told(self, act: row.Act, parameters: Iterable[str], status: int) -> None:
        """Before the answer leaves: the log is durable on return. Raises Problem 503 or 507: show nothing then."""
        if not (self.watch.shown or self.watch.refused):
            return
        shown = self.watch.shown
        patients = {one.patient for one in shown if one.patient}
        patients |= {key for _, _, keys in self.watch.refused for key in keys}
        result = row.Result.FAILED if status >= 500 else row.Result.REFUSED if status >= 400 else row.Result.OK
        asked = row.What("", [], len(shown), parameters)
        await self.log.append(*(self._row(act, group, asked, result) for group in self._apart(patients)))

    def _apart(self, patients: set[int]) -> list[set[int]]:
        """Those whose records are open to the person, and those of whom a room has shown something: each with its own
        ground."""
        decided = {one for one in patients if one in self.watch.verdicts}
        return [group for group in (decided, patients - decided) if group] or [set()]

    def _row(self, act: row.Act, patients: set[int], what: row.What, result: row.Result) -> row.Row:
        why = row.Why(ground_of(self.watch.verdicts, frozenset(patients)), purpose=self.who.purpose)
        return row.row(time.time_ns() // 1_000, self.who, act, patients=patients, what=what, why=why, result=result)


@dataclass(frozen=True, slots=True)
class Desk:
    """The desks of one process. `record` is the system's own."""

    record: Record
    access: Access
    log: Log

    async def open(self, session: Session, now: float) -> Sitting | None:
        """Somebody at work; None for staff without a role, or whose role has ended, and for a patient who acts for
        somebody without the right any more."""
        moment, acting = int(now * 1e6), None
        if session.acts_for is not None:
            acting = await held(self.record, session.person, session.acts_for, moment)
            if acting is None:
                return None
        who = await self._who(session, moment)
        if who is None:
            return None
        who = replace(who, level=session.level, signed=session.signed, session=session.id)
        watch = self.access.guard(who)
        return Sitting(who, self.record.seen_by(watch), watch, self.log, acting)

    async def visits(self, who: Who, before: int | None) -> Insight:
        """Who has been in somebody's own record, newest first; that it was looked up is in the log before it is shown.
        Raises Problem 403 for whom the log tells nothing, 503 or 507 where it cannot be written."""
        own = key64(who.id)
        if own not in (await reach_of(who, self.access.house)).patients:
            raise problem(403, "forbidden", "the log of a record is for whose record it is")
        found = await insight.of_patient(self.record, who.id, before)
        what, why = row.What("AuditEvent", count=len(found.visits)), row.Why(Ground.OWN)
        await self.log.append(row.row(time.time_ns() // 1_000, who, row.Act.READ, patients=[own], what=what, why=why))
        return found

    async def _who(self, session: Session, moment: int) -> Who | None:
        if session.person.startswith("Patient/"):
            purpose = Purpose.REPRESENTING if session.acts_for else Purpose.OWN
            return Who(session.person, "", Kind.PATIENT, purpose=purpose, acts_for=session.acts_for)
        if session.role is None:
            return None
        return await self.access.house.who_of(session.person, session.role, moment)
