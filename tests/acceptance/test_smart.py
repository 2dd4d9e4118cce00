"""SMART on FHIR with a real `felles serve`: the certified openid-client and the SMART client of fhirclient against our
authorization server, people in a browser, programs by themselves, and tokens made by hand."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest
from fhirclient import client as smart_client
from fhirclient.models.observation import Observation
from joserfc.jwk import ECKey
from playwright.sync_api import Browser

from felles.demo import STORY
from tests.absence import missing
from tests.acceptance.conftest import _fill
from tests.server import FELLES, serving

HERE = Path(__file__).resolve().parent
NODE = Path(sys.executable).with_name("node")
BACK = "https://app.example/back"
KEY = ECKey.generate_key("P-384", parameters={"kid": "one"})
SCOPE = "launch launch/patient openid fhirUser online_access offline_access patient/*.rs user/Practitioner.rs"
PATIENT = "Patient/" + STORY["patient"]
pytestmark = pytest.mark.xdist_group("smart")


def felles(*words: str, store: str) -> str:
    """What a command prints."""
    said = subprocess.run([FELLES, *words, "--store", store], capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 0, said.stderr
    return said.stdout.strip()


class Place:
    """A running server and the store it runs over."""

    def __init__(self, address: str, store: str, secret: str) -> None:
        self.address, self.store, self.secret = address, store, secret

    @property
    def base(self) -> str:
        return self.address + "/fhir"

    def get(self, path: str, token: str, **headers: str) -> httpx.Response:
        held = {"authorization": f"Bearer {token}", "accept": "application/fhir+json", **headers}
        return httpx.get(f"{self.base}/{path}", headers=held, timeout=60)

    def token(self, scope: str = "system/*.cruds", purpose: str = "test") -> str:
        return felles("token", "--scope", scope, "--purpose", purpose, store=self.store)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("smart")
    store = folder / "felles.db"
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _fill(store)).result()
    jwks = folder / "jwks.json"
    jwks.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))
    common = ("--scope", SCOPE, "--redirect", BACK)
    felles("app", "add", "public", "--name", "Kurven", *common, "--launch", "https://app.example/go", store=str(store))
    felles("app", "add", "keyed", "--name", "Nøkkelappen", *common, "--jwks", str(jwks), "--dpop", store=str(store))
    secret = felles("app", "add", "server", "--name", "Tjeneren", *common, "--secret", store=str(store))
    system = ("--system", "--jwks", str(jwks), "--scope", "system/Observation.rs system/Patient.r")
    felles("app", "add", "backend", "--name", "Uttrekket", *system, store=str(store))
    with serving(str(store)) as (address, _):
        yield Place(address, str(store), secret)


class Person:
    """Somebody with a browser that only knows HTTP."""

    def __init__(self, place: Place, name: str = "lege") -> None:
        self.browser = httpx.Client(base_url=place.address, timeout=60)
        self.send(self.browser.get("/sign-in").text, "/sign-in", person=name)

    def send(self, page: str, action: str, **fields: str) -> httpx.Response:
        """Sends the form of a page that goes to `action`."""
        forms = re.findall(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
        assert forms, page
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', forms[0]))
        return self.browser.post(action, data={**hidden, **fields})

    def open(self, url: str) -> httpx.Response:
        """A page of ours, as it opens from another site: by way of a page that asks for it again."""
        path = url.partition("://")[2].partition("/")[2]
        return self.browser.get("/" + path)

    def agree(self, url: str, name: str = "", patient: str = STORY["patient"]) -> str:
        """Lets the app in; the address the browser is sent back to."""
        page = self.open(url)
        assert page.status_code == 200, page.text
        if name:
            page = self.send(page.text, "/auth/agree", answer="find", text=name)
            assert f'value="{patient}"' in page.text
        back = self.send(page.text, "/auth/agree", answer="yes", patient=patient)
        assert back.status_code == 303, back.text
        return back.headers["location"]


class Program:
    """smart.mjs, told what it is."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self._running = running

    def tell(self, line: str) -> None:
        assert self._running.stdin
        self._running.stdin.write(line + "\n")
        self._running.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self._running.stdout
        line = self._running.stdout.readline()
        assert line, self._running.stderr.read() if self._running.stderr else ""
        found: dict[str, Any] = json.loads(line)
        assert "error" not in found, found
        return found


