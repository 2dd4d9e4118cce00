"""Roles are given and ended by named people with a reason, at once; what is refused says why in plain words."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from felles import duties
from felles.access.age import NORWAY
from felles.access.authorisation import Grant, Office, end, give, leave
from felles.access.authority import WORDS, No, Refusal, authority
from felles.access.register import Register
from felles.app import LINES, RULES
from felles.duties import worklist
from felles.duties.deadline import WorkingDays
from felles.duties.deed import opened as owed
from felles.duties.reading import Outside
from felles.record.record import Record
from felles.record.store import Line
from tests.integration.region import PROFESSION, People, build, encounter, observation, patient, ref, role

HOUSE = "urn:felles:role"
REASON = "Vikar i ferien, avtalt med klinikksjefen"
KIND = duties.declare(duties.Kind(9_401, "test-handed-on", "Følges opp", WorkingDays(3)))


def now() -> int:
    return time.time_ns() // 1_000


def today() -> date:
    return datetime.now(NORWAY).date()


def house(code: str) -> list[dict[str, Any]]:
    return [{"coding": [{"system": HOUSE, "code": code}]}]


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, RULES, lines=LINES)
    await build(opened)
    doctor = {"coding": [{"system": PROFESSION, "code": "LE"}]}
    for name in ("doctor", "other"):
        person = {"resourceType": "Practitioner", "id": name, "active": True, "name": [{"text": name}]}
        await opened.update(person | {"qualification": [{"code": doctor}]})
    for name, code, unit in (("leader", "leder", "clinic"), ("keeper", "administrator", "hospital")):
        await opened.update({"resourceType": "Practitioner", "id": name, "active": True, "name": [{"text": name}]})
        await opened.update(role(name, "XX", unit) | {"code": house(code)})
    yield opened
    await opened.close()


@pytest.fixture
def people(record: Record) -> People:
    return People(record)


async def office(people: People, name: str = "leader") -> Office:
    who = await people.who(name)
    assert who is not None
    units = (await people.access.house.standing()).tree
    held = authority(who, units)
    assert held is not None
    return Office(people.record.seen_by(people.access.guard(who)), who, held, units)


def grant(person: str = "doctor", unit: str = "ward2", code: str = "LE", **given: Any) -> Grant:
    wanted: dict[str, Any] = {"first": today(), "last": None, "reason": REASON} | given
    return Grant(f"Practitioner/{person}", f"Organization/{unit}", code, **wanted)


async def refused(people: People, wanted: Grant, name: str = "leader") -> No:
    with pytest.raises(Refusal) as refusal:
        await give(await office(people, name), wanted, now())
    assert WORDS[refusal.value.no]
    return refusal.value.no


async def test_a_role_that_is_given_holds_at_once_and_is_told_with_its_giver_and_reason(people: People) -> None:
    await people.record.update(patient("anna"))
    await people.record.update(encounter("stay", "anna", "ward2"))
    await people.record.update(observation("pulse", "anna"))
    given = await give(await office(people), grant(last=today() + timedelta(days=7)), now())
    who = await people.access.house.who_of("Practitioner/doctor", given, now())
    assert who is not None and who.role is not None and who.role.code == "LE"
    assert (await people.as_(who)("GET", "Observation/pulse")).status == 200
    register = Register(people.record.store.reading, people.access.house)
    (found,) = [one for one in await register.at(now(), "Practitioner/doctor") if one.role == given]
    assert (found.granted_by, found.unit, found.place) == ("Practitioner/leader", "Organization/ward2", "ward2")
    midnight = datetime.combine(today() + timedelta(days=8), datetime.min.time(), NORWAY)
    assert found.end == int(midnight.timestamp()) * 1_000_000
    (change, *_) = await register.history("Practitioner/doctor")
    assert (change.by, change.reason, change.version.number) == ("Practitioner/leader", REASON, 1)
    assert await register.holding(found.end, "Practitioner/doctor", "Organization/ward2") == []


async def test_what_is_refused_says_why(people: People) -> None:
    later = today() + timedelta(days=3)
    assert await refused(people, grant("leader", "ward", "merkantil")) is No.SELF
    assert await refused(people, grant(unit="town")) is No.UNIT
    assert await refused(people, grant(unit="hospital")) is No.UNIT
    assert await refused(people, grant(unit="nowhere")) is No.UNIT
    for code in ("administrator", "personvernombud", "XYZ"):
        assert await refused(people, grant(code=code)) is No.CODE
    assert await refused(people, grant(unit="clinic", code="leder")) is No.CODE
    assert await refused(people, grant("nurse")) is No.AUTHORISATION
    assert await refused(people, grant("nobody", code="merkantil")) is No.PERSON
    assert await refused(people, grant(first=today() - timedelta(days=1))) is No.PAST
    assert await refused(people, grant(first=later, last=today())) is No.ORDER
    assert await refused(people, grant(unit="ward")) is No.SAME
    assert await refused(people, grant(reason=" vikar \n")) is No.REASON
    assert await refused(people, grant("keeper", "town", "merkantil"), "keeper") is No.SELF
    await people.record.update({"resourceType": "Organization", "id": "ward2", "active": False, "name": "ward2"})
    assert await refused(people, grant()) in (No.CLOSED, No.UNIT)


async def test_administrators_name_leaders_and_officers(people: People) -> None:
    for code in ("leder", "personvernombud", "administrator"):
        assert await give(await office(people, "keeper"), grant(unit="clinic", code=code), now())
    assert await give(await office(people), grant("other", "ward", "leder"), now()), "below the own unit"


async def test_nobody_else_changes_the_register(people: People) -> None:
    units = (await people.access.house.standing()).tree
    await people.record.update(role("manager", "XX", "ward") | {"code": house("personvernombud")})
    for name in ("doctor", "clerk", "chief"):
        who = await people.who(name)
        assert who is not None and authority(who, units) is None
    officer = await office(people, "manager")
    with pytest.raises(Refusal) as refusal:
        await give(officer, grant(), now())
    assert refusal.value.no is No.UNIT


async def test_a_role_that_is_ended_gives_nothing_from_the_same_moment(people: People) -> None:
    client = await people.staff("nurse")
    await people.record.update(patient("anna"))
    await people.record.update(encounter("stay", "anna", "ward"))
    assert (await client("GET", "Patient/anna")).status == 200
    await end(await office(people), "PractitionerRole/nurse", 1, None, REASON, now())
    assert await people.who("nurse") is None
    assert (await client("GET", "Patient/anna")).status == 404
    for number, no in ((1, No.CHANGED), (2, No.ENDED)):
        with pytest.raises(Refusal) as refusal:
            await end(await office(people), "PractitionerRole/nurse", number, None, REASON, now())
        assert refusal.value.no is no


async def test_a_role_ends_with_a_day_to_come(people: People) -> None:
    await end(await office(people), "PractitionerRole/nurse", 1, today(), REASON, now())
    who = await people.who("nurse")
    assert who is not None and who.role is not None and who.role.end is not None and who.role.end > now()
    with pytest.raises(Refusal) as refusal:
        await end(await office(people), "PractitionerRole/nurse", 2, today() - timedelta(days=1), REASON, now())
    assert refusal.value.no is No.PAST


async def test_what_somebody_who_leaves_owed_is_the_unit_s(people: People) -> None:
    await people.record.update(patient("anna"))
    owe = duties.Owe(KIND, "Patient/anna", "Organization/ward", "Practitioner/nurse", patient="Patient/anna")
    read = Outside(people.record)
    lines = [one for one in await owed(owe, read, now()) if isinstance(one, Line)]
    await people.record.commit((), lines=lines)
    assert [one.person for one in (await worklist.open_of(people.record, "Organization/ward", now())).rows]
    assert await leave(await office(people), "Practitioner/nurse", REASON, now()) == 1
    (row,) = (await worklist.open_of(people.record, "Organization/ward", now())).rows
    assert row.person is None and row.pool
    assert await people.access.house.roles_of("Practitioner/nurse", now()) == []


async def test_the_register_of_a_day_goes_by_the_people_and_units_of_that_day(people: People) -> None:
    register = Register(people.record.store.reading, people.access.house)
    before = now()
    await asyncio.sleep(0.005)  # versions are told apart by the millisecond
    await people.record.update({"resourceType": "Practitioner", "id": "nurse", "active": False})
    await people.record.update({"resourceType": "Organization", "id": "town", "active": False, "name": "town"})
    today_ = {one.person for one in await register.at(now())}
    then = {one.person for one in await register.at(before)}
    assert then - today_ == {"Practitioner/nurse", "Practitioner/zone"}


async def test_of_two_who_give_the_same_at_once_one_is_told_so(people: People) -> None:
    leader, keeper = await office(people), await office(people, "keeper")
    given = await asyncio.gather(*(give(one, grant(), now()) for one in (leader, keeper)), return_exceptions=True)
    told = [one for one in given if isinstance(one, Refusal)]
    assert len(told) == 1 and told[0].no is No.SAME


async def change(people: People, dice: random.Random) -> None:
    """One thing that happens to a house."""
    name, unit = dice.choice(("nurse", "doctor", "other", "clerk")), dice.choice(("ward", "ward2", "clinic"))
    active, day = dice.random() < 0.6, today() + timedelta(days=dice.randint(-2, 2))
    what = dice.randrange(4)
    if what == 0:
        await people.record.update({"resourceType": "Practitioner", "id": name, "active": active})
    elif what == 1:
        above = {"ward": "clinic", "ward2": "clinic", "clinic": "hospital"}[unit]
        await people.record.update(
            {
                "resourceType": "Organization",
                "id": unit,
                "name": unit,
                "active": active,
                "partOf": ref(f"Organization/{above}"),
            }
        )
    elif what == 2:
        await people.record.update(role(name, "SP", unit, period={"end": day.isoformat()}))
    else:
        await people.record.update(role(name, "SP", unit) | {"active": active})


@pytest.mark.parametrize("seed", range(3))
async def test_the_register_says_what_the_house_lets_in(people: People, seed: int) -> None:
    """Whatever has happened, who stands in the register now can work now, and nobody else."""
    register, dice = Register(people.record.store.reading, people.access.house), random.Random(seed)
    for _ in range(12):
        await change(people, dice)
        moment = now()
        stands = {(one.person, one.role) for one in await register.holding(moment)}
        roles = (await register.chronicle()).roles
        held = {
            (person, id)
            for id, versions in roles.items()
            for person in {one.content.practitioner for one in versions if one.content}
            if await people.access.house.who_of(person, id, moment)
        }
        assert stands == held
