"""Arrival and what comes with it, each one transaction: the appointment, the contact, and the patient's share.

What is made here is made from what stands: nothing that the appointment knows is typed again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from felles.access.consent import instant, micros
from felles.access.who import Kind as WhoKind
from felles.access.who import Who
from felles.clerical.npr.place import place_of
from felles.clerical.period import is_period, of
from felles.clerical.reception import charge, tariff
from felles.clerical.reception.charge import METHODS, Service, invoice, item
from felles.clerical.vacancy import unit_of
from felles.duties import Kind, Level, Owe, Step, declare
from felles.duties.calendar import NORWAY
from felles.duties.deadline import WorkingDays
from felles.duties.deed import opened
from felles.duties.kind import View
from felles.duties.reading import Outside
from felles.record.guard import EVERYTHING
from felles.record.index.value import key64
from felles.record.outcome import problem
from felles.record.prepare import new_id
from felles.record.record import Record
from felles.record.rule import Deed, Inside, Put, Rule, Woken, parted

IDENTITY = declare(
    Kind(
        113, "identify-arrived", "Avklar hvem som har møtt", WorkingDays(1), (Step(Level.LEADER, WorkingDays(1)),),
        proof="Hva som ble funnet ut", view=View.SOON,
    )
)  # fmt: skip
EXPECTED = frozenset(("booked", "pending", "checked-in"))
COME = frozenset(("arrived", "fulfilled"))
NEWEST = [("_sort", "-_lastUpdated"), ("_count", "1000")]
"""Those who come often have many bills: the newest are looked at."""
EARLY, LATE = 2 * 3_600_000_000, 3_600_000_000
"""A patient may check in from two hours before the time until an hour after it."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Payment:
    """`exemption`: a code of the tariff, empty for who pays; `method`: card, cash or invoice."""

    exemption: str = ""
    method: str = "invoice"


async def arrive(record: Record, who: Who, id: str, payment: Payment, now: int) -> str:
    """Somebody has come: the appointment is arrived, the contact begins, the share is charged. Returns the Invoice's
    id; empty for who does not pay. Raises Problem 403, 404, 409 when others were faster, 422."""
    held = await _mine(record, who, id, EXPECTED)
    unit, patient = await unit_at(record, held), patient_of(held)
    met = _contact(held, unit, now)
    service = Service(
        tariff.OUTPATIENT, patient, unit, f"Appointment/{id}", f"Encounter/{met['id']}", instant(now), NORWAY.day(now)
    )
    deeds, bill = await _charged(record, service, payment, held)
    await _commit(record, held, [Put({**held, "status": "arrived"}), Put(met), *deeds])
    return bill


async def check_in(record: Record, who: Who, id: str, now: int) -> None:
    """A patient says at the entrance, or on the telephone, that they have come. Raises Problem 404 for another's time,
    409 for one that is not now."""
    if who.kind is not WhoKind.PATIENT:
        raise problem(403, "forbidden", "the reception registers arrival")
    held = await record.resource("Appointment", id)
    if patient_of(held) != (who.acts_for or who.id):
        raise problem(404, "not-found", "there is no such appointment")
    if not await may_check_in(record, held, now):
        raise problem(409, "conflict", "you can check in from two hours before the time until an hour after it")
    await _commit(record.seen_by(EVERYTHING), held, [Put({**held, "status": "checked-in"})])


async def may_check_in(record: Record, held: Json, now: int) -> bool:
    """Whether an appointment is now, and at a place to which one comes."""
    start = micros(held["start"])
    if held["status"] not in ("booked", "pending") or not start - EARLY <= now <= start + LATE:
        return False
    return await charges(record, await unit_at(record, held))


async def charges(record: Record, unit: str) -> bool:
    """Whether a unit is an outpatient clinic's: the tariff is that of the specialist service."""
    return bool(unit) and await place_of(Outside(record), unit) is not None


