"""Sign-in on a real store of each engine: what is used up is used up once, whoever comes at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from felles.access.account import onetime, passkey
from felles.access.account.account import Opened, Wait, add, by_name, check, invited, listed, remove, set_password
from felles.access.account.passkey import House
from felles.access.account.throttle import FREE
from felles.access.attempt import give, take
from felles.access.employment import employments
from felles.access.entrance import change_role, enter
from felles.access.session import Proof, end_all, session_of, sessions_of
from felles.access.subject import DNR, FNR, HPR, patient_of, practitioner_of
from felles.app import LINES, RULES
from felles.demo import number
from felles.record.record import Record
from tests.authenticator import Authenticator

NOW, WORD, SECRET = 1_800_000_000.0, "blåe hestar på fjellet", onetime.new_secret()
HOUSE = House("https://felles.example")


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    unmarked = await Record.open(store_url, RULES, lines=LINES)
    await unmarked.store.set_note("demo", "yes")  # its numbers are made up
    await unmarked.close()
    opened = await Record.open(store_url, RULES, lines=LINES)
    yield opened
    await opened.close()


async def test_a_session_from_the_first_to_the_last(record: Record, store_url: str) -> None:
    proof = Proof("Practitioner/kari", 4, "helseid", "sub", int(NOW), "an id_token")
    begun = await enter(record, proof, None, NOW, secure=True)
    assert begun is not None
    cookies = {"__Host-felles_session": begun[1]}
    assert await session_of(cookies, record, NOW + 61) is not None
    assert (await sessions_of(record, "Practitioner/kari", NOW))[0].seen == NOW + 61
    changed = await change_role(record, begun[0], "PractitionerRole/a", NOW + 61, secure=True)
    assert changed is not None and await change_role(record, begun[0], "x", NOW + 61, secure=True) is None
    elsewhere = await Record.open(store_url, RULES, lines=LINES)
    cookies = {"__Host-felles_session": changed[1]}
    assert await session_of(cookies, elsewhere, NOW + 62) == changed[0]
    await end_all(record, "Practitioner/kari", NOW + 63)
    assert await session_of(cookies, elsewhere, NOW + 63) is None
    await elsewhere.close()


async def test_what_is_good_once_is_taken_by_one_of_many(record: Record) -> None:
    token = await give(record, "kind", "holder", {"a": 1}, NOW, 60)
    assert await take(record, "other", "holder", token, NOW) is None
    assert await take(record, "kind", "holder", token, NOW + 61) is None
    taken = await asyncio.gather(*(take(record, "kind", "holder", token, NOW) for _ in range(8)))
    assert [one for one in taken if one] == [{"a": 1}]


async def test_an_account_with_a_password(record: Record) -> None:
    invitation = await add(record, "Kari", "Practitioner/kari", NOW) or ""
    assert await add(record, "kari", "Practitioner/other", NOW) is None
    account = await invited(record, invitation, NOW)
    assert account is not None
    codes = await set_password(record, account, invitation, WORD, SECRET, 0)
    assert codes is not None and await invited(record, invitation, NOW) is None
    code = onetime.code_at(SECRET, int(NOW) // 30)
    opened = [await check(record, "kari", WORD, one, "10.0.0.1", NOW) for one in (code, code, codes[0], codes[0])]
    let_in = [
        isinstance(one, Opened) and await enter(record, one.proof(NOW), None, NOW, secure=True, used=one.used)
        for one in opened
    ]
    assert [bool(one) for one in let_in] == [True, False, True, False]
    assert await listed(record) == [("kari", "Practitioner/kari", True, 0)]
    await remove(record, account)
    assert await listed(record) == [] and await sessions_of(record, "Practitioner/kari", NOW) == []


async def test_guesses_at_the_same_time_count_as_many(record: Record) -> None:
    guesses = [check(record, "nobody", "wrong wrong wrong", "0", "10.0.0.1", NOW) for _ in range(12)]
    waits = [one for one in await asyncio.gather(*guesses) if isinstance(one, Wait)]
    assert len(waits) >= 12 - FREE - 1


async def test_an_account_with_a_passkey(record: Record) -> None:
    invitation, key = await add(record, "kari", "Patient/kari", NOW) or "", Authenticator(HOUSE.origin, HOUSE.id)
    account = await invited(record, invitation, NOW)
    assert account is not None
    options = await passkey.enrolment(record, HOUSE, "browser", account, NOW)
    made = key.make(options)
    assert await passkey.add(record, HOUSE, "browser", account, made, NOW, invitation)
    told = key.sign(await passkey.options(record, HOUSE, "browser", NOW))
    opened = await passkey.enter(record, HOUSE, "browser", told, NOW)
    assert opened is not None and opened.account == await by_name(record, "kari")
    assert await enter(record, opened.proof(NOW), None, NOW, secure=True, used=opened.used)
    assert await passkey.enter(record, HOUSE, "browser", told, NOW) is None


async def test_people_are_found_by_their_official_numbers_only_when_there_is_one_of_them(record: Record) -> None:
    taken: set[str] = set()
    birth = number.date(1970, 1, 2)
    fnr = number.personal_number(birth, "female", 0, taken)
    dnr = number.personal_number(birth, "female", 0, taken, temporary=True)
    hpr = number.hpr_number(7)
    for id, system, value in (("f", FNR, fnr), ("d", DNR, dnr)):
        who = {"resourceType": "Patient", "id": id, "identifier": [{"system": system, "value": value}]}
        await record.create({**who, "birthDate": "1970-01-02", "gender": "female"}, id)
    assert (await patient_of(record, fnr), await patient_of(record, dnr)) == ("Patient/f", "Patient/d")
    assert await patient_of(record, fnr[::-1]) is None
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": HPR, "value": hpr}]}
    await record.create({**doctor, "id": "one"}, "one")
    assert await practitioner_of(record, hpr) == "Practitioner/one"
    await record.create({**doctor, "id": "two"}, "two")
    assert await practitioner_of(record, hpr) is None
    await record.update({**doctor, "id": "two", "active": False})
    assert await practitioner_of(record, hpr) == "Practitioner/one"


async def test_only_roles_that_hold_today_are_offered(record: Record) -> None:
    await record.create({"resourceType": "Organization", "id": "ward", "name": "Ward"}, "ward")
    await record.create({"resourceType": "Practitioner", "id": "kari"}, "kari")
    today = number.date(2026, 11, 22)
    held = {
        "now": {"start": "2020-01-01"}, "last-day": {"end": "2026-11-22"}, "this-year": {"end": "2026"},
        "over": {"end": "2026-11-21"}, "to-come": {"start": "2026-11-23"}, "last-month": {"end": "2026-10"},
    }  # fmt: skip
    role = {"resourceType": "PractitionerRole", "practitioner": {"reference": "Practitioner/kari"},
            "organization": {"reference": "Organization/ward"}, "code": [{"text": "Lege"}]}  # fmt: skip
    for id, period in held.items():
        await record.create({**role, "id": id, "period": period}, id)
    await record.create({**role, "id": "withdrawn", "active": False}, "withdrawn")
    found = await employments(record, "Practitioner/kari", today)
    assert {one.id.partition("/")[2] for one in found} == {"now", "last-day", "this-year"}
    assert {(one.role, one.unit) for one in found} == {("Lege", "Ward")}
    assert await employments(record, "Patient/kari", today) == []
