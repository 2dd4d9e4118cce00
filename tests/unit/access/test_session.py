"""Sessions: what a cookie is worth, where, and when no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from felles.access import session as room
from felles.access import trust
from felles.access.audit.row import Act, decode
from felles.access.entrance import change_role, enter, prove_again
from felles.access.form import form_token, token_holds
from felles.access.session import (
    ABSOLUTE_SECONDS,
    IDLE_SECONDS,
    NOTED_SECONDS,
    Proof,
    Session,
    end,
    end_all,
    end_one,
    fresh,
    session_of,
    sessions_of,
)
from tests.ownstore import OwnTables

KARI = Proof("Practitioner/kari", 4, "helseid", "sub", 1000)


class Counted(OwnTables):
    """Tables that count how often they are asked."""

    asked = 0

    async def ask(self, name: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.asked += 1
        return await super().ask(name, args)


@pytest.fixture
def tables() -> Counted:
    return Counted()


async def signed_in(tables: OwnTables, proof: Proof = KARI, now: float = 1000) -> tuple[Session, dict[str, str]]:
    begun = await enter(tables, proof, "PractitionerRole/a", now, secure=False)
    assert begun is not None
    return begun[0], {"felles_session": begun[1]}


async def test_a_cookie_leads_to_its_session(tables: Counted) -> None:
    session, cookies = await signed_in(tables)
    found = await session_of(cookies, tables, 1001)
    assert found == session and found.person == "Practitioner/kari" and found.role == "PractitionerRole/a"


async def test_a_forged_or_broken_cookie_is_no_session(tables: Counted) -> None:
    session, cookies = await signed_in(tables)
    token = cookies["felles_session"]
    stored = await tables.ask("session of id", [session.id])
    for bad in (token[:-1], token + "A", "", "x", "æ\ud800", session.id, str(stored[0])):
        assert await session_of({"felles_session": bad}, tables, 1001) is None


async def test_a_token_counts_under_the_cookie_name_it_was_given_under_only(tables: Counted) -> None:
    _, cookies = await signed_in(tables)
    token = cookies["felles_session"]
    assert await session_of({"__Host-felles_session": token}, tables, 1001) is None
    begun = await enter(tables, KARI, None, 1000, secure=True)
    assert begun is not None
    assert await session_of({"felles_session": begun[1]}, tables, 1001) is None
    planted = {"felles_session": token, "__Host-felles_session": begun[1]}
    assert await session_of(planted, tables, 1001) == begun[0]


async def test_idle_limit(tables: Counted) -> None:
    _, cookies = await signed_in(tables)
    assert await session_of(cookies, tables, 1000 + IDLE_SECONDS)
    assert await session_of(cookies, tables, 1000 + 2 * IDLE_SECONDS + 1) is None


async def test_absolute_limit_holds_however_busy_one_is(tables: Counted) -> None:
    _, cookies = await signed_in(tables)
    for now in range(1000, 1000 + ABSOLUTE_SECONDS, IDLE_SECONDS):
        assert await session_of(cookies, tables, now)
    assert await session_of(cookies, tables, 1000 + ABSOLUTE_SECONDS)
    assert await session_of(cookies, tables, 1001 + ABSOLUTE_SECONDS) is None


async def test_use_is_noted_for_all_processes(tables: Counted) -> None:
    session, cookies = await signed_in(tables)
    await session_of(cookies, tables, 1000 + NOTED_SECONDS - 1)
    assert [one.seen for one in await sessions_of(tables, session.person, 1000)] == [1000]
    await session_of(cookies, tables, 1000 + NOTED_SECONDS)
    assert [one.seen for one in await sessions_of(tables, session.person, 1000)] == [1000 + NOTED_SECONDS]


async def test_the_store_is_not_asked_for_every_request(tables: Counted) -> None:
    _, cookies = await signed_in(tables)
    for _ in range(100):
        assert await session_of(cookies, tables, 1001)
    assert tables.asked == 1


async def test_a_sign_out_elsewhere_is_felt_within_the_time_that_is_promised(
    tables: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, cookies = await signed_in(tables)
    assert await session_of(cookies, tables, 1001)
    await tables.commit([], lines=[room.Line("session end", [session.id])])  # by another machine
    assert trust.TRUSTED_SECONDS <= 2
    monkeypatch.setattr(trust, "TRUSTED_SECONDS", 0.05)
    await asyncio.sleep(0.06)
    assert await session_of(cookies, tables, 1001) is None


async def test_a_sign_out_here_is_felt_at_once(tables: Counted) -> None:
    session, cookies = await signed_in(tables)
    assert await session_of(cookies, tables, 1001)
    await end(tables, session, 1001)
    assert await session_of(cookies, tables, 1001) is None


async def test_signing_out_everywhere_ends_every_session_of_the_person_and_nobody_elses(tables: Counted) -> None:
    (_, first), (_, second) = await signed_in(tables), await signed_in(tables)
    _, other = await signed_in(tables, Proof("Patient/ola", 4, "idporten", "x", 1000))
    await end_all(tables, KARI.person, 1001)
    assert [bool(await session_of(one, tables, 1001)) for one in (first, second, other)] == [False, False, True]


async def test_nobody_signs_out_another_person(tables: Counted) -> None:
    session, cookies = await signed_in(tables)
    await end_one(tables, "Patient/ola", session.id, 1001)
    assert await session_of(cookies, tables, 1001)
    await end_one(tables, KARI.person, session.id, 1001)
    assert await session_of(cookies, tables, 1001) is None


async def test_a_new_proof_gives_a_new_id_and_the_old_cookie_is_worth_nothing(tables: Counted) -> None:
    old, cookies = await signed_in(tables)
    begun = await prove_again(tables, old, Proof(KARI.person, 4, "helseid", "sub", 2000), 2000, secure=False)
    assert begun is not None and begun[0].id != old.id and begun[0].started == old.started
    assert begun[0].signed == 2000 and begun[0].role == old.role
    assert await session_of(cookies, tables, 2000) is None
    assert await session_of({"felles_session": begun[1]}, tables, 2000) == begun[0]


async def test_a_proof_of_somebody_else_renews_nothing(tables: Counted) -> None:
    old, cookies = await signed_in(tables)
    other = Proof("Practitioner/ola", 4, "helseid", "sub2", 1500)
    assert await prove_again(tables, old, other, 1500, secure=False) is None
    assert await session_of(cookies, tables, 1500) == await session_of(cookies, tables, 1500)


async def test_what_was_signed_out_meanwhile_is_not_renewed(tables: Counted) -> None:
    old, _ = await signed_in(tables)
    await end_all(tables, old.person, 1001)
    assert await prove_again(tables, old, KARI, 1500, secure=False) is None
    assert await change_role(tables, old, "PractitionerRole/b", 1500, secure=False) is None
    assert await sessions_of(tables, old.person, 1500) == []


async def test_another_role_is_another_session_id(tables: Counted) -> None:
    old, _ = await signed_in(tables)
    begun = await change_role(tables, old, "PractitionerRole/b", 1100, secure=False)
    assert begun is not None and begun[0].role == "PractitionerRole/b" and begun[0].id != old.id


@pytest.mark.parametrize(("now", "is_fresh"), [(1000, True), (1300, True), (1301, False), (999, False)])
async def test_a_proof_is_fresh_for_a_while(now: float, is_fresh: bool, tables: Counted) -> None:
    session, _ = await signed_in(tables)
    assert fresh(session, 300, now) is is_fresh
    assert not fresh(None, 300, now)


async def test_the_log_knows_who_came_and_went(tables: Counted) -> None:
    old, _ = await signed_in(tables)
    begun = await change_role(tables, old, "PractitionerRole/b", 1100, secure=False)
    assert begun is not None
    await end(tables, begun[0], 1200)
    told = [decode(body) for _, body in await tables.ask("log.trail", [10])]
    assert [(one.act, one.role, one.session) for one in told] == [
        (Act.SIGN_IN, "PractitionerRole/a", old.id),
        (Act.SIGN_IN, "PractitionerRole/b", begun[0].id),
        (Act.SIGN_OUT, "PractitionerRole/b", begun[0].id),
    ]
    assert {(one.person, one.client) for one in told} == {("Practitioner/kari", "helseid")}


def test_a_form_token_serves_its_own_browser_only() -> None:
    token = form_token("one")
    assert token_holds("one", token)
    assert not token_holds("two", token)
    assert not token_holds("one", "ø")
    assert not token_holds("", form_token(""))