async def miss(record: Record, who: Who, id: str, pays: bool, why: str, now: int) -> str:
    """Nobody came (ikke møtt). `pays`: the fee is charged; else `why` not. Returns the Invoice's id, or empty."""
    held = await _mine(record, who, id, EXPECTED)
    start = micros(held["start"])
    if now < start:
        raise problem(409, "conflict", "the time has not begun: nobody has missed it yet", "Appointment.status")
    given = micros(held["created"]) if held.get("created") else None
    why = " ".join(why.split())
    if not pays and len(why) < 4:
        raise problem(422, "required", "say why nothing is charged", "ChargeItem.overrideReason")
    unit = await unit_at(record, held)
    if pays and not (tariff.missed_costs(given, start) and await charges(record, unit)):
        raise problem(422, "business-rule", "a time that was given less than 24 hours before costs nothing")
    service = Service(tariff.NO_SHOW, patient_of(held), unit, f"Appointment/{id}", "", instant(now), NORWAY.day(now))
    deeds, bill = await _charged(record, service, Payment(), held, "" if pays else why)
    await _commit(record, held, [Put({**held, "status": "noshow"}), *deeds])
    return bill


async def take_back(record: Record, who: Who, id: str) -> None:
    """Arrival or absence was registered by mistake: the time stands again, what came with it is entered in error."""
    held = await _mine(record, who, id, frozenset(("arrived", "noshow", "checked-in")))
    found = await record.resources("Encounter", [("appointment", f"Appointment/{id}")])
    if any(one["status"] not in ("arrived", "planned", "entered-in-error") for one in found):
        raise problem(409, "conflict", "the contact has begun; the clinic ends it")
    charges = await record.resources("ChargeItem", [("subject", patient_of(held)), *NEWEST])
    mine = [one for one in charges if {"reference": f"Appointment/{id}"} in (one.get("supportingInformation") or ())]
    bills = await _bills(record, patient_of(held), {f"ChargeItem/{one['id']}" for one in mine})
    wrong = [{**one, "status": "entered-in-error"} for one in (*found, *mine, *bills)]
    await _commit(record, held, [Put({**held, "status": "booked"}), *(Put(one) for one in wrong)])


async def pay(record: Record, who: Who, id: str, method: str) -> None:
    """An Invoice is paid. Raises Problem 409 for one that is not owed."""
    held = await record.resource("Invoice", id)
    _at_unit(who, str((held.get("issuer") or {}).get("reference")))
    if held["status"] != "issued" or method not in ("card", "cash"):
        raise problem(409, "conflict", f"this invoice is {held['status']} by now; read it again")
    await _commit(record, held, [Put(charge.paid(held, method))])


async def doubt(record: Record, who: Who, id: str, words: str, now: int) -> None:
    """Who has come is not, or not clearly, whom the appointment is for: the unit owes to find out."""
    held = await _mine(record, who, id, EXPECTED | COME)
    said = " ".join(words.split())
    if len(said) < 4:
        raise problem(422, "required", "say what does not agree", "Task.reasonCode")
    unit = await unit_at(record, held)
    owe = Owe(IDENTITY, f"Appointment/{id}", unit, patient=patient_of(held), reason=said)
    writes, lines = parted(await opened(owe, Outside(record), now))
    await record.seen_by(EVERYTHING).commit(writes, lines=lines)


async def field_of(record: Record, appointment: Json) -> str:
    """The field (fagområde) of the referral that a time answers; empty without one."""
    read = Outside(record)
    for one in appointment.get("basedOn") or ():
        for (key,) in await record.ask("waiting of referral", [key64(str(one.get("reference")))]):
            for (name,) in await record.ask("clerical name", [key]):
                episode = await read.read("EpisodeOfCare", str(name)) or {}
                return of(episode).field if is_period(episode) else ""
    return ""


async def unit_at(record: Record, appointment: Json) -> str:
    """The unit whose time it is, "Organization/x"; empty where no participant has one."""
    actors = [one.get("actor") or {} for one in appointment.get("participant") or ()]
    return await unit_of(Outside(record), {"actor": actors})


def patient_of(appointment: Json) -> str:
    """ "Patient/x"; the first of a group. Empty without one."""
    actors = (str((one.get("actor") or {}).get("reference", "")) for one in appointment.get("participant") or ())
    return next((one for one in actors if one.startswith("Patient/")), "")


