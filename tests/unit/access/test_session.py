"""Sessions: what a cookie is worth, and when no longer."""

from dataclasses import replace
from pathlib import Path

from felles.access.ended import Ended
from felles.access.form import form_token, token_holds
from felles.access.session import (
    ABSOLUTE_SECONDS,
    IDLE_SECONDS,
    begin,
    renewed,
    seal,
    unseal,
    wants_renewal,
)

SECRET, OTHER = b"a" * 32, b"b" * 32


def test_a_sealed_session_comes_back_whole() -> None:
    session = begin("lege", 1000)
    assert unseal(seal(session, SECRET), SECRET, 1001) == session


def test_a_forged_or_broken_cookie_is_no_session() -> None:
    token = seal(begin("lege", 1000), SECRET)
    stranger = seal(replace(begin("lege", 1000), person="sjef"), OTHER)
    for bad in (stranger, token[:-2], "", ".", "x.y", "æ.ø", token.replace(".", "..")):
        assert unseal(bad, SECRET, 1001) is None


def test_idle_and_absolute_limits() -> None:
    session = begin("lege", 0)
    assert unseal(seal(session, SECRET), SECRET, IDLE_SECONDS)
    assert unseal(seal(session, SECRET), SECRET, IDLE_SECONDS + 1) is None
    busy = renewed(session, ABSOLUTE_SECONDS)
    assert unseal(seal(busy, SECRET), SECRET, ABSOLUTE_SECONDS)
    assert unseal(seal(busy, SECRET), SECRET, ABSOLUTE_SECONDS + 1) is None


def test_use_is_noted_at_most_once_a_minute() -> None:
    session = begin("lege", 0)
    assert not wants_renewal(session, 59)
    assert wants_renewal(session, 60)


def test_every_session_is_another() -> None:
    assert begin("lege", 0).id != begin("lege", 0).id


def test_a_signed_out_session_is_known_to_all_processes_until_it_would_have_ended(tmp_path: Path) -> None:
    session = begin("lege", 0)
    Ended(SECRET, tmp_path).add(session, 10)
    assert session in Ended(SECRET, tmp_path)
    assert session not in Ended(OTHER, tmp_path)
    Ended(SECRET, tmp_path).add(begin("lege", ABSOLUTE_SECONDS), ABSOLUTE_SECONDS + 1)
    assert session not in Ended(SECRET, tmp_path)


def test_a_form_token_serves_its_own_session_only() -> None:
    token = form_token(SECRET, "one")
    assert token_holds(SECRET, "one", token)
    assert not token_holds(SECRET, "two", token)
    assert not token_holds(OTHER, "one", token)
    assert not token_holds(SECRET, "one", "ø")