@contextmanager
def program(place: Place, id: str, **more: Any) -> Iterator[Program]:
    if not NODE.exists() or not (HERE.parents[1] / "node_modules" / "openid-client").exists():
        missing("the certified client is not installed (make node_modules/.installed)")
    told = {"issuer": place.address, "base": place.base, "id": id, "redirect": BACK, "scope": SCOPE,
            "path": "Observation?_count=1", **more}  # fmt: skip
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([NODE, HERE / "smart.mjs"], text=True, **pipes) as running:
        found = Program(running)
        found.tell(json.dumps(told))
        yield found
        running.kill()


@pytest.mark.parametrize(
    ("id", "more"),
    [
        ("public", {"dpop": False}),
        ("public", {"dpop": True}),
        ("server", {"dpop": False, "par": True}),
        ("keyed", {"dpop": True, "par": True}),
    ],
)
def test_the_certified_client_goes_the_whole_way(place: Place, id: str, more: dict[str, Any]) -> None:
    proof = {"server": {"secret": place.secret}, "keyed": {"key": KEY.as_dict(private=True)}}.get(id, {})
    person = Person(place)
    with program(place, id, **more, **proof) as app:
        app.tell(person.agree(app.hear()["url"], "tindvoll"))
        got = app.hear()
        assert got["tokens"]["token_type"].lower() == ("dpop" if more["dpop"] else "bearer")
        assert got["tokens"]["patient"] == STORY["patient"]
        assert got["claims"]["fhirUser"].startswith(place.base + "/Practitioner/")
        assert (got["read"]["status"], got["again"]["status"]) == (200, 200), got
        about = {entry["resource"]["subject"]["reference"] for entry in got["read"]["body"].get("entry", [])}
        assert about == {PATIENT}
        app.tell("revoke")
        assert app.hear()["after"]["status"] == 401


def test_sign_out_ends_an_app_at_once(place: Place) -> None:
    person = Person(place)
    with program(place, "public") as app:
        app.tell(person.agree(app.hear()["url"], "tindvoll"))
        assert app.hear()["read"]["status"] == 200
        person.send(person.browser.get("/auth/apps").text, "/sign-out")
        app.tell("go on")
        assert app.hear()["after"]["status"] == 401


def test_a_person_shuts_an_app_out(place: Place) -> None:
    person = Person(place)
    with program(place, "public") as app:
        app.tell(person.agree(app.hear()["url"], "tindvoll"))
        assert app.hear()["read"]["status"] == 200
        page = person.browser.get("/auth/apps").text
        assert "Kurven" in page
        while 'name="grant"' in page:
            person.send(page, "/auth/apps")
            page = person.browser.get("/auth/apps").text
        app.tell("go on")
        assert app.hear()["after"]["status"] == 401


def test_a_patients_app_sees_the_patient_alone(place: Place) -> None:
    person = Person(place, "pasient")
    with program(place, "public", path="Patient/PATIENT") as app:
        app.tell(person.agree(app.hear()["url"]))
        got = app.hear()
        assert got["tokens"]["patient"] == STORY["patient"]
        assert got["claims"]["fhirUser"] == f"{place.base}/{PATIENT}"
        assert got["read"]["status"] == 200, got
        others = place.get("Patient?_summary=count", got["fresh"]["access_token"])
        assert others.json()["total"] == 1


def test_backend_services_with_the_certified_client(place: Place) -> None:
    more = {"program": True, "key": KEY.as_dict(private=True), "dpop": True}
    asked = "system/Observation.rs system/Patient.cruds"
    with program(place, "backend", scope=asked, **more) as app:
        got = app.hear()
    assert got["tokens"]["scope"] == "system/Observation.rs system/Patient.r"
    assert (got["known"]["active"], got["known"]["client_id"]) == (True, "backend")
    assert got["read"]["status"] == 200, got


def test_the_smart_client_of_fhirclient(place: Place) -> None:
    settings = {"app_id": "public", "api_base": place.base, "redirect_uri": BACK, "scope": SCOPE}
    app = smart_client.FHIRClient(settings={**settings, "launch_token": None})
    app.prepare()
    url = app.authorize_url
    if "code_challenge" not in url:
        pytest.skip("this fhirclient sends no PKCE, which SMART App Launch 2.2 requires")
    app.handle_callback(Person(place).agree(url, "tindvoll"))
    found = Observation.where({"_count": "3"}).perform_resources(app.server)
    assert {one.subject.reference for one in found} == {PATIENT}


