"""The rules that keep every letter accounted for, whoever writes: a delivery opens a duty of the sender's unit and
closes it only by what proves it; no letter is signed for nobody; no state is skipped; no template is activated that
forgets a receiver.
"""

from collections.abc import Sequence
from typing import Any

from felles.delivery.case import fetched
from felles.delivery.channel import POSTED, TERMS, Channel
from felles.delivery.letter import (
    FINGERPRINT,
    LETTER,
    ROLE,
    channel_of,
    coded,
    fingerprint,
    is_delivery,
    state_of,
)
from felles.delivery.receiver import unit_of
from felles.delivery.state import STATUS, State, reachable
from felles.delivery.stored import LIBRARY, of_library
from felles.delivery.volume import ALL, told
from felles.duties import Kind, Level, Outcome, Owe, Reopen, Settle, Step, declare, owing
from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays, due
from felles.duties.deed import Said, moment_of
from felles.duties.kind import View
from felles.record.index.value import key64
from felles.record.outcome import Problem, problem
from felles.record.rule import Deed, Inside, Rule, Woken
from felles.record.store import Kind as Written

DELIVER = declare(
    Kind(
        200,
        "deliver-letter",
        "Få brevet fram",
        WorkingDays(3),
        (Step(Level.LEADER, WorkingDays(2)), Step(Level.REGION, WorkingDays(5))),
        proof="Kvittering fra mottakeren eller trykkeriet",
        by_hand=False,
        view=View.SOON,
    )
)
READ = declare(
    Kind(
        201,
        "read-letter",
        "Les brev",
        WorkingDays(2),
        (Step(Level.LEADER, WorkingDays(2)),),
        proof="Brevet åpnet av enheten",
        view=View.SOON,
    )
)
_FIXED = ("category", "subject", "partOf", "basedOn", "sender", "recipient", "payload", "extension")
Json = dict[str, Any]


