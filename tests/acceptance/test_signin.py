"""Signing in at a real OpenID provider, as HelseID and ID-porten are set up: the whole way, and every way it fails."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

from tests.acceptance.signin import House, Somebody, alert, hidden, house

pytestmark = pytest.mark.xdist_group("sign-in")
UNTRUSTED, STALE, UNKNOWN = "kunne ikke bekreftes", "Begynn på nytt", "kjenner ingen"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("sign-in")) as running:
        yield running


@pytest.fixture
def visitor(home: House) -> Iterator[Somebody]:
    somebody = Somebody(home)
    yield somebody
    somebody.client.close()


def test_a_doctor_signs_in_with_helseid(visitor: Somebody) -> None:
    page = visitor.sign_in("helseid", "doctor")
    assert page.status_code == 200 and page.headers["refresh"] == "0; url=/"
    assert visitor.me == "Berit Fjell, Lege · North"


def test_a_patient_signs_in_with_idporten(visitor: Somebody) -> None:
    visitor.sign_in("idporten", "patient")
    assert visitor.me.startswith("Kari Tind")


def test_the_cookie_is_opaque_and_out_of_reach(visitor: Somebody) -> None:
    before = visitor.get("/sign-in").cookies
    page = visitor.sign_in("helseid", "doctor")
    set_cookie = next(one for one in page.headers.get_list("set-cookie") if one.startswith("felles_session="))
    assert "HttpOnly" in set_cookie and "SameSite=strict" in set_cookie
    token = set_cookie.partition("=")[2].partition(";")[0]
    assert len(token) == 43 and token not in str(before)


def test_nothing_about_the_person_stands_in_an_address(visitor: Somebody) -> None:
    left = visitor.post("/sign-in/provider", visitor.get("/sign-in"), provider="helseid")
    asked = parse_qs(urlsplit(left.headers["refresh"].partition("url=")[2]).query)
    assert asked.keys() == {"client_id", "request_uri"}


def test_one_comes_back_to_where_one_was_going(visitor: Somebody) -> None:
    turned_away = visitor.get("/role")
    assert turned_away.status_code == 401
    login = visitor.away("helseid", turned_away)
    page = visitor.get(visitor.answered(login, login="doctor"))
    assert page.headers["refresh"] == "0; url=/role"


@pytest.mark.parametrize("login", ["unknown", "no-number"])
def test_whom_the_record_does_not_know_is_refused_and_not_created(visitor: Somebody, login: str) -> None:
    page = visitor.sign_in("helseid", login)
    assert page.status_code == 403 and UNKNOWN in alert(page) and visitor.me == ""


def test_a_stranger_at_idporten_is_refused(visitor: Somebody) -> None:
    assert UNKNOWN in alert(visitor.sign_in("idporten", "stranger")) and visitor.me == ""


@pytest.mark.parametrize(("provider", "login"), [("helseid", "weak"), ("idporten", "substantial")])
def test_a_sign_in_below_the_level_is_refused(visitor: Somebody, provider: str, login: str) -> None:
    page = visitor.sign_in(provider, login)
    assert page.status_code == 403 and "ikke sikker nok" in alert(page) and visitor.me == ""


def test_who_turns_back_at_the_provider_is_told_so(visitor: Somebody) -> None:
    page = visitor.get(visitor.answered(visitor.away("helseid"), cancel="yes"))
    assert page.status_code == 200 and "avbrutt" in alert(page) and visitor.me == ""


def test_an_answer_counts_once(visitor: Somebody) -> None:
    back = visitor.back("helseid", "doctor")
    assert visitor.get(back).status_code == 200
    again = visitor.get(back)
    assert again.status_code == 403 and STALE in alert(again)


def test_an_answer_counts_in_the_browser_that_asked_only(home: House, visitor: Somebody) -> None:
    back, victim = visitor.back("helseid", "doctor"), Somebody(home)
    victim.away("helseid")
    page = victim.get(back)
    assert page.status_code == 403 and STALE in alert(page) and victim.me == ""
    victim.client.close()


@pytest.mark.parametrize("name", ["state", "iss", "code"])
def test_an_answer_without_a_part_proves_nothing(visitor: Somebody, name: str) -> None:
    page = visitor.get(without(visitor.back("helseid", "doctor"), name))
    assert page.status_code == 403 and alert(page) and visitor.me == ""


def test_an_answer_with_another_state_or_code_proves_nothing(visitor: Somebody) -> None:
    back = visitor.back("helseid", "doctor")
    assert STALE in alert(visitor.get(changed(back, state="x" * 43)))
    assert visitor.get(changed(back, code="x" * 43)).status_code == 502
    assert visitor.me == ""


def test_an_answer_of_another_issuer_is_refused(home: House, visitor: Somebody) -> None:
    page = visitor.get(changed(visitor.back("helseid", "doctor"), iss=home.issuers["idporten"]))
    assert UNTRUSTED in alert(page) and visitor.me == ""


def test_a_code_of_another_provider_is_refused(home: House, visitor: Somebody) -> None:
    stolen = parse_qs(urlsplit(visitor.back("idporten", "patient")).query)["code"][0]
    page = visitor.get(changed(visitor.back("helseid", "doctor"), code=stolen))
    assert alert(page) and visitor.me == ""


FORGED: dict[str, dict[str, Any]] = {
    "alg none": {"header": {"alg": "none"}, "sign": "none"},
    "alg None in other letters": {"header": {"alg": "nOnE"}, "sign": "none"},
    "public key as a shared secret": {"header": {"alg": "HS256"}, "sign": "secret"},
    "another's key": {"sign": "stranger"},
    "unknown key id": {"header": {"kid": "nobody"}, "sign": "stranger"},
    "a key that comes along": {"header": {"jwk": {"kty": "EC"}}},
    "a key at an address": {"header": {"jku": "http://127.0.0.1:1/keys"}},
    "no signature": {"sign": "none"},
    "wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"without": ["nonce"]},
    "wrong audience": {"claims": {"aud": "somebody-else"}},
    "several audiences without authorized party": {"claims": {"aud": ["felles", "somebody-else"]}},
    "another authorized party": {"claims": {"azp": "somebody-else"}},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "expired": {"claims": {"exp": int(time.time()) - 60}},
    "no expiry": {"without": ["exp"]},
    "made in the future": {"claims": {"iat": int(time.time()) + 3600}},
    "made long ago": {"claims": {"iat": int(time.time()) - 3600}},
    "not valid yet": {"claims": {"nbf": int(time.time()) + 3600}},
    "another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "no subject": {"without": ["sub"]},
}


@pytest.mark.parametrize("how", list(FORGED))
def test_a_forged_token_proves_nothing(home: House, visitor: Somebody, how: str) -> None:
    back = visitor.back("helseid", "doctor")
    home.twist("helseid", **FORGED[how])
    page = visitor.get(back)
    assert page.status_code == 403 and UNTRUSTED in alert(page) and visitor.me == ""


def test_a_token_signed_anew_as_it_was_is_taken(home: House, visitor: Somebody) -> None:
    back = visitor.back("helseid", "doctor")
    home.twist("helseid", claims={})
    assert visitor.get(back).status_code == 200 and visitor.me


def test_no_sign_in_begins_without_a_form_of_ours(visitor: Somebody) -> None:
    page = visitor.client.post("/sign-in/provider", data={"provider": "helseid", "token": "x"})
    assert page.status_code == 403 and "refresh" not in page.headers
    unknown = visitor.post("/sign-in/provider", visitor.get("/sign-in"), provider="https://evil.example")
    assert unknown.status_code == 403 and "refresh" not in unknown.headers


def test_somebody_with_two_roles_chooses_and_changes(visitor: Somebody) -> None:
    page = visitor.sign_in("helseid", "two-roles")
    assert "North" in page.text and "South" in page.text and "Old" not in page.text
    assert visitor.post("/role", page, role="PractitionerRole/bjarne-old").status_code == 403
    assert visitor.post("/role", page, role="PractitionerRole/berit-north").status_code == 403
    before = visitor.client.cookies["felles_session"]
    assert visitor.post("/role", page, role="PractitionerRole/bjarne-south").headers["location"] == "/"
    assert visitor.me == "Bjarne Fjell, Lege · South" and visitor.client.cookies["felles_session"] != before
    assert visitor.post("/role", visitor.get("/role"), role="PractitionerRole/bjarne-north").status_code == 303
    assert visitor.me == "Bjarne Fjell, Lege · North"


def test_signing_out_ends_it_at_the_provider_too(home: House, visitor: Somebody) -> None:
    visitor.sign_in("helseid", "doctor")
    cookies = dict(visitor.client.cookies)
    page = visitor.post("/sign-out", visitor.get("/account"))
    assert f'action="{home.issuers["helseid"]}/session/end"' in page.text and "id_token_hint" in hidden(page.text)
    assert visitor.me == ""
    thief = Somebody(home)
    thief.client.cookies.update({"felles_session": cookies["felles_session"]})
    assert thief.me == ""
    thief.client.close()


def test_a_sign_out_that_begins_at_the_provider_ends_the_session_here(home: House, visitor: Somebody) -> None:
    visitor.sign_in("helseid", "doctor")
    assert visitor.me
    asked = visitor.client.get(home.issuers["helseid"] + "/session/end")
    form = hidden(asked.text) | dict(re.findall(r'name="(xsrf)" value="([^"]+)"', asked.text))
    visitor.client.post(home.issuers["helseid"] + "/session/end/confirm", data={**form, "logout": "yes"})
    deadline = time.monotonic() + 10
    while visitor.me and time.monotonic() < deadline:
        time.sleep(0.1)
    assert visitor.me == ""


@pytest.mark.parametrize("provider", ["helseid", "nobody"])
def test_nobody_else_signs_people_out(visitor: Somebody, provider: str) -> None:
    visitor.sign_in("helseid", "doctor")
    for token in ("", "a.b.c", "e30.e30."):
        answer = visitor.client.post(f"/sign-in/ended/{provider}", data={"logout_token": token})
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})
    assert visitor.me


def test_signing_out_everywhere(home: House, visitor: Somebody) -> None:
    other = Somebody(home)
    for one in (visitor, other):
        one.sign_in("helseid", "doctor")
        assert one.me
    visitor.post("/account/sign-out-everywhere", visitor.get("/account"))
    assert visitor.me == ""
    time.sleep(1.1)  # as long as another process may believe what it has read
    assert other.me == ""
    other.client.close()


def test_a_session_that_was_planted_is_not_signed_in(home: House, visitor: Somebody) -> None:
    visitor.client.cookies.set("felles_session", "A" * 43)
    visitor.sign_in("helseid", "doctor")
    thief = Somebody(home)
    thief.client.cookies.set("felles_session", "A" * 43)
    assert thief.me == ""
    thief.client.close()


def without(address: str, name: str) -> str:
    return changed(address, **{name: ""})


def changed(address: str, **fields: str) -> str:
    """An address with other values in its query; an empty one goes."""
    parts = urlsplit(address)
    query = {k: v[0] for k, v in parse_qs(parts.query).items()} | fields
    told = "&".join(f"{k}={v}" for k, v in query.items() if v)
    return urlunsplit(parts._replace(query=told))
