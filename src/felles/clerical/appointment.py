"""Booking, moving and calling off: the appointment, the slots it takes, and the letter that tells of it, in one
transaction. Of two who take the same slot the second is told so, and nothing of the second's is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from felles.access.consent import instant, micros
from felles.access.who import Kind, Who
from felles.clerical.vacancy import MINUTE, Offer
from felles.delivery import Order, posted, template
from felles.duties.reading import Outside
from felles.record.outcome import Problem, problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Deed, Put, as_read

Json = dict[str, Any]
FORMS = {"video": ("VR", "Video"), "telephone": ("PHONE", "Telefon"), "group": ("GROUP", "Gruppe")}
"""Appointment.appointmentType of what is not an ordinary attendance."""
CONFLICT = 412


@dataclass(frozen=True, slots=True)
class Booking:
    """What is booked. References are "Type/id"; `patients` are several in a group; `referral` the ServiceRequest
    that it answers; `text` stands in the letter, `without` names roles that the letter leaves out, and why."""

    patients: tuple[str, ...]
    unit: str
    description: str
    referral: str = ""
    form: str = ""
    text: str = ""
    letter: bool = True
    without: Mapping[str, str] = field(default_factory=dict)


async def book(record: Record, who: Who, offer: Offer, booking: Booking, now: int) -> str:
    """Books an offer. Returns the Appointment's id. Raises Problem 403 for another unit's, 409 for a slot that others
    have taken meanwhile, 422 for a letter that cannot be sent."""
    may(who, booking.unit)
    if not booking.patients or (len(booking.patients) > 1 and booking.form != "group"):
        raise problem(422, "business-rule", "an appointment is for one patient; several are a group", "participant")
    slots = [await record.resource("Slot", one.partition("/")[2]) for one in offer.slots]
    made = await _appointment(record, offer, booking, slots, new_id())
    taken = [deed for slot in slots for deed in _take(slot, offer)]
    letters = await _letters(record, who, made, booking, "appointment", now) if booking.letter else []
    await committed(record, [Put(made), *taken, *letters], slots)
    return str(made["id"])


async def letters(record: Record, who: Who, offer: Offer, booking: Booking, now: int, id: str = "") -> list[Put]:
    """The letters that booking an offer, or moving the appointment `id` to it, would sign; nothing is written. Raises
    Problem as `book` does."""
    may(who, booking.unit)
    slots = [await record.resource("Slot", one.partition("/")[2]) for one in offer.slots]
    held = await _standing(record, id) if id else {}
    own = {one["reference"] for one in held.get("slot") or ()}
    for slot in slots:
        _take(slot, offer, own=f"Slot/{slot['id']}" in own)
    made = {**held, **await _appointment(record, offer, booking, slots, id or new_id())}
    return await _letters(record, who, made, booking, "appointment", now)


async def farewell(record: Record, who: Who, id: str, booking: Booking, now: int) -> list[Put]:
    """The letters that calling an appointment off would sign; nothing is written."""
    may(who, booking.unit)
    return await _letters(record, who, await _standing(record, id), booking, "cancellation", now)


async def move(
    record: Record, who: Who, id: str, offer: Offer, booking: Booking, now: int, *, left: str = "free"
) -> None:
    """Moves an appointment to another offer: the old slots are free again (or become what `left` says), the new ones
    taken, the letter says the new time. Raises Problem as `book` does."""
    may(who, booking.unit)
    held = await _standing(record, id)
    old = await _slots(record, held)
    slots = [await record.resource("Slot", one.partition("/")[2]) for one in offer.slots]
    both = {f"Slot/{one['id']}" for one in old} & set(offer.slots)
    made = {**held, **await _appointment(record, offer, booking, slots, id)}
    freed = [Put({**one, "status": left}) for one in old if f"Slot/{one['id']}" not in both]
    taken = [deed for slot in slots for deed in _take(slot, offer, own=f"Slot/{slot['id']}" in both)]
    letters = await _letters(record, who, made, booking, "appointment", now) if booking.letter else []
    await committed(record, [Put(made), *freed, *taken, *letters], [held, *old, *slots])


async def call_off(record: Record, who: Who, id: str, booking: Booking, reason: str, now: int) -> None:
    """Calls an appointment off with a reason; the slots are free again, and the patient is told."""
    may(who, booking.unit)
    if len(reason.strip()) < 4:
        raise problem(422, "required", "say why it is called off", "Appointment.cancelationReason")
    held = await _standing(record, id)
    old = await _slots(record, held)
    made = {**held, "status": "cancelled", "cancelationReason": {"text": reason.strip()}}
    letters = await _letters(record, who, made, booking, "cancellation", now) if booking.letter else []
    await committed(record, [Put(made), *(Put({**one, "status": "free"}) for one in old), *letters], [held, *old])


def may(who: Who, unit: str) -> None:
    """Raises Problem 403 for another unit's appointments."""
    if who.kind is not Kind.STAFF or who.role is None or who.role.unit != unit:
        raise problem(403, "forbidden", "appointments of a unit are made by its own staff")


