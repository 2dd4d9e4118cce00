"""Passkeys: what an answer must be to open an account; every answer that is not so is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from felles.access.account import passkey
from felles.access.account.account import Account, Opened, add, by_name, invited
from felles.access.account.passkey import CHALLENGE_SECONDS, House
from felles.access.entrance import enter
from tests.authenticator import PRESENT, VERIFIED, Authenticator
from tests.ownstore import OwnTables

HOUSE, NOW, BROWSER = House("https://felles.example"), 1_800_000_000.0, "this browser"


class Scene:
    """An account with one passkey."""

    def __init__(self) -> None:
        self.tables = OwnTables()
        self.key = Authenticator(HOUSE.origin, HOUSE.id)

    async def open(self) -> Scene:
        invitation = await add(self.tables, "berit", "Practitioner/berit", NOW) or ""
        account = await invited(self.tables, invitation, NOW)
        assert account is not None
        options = await passkey.enrolment(self.tables, HOUSE, BROWSER, account, NOW)
        assert await passkey.add(self.tables, HOUSE, BROWSER, account, self.key.make(options), NOW, invitation)
        return self

    async def account(self) -> Account:
        account = await by_name(self.tables, "berit")
        assert account is not None
        return account

    async def options(self) -> dict[str, Any]:
        return await passkey.options(self.tables, HOUSE, BROWSER, NOW)

    async def enter(self, answer: str, holder: str = BROWSER, now: float = NOW) -> Opened | None:
        return await passkey.enter(self.tables, HOUSE, holder, answer, now)


@pytest.fixture
async def scene() -> Scene:
    return await Scene().open()


async def test_a_passkey_opens_its_account_at_the_high_level(scene: Scene) -> None:
    opened = await scene.enter(scene.key.sign(await scene.options()))
    assert opened is not None and (opened.account.name, opened.level) == ("berit", 4)
    assert await enter(scene.tables, opened.proof(NOW), None, NOW, secure=True, used=opened.used)
    assert await scene.enter(scene.key.sign(await scene.options()))


async def test_the_browser_is_told_to_verify_the_person(scene: Scene) -> None:
    asked = await scene.options()
    assert asked["userVerification"] == "required" and asked["rpId"] == "felles.example"


async def test_a_challenge_serves_once(scene: Scene) -> None:
    options = await scene.options()
    assert await scene.enter(scene.key.sign(options))
    assert await scene.enter(scene.key.sign(options)) is None


async def test_a_wrong_answer_uses_the_challenge_up(scene: Scene) -> None:
    options = await scene.options()
    assert await scene.enter(scene.key.sign(options, origin="https://evil.example")) is None
    assert await scene.enter(scene.key.sign(options)) is None


async def test_a_challenge_is_of_one_browser_and_for_minutes(scene: Scene) -> None:
    assert await scene.enter(scene.key.sign(await scene.options()), holder="another browser") is None
    late = NOW + CHALLENGE_SECONDS + 1
    assert await scene.enter(scene.key.sign(await scene.options()), now=late) is None


async def test_a_challenge_that_was_not_ours_is_none(scene: Scene) -> None:
    assert await scene.enter(scene.key.sign({"challenge": "QUFBQUFBQUFBQUFBQUFBQUFBQUE"})) is None


@pytest.mark.parametrize(
    "changes",
    [{"origin": "https://evil.example"}, {"origin": "http://felles.example"}, {"type": "webauthn.create"}],
)
async def test_an_answer_for_elsewhere_or_for_something_else(scene: Scene, changes: dict[str, str]) -> None:
    assert await scene.enter(scene.key.sign(await scene.options(), **changes)) is None


@pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED])
async def test_a_person_who_was_not_there_or_not_verified(scene: Scene, flags: int) -> None:
    scene.key.flags = flags
    assert await scene.enter(scene.key.sign(await scene.options())) is None


async def test_another_relying_party(scene: Scene) -> None:
    scene.key.rp = "evil.example"
    assert await scene.enter(scene.key.sign(await scene.options())) is None


async def test_another_key_under_the_same_id(scene: Scene) -> None:
    forged = Authenticator(HOUSE.origin, HOUSE.id, counter=9, id=scene.key.id)
    assert await scene.enter(forged.sign(await scene.options())) is None


async def test_an_unknown_passkey(scene: Scene) -> None:
    assert await scene.enter(Authenticator(HOUSE.origin, HOUSE.id).sign(await scene.options())) is None


async def test_a_counter_that_goes_back_is_a_copied_key(scene: Scene) -> None:
    scene.key.counter = 5
    opened = await scene.enter(scene.key.sign(await scene.options()))
    assert opened is not None
    assert await enter(scene.tables, opened.proof(NOW), None, NOW, secure=True, used=opened.used)
    scene.key.counter = 3
    assert await scene.enter(scene.key.sign(await scene.options())) is None


async def test_two_answers_with_one_counter_let_one_in(scene: Scene) -> None:
    first = await scene.enter(scene.key.sign(await scene.options()))
    scene.key.counter -= 1
    second = await scene.enter(scene.key.sign(await scene.options()))
    assert first is not None and second is not None
    begun = [
        await enter(scene.tables, one.proof(NOW), None, NOW, secure=True, used=one.used) for one in (first, second)
    ]
    assert [bool(one) for one in begun] == [True, False]


@pytest.mark.parametrize(
    "answer",
    ["", "null", "[]", "{}", '{"id": 1}', '{"response": {"clientDataJSON": "e30"}}', "[" * 9000, "x" * 20_000,
     json.dumps({"id": "x", "response": {"clientDataJSON": {"a": 1}}}), '{"response": {"clientDataJSON": "Æ"}}'],
)  # fmt: skip
async def test_nonsense_is_refused(scene: Scene, answer: str) -> None:
    assert await scene.enter(answer) is None


async def test_a_passkey_is_added_against_its_own_challenge_only(scene: Scene) -> None:
    account, second = await scene.account(), Authenticator(HOUSE.origin, HOUSE.id)
    for options in (await scene.options(), {"challenge": "QUFB"}):
        assert not await passkey.add(scene.tables, HOUSE, BROWSER, account, second.make(options), NOW)
    mine = await passkey.enrolment(scene.tables, HOUSE, BROWSER, account, NOW)
    other = Account("another", "other", "Practitioner/other")
    assert not await passkey.add(scene.tables, HOUSE, BROWSER, other, second.make(mine), NOW)
    second.flags = PRESENT
    unverified = second.make(await passkey.enrolment(scene.tables, HOUSE, BROWSER, account, NOW))
    assert not await passkey.add(scene.tables, HOUSE, BROWSER, account, unverified, NOW)
    assert len(await passkey.kept(scene.tables, account)) == 1


async def test_the_last_way_in_is_not_taken_away(scene: Scene) -> None:
    account, second = await scene.account(), Authenticator(HOUSE.origin, HOUSE.id)
    only = (await passkey.kept(scene.tables, account))[0][0]
    assert not await passkey.remove(scene.tables, account, only)
    options = await passkey.enrolment(scene.tables, HOUSE, BROWSER, account, NOW)
    assert await passkey.add(scene.tables, HOUSE, BROWSER, account, second.make(options), NOW)
    assert await passkey.remove(scene.tables, account, only)
    assert await scene.enter(scene.key.sign(await scene.options())) is None
    assert await scene.enter(second.sign(await scene.options()))
