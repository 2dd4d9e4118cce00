"""The privacy officer's oversight: what somebody has opened, who has opened somebody's record, and the log of looking
(pasientjournalloven § 18 and § 22, pasientjournalforskriften § 14, Normen faktaark 15).

Only names and birth dates tell whom a row is about; each patient who is shown so is named in the row that tells of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from felles.access import finding, limit
from felles.access.audit import insight, row
from felles.access.audit import log as logging
from felles.access.audit.log import Log
from felles.access.audit.question import Question
from felles.access.audit.row import Act, Result
from felles.access.audit.statement import many
from felles.access.audit.words import REASONS
from felles.access.consent import elevated
from felles.access.ground import Ground
from felles.access.role import OFFICER
from felles.access.subject import patient_of
from felles.access.who import Kind, Purpose, Who
from felles.record.guard import EVERYTHING
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.record import Record

COUNT, COPIED = 200, 1_000
"""Rows of the log that a page and a portion of a copy are made from."""
ONLY = {
    "emergency": (frozenset((int(Act.EMERGENCY),)), None),
    "written": (frozenset(map(int, (Act.CREATE, Act.UPDATE, Act.DELETE))), None),
    "copied": (frozenset(map(int, (Act.PRINT, Act.EXPORT, Act.MESSAGE))), None),
    "refused": (None, frozenset((int(Result.REFUSED),))),
}
"""What a list may be narrowed to: acts, results."""
GROUNDS = {
    REASONS[Ground.ENCOUNTER]: "undersøkelse eller behandling",
    REASONS[Ground.EPISODE]: "ansvar i et forløp",
    REASONS[Ground.REFERRAL]: "henvisning",
    REASONS[Ground.APPOINTMENT]: "time",
    REASONS[Ground.PLAN]: "plan",
    REASONS[Ground.TEAM]: "med i teamet",
    REASONS[Ground.DUTY]: "gjøremål",
    REASONS[Ground.GP]: "fastlege",
    REASONS[Ground.UNIT]: "enheten behandler pasienten",
    REASONS[Ground.EMERGENCY]: "nødåpning",
    REASONS[Ground.CONSENT]: "samtykke",
    REASONS[Ground.OWN]: "egen journal",
    REASONS[Ground.REPRESENTATIVE]: "på vegne av pasienten",
}
"""What the log says to patients, as it is said of them."""
_WHY = row.Why(Ground.OVERSIGHT, purpose=Purpose.OVERSIGHT)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose insight: `person` "Practitioner/x", or `patient` "Patient/x"; from one moment to before another
    (microseconds), rows older than number `before`; `only` a name of `ONLY`, empty for all."""

    person: str = ""
    patient: str = ""
    low: int | None = None
    high: int | None = None
    before: int | None = None
    only: str = ""

    def question(self, count: int) -> Question:
        """As the log is asked."""
        found = Question(count=count)
        found.people = frozenset((key64(self.person),)) if self.person else None
        found.patients = frozenset((key64(self.patient),)) if self.patient else None
        found.low, found.high = self.low or found.low, self.high or found.high
        found.before = self.before or found.before
        found.acts, found.results = ONLY.get(self.only, (None, None))
        return found

    @property
    def parameters(self) -> list[str]:
        """The names of what was asked, for the log."""
        given = {"agent": self.person, "patient": self.patient, "date": self.low or self.high, "only": self.only}
        return [name for name, value in given.items() if value]


@dataclass(frozen=True, slots=True)
class Overseer:
    """The privacy officer at work; `record` is bound to them."""

    record: Record
    who: Who
    log: Log

    def __post_init__(self) -> None:
        """Raises Problem 403 for everybody else, and for apps."""
        if not oversees_all(self.who):
            raise problem(403, "forbidden", "this is for the privacy officer")

    async def look(self, asked: Asked, now: int, *, copied: bool = False) -> insight.Insight:
        """Visits, newest first, logged before they are shown: one row that names the patients, one that names whose
        readings they are."""
        found = await insight.visits(self.record, asked.question(COPIED if copied else COUNT))
        await self._tell(Act.EXPORT if copied else Act.SEARCH, asked, found.visits, now)
        return found

    async def _tell(self, act: Act, asked: Asked, visits: Sequence[insight.Visit], now: int) -> None:
        patients = {key64(one) for visit in visits for one in visit.patients} | (
            {key64(asked.patient)} if asked.patient else set()
        )
        shown = row.What("AuditEvent", (), sum(len(one.rows) for one in visits), asked.parameters)
        rows = [row.row(now, self.who, act, patients=patients, what=shown, why=_WHY)]
        if asked.person:
            whose = row.What("Practitioner", [asked.person.partition("/")[2]], 1, asked.parameters)
            rows.append(row.row(now, self.who, act, what=whose, why=_WHY))
        await self.log.append(*rows)

    async def lines(self, patients: Iterable[str]) -> dict[str, finding.Line]:
        """Who these "Patient/x" are, by name and birth date."""
        keys = sorted({key64(one) for one in patients})
        if not keys:
            return {}
        found = await self.record.ask("log.patients.of", [many(keys, self.record.store.dialect)])
        lines = [finding.line(orjson.loads(body)) for _, body in found]
        return {one.patient: one for one in lines}

    async def patient(self, number: str, now: int) -> str | None:
        """ "Patient/x" of a whole official number; one search is a turn of the limit on looking for patients, and a row
        of the log. Raises Problem 429."""
        await limit.require(elevated(self.record), limit.FIND, self.who.id, now)
        found = await patient_of(self.record.seen_by(EVERYTHING), number)  # the row below tells of it
        patients = [key64(found)] if found else []
        what = row.What("Patient", [found.partition("/")[2]] if found else [], len(patients), ["identifier"])
        made = row.row(now, self.who, Act.FIND, patients=patients, what=what, why=_WHY)
        await elevated(self.record).commit((), lines=logging.lines(made))
        return found


def oversees_all(who: Who) -> bool:
    """Whether somebody is the privacy officer, in person."""
    return who.kind is Kind.STAFF and who.scopes is None and who.role is not None and who.role.code == OFFICER
