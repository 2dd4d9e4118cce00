"""The promise of an appointment before the deadline: owed from the assessment on, kept by an appointment in time, owed
again when the last such appointment is called off or the deadline changes.

What several appointments of one referral do at once is put in order by a lock on its period.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from felles.clerical import clock
from felles.clerical.period import Period, Status, of
from felles.clerical.statement import booked
from felles.duties import Kind, Level, Outcome, Owe, Reopen, Settle, Step, declare, owing
from felles.duties.deadline import WorkingDays
from felles.duties.deed import Said
from felles.duties.kind import View
from felles.record.index.value import key64
from felles.record.rule import Deed, Inside, Rule, Woken
from felles.record.store import Line, Origin

Json = dict[str, Any]
_LEADER = (Step(Level.LEADER, WorkingDays(1)), Step(Level.REGION, WorkingDays(5)))

BOOK = declare(
    Kind(
        101, "book-before-deadline", "Gi time før fristen", WorkingDays(10), _LEADER,
        proof="En time før fristen, eller at ventingen er slutt", by_hand=False, view=View.SOON,
    )
)  # fmt: skip
BREACH = declare(
    Kind(
        103, "deadline-breach-probable", "Fristbrudd er sannsynlig: finn et annet tilbud eller meld Helfo",
        WorkingDays(1), _LEADER, proof="En time før fristen, eller at ventingen er slutt", view=View.SOON,
    )
)  # fmt: skip


async def promised(inside: Inside, before: Period | None, after: Period) -> Sequence[Said]:
    """What a version of a period says of its appointment: who begins to wait is owed one unless there is one in time;
    another deadline is another promise."""
    begins = after.status is Status.WAITING and (before is None or before.status is not after.status)
    moved = before is not None and after.status is Status.WAITING and before.deadline != after.deadline
    if not (begins or moved):
        return []
    subject = f"EpisodeOfCare/{after.id}"
    kept = await _in_time(inside, after)
    if begins:
        return [] if kept else [_owe(after)]
    ended: list[Said] = [Settle(BREACH, subject, subject, Outcome.NEEDLESS)]
    if kept:
        return [*ended, Settle(BOOK, subject, f"Appointment/{kept}")]
    return [*ended, Settle(BOOK, subject, subject, Outcome.NEEDLESS), _owe(after)]


def _owe(period: Period) -> Owe:
    until = clock.late_from(period.deadline) if period.deadline else None
    return Owe(BOOK, f"EpisodeOfCare/{period.id}", period.unit, patient=period.patient, due=until)


async def _times(inside: Inside, period: Period) -> list[Json]:
    return [time for ref in period.referrals for time in await inside.search("Appointment", [("based-on", ref)])]


async def _in_time(inside: Inside, period: Period) -> str:
    """The id of the first appointment that stands, if it is before the deadline."""
    moments = {one["id"]: moment for one in await _times(inside, period) if (moment := booked([one])) is not None}
    first = min(moments, key=lambda id: (moments[id], id), default="")
    return first if first and _keeps(period, moments[first]) else ""


def _keeps(period: Period, moment: int) -> bool:
    return period.deadline is None or moment < clock.late_from(period.deadline)


async def _answered(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    """An appointment that a referral leads to: the list says when, and the promise is kept, or owed again."""
    found: list[Said | Deed] = []
    for key in await _periods(woken, inside):
        await inside.ask("duty lock", [key])
        period = await _period(inside, key)
        if period is not None:
            times = await _times(inside, period)
            moment = booked(times)
            found.append(Line("waiting booked", [key, moment]))
            proofs = sorted({woken.id, *(str(time["id"]) for time in times)})
            told = await _kept(inside, period, moment, woken.id, proofs)
            found += [one for one in told if woken.origin is not Origin.IMPORT or isinstance(one, Settle)]
    return found


async def _kept(inside: Inside, period: Period, moment: int | None, by: str, proofs: Sequence[str]) -> list[Said]:
    subject = f"EpisodeOfCare/{period.id}"
    if moment is not None and _keeps(period, moment):
        return [Settle(kind, subject, f"Appointment/{by}") for kind in (BOOK, BREACH)]
    if period.status is not Status.WAITING or await inside.ask("duty to settle", [key64(subject), BOOK.number]):
        return []
    for proof in (f"Appointment/{id}" for id in proofs):
        if await inside.ask("duty proved by", [key64(subject), BOOK.number, key64(proof)]):
            return [Reopen(BOOK, subject, proof)]
    return [_owe(period)]


async def _periods(woken: Woken, inside: Inside) -> list[int]:
    """The keys of the periods of the referrals that an appointment answers, or answered, in order."""
    sides: list[Mapping[str, Any]] = [side for side in (woken.before, woken.after) if side]
    based = {str(one.get("reference")) for side in sides for one in side.get("basedOn") or ()}
    rows = [await inside.ask("waiting of referral", [key64(one)]) for one in sorted(based)]
    return sorted({int(row[0]) for found in rows for row in found})


async def _period(inside: Inside, key: int) -> Period | None:
    names = await inside.ask("clerical name", [key])
    found = await inside.read("EpisodeOfCare", names[0][0]) if names else None
    return None if found is None else of(found)


RULE = Rule("an appointment answers a referral", frozenset({"Appointment"}), owing(_answered), imports=True)
