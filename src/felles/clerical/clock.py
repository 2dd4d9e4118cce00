"""The clocks of a referral, as law sets them; pure, and dated where the law is.

Pasient- og brukerrettighetsloven § 2-2 (assessment, right and deadline; section numbers before the reform of Prop. 40 L
(2022-2023), whose coming into force is not told here), prioriteringsforskriften § 4 a (young people).
"""

from collections.abc import Iterator
from datetime import date, timedelta

from felles.access.age import births, turns
from felles.clerical.code import tables
from felles.clerical.period import STEPS, Period, Status
from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays, due, last_day, nth_working_day

ASSESS = WorkingDays(10)
"""Assessed within ten working days after the first receipt in the specialist service; forwarding starts nothing
anew."""
YOUNG_DAYS = 65
"""Working days at the most until care begins for who is under 23, in mental health and addiction care."""
YOUNG = 23
LEAD_DAYS = 14
"""Policy: an appointment is given at least so many days before the deadline, or a breach is probable."""


def assessed_by(seniority: date) -> int:
    """The moment at which the assessment is late, in microseconds."""
    return due(ASSESS, NORWAY.moment(seniority))


def last_day_to_assess(seniority: date) -> date:
    """The last day on which it is assessed in time."""
    return last_day(assessed_by(seniority))


def first_assessed_in_time(day: date) -> date:
    """The first seniority date whose assessment on a day is still in time."""
    found = day
    while last_day_to_assess(found - timedelta(days=1)) >= day:
        found -= timedelta(days=1)
    return found


def late_from(deadline: date) -> int:
    """The moment at which a deadline has been broken."""
    return NORWAY.moment(deadline + timedelta(days=1))


def is_young(born: str | None, day: date) -> bool:
    """Whether somebody is under 23 on a day."""
    span = births(born)
    return span is not None and NORWAY.moment(day) < turns(span[1], YOUNG)


def latest(period: Period, born: str | None) -> date | None:
    """The latest deadline that may be set; None where medical judgement alone decides."""
    row = tables()["field"].get(period.field)
    if row is None or not row.young or not is_young(born, period.seniority):
        return None
    return nth_working_day(YOUNG_DAYS, period.seniority)


def faults(before: Period | None, now: Period, today: date, born: str | None = None) -> Iterator[tuple[str, str]]:
    """What a version of a period may not say: element and words."""
    if before is not None:
        yield from _steps(before, now)
    if now.received < now.seniority:
        yield "received", "the receipt here is not before the first receipt in the specialist service"
    if now.seniority > today or now.received > today:
        yield "received", "a referral is not received in the future"
    yield from _codes(now, today)
    if now.outcome == "no-right" and (not now.reason.strip() or not now.complaint):
        yield "reason", "a refusal says why, and tells of the right to complain to Statsforvalteren (pbrl. § 7-2)"
    if now.status is Status.WAITING and (now.outcome != "right" or now.deadline is None or now.assessed is None):
        yield "deadline", "who waits has been assessed: outcome, day of assessment and deadline"
    yield from _deadline(before, now, born)
    if now.status in (Status.ACTIVE, Status.CANCELLED) and now.outcome == "right" and not (now.ended and now.end):
        yield "end", "a wait that is over says when and how it ended (Volven 8445)"


def _steps(before: Period, now: Period) -> Iterator[tuple[str, str]]:
    if now.status is not before.status and now.status not in STEPS[before.status]:
        yield "status", f"a period that is {before.status.value} does not become {now.status.value}"
    if now.seniority != before.seniority:
        yield "seniority", "the seniority date is that of the first receipt, and travels unchanged"


def _codes(now: Period, today: date) -> Iterator[tuple[str, str]]:
    used = {"outcome": now.outcome, "care": now.care, "field": now.field, "end": now.end}
    for table, value in used.items():
        if value and (value not in tables()[table] or not tables()[table][value].holds(today)):
            yield table, f"{value!r} is not among: {', '.join(tables()[table])}"
    for one in now.postponed:
        row = tables()["postponement"].get(one.code)
        if row is None:
            yield "postponement", f"{one.code!r} is not among: {', '.join(tables()['postponement'])}"
        elif row.patient and not one.words.strip():
            yield "postponement", "a postponement by the patient says what was offered, and what the patient answered"


def _deadline(before: Period | None, now: Period, born: str | None) -> Iterator[tuple[str, str]]:
    if now.deadline is None:
        return
    if now.deadline < now.seniority:
        yield "deadline", "a deadline is not before the receipt"
    most = latest(now, born)
    if most is not None and now.deadline > most:
        yield "deadline", f"under 23 the deadline is at the latest {most:%d.%m.%Y}: {YOUNG_DAYS} working days"
    if before is not None and before.deadline not in (None, now.deadline) and now.reason.strip() in ("", before.reason):
        yield "reason", "a deadline is changed with a reason of its own"
