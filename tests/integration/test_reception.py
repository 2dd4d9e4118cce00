"""The reception: who has come, who has not, what is paid, and that a mistake can be taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from felles import app
from felles.access.consent import instant
from felles.access.who import Who
from felles.clerical.reception import attendance, settlement
from felles.clerical.reception.attendance import IDENTITY, Payment
from felles.clerical.reception.card import Has, Nobody
from felles.clerical.reception.day import Row, today
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.correspondence import appointment
from tests.integration.test_coding import house

pytestmark = pytest.mark.anyio
Json = dict[str, Any]
WARD = "Organization/ward"
HOUR = 3_600_000_000


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await furnish(made)
    yield made
    await made.close()


async def furnish(record: Record) -> None:
    """The ward has a room, a clerk, and three times today: of anna, of a child, and of somebody at the clinic."""
    await house(record)
    await record.update({"resourceType": "Practitioner", "id": "clerk", "name": [{"text": "Clerk"}]})
    await record.update(consenting.role("clerk-role", "clerk", "ward", "HE"))
    for unit in ("ward", "clinic"):
        room = {"resourceType": "Location", "id": f"{unit}-room", "name": "Rom 1"}
        await record.update({**room, "managingOrganization": {"reference": f"Organization/{unit}"}})
    now = handling.now()
    young = f"{NORWAY.day(now).year - 9}-02-28"
    ward = {"reference": WARD}
    await record.update({**consenting.person("child", young), "managingOrganization": ward})
    for id, patient, unit, hours in (
        ("one", "anna", "ward", 0),
        ("two", "child", "ward", 0),
        ("other", "bea", "clinic", 0),
    ):
        await record.update(timed(id, patient, unit, now + hours * HOUR))


def timed(id: str, patient: str, unit: str, start: int, **more: Any) -> Json:
    made = appointment(id, patient, start=instant(start), end=instant(start + HOUR // 2), **more)
    room = {"actor": {"reference": f"Location/{unit}-room"}, "status": "accepted"}
    return {**made, "participant": [*made["participant"], room]}


async def clerk(record: Record) -> tuple[Record, Who]:
    return await consenting.staff(record, "clerk")


async def rows(record: Record) -> dict[str, Row]:
    mine, _ = await clerk(record)
    return {row.id: row for row in await today(mine, WARD, NORWAY.day(handling.now()))}


async def arrived(record: Record, id: str = "one", **payment: str) -> str:
    mine, who = await clerk(record)
    return await attendance.arrive(mine, who, id, Payment(**payment), handling.now())


async def test_the_day_holds_the_unit_s_own_times_in_order(record: Record) -> None:
    found = await rows(record)
    assert sorted(found) == ["one", "two"] and all(row.expected for row in found.values())
    assert found["one"].patient["id"] == "anna" and found["two"].exempt == "Under 16 år"


async def test_arrival_begins_the_contact_and_charges_the_share_in_one_transaction(record: Record) -> None:
    bill = await arrived(record, method="card")
    (met,) = await record.resources("Encounter", [("appointment", "Appointment/one")])
    assert (met["status"], met["serviceProvider"]["reference"], met["class"]["code"]) == ("arrived", WARD, "AMB")
    assert (await record.resource("Appointment", "one"))["status"] == "arrived"
    held = await record.resource("Invoice", bill)
    assert held["status"] == "balanced" and held["totalGross"] == {"value": 403, "currency": "NOK"}
    (charged,) = await record.resources("ChargeItem", [("subject", "Patient/anna")])
    assert charged["context"]["reference"] == f"Encounter/{met['id']}" and charged["status"] == "billed"
    assert (await rows(record))["one"].come
    with pytest.raises(Problem, match="arrived by now"):
        await arrived(record)


async def test_a_child_pays_nothing_whatever_is_chosen(record: Record) -> None:
    assert await arrived(record, "two", method="card") == ""
    assert await record.resources("Invoice", []) == []
    (charged,) = await record.resources("ChargeItem", [])
    assert (charged["status"], charged["overrideReason"]) == ("not-billable", "Under 16 år")
    assert (await rows(record))["two"].free == "Under 16 år"


async def test_an_invoice_is_owed_until_it_is_paid_once(record: Record) -> None:
    bill = await arrived(record, method="invoice")
    assert (await rows(record))["one"].owed == 403
    mine, who = await clerk(record)
    await attendance.pay(mine, who, bill, "cash")
    assert (await rows(record))["one"].owed == 0
    with pytest.raises(Problem, match="balanced by now"):
        await attendance.pay(mine, who, bill, "cash")


async def test_an_exemption_must_be_one_that_is_known(record: Record) -> None:
    with pytest.raises(Problem, match="who pays"):
        await arrived(record, exemption="friend")
    assert (await record.resource("Appointment", "one"))["status"] == "booked"
    assert await arrived(record, exemption="card") == ""


async def test_nobody_came_costs_a_fee_or_says_why_not(record: Record) -> None:
    mine, who = await clerk(record)
    with pytest.raises(Problem, match="say why"):
        await attendance.miss(mine, who, "one", False, "", handling.now())
    bill = await attendance.miss(mine, who, "one", True, "", handling.now())
    assert (await record.resource("Appointment", "one"))["status"] == "noshow"
    assert (await record.resource("Invoice", bill))["type"]["coding"][0]["code"] == "no-show"
    assert await attendance.miss(mine, who, "two", False, "Syk, ga beskjed", handling.now()) == ""
    await record.update(timed("soon", "anna", "ward", handling.now() + HOUR))
    with pytest.raises(Problem, match="not begun"):
        await attendance.miss(mine, who, "soon", True, "", handling.now())


async def test_a_time_given_less_than_a_day_before_costs_nothing(record: Record) -> None:
    mine, who = await clerk(record)
    start = handling.now() - HOUR
    await record.update(timed("hasty", "anna", "ward", start, created=instant(start - 23 * HOUR)))
    with pytest.raises(Problem, match="24 hours"):
        await attendance.miss(mine, who, "hasty", True, "", handling.now())


async def test_what_was_registered_by_mistake_is_taken_back_whole(record: Record) -> None:
    bill = await arrived(record, method="card")
    mine, who = await clerk(record)
    await attendance.take_back(mine, who, "one")
    assert (await rows(record))["one"].expected and (await rows(record))["one"].bill == ""
    assert (await record.resource("Invoice", bill))["status"] == "entered-in-error"
    (met,) = await record.resources("Encounter", [("appointment", "Appointment/one")])
    assert met["status"] == "entered-in-error"
    await arrived(record, method="cash")


async def test_a_contact_that_has_begun_is_not_taken_back(record: Record) -> None:
    await arrived(record)
    (met,) = await record.resources("Encounter", [("appointment", "Appointment/one")])
    await record.update({**met, "status": "in-progress"})
    mine, who = await clerk(record)
    with pytest.raises(Problem, match="has begun"):
        await attendance.take_back(mine, who, "one")


async def test_a_contact_that_is_over_has_kept_its_appointment(record: Record) -> None:
    await arrived(record)
    (met,) = await record.resources("Encounter", [("appointment", "Appointment/one")])
    period = {**met["period"], "end": instant(handling.now() + HOUR)}
    await record.update({**met, "status": "finished", "period": period})
    assert (await record.resource("Appointment", "one"))["status"] == "fulfilled"


async def test_other_units_and_other_patients_are_refused(record: Record) -> None:
    mine, who = await clerk(record)
    with pytest.raises(Problem) as refused:
        await attendance.arrive(mine, who, "other", Payment(), handling.now())
    assert refused.value.status in (403, 404)
    bea, herself = consenting.patient(record, "bea", now=handling.now())
    with pytest.raises(Problem) as hidden:
        await attendance.check_in(bea, herself, "one", handling.now())
    assert hidden.value.status in (403, 404)


async def test_patients_check_in_themselves_when_it_is_time(record: Record) -> None:
    anna, herself = consenting.patient(record, "anna", now=handling.now())
    with pytest.raises(Problem, match="two hours"):
        await attendance.check_in(anna, herself, "one", handling.now() - 3 * HOUR)
    await attendance.check_in(anna, herself, "one", handling.now())
    assert (await rows(record))["one"].status == "checked-in"
    await arrived(record)


async def test_who_is_not_whom_the_time_is_for_is_owed_an_answer(record: Record) -> None:
    mine, who = await clerk(record)
    with pytest.raises(Problem, match="say what"):
        await attendance.doubt(mine, who, "one", "", handling.now())
    await attendance.doubt(mine, who, "one", "Har fått nytt fødselsnummer", handling.now())
    page = await worklist.open_of(record, WARD, handling.now())
    assert [(row.subject, row.duty.reason) for row in page.rows if row.duty.kind == IDENTITY.number] == [
        ("Appointment/one", "Har fått nytt fødselsnummer")
    ]


async def test_the_list_for_helfo_has_shares_but_no_fees_for_absence(record: Record) -> None:
    bill = await arrived(record, method="card")
    mine, who = await clerk(record)
    await attendance.miss(mine, who, "two", False, "Syk, ga beskjed", handling.now())
    tomorrow = NORWAY.day(handling.now()) + timedelta(days=1)
    (one,) = await settlement.shares(mine, who, tomorrow)
    assert (one.number, one.amount, one.paid, one.invoice) == ("15076500565", 403, True, bill)
    assert await settlement.shares(mine, who, date(2026, 1, 1)) == []


async def test_a_patient_with_many_bills_has_the_right_one_taken_back(record: Record) -> None:
    bill = await arrived(record, method="invoice")
    (charged,) = await record.resources("ChargeItem", [("subject", "Patient/anna")])
    held = await record.resource("Invoice", bill)
    for number in range(230):
        for one in (charged, held):
            older = {name: value for name, value in one.items() if name != "meta"}
            line = [{"chargeItemReference": {"reference": f"ChargeItem/{number:04}"}, "sequence": 1}]
            more = {"lineItem": line} if one is held else {"supportingInformation": [{"reference": "Appointment/two"}]}
            await record.update({**older, **more, "id": f"{number:04}"})
    assert (await rows(record))["one"].owed == 403
    mine, who = await clerk(record)
    assert len(await settlement.shares(mine, who, NORWAY.day(handling.now()) + timedelta(days=1))) == 231
    await attendance.take_back(mine, who, "one")
    assert (await record.resource("Invoice", bill))["status"] == "entered-in-error"
    assert (await record.resource("ChargeItem", charged["id"]))["status"] == "entered-in-error"


async def test_nobody_pretends_to_have_asked_for_the_card() -> None:
    assert await Nobody().asked("15076500565", date(2026, 11, 23)) is Has.UNASKED


async def test_where_the_tariff_is_another_nothing_is_charged_and_nobody_checks_in(record: Record) -> None:
    hospital = await record.resource("Organization", "hospital")
    await record.update({name: value for name, value in hospital.items() if name != "type"})
    anna, herself = consenting.patient(record, "anna", now=handling.now())
    with pytest.raises(Problem, match="two hours"):
        await attendance.check_in(anna, herself, "one", handling.now())
    assert await arrived(record) == "" and await record.resources("ChargeItem", []) == []
    assert (await rows(record))["one"].come
