"""What people do with referrals, each act one transaction: assess, forward, postpone, end, mend a deadline.

An act says what becomes of the period; the rules close and open what is owed, and the letters of the outcome are signed
in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from felles.access.who import Kind, Who
from felles.clerical.code import code
from felles.clerical.conservation import refuse
from felles.clerical.period import OPEN, Period, Postponement, Status, is_period, of, over
from felles.delivery import Order, posted, template
from felles.delivery.case import day as written
from felles.duties.calendar import NORWAY
from felles.duties.reading import Outside
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Deed, Put, parted


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a doctor decides of a referral. `without`: roles that a letter leaves out, and why; `text`: in the letter,
    besides what it says anyway."""

    outcome: str
    care: str = ""
    field: str = ""
    deadline: date | None = None
    guide: str = ""
    pathway: str = ""
    reason: str = ""
    text: str = ""
    without: tuple[tuple[str, str], ...] = ()


async def period(record: Record, id: str) -> Period:
    """A referral period. Raises Problem 404 for one that is not there or not open to the reader."""
    found = await record.resource("EpisodeOfCare", id)
    if not is_period(found):
        raise problem(404, "not-found", "there is no referral period of this id")
    return of(found)


async def assess(record: Record, who: Who, id: str, said: Assessment, now: int, version: int = 0) -> Period:
    """Assesses a referral (vurderer): the right, the deadline or the refusal, the letters to patient, referrer and GP,
    and the duty to give an appointment, together or not at all. Raises Problem 403, 404, 412 when others were faster,
    422 with every fault."""
    made, letters = await assessed(record, who, id, said, now, version)
    await _commit(record, made, version or made.version, letters)
    return made


async def assessed(
    record: Record, who: Who, id: str, said: Assessment, now: int, version: int = 0
) -> tuple[Period, list[Put]]:
    """What an assessment would make: the period and its letters, of which nothing is written yet. Raises Problem as
    `assess` does."""
    one = await _mine(record, who, id, Status.RECEIVED, version=version)
    today = NORWAY.day(now)
    code("outcome", said.outcome, today, "outcome")
    right = said.outcome == "right"
    made = replace(
        one, status=Status.WAITING if right else Status.CANCELLED, assessed=today, outcome=said.outcome,
        care=said.care, field=said.field, deadline=said.deadline if right else None, guide=said.guide,
        pathway=said.pathway or one.pathway, reason="" if right else said.reason.strip(), complaint=not right,
        by=who.id,
    )  # fmt: skip
    person = await record.resource("Patient", one.patient.partition("/")[2])
    refuse(one, made, today, person.get("birthDate"))
    order = Order(
        "right" if right else "no-right", one.patient, f"EpisodeOfCare/{one.id}", one.unit, who.id,
        text=said.text if right else said.reason.strip(), without=dict(said.without), fields=_fields(made),
    )  # fmt: skip
    return made, await _letters(record, order, now)


def _fields(one: Period) -> dict[str, str]:
    deadline = {"referral.deadline": written(one.deadline.isoformat())} if one.deadline else {}
    return {"referral.received": written(one.seniority.isoformat()), **deadline}


async def _letters(record: Record, order: Order, now: int) -> list[Put]:
    read = Outside(record)
    return await posted(read, await template(read, order.template), order, now)


async def forward(record: Record, who: Who, id: str, unit: str, reason: str, version: int = 0) -> Period:
    """Sends a referral on to the unit that is right for it (never refused for being another's): the clock goes on from
    the first receipt (pbrl. § 2-2). Raises Problem 422 for a unit that does not stand."""
    one = await _mine(record, who, id, Status.RECEIVED, version=version)
    there = await Outside(record).read("Organization", unit.partition("/")[2])
    if there is None or there.get("active") is False or not unit.startswith("Organization/"):
        raise problem(422, "business-rule", "choose a unit that stands", "EpisodeOfCare.managingOrganization")
    made = replace(one, unit=unit, reason=_words(reason, "say why it is the other unit's"), by=who.id)
    await _commit(record, made, one.version)
    return made


async def postpone(record: Record, who: Who, id: str, said: str, words: str, now: int, version: int = 0) -> Period:
    """A postponement (utsettelse, Volven 8446). One that the patient causes says what was offered and answered."""
    one = await _mine(record, who, id, Status.WAITING, version=version)
    day = NORWAY.day(now)
    row = code("postponement", said, day, "postponement")
    if row.patient:
        _words(words, "write what was offered and what the patient answered")
    made = replace(one, postponed=(*one.postponed, Postponement(day, said, words.strip() or row.nb)), by=who.id)
    await _commit(record, made, one.version)
    return made


async def end(record: Record, who: Who, id: str, said: str, day: date, reason: str = "", version: int = 0) -> Period:
    """Ends the wait (ventetid sluttkode, Volven 8445): 1 begins care, the others end the period."""
    one = await _mine(record, who, id, *OPEN, version=version)
    code("end", said, day, "end")
    if day < one.seniority:
        raise problem(422, "business-rule", "the wait does not end before it began", "EpisodeOfCare.extension.ended")
    status = Status.ACTIVE if said == "1" else Status.CANCELLED
    made = replace(one, status=status, ended=day, end=said, reason=reason.strip() or one.reason, by=who.id)
    await _commit(record, made, one.version)
    return made


async def change_deadline(record: Record, who: Who, id: str, deadline: date, reason: str, version: int = 0) -> Period:
    """Sets another deadline, with a reason of its own; a new appointment never moves it."""
    one = await _mine(record, who, id, Status.WAITING, version=version)
    made = replace(one, deadline=deadline, reason=_words(reason, "a deadline is changed with a reason"), by=who.id)
    await _commit(record, made, one.version)
    return made


async def refer_on(record: Record, who: Who, id: str, referral: str, unit: str, now: int) -> Period:
    """A re-referral or a parallel referral: a period of its own at another unit, whose seniority date is that of the
    first receipt (ansiennitetsdato travels)."""
    one = await _mine(record, who, id, *Status)
    made = Period(
        new_id(), one.patient, unit, (referral,), Status.RECEIVED, one.seniority, NORWAY.day(now),
        field=one.field, pathway=one.pathway, by=who.id,
    )  # fmt: skip
    await _commit(record, made, -1)
    return made


async def _mine(record: Record, who: Who, id: str, *status: Status, version: int = 0) -> Period:
    """The period, of the own unit and in one of these states; at the version that somebody saw, if they say so."""
    if who.kind is not Kind.STAFF or who.role is None:
        raise problem(403, "forbidden", "referrals are handled by staff")
    one = await period(record, id)
    if one.unit != who.role.unit:
        raise problem(403, "forbidden", "this referral is another unit's; ask them, or have it forwarded")
    if one.status not in status:
        raise problem(409, "conflict", f"the referral is {one.status.value} by now; read it again")
    if version not in (0, one.version):
        raise problem(412, "conflict", "others have changed the referral meanwhile; read it again")
    return one


def _words(text: str, otherwise: str) -> str:
    found = " ".join(text.split())
    if len(found) < 4:
        raise problem(422, "required", otherwise, "EpisodeOfCare.extension.reason")
    return found


async def _commit(record: Record, made: Period, version: int, more: Sequence[Deed] = ()) -> None:
    """One transaction, only if the version read is still current; what others have put on the episode stays."""
    held = await record.resource("EpisodeOfCare", made.id) if version > 0 else {}
    writes, lines = parted([Put(over(held, made)), *more])
    writes[0].match = version
    await record.commit(writes, lines=lines)
