"""What people do with letters: sign one, open one's own, and see to one that does not come through."""

from dataclasses import dataclass
from typing import Any

import orjson

from felles.access.consent import elevated
from felles.access.who import Kind, Who
from felles.delivery.case import Order, fetched
from felles.delivery.channel import Addressee, Channel, otherwise
from felles.delivery.letter import DELIVERY, KIND, channel_of, is_delivery, posted, standing, state_of
from felles.delivery.receiver import addressee, unit_of
from felles.delivery.state import Event, State, after
from felles.delivery.stored import template
from felles.duties.reading import Outside
from felles.record.outcome import problem
from felles.record.reading import Stored
from felles.record.record import Record
from felles.record.rule import parted

Json = dict[str, Any]
LEAST_WORDS = 4


async def sign(record: Record, who: Who, order: Order, now: int) -> str:
    """Signs a letter in the name of who is signed in: the text and one delivery for each receiver, in one transaction.
    Returns the Composition's id. Raises Problem 403 for another unit's letters, 404 for a record that is not open,
    422 for what keeps the letter from being sent."""
    if who.kind is not Kind.STAFF or who.role is None or order.unit != who.role.unit or order.author != who.id:
        raise problem(403, "forbidden", "letters are signed by staff, in their own name and for their own unit")
    await record.read("Patient", order.patient.partition("/")[2])
    read = Outside(record)
    deeds = await posted(read, await template(read, order.template), order, now)
    writes, lines = parted(deeds)
    await record.commit(writes, lines=lines)
    return str(deeds[0].resource["id"])


async def opened(record: Record, who: Who, id: str, now: int) -> Json:
    """The delivery, which its receiver has opened: that is the proof that it was delivered. Raises Problem 404 for one
    that is somebody else's."""
    found = await _delivery(elevated(record), id)
    if not await _is_receiver(Outside(record), found, who) or state_of(found) is State.QUEUED:
        raise problem(404, "not-found", "there is no such letter")
    if after(state_of(found), Event.ACCEPT) is not State.DELIVERED:
        return found
    return await _moved(elevated(record), found, standing(found, State.DELIVERED, now))


async def _is_receiver(read: Outside, found: Json, who: Who) -> bool:
    """The one whom it is addressed to, or staff of the unit in whose list it is."""
    to = str(found["recipient"][0]["reference"])
    if who.kind is Kind.PATIENT:
        return to == (who.acts_for or who.id) and channel_of(found) is Channel.MAILBOX
    if who.role is None or channel_of(found) is not Channel.UNIT:
        return False
    unit = await unit_of(read, await fetched(read, to) or {"resourceType": ""})
    return to == who.id or (unit is not None and f"Organization/{unit['id']}" == who.role.unit)


@dataclass(frozen=True, slots=True)
class Post:
    """A letter to somebody: its delivery and what it says."""

    delivery: Json
    letter: Json


async def post(record: Record, who: Who) -> list[Post]:
    """The letters to a patient, the newest first: those in the mailbox, and those that went on paper."""
    to = who.acts_for or who.id
    asked = [("recipient", to), ("category", f"{DELIVERY}|{KIND}"), ("_include", "Communication:part-of")]
    found = await elevated(record).search("Communication", [*asked, ("_sort", "-_lastUpdated"), ("_count", "200")])
    letters = {f"Composition/{one['id']}": one for one in map(_body, found.included)}
    given = [(one, letters.get(one["partOf"][0]["reference"])) for one in map(_body, found.matches) if _has_come(one)]
    return [Post(one, letter) for one, letter in given if letter is not None]


def _has_come(delivery: Json) -> bool:
    """Whether the receiver has it, or it is under way to the mailbox or by post."""
    state = state_of(delivery)
    return state in (State.SENT, State.DELIVERED) or (state is State.HANDED and channel_of(delivery) is Channel.MAILBOX)


def _body(stored: Stored) -> Json:
    found: Json = orjson.loads(stored.body or b"{}")
    return found


async def post_one(record: Record, who: Who, id: str) -> Post:
    """One letter to a patient. Raises Problem 404 for one that is somebody else's, or has not come."""
    over = elevated(record)
    found = await _delivery(over, id)
    if who.kind is not Kind.PATIENT or found["recipient"][0]["reference"] != (who.acts_for or who.id):
        raise problem(404, "not-found", "there is no such letter")
    if not _has_come(found):
        raise problem(404, "not-found", "there is no such letter")
    return Post(found, await over.resource("Composition", found["partOf"][0]["reference"].partition("/")[2]))


async def read_letter(record: Record, who: Who, id: str, now: int) -> Post:
    """A letter to a unit, opened by staff who work there: they were written to, so that this letter, and nothing else
    of its record, is open to them (helsepersonelloven § 25). Raises Problem 404 for anybody else's."""
    if who.kind is not Kind.STAFF:
        raise problem(404, "not-found", "there is no such letter")
    found = await opened(record, who, id, now)
    letter = await elevated(record).resource("Composition", found["partOf"][0]["reference"].partition("/")[2])
    return Post(found, letter)


async def settle(
    record: Record, who: Who, id: str, event: Event, reason: str, now: int, version: int | None = None
) -> Json:
    """A member of the sender's unit says what became of a delivery: SETTLE (seen to otherwise), VOID (shall not be
    sent), REFUSE (came back), AGAIN (try once more). Raises Problem 403, 404, 409 for what is impossible by now, 412
    where it is another version than the one that was seen, 422 without a reason."""
    found = await _delivery(record, id)
    if version is not None and int(found["meta"]["versionId"]) != version:
        raise problem(412, "conflict", "somebody else was faster with this letter")
    if who.kind is not Kind.STAFF or who.role is None or found["sender"]["reference"] != who.role.unit:
        raise problem(403, "forbidden", "the unit that sends a letter sees to it")
    if len(reason.strip()) < LEAST_WORDS:
        raise problem(422, "required", "say what was done, or why, in a few words", "Communication.statusReason")
    following = after(state_of(found), event)
    if following is None:
        raise problem(409, "conflict", f"a letter that is {state_of(found).value} cannot become that any more")
    return await _moved(record, found, standing(found, following, now, reason.strip()))


async def onto_paper(record: Record, found: Json, now: int, why: str) -> Json:
    """A digital letter that was not opened, or that no notice reaches, goes by print or by hand."""
    read, to = Outside(record), str(found["recipient"][0]["reference"])
    resource = await fetched(read, to)
    reached = await addressee(read, to, resource, now) if resource else Addressee(to, "")
    return await _moved(record, found, standing(found, State.QUEUED, now, why, otherwise(channel_of(found), reached)))


async def _delivery(record: Record, id: str) -> Json:
    found = await record.resource("Communication", id)
    if not is_delivery(found):
        raise problem(404, "not-found", "there is no such letter")
    return found


async def _moved(record: Record, before: Json, now: Json) -> Json:
    """Commits only if nobody else was faster. Raises Problem 412."""
    if now != before:
        await record.update(now, int(before["meta"]["versionId"]))
    return now
