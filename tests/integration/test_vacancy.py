"""Times that can be booked: what fits a wish is found, two never take the same, and letter and slots stand together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles import app
from felles.access.age import NORWAY as ZONE
from felles.clerical import appointment, forecast, vacancy
from felles.clerical.appointment import Booking
from felles.clerical.promise import BOOK, BREACH
from felles.clerical.vacancy import MINUTE, Free, Wish, suits, together
from felles.duties import handling, worklist
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.rule import Put
from tests.integration import consenting
from tests.integration.correspondence import fill
from tests.integration.test_referral import NUMBER, referral
from tests.integration.test_waiting import waits

pytestmark = pytest.mark.anyio
WARD = "Organization/ward"
DAY = 1_440 * MINUTE
Json = dict[str, Any]


def schedule(id: str, *actors: str) -> Json:
    return {"resourceType": "Schedule", "id": id, "active": True, "actor": [{"reference": one} for one in actors]}


def slot(id: str, of: str, start: datetime, minutes: int, status: str = "free", **more: Any) -> Json:
    return {
        "resourceType": "Slot", "id": id, "schedule": {"reference": f"Schedule/{of}"}, "status": status,
        "start": start.isoformat(), "end": (start + timedelta(minutes=minutes)).isoformat(), **more,
    }  # fmt: skip


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time on the working day number `day` from today."""
    found = NORWAY.day(handling.now()) + timedelta(days=day)
    while found.weekday() > 4:
        found += timedelta(days=1)
    return datetime.combine(found, time(hour, minute), ZONE)


