"""Local accounts in a running server: from the operator's invitation to a session, and again to sign."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from felles.access.account.onetime import code_at
from felles.access.audit.row import decode
from tests.acceptance.signin import TWO_ROLES, House, Somebody, alert, hidden, house
from tests.acceptance.test_accessible import violations
from tests.authenticator import Authenticator
from tests.server import FELLES

pytestmark = pytest.mark.xdist_group("browser")
WORD = "blåe hestar på fjellet"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("sign-in")) as running:
        yield running


@pytest.fixture
def visitor(home: House) -> Iterator[Somebody]:
    somebody = Somebody(home)
    yield somebody
    somebody.client.close()


@pytest.fixture
def context(home: House, browser: Browser) -> Iterator[BrowserContext]:
    """A browser at this server that reads bokmål; complaints of the page fail the test."""
    made = browser.new_context(base_url=home.address, locale="nb-NO")
    complaints: list[str] = []
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield made
    made.close()
    assert [c for c in complaints if "status of 4" not in c] == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Its tab, with an authenticator that has verified its owner."""
    found = context.new_page()
    found.set_default_timeout(10_000)
    line = context.new_cdp_session(found)
    line.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    line.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return found


def felles(home: House, *words: str) -> str:
    """What a command of the operator says, while the server runs."""
    done = subprocess.run(
        [FELLES, *words, "--store", home.store], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def invitation(home: House, name: str, person: str = "Practitioner/berit") -> str:
    return felles(home, "account", "add", name, "--person", person).splitlines()[0].rpartition(" ")[2]


def with_password(
    home: House, visitor: Somebody, name: str, person: str = "Practitioner/berit"
) -> tuple[str, list[str]]:
    """A new account with a password: the secret of its app, and its recovery codes."""
    code = invitation(home, name, person)
    offered = visitor.post("/invitation", visitor.get("/invitation"), code=code)
    secret = hidden(offered.text)["secret"]
    fields = {"password": WORD, "again": WORD, "onetime": code_at(secret, int(time.time()) // 30 - 1)}
    made = visitor.post("/invitation/password", offered, **fields)
    codes = re.findall(r"<li><code>([^<]+)</code>", made.text)
    assert len(codes) == 10, alert(made)
    return secret, codes


def enter(
    visitor: Somebody, name: str, code: str, word: str = WORD, page: httpx.Response | None = None
) -> httpx.Response:
    return visitor.post("/sign-in/password", page or visitor.get("/sign-in"), name=name, password=word, code=code)


def now_code(secret: str) -> str:
    return code_at(secret, int(time.time()) // 30)


def test_a_password_and_a_code_without_any_script(home: House, visitor: Somebody) -> None:
    secret, codes = with_password(home, visitor, "berit.one")
    page = visitor.get("/sign-in").text
    assert "Lokal konto" in page and "ingen andre" in page
    assert enter(visitor, "berit.one", "000000").status_code == 403 and visitor.me == ""
    once = now_code(secret)
    assert enter(visitor, "berit.one", once).headers["location"] == "/"
    assert visitor.me == "Berit Fjell, Lege · North"
    other = Somebody(home)
    assert enter(other, "berit.one", once).status_code == 403 and other.me == ""
    assert enter(other, "berit.one", codes[0]).status_code == 303 and other.me
    third = Somebody(home)
    assert enter(third, "berit.one", codes[0]).status_code == 403 and third.me == ""


def test_a_password_that_is_easy_to_guess_is_not_taken_and_the_invitation_still_holds(
    home: House, visitor: Somebody
) -> None:
    code = invitation(home, "berit.two")
    offered = visitor.post("/invitation", visitor.get("/invitation"), code=code)
    secret = hidden(offered.text)["secret"]
    for word, again, said in (
        ("short", "short", "tolv tegn"),
        ("passord123456", "passord123456", "gjette"),
        (WORD, WORD + "x", "ikke like"),
    ):
        refused = visitor.post("/invitation/password", offered, password=word, again=again, onetime=now_code(secret))
        assert refused.status_code == 403 and said in alert(refused) and hidden(refused.text)["secret"] == secret
    wrong = visitor.post("/invitation/password", offered, password=WORD, again=WORD, onetime="000000")
    assert "Koden fra appen" in alert(wrong)
    made = visitor.post("/invitation/password", offered, password=WORD, again=WORD, onetime=now_code(secret))
    assert "Kontoen er klar" in made.text
    again = visitor.post("/invitation", visitor.get("/invitation"), code=code)
    assert again.status_code == 403 and "gjelder ikke" in alert(again)


def test_guessing_is_slowed_down(home: House, visitor: Somebody) -> None:
    with_password(home, visitor, "berit.three")
    answers = [enter(visitor, "berit.three", "000000", "wrong wrong wrong") for _ in range(7)]
    assert [one.status_code for one in answers] == [403] * 6 + [429]
    assert "For mange forsøk" in alert(answers[-1]) and int(answers[-1].headers["retry-after"]) > 0


def test_removing_an_account_ends_its_sessions(home: House, visitor: Somebody) -> None:
    secret, _ = with_password(home, visitor, "berit.four")
    enter(visitor, "berit.four", now_code(secret))
    assert visitor.me and "berit.four\tPractitioner/berit\tpassword and code" in felles(home, "account", "list")
    felles(home, "account", "remove", "berit.four")
    time.sleep(1.1)  # as long as the server may believe what it has read
    assert visitor.me == ""


def test_the_operator_signs_somebody_out_everywhere_and_invites_anew(home: House, visitor: Somebody) -> None:
    _, codes = with_password(home, visitor, "kari.one", "Patient/kari")
    other = Somebody(home)
    for one, code in ((visitor, codes[0]), (other, codes[1])):
        enter(one, "kari.one", code)
        assert one.me
    assert felles(home, "account", "sign-out", "Patient/kari") == "2 sessions ended\n"
    time.sleep(1.1)
    assert visitor.me == other.me == ""
    again = felles(home, "account", "invite", "kari.one").splitlines()[0].rpartition(" ")[2]
    assert "Velg hvordan" in visitor.post("/invitation", visitor.get("/invitation"), code=again).text


def test_what_the_operator_does_with_accounts_stands_in_the_log(home: House) -> None:
    invitation(home, "kari.two", "Patient/kari")
    felles(home, "account", "remove", "kari.two")
    with sqlite3.connect(home.store, timeout=10) as store:
        rows = [decode(body) for (body,) in store.execute("SELECT body FROM log UNION ALL SELECT body FROM trail")]
    told = [row.client.partition(" by ")[0] for row in rows if row.person == "Device/operator"]
    assert {"felles account add", "felles account remove"} <= set(told)


def test_another_name_of_this_machine_leads_to_the_one_that_passkeys_know(home: House, visitor: Somebody) -> None:
    other = home.address.replace("localhost", "127.0.0.1")
    assert visitor.client.get(other + "/sign-in").headers["location"] == home.address + "/sign-in"


@pytest.mark.parametrize("path", ["/sign-in/password", "/sign-in/passkey", "/invitation", "/invitation/password"])
def test_no_form_without_its_token(visitor: Somebody, path: str) -> None:
    answer = visitor.client.post(path, data={"name": "x", "code": "x", "token": "x"})
    assert answer.status_code == 403 and alert(answer)


@pytest.mark.parametrize("path", ["/sign-in/passkey/options", "/invitation/passkey/options"])
def test_no_challenge_without_a_form_of_ours(visitor: Somebody, path: str) -> None:
    assert visitor.client.post(path, data={"token": "x"}).json() == {}


def test_an_answer_too_large_is_refused(visitor: Somebody) -> None:
    assert visitor.post("/sign-in/passkey", visitor.get("/sign-in"), answer="x" * 20_000).status_code == 413


def test_a_passkey_over_http(home: House, visitor: Somebody) -> None:
    code, key = invitation(home, "berit.five"), Authenticator(home.address, "localhost")
    offered = visitor.post("/invitation", visitor.get("/invitation"), code=code)
    options = visitor.post("/invitation/passkey/options", offered).json()
    assert "Kontoen er klar" in visitor.post("/invitation/passkey", offered, answer=key.make(options)).text
    for forged in (
        Authenticator(home.address, "localhost", id=key.id),
        Authenticator("http://evil", "localhost", id=key.id),
    ):
        page = visitor.get("/sign-in")
        asked = visitor.post("/sign-in/passkey/options", page).json()
        refused = visitor.post("/sign-in/passkey", page, answer=forged.sign(asked))
        assert refused.status_code == 403 and visitor.me == ""
    page = visitor.get("/sign-in")
    told = key.sign(visitor.post("/sign-in/passkey/options", page).json())
    assert visitor.post("/sign-in/passkey", page, answer=told).status_code == 303 and visitor.me
    other = Somebody(home)
    assert other.post("/sign-in/passkey", other.get("/sign-in"), answer=told).status_code == 403 and other.me == ""


def test_a_passkey_beside_a_password(home: House, visitor: Somebody) -> None:
    _, codes = with_password(home, visitor, "berit.twelve")
    enter(visitor, "berit.twelve", codes[0])
    key, page = Authenticator(home.address, "localhost"), visitor.get("/account")
    options = visitor.post("/account/passkey/options", page).json()
    assert visitor.post("/account/passkey", page, answer="{}").status_code == 403
    options = visitor.post("/account/passkey/options", page).json()
    assert visitor.post("/account/passkey", page, answer=key.make(options)).status_code == 303
    assert visitor.get("/account").text.count('action="/account/passkey/remove"') == 1
    grow_old(home)
    page = visitor.get("/account")
    assert visitor.post("/account/passkey/options", page).status_code == 401
    assert "Bekreft at det er deg" in visitor.post("/account/passkey", page, answer="{}").text
    other = Somebody(home)
    page = other.get("/sign-in")
    told = key.sign(other.post("/sign-in/passkey/options", page).json())
    assert other.post("/sign-in/passkey", page, answer=told).status_code == 303 and other.me


def test_two_sign_ins_side_by_side_do_not_disturb_each_other(visitor: Somebody) -> None:
    first, second = visitor.away("helseid"), visitor.away("idporten")
    assert visitor.get(visitor.answered(second, login="patient")).status_code == 200
    assert visitor.get(visitor.answered(first, login="doctor")).status_code == 200
    assert visitor.me == "Berit Fjell, Lege · North"


def test_a_passkey_in_a_browser(home: House, page: Page) -> None:
    code = invitation(home, "berit.six")
    page.goto("/sign-in")
    page.get_by_text("Lokal konto").click()
    page.get_by_role("link", name="invitasjon").click()
    page.get_by_label("Koden i invitasjonen").fill(code)
    page.get_by_role("button", name="Fortsett").click()
    page.get_by_role("button", name="Lag passnøkkel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kontoen er klar")
    page.get_by_role("link", name="Logg inn").click()
    page.get_by_text("Lokal konto").click()
    page.get_by_role("button", name="Bruk passnøkkel").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.goto("/account")
    expect(page.get_by_text("Berit Fjell")).to_be_visible()
    expect(page.get_by_text("denne nettleseren")).to_be_visible()


def test_a_provider_in_a_browser_that_keeps_cookies_to_their_site(home: House, page: Page) -> None:
    page.goto("/role")
    page.get_by_role("button", name="Logg inn med HelseID").click()
    page.get_by_label("Who").fill("doctor")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(home.address + "/role")
    expect(page.get_by_text("Berit Fjell")).to_be_visible()
    page.get_by_role("button", name="Logg ut").click()
    page.wait_for_url("**/session/end**")
    page.goto(home.address + "/account")
    expect(page.get_by_role("button", name="Logg inn med HelseID")).to_be_visible()


def grow_old(home: House) -> None:
    """All proofs become older than what signing takes."""
    with sqlite3.connect(home.store, timeout=10) as store:
        store.execute("UPDATE session SET signed = signed - 1000")
    time.sleep(1.1)  # as long as the server may believe what it has read


def test_an_old_proof_is_asked_for_again_and_the_form_goes_on(home: House, visitor: Somebody) -> None:
    secret, codes = with_password(home, visitor, "berit.seven")
    enter(visitor, "berit.seven", now_code(secret))
    grow_old(home)
    before = visitor.client.cookies["felles_session"]
    asked = visitor.post("/account/passkey/remove", visitor.get("/account"), passkey="some-key")
    assert asked.status_code == 401 and "Bekreft at det er deg" in asked.text and "tatt vare på" in asked.text
    wrong = enter(visitor, "berit.seven", "000000", page=asked)
    assert wrong.status_code == 403 and "Bekreft at det er deg" in wrong.text
    goes_on = enter(visitor, "berit.seven", codes[0], page=wrong)
    assert 'action="/account/passkey/remove"' in goes_on.text and hidden(goes_on.text)["passkey"] == "some-key"
    assert visitor.client.cookies["felles_session"] != before
    assert visitor.client.post("/account/passkey/remove", data=hidden(goes_on.text)).status_code == 303


def test_another_persons_proof_does_not_do(home: House, visitor: Somebody) -> None:
    secret, _ = with_password(home, visitor, "berit.eight")
    invited = invitation(home, "kari.eight", "Patient/kari")
    key = Authenticator(home.address, "localhost")
    other = Somebody(home)
    offered = other.post("/invitation", other.get("/invitation"), code=invited)
    other.post(
        "/invitation/passkey", offered, answer=key.make(other.post("/invitation/passkey/options", offered).json())
    )
    enter(visitor, "berit.eight", now_code(secret))
    grow_old(home)
    asked = visitor.post("/account/passkey/remove", visitor.get("/account"), passkey="some-key")
    told = key.sign(visitor.post("/sign-in/passkey/options", asked).json())
    assert visitor.post("/sign-in/passkey", asked, answer=told).status_code == 403
    assert visitor.me == "Berit Fjell, Lege · North"


def test_a_provider_is_asked_for_a_new_sign_in_and_the_form_goes_on(home: House, visitor: Somebody) -> None:
    visitor.sign_in("helseid", "doctor")
    grow_old(home)
    before = visitor.client.cookies["felles_session"]
    fields = {**hidden(visitor.get("/account").text), "onward": "/account/sign-out", "kept": '{"session": "one"}'}
    login = visitor.follow(visitor.client.post("/step-up", data=fields))
    goes_on = visitor.get(visitor.answered(login, login="doctor"))
    assert 'action="/account/sign-out"' in goes_on.text and hidden(goes_on.text)["session"] == "one"
    assert visitor.client.cookies["felles_session"] != before
    time.sleep(1.1)
    thief = Somebody(home)
    thief.client.cookies.set("felles_session", before)
    assert thief.me == "" and visitor.me


def test_an_older_sign_in_at_the_provider_is_no_new_proof(home: House, visitor: Somebody) -> None:
    visitor.sign_in("helseid", "doctor")
    fields = {**hidden(visitor.get("/account").text), "onward": "/account"}
    login = visitor.follow(visitor.client.post("/step-up", data=fields))
    back = visitor.answered(login, login="doctor")
    home.twist("helseid", claims={"auth_time": int(time.time()) - 600})
    assert "kunne ikke bekreftes" in alert(visitor.get(back))


def test_a_new_proof_by_somebody_else_is_refused(home: House, visitor: Somebody) -> None:
    visitor.sign_in("helseid", "doctor")
    fields = {**hidden(visitor.get("/account").text), "onward": "/account"}
    login = visitor.follow(visitor.client.post("/step-up", data=fields))
    back = visitor.answered(login, login="doctor")
    home.twist("helseid", claims={"helseid://claims/hpr/hpr_number": TWO_ROLES})
    page = visitor.get(back)
    assert page.status_code == 403 and visitor.me == "Berit Fjell, Lege · North"


def test_a_form_that_is_sent_too_late_goes_on_after_signing_in(home: House, visitor: Somebody) -> None:
    _, codes = with_password(home, visitor, "berit.nine")
    enter(visitor, "berit.nine", codes[0])
    form = hidden(visitor.get("/account").text) | {"session": "some-session"}
    with sqlite3.connect(home.store, timeout=10) as store:
        store.execute("DELETE FROM session")
    time.sleep(1.1)
    late = visitor.client.post("/account/sign-out", data=form)
    assert late.status_code == 401 and "tatt vare på" in late.text
    goes_on = enter(visitor, "berit.nine", codes[1], page=late)
    assert 'action="/account/sign-out"' in goes_on.text and hidden(goes_on.text)["session"] == "some-session"


def test_no_form_of_another_site_waits_for_somebody_to_sign_in(home: House, visitor: Somebody) -> None:
    _, codes = with_password(home, visitor, "berit.ten")
    planted = {"kept": '{"session": "planted"}', "onward": "/account/sign-out", "token": "x", "session": "planted"}
    for path in ("/sign-in/password", "/sign-in/provider", "/sign-in", "/account/sign-out"):
        page = visitor.client.post(path, data=planted)
        assert page.status_code in (401, 403) and "planted" not in page.text
    assert enter(visitor, "berit.ten", codes[0], page=page).headers["location"] == "/"


def test_every_page_of_signing_in_is_for_everybody(home: House, page: Page) -> None:
    """WCAG 2.2 AA by axe-core."""
    code = invitation(home, "berit.eleven")
    page.goto("/sign-in")
    page.get_by_text("Lokal konto").click()
    assert violations(page) == []
    page.goto("/invitation")
    assert violations(page) == []
    page.get_by_label("Koden i invitasjonen").fill(code)
    page.get_by_role("button", name="Fortsett").click()
    assert violations(page) == []
    page.get_by_role("button", name="Lag passnøkkel").click()
    page.get_by_role("link", name="Logg inn").click()
    page.get_by_text("Lokal konto").click()
    page.get_by_role("button", name="Bruk passnøkkel").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    for path in ("/account", "/role"):
        page.goto(path)
        assert violations(page) == []
    grow_old(home)
    page.goto("/account")
    page.get_by_role("button", name="Fjern").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bekreft at det er deg")
    assert violations(page) == []