def _contact(held: Json, unit: str, now: int) -> Json:
    """The Encounter of an appointment to which somebody has come."""
    forms = {coding.get("code") for coding in (held.get("appointmentType") or {}).get("coding") or ()}
    words = held.get("description") or next((one.get("text") for one in held.get("serviceType") or ()), None)
    return {
        "resourceType": "Encounter",
        "id": new_id(),
        "status": "arrived",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR" if "VR" in forms else "AMB",
        },
        **({"type": [{"text": words}]} if words else {}),
        "subject": {"reference": patient_of(held)},
        "appointment": [{"reference": f"Appointment/{held['id']}"}],
        **({"basedOn": held["basedOn"]} if held.get("basedOn") else {}),
        "period": {"start": instant(now)},
        "serviceProvider": {"reference": unit},
    }  # fmt: skip


async def _charged(
    record: Record, service: Service, payment: Payment, held: Json, reason: str = ""
) -> tuple[list[Deed], str]:
    """ChargeItem, and Invoice for who pays; the exemption by age stands above what was chosen. Neither where the
    tariff is another than ours."""
    if not await charges(record, service.unit):
        return [], ""
    chosen = tariff.exemptions().get(payment.exemption)
    if (payment.exemption and chosen is None) or payment.method not in METHODS:
        raise problem(422, "code-invalid", "choose who pays and how", "ChargeItem.overrideReason")
    person = await Outside(record).read("Patient", service.patient.partition("/")[2]) or {}
    by_age = tariff.exempt(person.get("birthDate"), service.day, await field_of(record, held))
    rate, id = _rate(service.fee, service.day), new_id()
    made = item(id, service, rate, by_age or chosen, reason)
    if made["status"] == "not-billable":
        return [Put(made)], ""
    bill = invoice(new_id(), id, service, rate, service.moment, payment.method)
    return [Put(made), Put(bill)], str(bill["id"])


def _rate(fee: str, day: date) -> tariff.Rate:
    try:
        return tariff.rate(fee, day)
    except LookupError as error:
        raise problem(422, "business-rule", str(error)) from error


async def _bills(record: Record, patient: str, charges: set[str]) -> list[Json]:
    found = await record.resources("Invoice", [("subject", patient), *NEWEST])
    return [one for one in found if charges & {
        str((line.get("chargeItemReference") or {}).get("reference")) for line in one.get("lineItem") or ()
    }]  # fmt: skip


async def _mine(record: Record, who: Who, id: str, status: frozenset[str]) -> Json:
    """An appointment of a unit in which one works, in one of these states."""
    held = await record.resource("Appointment", id)
    _at_unit(who, await unit_at(record, held))
    if held["status"] not in status:
        raise problem(409, "conflict", f"this appointment is {held['status']} by now; read it again")
    return held


def _at_unit(who: Who, unit: str) -> None:
    if who.kind is not WhoKind.STAFF or who.role is None or key64(unit) not in who.keys:
        raise problem(403, "forbidden", "the reception of a unit is its own staff's")


async def _kept(woken: Woken, inside: Inside) -> Sequence[Deed]:
    """A contact that is over has kept its appointment."""
    after = woken.after or {}
    if after.get("status") != "finished" or (woken.before or {}).get("status") == "finished":
        return []
    ids = [str(one.get("reference", "")).partition("/")[2] for one in after.get("appointment") or ()]
    found = [await inside.read("Appointment", id) for id in ids]
    return [Put({**one, "status": "fulfilled"}) for one in found if one and one["status"] in EXPECTED | {"arrived"}]


RULE = Rule("a contact that is over has kept its appointment", frozenset({"Encounter"}), _kept)


async def _commit(record: Record, held: Json, deeds: Sequence[Deed]) -> None:
    """One transaction, only if the version that was read is still current. Raises Problem 412 otherwise."""
    writes, lines = parted(deeds)
    writes[0].match = int(held["meta"]["versionId"])
    await record.commit(writes, lines=lines)
