"""Local accounts: passwords, one-time codes, recovery codes, throttling, invitations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.access.account import onetime, password
from felles.access.account.account import (
    INVITED_SECONDS,
    Account,
    Opened,
    Wait,
    add,
    by_name,
    check,
    invite,
    invited,
    listed,
    remove,
    set_password,
)
from felles.access.account.throttle import FREE, FREE_ADDRESS, LONGEST_SECONDS, Throttle, delay
from felles.access.audit.row import Act, Result, decode
from felles.access.entrance import enter
from felles.access.session import session_of
from felles.access.table import put
from tests.ownstore import OwnTables

SECRET, NOW, WORD = onetime.new_secret(), 1_800_000_000.0, "fire blåe hestar spring"


def code(now: float = NOW, secret: str = SECRET) -> str:
    return onetime.code_at(secret, int(now) // onetime.STEP_SECONDS)


@pytest.fixture
def tables() -> OwnTables:
    return OwnTables()


@pytest.fixture
async def codes(tables: OwnTables) -> list[str]:
    """The recovery codes of berit's account, which has a password and an app."""
    invitation = await add(tables, "Berit", "Practitioner/berit", NOW)
    account = await invited(tables, invitation or "", NOW)
    assert account is not None
    made = await set_password(tables, account, invitation or "", WORD, SECRET, 0)
    assert made is not None
    return made


async def attempt(
    tables: OwnTables, name: str = "berit", word: str = WORD, one: str = "", now: float = NOW
) -> Opened | Wait | None:
    return await check(tables, name, word, one or code(now), "10.0.0.1", now)


async def let_in(tables: OwnTables, opened: Opened | Wait | None, now: float = NOW) -> bool:
    assert isinstance(opened, Opened)
    return await enter(tables, opened.proof(now), None, now, secure=True, used=opened.used) is not None


async def test_password_and_code_open_an_account(tables: OwnTables, codes: list[str]) -> None:
    opened = await attempt(tables, " BERIT ")
    assert isinstance(opened, Opened)
    assert (opened.account.person, opened.level) == ("Practitioner/berit", 3)
    assert await let_in(tables, opened)


@pytest.mark.parametrize(
    ("name", "word", "one"),
    [
        ("berit", "fire blåe hestar spring fort", ""),
        ("berit", WORD, "000000"),
        ("berit", WORD, " "),
        ("berit", "", ""),
        ("bjarne", WORD, ""),
        ("", WORD, ""),
    ],
)
async def test_anything_wrong_is_wrong_without_saying_what(
    tables: OwnTables, codes: list[str], name: str, word: str, one: str
) -> None:
    assert await attempt(tables, name, word, one) is None
    told = [decode(body) for _, body in await tables.ask("log.trail", [10])]
    assert [(row.act, row.result, row.reason) for row in told] == [(Act.SIGN_IN, Result.REFUSED, "wrong")]


async def test_a_code_serves_once(tables: OwnTables, codes: list[str]) -> None:
    assert await let_in(tables, await attempt(tables))
    assert await attempt(tables) is None
    assert await let_in(tables, await attempt(tables, now=NOW + 60), NOW + 60)


async def test_of_two_with_the_same_code_at_once_one_is_let_in(tables: OwnTables, codes: list[str]) -> None:
    first, second = await attempt(tables), await attempt(tables)
    assert [await let_in(tables, first), await let_in(tables, second)] == [True, False]


async def test_a_recovery_code_serves_once(tables: OwnTables, codes: list[str]) -> None:
    assert len(set(codes)) == 10
    first, second = await attempt(tables, one=codes[3].upper()), await attempt(tables, one=codes[3].replace("-", " "))
    assert [await let_in(tables, first), await let_in(tables, second)] == [True, False]
    assert await attempt(tables, one=codes[3]) is None


async def test_guessing_becomes_slow_and_the_right_word_does_not_help_meanwhile(
    tables: OwnTables, codes: list[str]
) -> None:
    for _ in range(FREE):
        assert await attempt(tables, word="wrong wrong wrong") is None
    assert await attempt(tables, word="wrong wrong wrong") is None
    waiting = await attempt(tables)
    assert isinstance(waiting, Wait) and 1 <= waiting.seconds <= 3
    assert isinstance(await attempt(tables, now=NOW + 60), Opened)


async def test_names_that_are_not_there_are_throttled_alike(tables: OwnTables) -> None:
    for _ in range(FREE + 1):
        assert await attempt(tables, "nobody") is None
    assert isinstance(await attempt(tables, "nobody"), Wait)