def test_the_record_opens_an_app_with_its_patient(place: Place) -> None:
    person = Person(place)
    page = person.browser.get(f"/patient/{STORY['patient']}/apps")
    assert "form-action 'self' https://app.example;" in page.headers["content-security-policy"]
    away = person.send(page.text, "/auth/launch", app="public").headers["location"]
    told = dict(parse_qsl(urlsplit(away).query))
    assert (away.partition("?")[0], told["iss"]) == ("https://app.example/go", place.base)
    scope = "launch openid fhirUser online_access patient/*.rs"
    with program(place, "public", scope=scope, more={"launch": told["launch"]}) as app:
        url = app.hear()["url"]
        app.tell(person.agree(url))
        got = app.hear()
        assert (got["tokens"]["patient"], got["tokens"]["need_patient_banner"]) == (STORY["patient"], False)
        assert got["read"]["status"] == 200
        again = person.open(url)
        assert "error=invalid_request" in again.headers["location"]
    form = {"token": "x", "app": "public", "patient": STORY["patient"]}
    assert person.browser.post("/auth/launch", data=form).status_code == 403
    unknown = person.send(page.text, "/auth/launch", app="public", patient="nobody")
    assert unknown.status_code == 404


def test_a_browser_comes_from_the_app_and_goes_back_to_it(place: Place, browser: Browser) -> None:
    """With strict cookies, from another site, under our content security policy."""
    context = browser.new_context(base_url=place.address, locale="nb-NO")
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    tab.goto("/sign-in")
    tab.get_by_role("button", name="Lege, medisinsk avdeling").click()
    tab.wait_for_url("**/find")
    with program(place, "public") as app:
        url = app.hear()["url"]
        start = f'<a href="{url.replace("&", "&amp;")}">inn</a>'
        context.route("https://app.example/start", lambda route: route.fulfill(body=start, content_type="text/html"))
        context.route("https://app.example/back*", lambda route: route.fulfill(body="back"))
        tab.goto("https://app.example/start")
        tab.get_by_role("link", name="inn").click()
        tab.get_by_label("Hvem gjelder det?").fill("tindvoll")
        tab.get_by_role("button", name="Søk").click()
        tab.locator(f'input[value="{STORY["patient"]}"]').check()
        tab.get_by_role("button", name="Slipp inn", exact=True).click()
        tab.wait_for_url("https://app.example/back*")
        app.tell(tab.url)
        assert app.hear()["read"]["status"] == 200
    context.close()


def test_a_stranger_signs_in_on_the_way(place: Place) -> None:
    with program(place, "public") as app:
        url = app.hear()["url"]
    path = url.removeprefix(place.address)
    stranger = httpx.Client(base_url=place.address, timeout=60)
    bounced = stranger.get(path, headers={"sec-fetch-site": "cross-site"})
    assert bounced.headers["refresh"] == f"0; url={path}"
    met = stranger.get(path)
    assert met.status_code == 401
    assert "Kurven" not in met.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', met.text))
    assert urljoin("/", hidden["onward"].replace("&amp;", "&")) == path


def test_nothing_happens_without_a_form_of_ours(place: Place) -> None:
    person = Person(place)
    with program(place, "public") as app:
        page = person.open(app.hear()["url"])
    held = re.search(r'name="held" value="([^"]+)"', page.text)
    assert held
    form = {"held": held[1], "answer": "yes", "patient": STORY["patient"]}
    assert person.browser.post("/auth/agree", data=form).status_code == 403
    assert person.browser.post("/auth/agree", data={**form, "token": "guess"}).status_code == 403
    assert person.browser.post("/auth/apps", data={"grant": "x"}).status_code == 403
    stranger = httpx.Client(base_url=place.address, timeout=60)
    assert stranger.post("/auth/agree", data=form).status_code in (401, 403)
    declined = person.send(page.text, "/auth/agree", answer="no")
    assert "error=access_denied" in declined.headers["location"]
    again = person.send(page.text, "/auth/agree", answer="yes", patient=STORY["patient"])
    assert again.status_code == 400


def test_a_patient_who_is_not_there_cannot_be_chosen(place: Place) -> None:
    person = Person(place)
    with program(place, "public") as app:
        page = person.open(app.hear()["url"])
    refused = person.send(page.text, "/auth/agree", answer="yes", patient="nobody")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text


