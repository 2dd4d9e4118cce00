"""What a named person does with a duty: close it, hand it on, take it, take an act back. Each is one transaction that
holds only if the duty still is what the person saw."""

from collections.abc import Sequence
from time import time_ns

from felles.access.role import employment
from felles.access.who import Who
from felles.duties import emergency
from felles.duties.clearance import is_closer, may_close, may_handle
from felles.duties.duty import Act, Duty, Outcome, Owner, closed, handed, reopened, voided
from felles.duties.entry import entries, undoable
from felles.duties.escalation import moments
from felles.duties.kind import Kind, kind_of
from felles.duties.owner import held, owner, stay
from felles.duties.reading import Outside, Reading, names
from felles.duties.view import put, viewed
from felles.record.guard import Elevated
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.record import Record
from felles.record.rule import parted
from felles.record.store import Line


def now() -> int:
    """The clock, in microseconds."""
    return time_ns() // 1_000


async def duty(record: Record, number: int) -> Duty:
    """A duty by its number. Raises Problem 404."""
    rows = await record.ask("duty by id", [number])
    if not rows:
        raise problem(404, "not-found", "there is no duty of this number")
    return Duty.of(rows[0])


async def close(record: Record, who: Who, number: int, outcome: Outcome, reason: str, *, turn: int = 0) -> Duty:
    """Closes by a named person with a reason. `turn`: the one that the person saw (0: any). Raises Problem 403 for
    who may not, 409 when others were faster, 422 without a reason."""
    one, read = await _seen(record, who, number, turn), Outside(record)
    if outcome not in (Outcome.OK, Outcome.NOT_OK, Outcome.NEEDLESS):
        raise problem(422, "invalid", "a person closes as done, not done as it should be, or needless")
    kind = kind_of(one.kind)
    if not may_close(one, kind, who, vacant=await vacant(read, one, kind)):
        raise problem(403, "forbidden", "this duty is not yours to close")
    if kind is emergency.REVIEW:
        await _not_own(read, one, who)
    done = closed(one, now(), outcome, actor=key64(who.id), reason=_said(reason))
    return await _written(record, done)


async def hand_on(
    record: Record, who: Who, number: int, unit: str, person: str | None, reason: str, *, turn: int = 0
) -> Duty:
    """Makes it another unit's, or another person's. Raises Problem as `close` does, 422 for an owner not there."""
    one, read = await _seen(record, who, number, turn), Outside(record)
    if not may_handle(one, who):
        raise problem(403, "forbidden", "this duty is not yours to hand on")
    standing = await held(read, key64(person) if person else None)
    holder = await owner(read, unit, person, None, now())
    if person is not None and holder.person is None:
        raise problem(422, "business-rule", "this person does not work at this unit now")
    return await _written(record, handed(one, now(), holder, key64(who.id), _said(reason)), standing)


async def take(record: Record, who: Who, number: int, *, turn: int = 0) -> Duty:
    """Takes it from the unit's pool, or from a colleague, as one's own."""
    one, read = await _seen(record, who, number, turn), Outside(record)
    if not may_handle(one, who):
        raise problem(403, "forbidden", "this duty is not yours to take")
    standing = await held(read, key64(who.id))
    end = await stay(read, who.id, (await names(read, [one.unit]))[one.unit], now())
    if end is not None and end <= now():
        raise problem(422, "business-rule", "this person does not work at this unit now")
    return await _written(
        record, handed(one, now(), Owner(one.unit, key64(who.id), end), key64(who.id), None), standing
    )


async def undo(record: Record, who: Who, number: int, reason: str, *, turn: int = 0) -> Duty:
    """Takes the last opening, closing or handing on back by a counter-entry. Raises Problem 409 when none is left."""
    one, read = await _seen(record, who, number, turn), Outside(record)
    last = undoable(await entries(read, number))
    if last is None:
        raise problem(409, "conflict", "nothing is left to take back")
    kind, actor, said = kind_of(one.kind), key64(who.id), _said(reason)
    if not may_handle(one, who) and not (last.act == Act.HAND and last.unit in who.keys):
        raise problem(403, "forbidden", "this duty is not yours")
    if last.act == Act.OPEN:
        if not may_close(one, kind, who, vacant=False):
            raise problem(403, "forbidden", "this duty is not yours to take back")
        return await _written(record, voided(one, now(), actor, said))
    if last.act == Act.CLOSE:
        return await _written(record, reopened(one, now(), moments(kind.steps, one.opened, one.due), actor, said))
    standing = await held(read, last.person)
    back = await _back(read, last.unit, last.person)
    return await _written(record, handed(one, now(), back, actor, said, Act.RETURN), standing)


async def _back(read: Reading, unit: int, person: int | None) -> Owner:
    """The owner that there was, the person only if still there."""
    known = await names(read, [unit, person])
    return await owner(read, known[unit], known.get(person) if person is not None else None, None, now())


async def _seen(record: Record, who: Who, number: int, turn: int) -> Duty:
    """The duty, if it is for this person's eyes: of an open record, or the person's to review."""
    one = await duty(record, number)
    if not await _for_eyes(record, one, who):
        raise problem(404, "not-found", "there is no duty of this number")
    if turn and one.turn != turn:
        raise problem(409, "conflict", "others have changed this duty; read it again")
    return one


async def _for_eyes(record: Record, one: Duty, who: Who) -> bool:
    kind = kind_of(one.kind)
    if record.guard.everything or is_closer(one, kind, who):
        return True
    if may_handle(one, who) and kind.closers and await vacant(Outside(record), one, kind):
        return True
    patients = frozenset() if one.patient is None else frozenset((one.patient,))
    sight = await record.guard.sight(patients)
    return not kind.discreet and (sight.patients is None or patients <= sight.patients)


def _said(reason: str) -> str:
    if not reason.strip():
        raise problem(422, "required", "a reason is needed")
    return reason.strip()


async def vacant(read: Reading, one: Duty, kind: Kind) -> bool:
    """Whether nobody in the unit has one of the roles that close this kind: anybody there does it then."""
    if not kind.closers:
        return False
    unit = (await names(read, [one.unit]))[one.unit]
    roles = await read.search("PractitionerRole", [("organization", unit), ("role", ",".join(sorted(kind.closers)))])
    return not any(held is not None and held.holds(now()) for held in map(employment, roles))


async def _not_own(read: Reading, one: Duty, who: Who) -> None:
    """Nobody reviews an opening of their own."""
    subject = (await names(read, [one.subject])).get(one.subject, "")
    consent = await read.read("Consent", subject.partition("/")[2])
    if consent is not None and who.id in emergency.performers(consent):
        raise problem(403, "forbidden", "somebody else reviews what you opened in an emergency")


async def _written(record: Record, turned: Duty, standing: Sequence[Line] = ()) -> Duty:
    """The turn, its Task and what the log says of it, in one transaction; the Task is written by the ledger."""
    shown = viewed(turned)
    writes, _ = parted(await put(Outside(record), shown))
    elevated = record if record.guard.everything else record.seen_by(Elevated(record.guard))
    await elevated.commit(writes, lines=[*standing, Line("duty turn", shown.row(), 1)])
    return shown
