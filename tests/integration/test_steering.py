"""Numbers of steering: made of what happened, whoever wrote it, and the same when they are made anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from felles import app, steering
from felles.clerical.period import Period, Status, resource
from felles.duties import handling
from felles.duties.calendar import NORWAY
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.rule import Remove, parted
from felles.record.store import Line
from felles.steering import reading
from felles.steering.fact import Kind
from felles.steering.figure import BY_CODE
from tests.integration import consenting
from tests.integration.correspondence import fill

pytestmark = pytest.mark.anyio
Json = dict[str, Any]
WARD = "Organization/ward"
MARCH = reading.month_of(date(2026, 3, 1))


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


def begun(id: str, waited: int, *, late: bool = False, unit: str = WARD) -> Json:
    ended = date(2026, 3, 31)
    seniority = ended - timedelta(days=waited)
    return resource(Period(
        id, "Patient/anna", unit, ("ServiceRequest/old",), Status.ACTIVE, seniority, seniority, assessed=seniority,
        outcome="right", deadline=ended - timedelta(days=1) if late else ended, field="somatic", ended=ended, end="1",
    ))  # fmt: skip


def visit(id: str, status: str, start: str = "2026-03-05T09:00:00+01:00") -> Json:
    return {"resourceType": "Appointment", "id": id, "status": status, "start": start, "end": start,
            "participant": [{"actor": {"reference": "Patient/anna"}, "status": "accepted"},
                            {"actor": {"reference": "PractitionerRole/nurse-role"}, "status": "accepted"}]}  # fmt: skip


def stay(id: str) -> Json:
    return {"resourceType": "Encounter", "id": id, "status": "finished", "subject": {"reference": "Patient/anna"},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "period": {"start": "2026-03-01T10:00:00+01:00", "end": "2026-03-04T10:00:00+01:00"},
            "serviceProvider": {"reference": WARD}}  # fmt: skip


def epicrisis(id: str, encounter: str, moment: str) -> Json:
    return {"resourceType": "DocumentReference", "id": id, "status": "current", "docStatus": "final", "date": moment,
            "type": {"coding": [{"system": "http://loinc.org", "code": "18842-5"}]},
            "subject": {"reference": "Patient/anna"},
            "context": {"encounter": [{"reference": f"Encounter/{encounter}"}]},
            "content": [{"attachment": {"title": "Epikrise"}}]}  # fmt: skip


async def value(record: Record, figure: str, unit: str = WARD) -> float | None:
    one = BY_CODE[figure]
    found = await reading.series(record, [unit], MARCH, MARCH)
    return one.of(reading.whole(found.get((one.kind, ""))))


async def test_numbers_follow_every_change_of_what_they_count(record: Record) -> None:
    await record.update(begun("a", 50))
    await record.update(begun("b", 70, late=True))
    assert (await value(record, "waited"), await value(record, "begun-late")) == (60, 50)
    await record.update({**begun("b", 70, late=True), "managingOrganization": {"reference": "Organization/clinic"}})
    assert (await value(record, "waited"), await value(record, "waited", "Organization/clinic")) == (50, 70)
    await record.update(visit("one", "booked"))
    assert await value(record, "missed") is None
    await record.update(visit("one", "noshow"))
    await record.update(visit("two", "fulfilled"))
    assert await value(record, "missed") == 50
    await record.commit(parted([Remove("Appointment", "one")])[0])
    assert await value(record, "missed") == 0


async def test_an_epicrisis_counts_before_and_after_the_stay_has_ended(record: Record) -> None:
    await record.update(stay("one"))
    await record.update(stay("two"))
    assert await value(record, "epicrisis-week") == 0
    await record.update(epicrisis("late", "one", "2026-03-10T10:00:00+01:00"))
    assert (await value(record, "epicrisis-day"), await value(record, "epicrisis-week")) == (0, 50)
    await record.update({**stay("three"), "status": "in-progress"})
    await record.update(epicrisis("early", "three", "2026-03-04T08:00:00+01:00"))
    await record.update(stay("three"))
    assert await value(record, "epicrisis-day") == pytest.approx(100 / 3)
    await record.update({**epicrisis("late", "one", "2026-03-10T10:00:00+01:00"), "status": "entered-in-error"})
    assert await value(record, "epicrisis-week") == pytest.approx(100 / 3)


async def test_planned_times_that_have_passed_and_the_horizon(record: Record) -> None:
    day = NORWAY.day(handling.now())
    soon, passed = day + timedelta(days=30), day - timedelta(days=3)
    await record.update(visit("timed", "booked", f"{soon}T09:00:00+01:00"))
    untimed = {**visit("untimed", "waitlist"), "requestedPeriod": [{"end": soon.isoformat()}]}
    await record.update({name: found for name, found in untimed.items() if name not in ("start", "end")})
    await record.update(visit("passed", "booked", f"{passed}T09:00:00+01:00"))
    found = await reading.standing(record, [WARD], handling.now())
    assert (found.planned, found.passed, found.ahead, found.timed) == (3, 1, 2, 1)


async def test_rows_are_what_the_number_counts_and_name_nobody_whose_record_is_closed(record: Record) -> None:
    for number in range(60):
        await record.update(begun(f"p{number:02}", 10 + number))
    elsewhere = begun("elsewhere", 5, unit="Organization/clinic")
    await record.update({**elsewhere, "patient": {"reference": "Patient/bea"}})
    mine, _ = await consenting.staff(record, "nurse")
    other, _ = await consenting.staff(record, "other")
    first = await reading.rows(mine, [WARD], Kind.BEGUN, MARCH, MARCH)
    assert first.next is not None
    second = await reading.rows(mine, [WARD], Kind.BEGUN, MARCH, MARCH, after=first.next)
    found = [*first.rows, *second.rows]
    assert sorted(one.value or 0 for one in found) == [10 + number for number in range(60)]
    assert {one.patient for one in found} == {"Patient/anna"}
    closed = await reading.rows(other, [WARD], Kind.BEGUN, MARCH, MARCH)
    assert len(closed.rows) == 50 and {one.patient for one in closed.rows} == {""}


async def test_made_anew_the_facts_are_the_same(record: Record) -> None:
    await record.update(begun("a", 50))
    await record.update(visit("one", "noshow"))
    await record.update(stay("two"))
    assert await steering.renew(record) == 0
    await record.commit([], lines=[
        Line("steering gone", [key64("EpisodeOfCare/a"), Kind.BEGUN.value]),
        Line("steering gone", [key64("Appointment/one"), Kind.VISIT.value]),
        Line("steering put", [key64("Encounter/two"), Kind.PLANNED.value, 1, 2, 3, None, None, ""]),
    ])  # fmt: skip
    assert await steering.renew(record) == 3
    assert (await value(record, "waited"), await value(record, "missed")) == (50, 100)