async def test_signing_in_takes_the_failures_back(tables: OwnTables, codes: list[str]) -> None:
    for _ in range(FREE):
        await attempt(tables, word="wrong wrong wrong")
    later = NOW + 3600
    assert await let_in(tables, await attempt(tables, now=later), later)
    assert await attempt(tables, word="wrong wrong wrong", now=later) is None
    assert not isinstance(await attempt(tables, word="wrong wrong wrong", now=later), Wait)


async def test_many_who_sign_in_from_one_address_do_not_stand_in_each_others_way(tables: OwnTables) -> None:
    for number in range(2 * FREE_ADDRESS):
        throttle = Throttle(tables, f"kari{number}", "10.0.0.1")
        assert await throttle.enter(NOW) == 0
        assert await put(tables, *throttle.pardon())


async def test_one_who_tries_many_names_is_slowed_down(tables: OwnTables) -> None:
    waits = [await Throttle(tables, f"kari{number}", "10.0.0.1").enter(NOW) for number in range(FREE_ADDRESS + 2)]
    assert waits[:-1] == [0] * (FREE_ADDRESS + 1) and waits[-1] > 0
    assert await Throttle(tables, "kari", "10.0.0.2").enter(NOW) == 0


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_delay_grows_and_ends(one: int, other: int) -> None:
    assert 0 <= delay(min(one, other)) <= delay(max(one, other)) <= LONGEST_SECONDS


async def test_an_invitation_serves_once_and_not_for_ever(tables: OwnTables) -> None:
    invitation = await add(tables, "berit", "Practitioner/berit", NOW) or ""
    account = await invited(tables, invitation, NOW + INVITED_SECONDS)
    assert account is not None
    assert await invited(tables, invitation, NOW + INVITED_SECONDS + 1) is None
    assert await set_password(tables, account, invitation, WORD, SECRET, 0)
    assert await set_password(tables, account, invitation, "another word altogether", SECRET, 0) is None
    assert await invited(tables, invitation, NOW) is None


async def test_a_new_invitation_makes_the_old_one_void(tables: OwnTables) -> None:
    old = await add(tables, "berit", "Practitioner/berit", NOW) or ""
    account = await by_name(tables, "berit")
    assert account is not None
    new = await invite(tables, account, NOW)
    assert await invited(tables, old, NOW) is None and await invited(tables, new, NOW) == account


async def test_names_are_taken_once(tables: OwnTables) -> None:
    assert await add(tables, "berit", "Practitioner/berit", NOW)
    assert await add(tables, "BERIT ", "Practitioner/other", NOW) is None


async def test_a_removed_account_is_gone_with_its_sessions(tables: OwnTables, codes: list[str]) -> None:
    opened = await attempt(tables)
    assert isinstance(opened, Opened)
    begun = await enter(tables, opened.proof(NOW), None, NOW, secure=False, used=opened.used)
    assert begun is not None
    await remove(tables, opened.account)
    assert await listed(tables) == []
    assert await attempt(tables, now=NOW + 60) is None
    assert await session_of({"felles_session": begun[1]}, tables, NOW) is None


async def test_nothing_that_opens_an_account_stands_in_the_store(tables: OwnTables, codes: list[str]) -> None:
    account = await by_name(tables, "berit")
    assert account is not None and account.password is not None and account.password.startswith("$argon2id$")
    kept = {row[0] for row in await tables.ask("recovery codes", [account.id])}
    assert len(kept) == 10 and not kept & set(codes)


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("elleve tegn", "short"),
        ("passordpassord", "guessed"),
        ("Sommer2026!!", "guessed"),
        ("aaaaaaaaaaaaaaa", "guessed"),
        ("berit.berit.berit", "guessed"),
        ("x" * 257, "long"),
        ("riktig hest batteri stift", None),
        ("æøå ÆØÅ på fjellet", None),
    ],
)
def test_which_passwords_are_taken(word: str, fault: str | None) -> None:
    assert password.fault(word, "berit") == fault


async def test_a_password_is_the_same_however_it_is_typed() -> None:
    kept = await password.hashed("på fjellet i går")
    assert await password.holds(kept, "på fjellet i går")
    assert not await password.holds(kept, "På fjellet i går")
    assert not await password.holds(None, "på fjellet i går")
    assert not await password.holds("no hash at all", "på fjellet i går")


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238 appendix B, cut to six digits as apps show them."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    told = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
    assert {now: onetime.code_at(secret, now // 30) for now in told} == told


@given(st.integers(120, 2**33), st.integers(-3, 3))
def test_a_code_of_a_neighbouring_step_is_taken_and_none_farther_off(now: int, off: int) -> None:
    at = now // 30 + off
    found = onetime.step_of(SECRET, onetime.code_at(SECRET, at), now)
    assert found == at if abs(off) <= 1 else found != at


def test_an_account_without_secrets_is_nobodys_to_open() -> None:
    assert Account("id", "name", "Practitioner/x").password is None