def micros(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


def wish(minutes: int = 30, days: int = 30, **more: Any) -> Wish:
    now = handling.now()
    return Wish(WARD, minutes, now, now + days * DAY, **more)


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    room = {"resourceType": "Location", "id": "room", "name": "Rom 2", "managingOrganization": {"reference": WARD}}
    for one in (room, schedule("doctor", "PractitionerRole/nurse-role"), schedule("room", "Location/room")):
        await made.update(one)
    yield made
    await made.close()


async def test_the_first_that_fits_is_found_in_order(record: Record) -> None:
    for place, start in enumerate((at(3, 12), at(1, 9), at(2, 9))):
        await record.update(slot(f"s{place}", "doctor", start, 30))
    await record.update(slot("short", "doctor", at(1, 8), 10))
    await record.update(slot("taken", "doctor", at(1, 8, 30), 30, "busy"))
    assert [one.slots for one in await vacancy.find(record, wish())] == [("Slot/s1",), ("Slot/s2",), ("Slot/s0",)]
    assert [one.slots for one in await vacancy.find(record, wish(after=time(11)))] == [("Slot/s0",)]
    assert [one.slots for one in await vacancy.find(record, wish(), limit=1)] == [("Slot/s1",)]
    assert await vacancy.find(record, replace(wish(), unit="Organization/clinic")) == []
    assert await vacancy.earliest(record, WARD, handling.now()) == micros(at(1, 8))
    with pytest.raises(Problem, match="nothing can fit"):
        await vacancy.find(record, wish(minutes=0))


async def test_doctor_and_room_are_found_together(record: Record) -> None:
    both = (frozenset({"Schedule/doctor"}), frozenset({"Schedule/room"}))
    await record.update(slot("d1", "doctor", at(1, 9), 30))
    await record.update(slot("d2", "doctor", at(1, 10), 30))
    await record.update(slot("r", "room", at(1, 10), 120))
    (one,) = await vacancy.find(record, wish(calendars=both))
    assert one.slots == ("Slot/d2", "Slot/r") and one.start == micros(at(1, 10))


async def booked(record: Record, **more: Any) -> tuple[str, vacancy.Offer]:
    mine, who = await consenting.staff(record, "nurse")
    offer = (await vacancy.find(record, wish()))[0]
    booking = Booking(("Patient/anna",), WARD, "Undersøkelse", **more)
    return await appointment.book(mine, who, offer, booking, handling.now()), offer


async def test_booking_takes_the_slot_answers_the_referral_and_writes_the_letter(record: Record) -> None:
    await waits(record, "one", "anna", 60)
    await record.update(slot("long", "doctor", at(2, 9), 60))
    id, _ = await booked(record, referral="ServiceRequest/one")
    made = await record.resource("Appointment", id)
    assert made["start"].startswith(f"{at(2, 9):%Y-%m-%dT09:00}") and made["minutesDuration"] == 30
    assert {"reference": "PractitionerRole/nurse-role"} in [one["actor"] for one in made["participant"]]
    states = {one["start"][11:16]: one["status"] for one in await record.resources("Slot", [])}
    assert states == {"09:00": "busy", "09:30": "free"}
    kinds = [row.duty.kind for row in (await worklist.open_of(record, WARD, handling.now())).rows]
    assert BOOK.number not in kinds
    letters = [one for one in await record.resources("Composition", []) if "Innkalling" in one["title"]]
    assert len(letters) == 1 and "09.00" in str(letters[0]["section"])


async def test_of_two_who_take_the_same_time_the_second_is_told_and_leaves_nothing(record: Record) -> None:
    await record.update(slot("one", "doctor", at(2, 9), 30))
    mine, who = await consenting.staff(record, "nurse")
    offer = (await vacancy.find(record, wish()))[0]
    await appointment.book(mine, who, offer, Booking(("Patient/anna",), WARD, "Første"), handling.now())
    with pytest.raises(Problem) as refused:
        await appointment.book(mine, who, offer, Booking(("Patient/bea",), WARD, "Andre"), handling.now())
    assert refused.value.status == 409
    there = await record.resources("Appointment", [("patient", "bea")])
    assert [one["id"] for one in there] == ["bea-time"]
    stale = await mine.resource("Slot", "one")
    await record.update({**stale, "status": "free"})
    late = {**stale, "status": "free", "meta": {"versionId": "1"}}
    with pytest.raises(Problem, match="meanwhile"):
        await appointment.committed(mine, [Put({**late, "status": "busy"})], [late])


async def test_moving_frees_the_old_time_and_calling_off_frees_it_and_tells(record: Record) -> None:
    await record.update(slot("a", "doctor", at(2, 9), 30))
    id, _ = await booked(record)
    await record.update(slot("b", "doctor", at(3, 9), 30))
    mine, who = await consenting.staff(record, "nurse")
    offer = (await vacancy.find(record, wish()))[0]
    booking = Booking(("Patient/anna",), WARD, "Undersøkelse")
    await appointment.move(mine, who, id, offer, booking, handling.now())
    assert (await record.resource("Slot", "a"))["status"] == "free"
    assert (await record.resource("Slot", "b"))["status"] == "busy"
    with pytest.raises(Problem, match="say why"):
        await appointment.call_off(mine, who, id, booking, "", handling.now())
    await appointment.call_off(mine, who, id, booking, "legen er syk", handling.now())
    assert (await record.resource("Appointment", id))["status"] == "cancelled"
    assert (await record.resource("Slot", "b"))["status"] == "free"
    titles = [one["title"] for one in await record.resources("Composition", [])]
    assert sorted(titles) == ["Innkalling til time", "Innkalling til time", "Timen din er avlyst"]
    theirs, other = await consenting.staff(record, "other")
    with pytest.raises(Problem, match="own staff"):
        await appointment.book(theirs, other, offer, booking, handling.now())


async def test_a_slot_that_ends_before_it_begins_is_refused(record: Record) -> None:
    with pytest.raises(Problem, match="ends after it begins"):
        await record.update(slot("wrong", "doctor", at(1, 9), -30))
    assert referral()["status"] == "active"


TIMES = st.builds(
    lambda slot, schedule, start, length: Free(slot, schedule, start * 5 * MINUTE, (start + length) * 5 * MINUTE, ""),
    st.integers(1, 10_000), st.integers(1, 3), st.integers(0, 100), st.integers(1, 24),
)  # fmt: skip


@given(st.lists(TIMES, max_size=20), st.integers(1, 60))
def test_what_is_offered_together_overlaps_and_uses_each_calendar_once(found: list[Free], minutes: int) -> None:
    asked = Wish(WARD, minutes, 0, 200 * 5 * MINUTE)
    found.sort(key=lambda one: (one.start, one.slot))
    for one in together(found, asked, [frozenset({1}), frozenset({2, 3})]):
        lead, other = one
        assert lead.schedule == 1 and other.schedule in (2, 3) and suits(lead, asked)
        assert other.start <= lead.start and lead.start + minutes * MINUTE <= other.end


async def test_whom_no_free_time_before_the_deadline_is_left_for_is_foreseen(record: Record) -> None:
    await waits(record, "first", "anna", 25)
    second = await waits(record, "second", "cato", 30)
    await record.update(schedule("s", "PractitionerRole/nurse-role"))
    await record.update(slot("only", "s", at(20, 9), 30))
    assert await forecast.foresee(record, handling.now()) == 0, "the calendar is not open so far ahead"
    await record.update(slot("last", "s", at(60, 9), 30, "busy"))
    assert await forecast.foresee(record, handling.now()) == 1
    (row,) = [row for row in (await worklist.open_of(record, WARD, handling.now())).rows
              if row.duty.kind == BREACH.number]  # fmt: skip
    assert row.subject == f"EpisodeOfCare/{second}" and row.duty.reason == forecast.FULL
    assert await forecast.foresee(record, handling.now()) == 0
