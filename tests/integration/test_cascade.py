"""Somebody is away: everybody gets a new time with its letter, nobody gets two, and what is taken meanwhile is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clerical import appointment, cascade, diary, vacancy
from felles.clerical.appointment import Booking
from felles.clerical.vacancy import Wish
from felles.duties import handling
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill
from tests.integration.test_referral import NUMBER
from tests.integration.test_vacancy import WARD, at, schedule, slot
from tests.integration.test_waiting import waits

pytestmark = pytest.mark.anyio
DAY = 1_440 * vacancy.MINUTE


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    ward = {"managingOrganization": {"reference": WARD}}
    await made.update({"resourceType": "Location", "id": "room", "name": "Rom 2", **ward})
    await made.update(schedule("doctor", "Location/room"))
    await made.update(schedule("other", "PractitionerRole/nurse-role"))
    for hour in (9, 10, 11):
        await made.update(slot(f"d{hour}", "doctor", at(9, hour), 30))
    yield made
    await made.close()


async def booked(record: Record, hour: int, **more: Any) -> str:
    mine, who = await consenting.staff(record, "nurse")
    start = NORWAY.moment(at(9, hour).date()) + hour * 60 * vacancy.MINUTE
    wish = Wish(WARD, 30, start, start + vacancy.MINUTE, calendars=(frozenset({"Schedule/doctor"}),))
    (offer,) = await vacancy.find(record, wish)
    return await appointment.book(
        mine, who, offer, Booking(("Patient/anna",), WARD, "Kontroll", **more), handling.now()
    )


async def test_everybody_is_moved_and_what_was_free_is_closed(record: Record) -> None:
    await waits(record, "one", "anna", 60)
    first, second = await booked(record, 9, referral="ServiceRequest/one"), await booked(record, 10)
    await record.update(slot("o1", "other", at(10, 9), 30))
    await record.update(slot("o2", "other", at(14, 9), 30))
    mine, who = await consenting.staff(record, "nurse")
    plan, day, now = await record.resource("Schedule", "doctor"), at(9, 9).date(), handling.now()
    visits, hidden = await cascade.visits(mine, plan, day, day)
    assert [one.id for one in visits] == [first, second] and hidden == 0
    assert visits[0].deadline is not None and visits[0].referral == "ServiceRequest/one"
    made = await cascade.proposed(mine, WARD, "Schedule/doctor", visits, day, day, now)
    assert {one.offer.slots for one in made if one.offer} == {("Slot/o1",), ("Slot/o2",)}
    assert await cascade.away(mine, who, WARD, plan, day, day) == 1
    chosen = [(one.visit, one.offer) for one in made if one.offer]
    assert await cascade.carried_out(mine, who, WARD, chosen, "Legen er syk.", now) == []
    assert {one["status"] for one in await diary.slots(record, plan, now, now + 30 * DAY)} == {"busy-unavailable"}
    assert await cascade.visits(mine, plan, day, day) == ([], 0)
    letters = [one for one in await record.resources("Composition", []) if "Legen er syk." in str(one)]
    assert len(letters) == 2
    assert {one["status"] for one in await record.resources("Appointment", [])} == {"booked"}


async def test_what_others_take_meanwhile_keeps_the_old_time(record: Record) -> None:
    kept = await booked(record, 9)
    await record.update(slot("o1", "other", at(10, 9), 30))
    mine, who = await consenting.staff(record, "nurse")
    plan, day, now = await record.resource("Schedule", "doctor"), at(9, 9).date(), handling.now()
    visits, _ = await cascade.visits(mine, plan, day, day)
    (one,) = await cascade.proposed(mine, WARD, "Schedule/doctor", visits, day, day, now)
    assert one.offer is not None
    await record.update(slot("o1", "other", at(10, 9), 30, "busy"))
    assert await cascade.carried_out(mine, who, WARD, [(one.visit, one.offer)], "", now) == [kept]
    assert (await record.resource("Appointment", kept))["start"].startswith(f"{at(9, 9):%Y-%m-%dT09:00}")
    with pytest.raises(Problem, match="ends before it begins"):
        await cascade.proposed(mine, WARD, "Schedule/doctor", visits, day, day - timedelta(days=1), now)
    far, someone = await consenting.staff(record, "other")
    with pytest.raises(Problem, match="own staff"):
        await cascade.away(far, someone, WARD, plan, day, day)


async def test_a_time_in_several_calendars_is_moved_by_hand(record: Record) -> None:
    one = await booked(record, 9)
    await record.update(slot("o0", "other", at(9, 9), 30, "busy"))
    await record.update(slot("o1", "other", at(10, 9), 30))
    held = await record.resource("Appointment", one)
    await record.update({**held, "slot": [*held["slot"], {"reference": "Slot/o0"}]})
    mine, _ = await consenting.staff(record, "nurse")
    plan, day = await record.resource("Schedule", "doctor"), at(9, 9).date()
    visits, _ = await cascade.visits(mine, plan, day, day)
    (made,) = await cascade.proposed(mine, WARD, "Schedule/doctor", visits, day, day, handling.now())
    assert (made.offer, made.why) == (None, cascade.Why.SEVERAL)


async def test_the_pages_show_the_week_the_day_and_carry_the_absence_out(record: Record, tmp_path: Path) -> None:
    await booked(record, 9)
    await record.update(slot("o1", "other", at(10, 9), 30))
    day = at(9, 9).date()
    people = visiting.staff("nurse", "other", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house:
        async with house.visit("nurse") as visitor:
            week = (await visitor.get(f"/calendar?day={day}&calendar=doctor")).text
            assert "<strong>1</strong>" in week and "2 ledige" in week and "Kontroll" in week
            page = (await visitor.get(f"/calendar/absence?calendar=doctor&first={day}")).text
            assert page.count('type="checkbox"') == 1 and "Innkalling" in page and "Steng dagene, flytt" in page
            name, value = page.split('type="checkbox" name="')[1].split('" value="')[:2]
            fields = {"calendar": "doctor", "first": str(day), "last": str(day), name: value.split('"')[0]}
            await record.update(slot("o1", "other", at(10, 9), 30, "busy"))
            late = await visitor.post("/calendar/absence", **fields)
            assert late.status_code == 409 and "Noen tider ble tatt" in late.text and "Ingen ledig tid" in late.text
            await record.update(slot("o1", "other", at(10, 9), 30))
            done = await visitor.post("/calendar/absence", **fields)
            assert done.status_code == 303 and "1 time er flyttet" in (await visitor.get(done.headers["location"])).text
        async with house.visit("other") as visitor:
            assert (await visitor.get("/calendar/absence?calendar=doctor")).status_code == 404