async def _appointment(record: Record, offer: Offer, booking: Booking, slots: Sequence[Json], id: str) -> Json:
    read = Outside(record)
    actors: dict[str, Json] = {}
    for slot in slots:
        schedule = await read.read("Schedule", slot["schedule"]["reference"].partition("/")[2]) or {}
        for one in schedule.get("actor") or ():
            actors[str(one.get("reference"))] = one
    parties = [{"reference": one} for one in booking.patients] + list(actors.values())
    form = FORMS.get(booking.form)
    return {
        "resourceType": "Appointment",
        "id": id,
        "status": "booked",
        **({"appointmentType": {"coding": [{"code": form[0], "display": form[1]}]}} if form else {}),
        "description": booking.description,
        "start": instant(offer.start),
        "end": instant(offer.end),
        "minutesDuration": (offer.end - offer.start) // MINUTE,
        "slot": [{"reference": one} for one in offer.slots],
        "participant": [{"actor": one, "status": "accepted"} for one in parties],
        **({"basedOn": [{"reference": booking.referral}]} if booking.referral else {}),
    }


def _take(slot: Json, offer: Offer, *, own: bool = False) -> list[Deed]:
    """The slot as taken; what is left of a longer one becomes a slot of its own."""
    if slot["status"] != "free" and not own:
        raise problem(409, "conflict", "others have taken this time; choose another")
    if not micros(slot["start"]) <= offer.start < offer.end <= micros(slot["end"]):
        raise problem(422, "business-rule", "this time is not within what is free", "Appointment.start")
    end = instant(offer.end)
    taken: list[Deed] = [Put({**slot, "status": "busy", "end": end})]
    if not own and micros(slot["end"]) - offer.end >= 5 * MINUTE:
        left = {name: value for name, value in slot.items() if name not in ("id", "meta")}
        taken.append(Put({**left, "id": new_id(), "start": end, "status": "free"}))
    return taken


async def _standing(record: Record, id: str) -> Json:
    held = await record.resource("Appointment", id)
    if held["status"] not in ("booked", "pending", "proposed", "waitlist"):
        raise problem(409, "conflict", f"this appointment is {held['status']} by now; read it again")
    return held


async def _slots(record: Record, held: Json) -> list[Json]:
    return [await record.resource("Slot", one["reference"].partition("/")[2]) for one in held.get("slot") or ()]


async def _letters(record: Record, who: Who, made: Json, booking: Booking, code: str, now: int) -> list[Put]:
    read = _Planned(Outside(record), made)
    found: list[Put] = []
    for patient in booking.patients:
        order = Order(
            code, patient, f"Appointment/{made['id']}", booking.unit, who.id, text=booking.text, without=booking.without
        )
        found += await posted(read, await template(read, code), order, now)
    return found


class _Planned:
    """The record as it will be once the appointment stands: a letter tells of it in the same transaction."""

    def __init__(self, read: Outside, made: Json) -> None:
        self._read, self._made = read, made
        self.ask, self.search = read.ask, read.search

    async def read(self, type_name: str, id: str) -> Json | None:
        if (type_name, id) == ("Appointment", self._made["id"]):
            return self._made
        return await self._read.read(type_name, id)


async def committed(record: Record, deeds: Sequence[Deed], held: Sequence[Json]) -> None:
    """One transaction, only if everything that was read still stands. Raises Problem 409 when others were faster."""
    versions = {(one["resourceType"], one["id"]): int(one["meta"]["versionId"]) for one in held}
    writes, lines = as_read(deeds, versions)
    try:
        await record.commit(writes, lines=lines)
    except Problem as error:
        if error.status == CONFLICT:
            raise problem(409, "conflict", "others have taken this time meanwhile; choose another") from error
        raise