def test_a_trap_leads_nowhere(place: Place) -> None:
    person = Person(place)
    for query in ("", "client_id=public&redirect_uri=https://evil.example/", "a=1&" * 99,
                  "client_id=public&redirect_uri=javascript:alert(1)"):  # fmt: skip
        met = person.browser.get("/auth/authorize?" + query)
        assert met.status_code == 400
        assert "location" not in met.headers
        assert "evil.example" not in met.text


def test_a_token_made_by_hand(place: Place) -> None:
    token = place.token()
    assert place.get("Patient?_count=1", token).status_code == 200
    reader = place.token("system/Observation.rs", "conformance suite")
    assert place.get("Observation?_count=1", reader).status_code == 200
    assert place.get("Patient?_count=1", reader).status_code == 403
    across = place.token("system/Observation.rs system/Patient.r", "across types")
    found = place.get("?_type=Patient,Observation&_count=5", across).json()["entry"]
    assert {entry["resource"]["resourceType"] for entry in found} == {"Observation"}
    assert place.get(PATIENT, across).status_code == 200
    assert place.get("?_type=Patient,Condition", across).status_code == 403
    assert place.get("Patient/$match", across).status_code in (403, 405)
    assert httpx.post(f"{place.base}/Observation", headers={"authorization": f"Bearer {reader}"},
                      json={"resourceType": "Observation"}).status_code in (403, 422)  # fmt: skip
    for forged in (token[:-4] + "AAAA", token + "x", token.upper(), "x"):
        refused = place.get("Patient", forged)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith('Bearer realm="felles"')
    assert httpx.get(f"{place.base}/Patient").status_code == 401


@pytest.mark.parametrize(
    "words",
    [
        ("--scope", "patient/*.rs", "--purpose", "x"), ("--scope", "system/*.rs openid", "--purpose", "x"),
        ("--scope", "system/*.rs", "--purpose", " "), ("--scope", "root", "--purpose", "x"),
        ("--scope", "system/*.rs", "--purpose", "x", "--minutes", "16"), ("--scope", "system/*.rs"),
    ],
)  # fmt: skip
def test_a_token_by_hand_is_for_programs_and_minutes_and_says_why(place: Place, words: tuple[str, ...]) -> None:
    asked = [FELLES, "token", *words, "--store", place.store]
    said = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert (said.returncode, said.stdout) == (2, "")


def test_pages_of_registered_apps_call_from_where_they_are(place: Place) -> None:
    here, token = {"origin": "https://app.example"}, place.token()
    ask = {**here, "access-control-request-method": "GET", "access-control-request-headers": "authorization"}
    asked = httpx.options(f"{place.base}/Patient", headers=ask, timeout=60)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "https://app.example")
    assert "access-control-allow-credentials" not in asked.headers
    got = place.get("Patient?_count=1", token, **here)
    assert (got.status_code, got.headers["access-control-allow-origin"]) == (200, "https://app.example")
    assert place.get("Patient?_count=1", "x", **here).status_code == 401
    known = httpx.get(f"{place.base}/.well-known/smart-configuration", headers=here, timeout=60)
    assert known.headers["access-control-allow-origin"] == "https://app.example"
    for origin in ("https://evil.example", "null", "https://app.example.evil.example", "http://app.example"):
        refused = place.get("Patient?_count=1", token, origin=origin)
        assert (refused.status_code, "access-control-allow-origin" in refused.headers) == (403, False)
    for path in ("/find", "/sign-in", "/auth/agree", "/auth/apps", "/auth/introspect"):
        assert httpx.post(place.address + path, headers=here, timeout=60).status_code == 403
    rebound = httpx.get(f"{place.base}/metadata", headers={**here, "host": "evil.example"}, timeout=60)
    assert rebound.status_code == 403


def test_the_capability_statement_says_where_to_sign_in(place: Place) -> None:
    security = httpx.get(f"{place.base}/metadata").json()["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    uris = {one["url"]: one["valueUri"] for one in security["extension"][0]["extension"]}
    configuration = httpx.get(f"{place.base}/.well-known/smart-configuration").json()
    assert uris["authorize"] == configuration["authorization_endpoint"]
    assert uris["token"] == configuration["token_endpoint"]