async def _deliver(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    before, after = (one if is_delivery(one) else None for one in (woken.before, woken.after))
    if before is None and after is None:
        return []
    if before is not None and after is None:
        raise problem(409, "business-rule", "a delivery is not deleted; say that it shall not be sent, and why")
    assert after is not None  # noqa: S101 - the two cases above
    check(before, after)
    if woken.kind is Written.CREATE or before is None:
        await _as_signed(inside, after)
        return await _owed(woken, after, inside)
    return _moved(woken, before, after)


def check(before: Json | None, after: Json) -> None:
    """Raises Problem 422 where a version of a delivery says what cannot be."""
    state, channel = state_of(after), channel_of(after)
    if before is None and state not in (State.QUEUED, State.SENT):
        raise _wrong("a delivery begins in the queue", "statusReason")
    if before is not None:
        _same(before, after)
        if not reachable(state_of(before), state):
            raise _wrong(f"a delivery that is {state_of(before).value} does not become {state.value}", "statusReason")
    if after.get("status") != STATUS[state]:
        raise _wrong(f"the status of a delivery that is {state.value} is {STATUS[state]}", "status")
    if state is State.SENT and not after.get("sent"):
        raise _wrong("what is sent says when the transport acknowledged it", "sent")
    if state is State.SENT and before is None and channel is not Channel.UNIT:
        raise _wrong("a delivery begins in the queue", "statusReason")
    if state is State.DELIVERED and not after.get("received"):
        raise _wrong("what is delivered says when the receiver had it", "received")
    if state in (State.REFUSED, State.SETTLED, State.VOID) and not (after.get("statusReason") or {}).get("text"):
        raise _wrong(f"a delivery is {state.value} with a reason in words", "statusReason.text")


def _same(before: Json, after: Json) -> None:
    for name in _FIXED:
        if before.get(name) != after.get(name):
            raise _wrong("to whom a letter goes and what it says stays as it was signed", name)


def _wrong(said: str, element: str) -> Problem:
    return problem(422, "business-rule", said, f"Communication.{element}")


async def _as_signed(inside: Inside, after: Json) -> None:
    """The letter is there and says what the delivery's fingerprint stands for."""
    target = str(((after.get("payload") or [{}])[0].get("contentReference") or {}).get("reference", ""))
    letter = await inside.read("Composition", target.partition("/")[2])
    if letter is None or letter.get("status") != "final":
        raise _wrong("a delivery carries a signed letter", "payload")
    told = [one.get("valueString") for one in after.get("extension") or () if one.get("url") == FINGERPRINT]
    if told != [fingerprint(letter)] or letter.get("subject") != after.get("subject"):
        raise _wrong("the letter is not the one that was signed for this receiver", "payload")


async def _owed(woken: Woken, after: Json, inside: Inside) -> list[Said | Deed]:
    subject, patient = f"Communication/{woken.id}", after["subject"]["reference"]
    channel = channel_of(after)
    until = due(TERMS[channel], moment_of(woken))
    sender, day = after["sender"]["reference"], NORWAY.day_number(moment_of(woken))
    template, role = (coded(after["category"], system) for system in (LETTER, ROLE))
    found: list[Said | Deed] = [Owe(DELIVER, subject, sender, patient=patient, due=until)]
    found.append(told(key64(sender), day, template, role))
    if channel is Channel.UNIT:
        target = str(after["recipient"][0]["reference"])
        unit = await unit_of(inside, await fetched(inside, target) or {"resourceType": ""})
        if unit is None:
            raise _wrong("a letter in a unit's list needs a unit", "recipient")
        found.append(Owe(READ, subject, f"Organization/{unit['id']}", patient=patient))
    return found


def is_done(communication: Json) -> bool:
    """Whether nothing more is owed: the receiver has it, or what has no receipt was sent."""
    state = state_of(communication)
    posted = state is State.SENT and channel_of(communication) in POSTED
    return posted or state in (State.DELIVERED, State.SETTLED, State.VOID)


def _moved(woken: Woken, before: Json, after: Json) -> list[Said | Deed]:
    subject = f"Communication/{woken.id}"
    if is_done(after) and not is_done(before):
        needless = state_of(after) is State.VOID
        outcome = Outcome.NEEDLESS if needless else Outcome.PROVED
        return [Settle(kind, subject, subject, outcome) for kind in (DELIVER, READ)]
    if is_done(before) and not is_done(after):
        return [Reopen(DELIVER, subject, subject)]
    return []


async def _sign(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    """A letter is signed with at least one delivery in the same transaction, and stays what it was."""
    after = woken.after
    if after is None or not coded(after.get("type"), LETTER) or after.get("status") != "final":
        return _kept(woken)
    if woken.before is not None and woken.before.get("status") == "final":
        return _kept(woken)
    if not await inside.search("Communication", [("part-of", f"Composition/{woken.id}")], 1):
        raise problem(422, "business-rule", "a letter is signed together with its deliveries", "Composition")
    unit = str((after.get("custodian") or {}).get("reference", ""))
    return [told(key64(unit), NORWAY.day_number(moment_of(woken)), coded(after.get("type"), LETTER), ALL)]


def _kept(woken: Woken) -> list[Said | Deed]:
    before, after = woken.before, woken.after
    signed = before is not None and coded(before.get("type"), LETTER) and before.get("status") == "final"
    if signed and (after is None or fingerprint(after) != fingerprint(before or {})):
        raise problem(409, "business-rule", "a signed letter is not changed; write a new one", "Composition")
    return []


async def _activate(woken: Woken, inside: Inside) -> Sequence[Said | Deed]:
    if woken.after is not None and coded(woken.after.get("type"), LIBRARY) and woken.after.get("status") == "active":
        of_library(woken.after)
    return []


RULES = (
    Rule("a letter reaches everybody it is for, or somebody owes it", frozenset({"Communication"}), owing(_deliver)),
    Rule("a letter is signed for somebody and stays as signed", frozenset({"Composition"}), owing(_sign)),
    Rule("a template that forgets a receiver is not activated", frozenset({"Library"}), owing(_activate), imports=True),
)
