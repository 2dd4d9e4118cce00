"""SMART on FHIR over HTTP, without pages: codes, refresh tokens, backend services, their ends and their refusals."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.applications import Starlette

from felles.access import statement as account
from felles.access.audit import row
from felles.access.audit import statement as audit
from felles.access.entrance import shut
from felles.access.session import Session, begin_lines, digest, end_all
from felles.access.smart import app as registry
from felles.access.smart import statement
from felles.access.smart.admission import Admitted
from felles.access.smart.app import App
from felles.access.smart.authorization import Asked, Launch, NoReturn, Returned, granted, launch
from felles.access.smart.client import ASSERTION
from felles.access.smart.dpop import token_hash
from felles.access.smart.endpoint import routes
from felles.access.smart.key import KeyFolder
from felles.access.smart.keyset import KeySets
from felles.access.smart.refusal import Refusal
from felles.access.smart.service import Smart
from felles.access.smart.signature import encode
from felles.access.table import put
from felles.record.outcome import Problem
from felles.record.record import Record

BASE = "https://felles.example/fhir"
TOKEN = "https://felles.example/auth/token"
BACK = "https://app.example/back"
VERIFIER = "v" * 50
CHALLENGE = encode(hashlib.sha256(VERIFIER.encode()).digest())
KEY = ECKey.generate_key("P-384", parameters={"kid": "one"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "two"})
UNSIGNED = encode(b'{"alg":"none","kid":"one"}')
DPOP = ECKey.generate_key("P-256")
SCOPE = "launch/patient openid fhirUser online_access offline_access patient/*.rs user/Practitioner.rs"

PUBLIC = App(id="public", name="Leser", redirects=(BACK, "http://127.0.0.1:9/back"), scope=SCOPE + " launch")
SECRET = App(id="secret", name="Server", redirects=(BACK,), scope=SCOPE, secret=digest("open sesame"), inspects=True)
LAUNCHED = App(id="launched", name="Startet", redirects=(BACK,), scope=SCOPE + " launch launch/encounter",
               launch="https://app.example/start?x=1")  # fmt: skip
BACKEND = App(id="backend", name="Uttrekk", scope="system/Observation.rs system/Patient.r", person=False, system=True,
              jwks=(KEY.as_dict(private=False), RSA.as_dict(private=False)))  # fmt: skip
BOUND = App(id="bound", name="Bundet", redirects=(BACK,), scope=SCOPE, bound=True)


class World:
    """One server, the apps, and somebody who is signed in."""

    def __init__(self, record: Record, smart: Smart, client: httpx.AsyncClient) -> None:
        self.record, self.smart, self.client = record, smart, client

    async def sign_in(self, person: str = "Practitioner/lege", **changes: Any) -> Session:
        now = int(time.time())
        held = {"id": digest(str(time.time_ns()))[:32], "person": person, "role": None, "level": 4,
                "provider": "local", "subject": "x", "signed": now, "started": now, "seen": now, **changes}  # fmt: skip
        session = Session(**held)
        assert await put(self.record, *begin_lines(session, session.id, True))
        return session

    async def asked(self, app: App = PUBLIC, **changes: Any) -> Asked:
        return (await self.smart.authorization.asked(request(app, **changes), time.time()))[1]

    async def code(self, session: Session, app: App = PUBLIC, patient: str = "p1", **changes: Any) -> dict[str, str]:
        asked = await self.smart.authorization.launched(await self.asked(app, **changes), session, time.time())
        back = await self.smart.authorization.agree(asked, session, asked.patient or patient, time.time())
        assert back.address.startswith(asked.redirect)
        return dict(parse_qsl(urlsplit(back.address).query))

    async def post(self, path: str = "token", *, headers: dict[str, str] | None = None, **form: str) -> httpx.Response:
        return await self.client.post(f"https://felles.example/auth/{path}", data=form, headers=headers)

    async def exchange(self, held: str, app: str = "public", /, **changes: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": held, "redirect_uri": BACK, "code_verifier": VERIFIER,
                "client_id": app}  # fmt: skip
        return await self.post(**{name: value for name, value in {**form, **changes}.items() if value})

    async def tokens(self, session: Session, app: App = PUBLIC, **changes: Any) -> dict[str, Any]:
        answer = await self.exchange((await self.code(session, app, **changes))["code"], app.id)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()

    async def admitted(self, token: str, scheme: str = "Bearer", **headers: str) -> Admitted:
        held = {"authorization": f"{scheme} {token}", **headers}
        return await self.smart.resources.verify(held, "GET", f"{BASE}/Patient/p1", time.time())

    async def refused(self, token: str, scheme: str = "Bearer", **headers: str) -> str:
        with pytest.raises(Problem) as refused:
            await self.admitted(token, scheme, **headers)
        assert refused.value.status == 401
        return str(refused.value.headers["WWW-Authenticate"])

    def proof(self, nonce: str = "", key: ECKey = DPOP, token: str = "", method: str = "POST", url: str = TOKEN) -> str:
        claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": digest(str(time.time_ns()))[:24]}
        claims |= ({"nonce": nonce} if nonce else {}) | ({"ath": token_hash(token)} if token else {})
        return jwt.encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}, claims, key)


def request(app: App, **changes: Any) -> list[tuple[str, str]]:
    asked = {"response_type": "code", "client_id": app.id, "redirect_uri": BACK, "scope": app.scope, "state": "s" * 22,
             "aud": BASE, "code_challenge": CHALLENGE, "code_challenge_method": "S256", "nonce": "n"}  # fmt: skip
    return [(name, value) for name, value in {**asked, **changes}.items() if value is not None]


def assertion(key: Any = KEY, algorithm: str = "ES384", header: dict[str, Any] | None = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": "backend", "sub": "backend", "aud": TOKEN, "exp": now + 240, "iat": now,
              "jti": digest(str(time.time_ns()))}  # fmt: skip
    kept = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    head = {"alg": algorithm, "kid": key.kid, "typ": "JWT"} | (header or {})
    return jwt.encode(head, kept, key, algorithms=["ES384", "RS384", "RS256", "HS256", "ES256"])


@pytest.fixture
async def world(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    record = await Record.open(store_url, lines={**account.LINES, **audit.LINES, **statement.LINES}, base=BASE)
    smart = Smart(record, tmp_path / "keys", BASE)
    for app in (PUBLIC, SECRET, LAUNCHED, BACKEND, BOUND):
        assert await registry.register(record, app, time.time())
    transport = httpx.ASGITransport(Starlette(routes=routes(smart)))
    async with httpx.AsyncClient(transport=transport) as client:
        yield World(record, smart, client)
    await record.close()


async def test_a_code_gives_a_token_for_the_patient_who_was_chosen(world: World) -> None:
    session = await world.sign_in()
    back = await world.code(session)
    assert back["state"] == "s" * 22
    assert back["iss"] == "https://felles.example"
    answer = (await world.exchange(back["code"])).json()
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 300
    assert answer["patient"] == "p1"
    assert answer["need_patient_banner"] is True
    assert "offline_access" not in answer["scope"]
    admitted = await world.admitted(answer["access_token"])
    assert admitted.session == session
    assert (admitted.token.subject, admitted.token.patient) == ("Practitioner/lege", "p1")
    keys = (await world.client.get("https://felles.example/auth/keys")).json()
    identity = jwt.decode(answer["id_token"], ECKey.import_key(keys["keys"][0]), algorithms=["ES256"]).claims
    assert identity["fhirUser"] == f"{BASE}/Practitioner/lege"
    assert (identity["aud"], identity["nonce"], identity["iss"]) == ("public", "n", "https://felles.example")


async def test_sign_out_ends_the_apps_too(world: World) -> None:
    session = await world.sign_in()
    tokens = await world.tokens(session)
    await end_all(world.record, session.person, time.time())
    assert "invalid_token" in await world.refused(tokens["access_token"])
    refreshed = await world.post(grant_type="refresh_token", refresh_token=tokens["refresh_token"], client_id="public")
    assert refreshed.json()["error"] == "invalid_grant"


async def test_a_code_of_a_session_that_has_ended_gives_nothing(world: World) -> None:
    session = await world.sign_in()
    back = await world.code(session)
    await end_all(world.record, session.person, time.time())
    assert (await world.exchange(back["code"])).json()["error"] == "invalid_grant"


async def test_a_code_that_comes_again_ends_what_came_of_it(world: World) -> None:
    session = await world.sign_in()
    code = (await world.code(session))["code"]
    first = (await world.exchange(code)).json()
    assert await world.admitted(first["access_token"])
    again = await world.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    await world.refused(first["access_token"])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 50}, "invalid_grant"), ({"code_verifier": ""}, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, "invalid_grant"),
        ({"redirect_uri": "https://app.example/other"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"), ({"client_id": "bound"}, "invalid_dpop_proof"),
        ({"client_id": "launched"}, "invalid_grant"), ({"client_id": "secret"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"), ({"client_id": ""}, "invalid_client"),
        ({"code": "guessed"}, "invalid_grant"), ({"code": ""}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"), ({"grant_type": "implicit"}, "unsupported_grant_type"),
    ],
)  # fmt: skip
async def test_a_code_is_bound_to_its_app_address_and_verifier(
    world: World, changes: dict[str, str], error: str
) -> None:
    code = (await world.code(await world.sign_in()))["code"]
    answer = await world.exchange(code, **changes)
    assert answer.json()["error"] == error
    assert "access_token" not in answer.json()


async def test_a_code_is_good_for_a_minute(world: World) -> None:
    session = await world.sign_in()
    asked = await world.asked()
    back = await world.smart.authorization.agree(asked, session, "p1", time.time() - 61)
    code = dict(parse_qsl(urlsplit(back.address).query))["code"]
    assert (await world.exchange(code)).json()["error"] == "invalid_grant"


async def test_refresh_tokens_rotate_and_a_used_one_ends_the_grant(world: World) -> None:
    first = await world.tokens(await world.sign_in())
    form = {"grant_type": "refresh_token", "client_id": "public"}
    second = (await world.post(**form, refresh_token=first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert await world.admitted(second["access_token"])
    narrow = await world.post(**form, refresh_token=second["refresh_token"], scope="patient/Observation.r")
    assert narrow.json()["scope"] == "patient/Observation.r"
    stolen = await world.post(**form, refresh_token=first["refresh_token"])
    assert stolen.json()["error"] == "invalid_grant"
    for token in (second, narrow.json()):
        await world.refused(token["access_token"])
        assert (await world.post(**form, refresh_token=narrow.json()["refresh_token"])).status_code == 400


@pytest.mark.parametrize("wanted", ["system/*.cruds", "patient/*.cruds", "user/*.rs", "patient/*.rs launch"])
async def test_a_refresh_never_widens(world: World, wanted: str) -> None:
    tokens = await world.tokens(await world.sign_in())
    form = {"grant_type": "refresh_token", "client_id": "public", "refresh_token": tokens["refresh_token"]}
    assert (await world.post(**form, scope=wanted)).json()["error"] == "invalid_scope"


async def test_a_refresh_token_is_its_apps_own(world: World) -> None:
    tokens = await world.tokens(await world.sign_in())
    form = {"grant_type": "refresh_token", "client_id": "launched", "refresh_token": tokens["refresh_token"]}
    assert (await world.post(**form)).json()["error"] == "invalid_grant"


async def test_a_patients_app_may_come_back_when_they_are_away(world: World) -> None:
    session = await world.sign_in("Patient/p1")
    tokens = await world.tokens(session)
    assert "offline_access" in tokens["scope"].split()
    await end_all(world.record, session.person, time.time())
    admitted = await world.admitted(tokens["access_token"])
    assert (admitted.session, admitted.token.subject) == (None, "Patient/p1")


async def test_an_app_shows_its_secret(world: World) -> None:
    code = (await world.code(await world.sign_in(), SECRET))["code"]
    assert (await world.exchange(code, "secret", client_secret="guess")).status_code == 401
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    url = "https://felles.example/auth/token"
    wrong = await world.client.post(url, data=form, auth=("secret", "wrong"))
    assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, 'Basic realm="felles"')
    other = await world.client.post(url, data={**form, "client_id": "public"}, auth=("secret", "open sesame"))
    assert other.status_code == 401
    twice = await world.client.post(url, data={**form, "client_secret": "x"}, auth=("secret", "open sesame"))
    assert twice.json()["error"] == "invalid_request"
    assert (await world.client.post(url, data=form, auth=("secret", "open sesame"))).status_code == 200


async def test_backend_services(world: World) -> None:
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION}
    for made in (assertion(KEY, "ES384"), assertion(RSA, "RS384")):
        wanted = "system/Observation.rs system/Patient.cruds"
        answer = await world.post(**form, scope=wanted, client_assertion=made)
        assert answer.status_code == 200, answer.text
        assert answer.json()["scope"] == "system/Observation.rs system/Patient.r"
        assert answer.json()["expires_in"] <= 900
        assert "refresh_token" not in answer.json()
        admitted = await world.admitted(answer.json()["access_token"])
        assert (admitted.token.subject, admitted.session) == ("Device/backend", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example/token"}, {"aud": [TOKEN, "https://other.example"]}, {"aud": None},
        {"exp": 1}, {"exp": None}, {"exp": 9_999_999_999}, {"iss": "secret"}, {"sub": "secret"}, {"sub": "nobody"},
        {"jti": None}, {"jti": ""}, {"jti": 7}, {"nbf": 9_999_999_999}, {"iat": "x"},
    ],
)  # fmt: skip
async def test_an_assertion_for_something_else_is_refused(world: World, changes: dict[str, Any]) -> None:
    await _refused_assertion(world, assertion(**changes))


async def test_a_forged_assertion_is_refused(world: World) -> None:
    other = ECKey.generate_key("P-384", parameters={"kid": "one"})
    confused = OctKey.import_key(RSA.as_dict(private=False)["n"])
    claims = assertion().split(".")[1]
    for forged in (
        assertion(other),
        assertion(KEY, header={"kid": "two"}),
        assertion(KEY, header={"kid": "three"}),
        assertion(other, header={"jku": "https://evil.example/keys", "kid": "evil"}),
        assertion(other, header={"jwk": other.as_dict(private=False)}),
        jwt.encode({"alg": "HS256", "kid": "two"}, {"iss": "backend", "sub": "backend", "aud": TOKEN,
                   "exp": int(time.time()) + 60, "jti": "x"}, confused, algorithms=["HS256"]),
        assertion(RSA, "RS256"),
        f"{UNSIGNED}.{claims}.",
        f"{UNSIGNED}.{claims}.AAAA",
        "",
        "x.y.z",
    ):  # fmt: skip
        await _refused_assertion(world, forged)


async def test_an_assertion_counts_once(world: World) -> None:
    made = assertion()
    form = {"grant_type": "client_credentials", "scope": "system/Patient.r", "client_assertion_type": ASSERTION}
    assert (await world.post(**form, client_assertion=made)).status_code == 200
    await _refused_assertion(world, made)


async def _refused_assertion(world: World, made: str) -> None:
    answer = await world.post(grant_type="client_credentials", scope="system/Patient.r", client_assertion=made,
                              client_assertion_type=ASSERTION)  # fmt: skip
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("wanted", ["", "system/*.cruds", "user/*.rs", "patient/Patient.r", "nonsense", "openid"])
async def test_a_program_gets_no_more_than_it_is_registered_for(world: World, wanted: str) -> None:
    answer = await world.post(grant_type="client_credentials", scope=wanted, client_assertion_type=ASSERTION,
                              client_assertion=assertion())  # fmt: skip
    if answer.status_code == 200:
        assert set(answer.json()["scope"].split()) <= {"system/Observation.rs", "system/Patient.r"}
    else:
        assert answer.json()["error"] == "invalid_scope"


async def test_an_app_for_people_does_not_work_by_itself(world: World) -> None:
    answer = await world.post(grant_type="client_credentials", scope="system/*.rs", client_id="public")
    assert answer.json()["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://app.example/back/"}, {"redirect_uri": "https://app.example/back?x=1"},
        {"redirect_uri": "https://app.example.evil.example/back"}, {"redirect_uri": "https://app.example/back#x"},
        {"redirect_uri": "http://app.example/back"}, {"redirect_uri": "https://app.example/BACK"},
        {"redirect_uri": "http://127.0.0.1:10/back"}, {"redirect_uri": "javascript:alert(1)"}, {"redirect_uri": None},
        {"redirect_uri": "https://x@app.example/back"}, {"client_id": "nobody"}, {"client_id": "backend"},
        {"client_id": None}, {"client_id": "x' OR 1=1 --"}, {"request_uri": "urn:ietf:params:oauth:request_uri:guess"},
        {"request_uri": "https://evil.example/request"},
    ],
)  # fmt: skip
async def test_nobody_is_sent_to_an_address_that_is_not_registered(world: World, changes: dict[str, Any]) -> None:
    with pytest.raises(NoReturn):
        await world.asked(**changes)
    with pytest.raises(NoReturn):
        await world.smart.authorization.asked([*request(PUBLIC), ("redirect_uri", "https://evil.example")], time.time())


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"), ({"request": "x.y.z"}, "invalid_request"),
        ({"aud": "https://evil.example/fhir"}, "invalid_request"), ({"aud": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"), ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"), ({"code_challenge": "short"}, "invalid_request"),
        ({"state": None}, "invalid_request"), ({"scope": "system/*.cruds"}, "invalid_scope"),
        ({"scope": "patient/Nothing.rs"}, "invalid_scope"), ({"scope": None}, "invalid_scope"),
        ({"scope": "patient/Patient.rs?address=x"}, "invalid_scope"), ({"dpop_jkt": "x"}, "invalid_request"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_to_the_app(world: World, changes: dict[str, Any], error: str) -> None:
    with pytest.raises(Returned) as back:
        await world.asked(**changes)
    told = dict(parse_qsl(urlsplit(back.value.address).query))
    assert back.value.address.startswith(BACK + "?")
    assert (told["error"], told["iss"]) == (error, "https://felles.example")
    assert told.get("state", "") == ("" if "state" in changes else "s" * 22)


async def test_scopes_are_those_that_are_registered_and_that_the_person_can_give(world: World) -> None:
    asked = await world.asked(scope=f"{SCOPE} user/*.cruds patient/*.cruds system/*.cruds")
    assert not {"system/*.cruds", "user/*.cruds"} & set(asked.scope.split())
    session = await world.sign_in()
    assert set(str(granted(asked, session, "")).split()) == {
        "fhirUser",
        "online_access",
        "openid",
        "user/Practitioner.rs",
    }
    assert "patient/*.rs" in str(granted(asked, session, "p1")).split()


async def test_a_pushed_request_stands_for_all_of_it_once(world: World) -> None:
    form = dict(request(SECRET))
    pushed = await world.post("request", **form, client_secret="open sesame")
    assert pushed.status_code == 201
    named = [("client_id", "secret"), ("request_uri", pushed.json()["request_uri"])]
    others = [("client_id", "public"), named[1]]
    asks = world.smart.authorization.asked
    assert (await asks(named, time.time(), once=False))[1].app == "secret"
    with pytest.raises(NoReturn):
        await asks(others, time.time(), once=False)
    extra = [*named, ("scope", "user/*.cruds"), ("redirect_uri", "https://evil.example")]
    assert (await asks(extra, time.time()))[1].scope == (await world.asked(SECRET)).scope
    with pytest.raises(NoReturn):
        await asks(named, time.time())
    refused = await world.post(
        "request", **{**form, "redirect_uri": "https://evil.example"}, client_secret="open sesame"
    )
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert (await world.post("request", **form)).status_code == 401


async def test_the_record_opens_an_app_with_what_it_shows(world: World) -> None:
    session, other = await world.sign_in(), await world.sign_in("Practitioner/annen")
    opened = Launch("launched", "p7", "e7")
    address = await launch(world.record, LAUNCHED, session, opened, BASE, time.time())
    assert address.startswith("https://app.example/start?x=1&iss=https%3A%2F%2Ffelles.example%2Ffhir&launch=")
    token = dict(parse_qsl(urlsplit(address).query))["launch"]
    with pytest.raises(Returned):
        await world.code(other, LAUNCHED, launch=token)
    address = await launch(world.record, LAUNCHED, session, opened, BASE, time.time())
    token = dict(parse_qsl(urlsplit(address).query))["launch"]
    tokens = await world.tokens(session, LAUNCHED, launch=token)
    assert (tokens["patient"], tokens["encounter"], tokens["need_patient_banner"]) == ("p7", "e7", False)
    with pytest.raises(Returned):
        await world.code(session, LAUNCHED, launch=token)
    for wrong in ("guessed", token):
        with pytest.raises(Returned):
            await world.code(session, PUBLIC, launch=wrong)


async def test_an_answer_counts_once_and_for_its_session(world: World) -> None:
    session, other = await world.sign_in(), await world.sign_in("Practitioner/annen")
    way, now = world.smart.authorization, time.time()
    held = await way.hold(await world.asked(), session, now)
    assert await way.held(held, other, now) is None
    held = await way.hold(await world.asked(), session, now)
    assert await way.held(held, session, now) == await world.asked()
    assert await way.held(held, session, now) is None


async def test_nobody_is_asked_where_the_app_wants_no_page(world: World) -> None:
    session, way = await world.sign_in(), world.smart.authorization
    asked = await world.asked(prompt="none")
    for held, error in ((None, "login_required"), (session, "interaction_required")):
        with pytest.raises(Returned, match=error) as back:
            way.attended(asked, held, time.time())
        assert f"error={error}" in back.value.address
    assert way.attended(await world.asked(), session, time.time())
    assert not way.attended(await world.asked(), None, time.time())
    assert not way.attended(await world.asked(max_age="5"), session, time.time() + 60)


async def test_dpop_binds_tokens_from_the_first_to_the_last(world: World) -> None:
    session = await world.sign_in()
    code = (await world.code(session, BOUND, patient="p1"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER,
            "client_id": "bound"}  # fmt: skip
    asks = await world.post(**form, headers={"DPoP": world.proof()})
    assert (asks.status_code, asks.json()["error"]) == (400, "use_dpop_nonce")
    nonce = asks.headers["dpop-nonce"]
    proof = world.proof(nonce)
    tokens = (await world.post(**form, headers={"DPoP": proof})).json()
    assert tokens["token_type"] == "DPoP"
    replayed = await world.post(**form, headers={"DPoP": proof})
    assert replayed.json()["error"] == "invalid_dpop_proof"
    token, url = tokens["access_token"], f"{BASE}/Patient/p1"
    shown = {"nonce": nonce, "token": token, "method": "GET", "url": url}
    proof = world.proof(**shown)
    admitted = await world.admitted(token, "DPoP", dpop=proof)
    assert admitted.token.jkt == DPOP.thumbprint()
    other = ECKey.generate_key("P-256")
    assert "invalid_token" in await world.refused(token, "DPoP", dpop=proof)
    assert "invalid_token" in await world.refused(token, "DPoP", dpop=world.proof(**shown, key=other))
    assert "invalid_token" in await world.refused(
        token, "DPoP", dpop=world.proof(**{**shown, "url": f"{BASE}/Patient"})
    )
    assert "use_dpop_nonce" in await world.refused(token, "DPoP", dpop=world.proof(**{**shown, "nonce": "x"}))
    assert "invalid_token" in await world.refused(token, "DPoP")
    assert "invalid_token" in await world.refused(token, "Bearer")
    refresh = {"grant_type": "refresh_token", "client_id": "bound", "refresh_token": tokens["refresh_token"]}
    assert (await world.post(**refresh)).json()["error"] == "invalid_dpop_proof"
    wrong = await world.post(**refresh, headers={"DPoP": world.proof(nonce, key=other)})
    assert wrong.json()["error"] == "invalid_dpop_proof"
    assert (await world.post(**refresh, headers={"DPoP": world.proof(nonce)})).status_code == 200


async def test_a_token_without_a_key_is_not_shown_as_if_it_had_one(world: World) -> None:
    tokens = await world.tokens(await world.sign_in())
    proof = world.proof(token=tokens["access_token"], method="GET", url=f"{BASE}/Patient/p1")
    assert "invalid_token" in await world.refused(tokens["access_token"], "DPoP", dpop=proof)


@pytest.mark.parametrize("given", ["", "Basic eDp5", "Bearer", "Bearer  ", "Token x", "Bearer a.b.c", "Bearer æ.ø.å"])
async def test_what_is_no_token_is_refused_without_a_reason(world: World, given: str) -> None:
    with pytest.raises(Problem) as refused:
        await world.smart.resources.verify({"authorization": given}, "GET", BASE, time.time())
    assert refused.value.status == 401
    assert refused.value.headers["WWW-Authenticate"].startswith('Bearer realm="felles"')
    assert "given" not in str(refused.value)


async def test_a_cached_token_ends_at_its_time(world: World) -> None:
    tokens = await world.tokens(await world.sign_in())
    header = {"authorization": f"Bearer {tokens['access_token']}"}
    assert await world.smart.resources.verify(header, "GET", BASE, time.time())
    with pytest.raises(Problem):
        await world.smart.resources.verify(header, "GET", BASE, time.time() + 301)


async def test_a_revoked_token_ends_at_once_with_all_of_its_grant(world: World) -> None:
    for name in ("access_token", "refresh_token"):
        tokens = await world.tokens(await world.sign_in())
        other = await world.post("revoke", token=tokens[name], client_id="launched")
        assert other.status_code == 200
        assert await world.admitted(tokens["access_token"])
        assert (await world.post("revoke", token=tokens[name], client_id="public")).status_code == 200
        await world.refused(tokens["access_token"])
        form = {"grant_type": "refresh_token", "client_id": "public", "refresh_token": tokens["refresh_token"]}
        assert (await world.post(**form)).json()["error"] == "invalid_grant"
    assert (await world.post("revoke", token="nonsense", client_id="public")).status_code == 200


async def test_an_app_that_is_removed_has_nothing_left(world: World) -> None:
    tokens = await world.tokens(await world.sign_in())
    assert await registry.remove(world.record, "public", time.time())
    await world.refused(tokens["access_token"])
    form = {"grant_type": "refresh_token", "client_id": "public", "refresh_token": tokens["refresh_token"]}
    assert (await world.post(**form)).json()["error"] == "invalid_client"
    assert not await registry.register(world.record, PUBLIC, time.time())


async def test_a_store_from_a_backup_knows_no_apps_grants(world: World) -> None:
    session = await world.sign_in("Patient/p1")
    tokens, code = await world.tokens(session), (await world.code(session))["code"]
    await shut(world.record)
    await asyncio.sleep(1.1)
    await world.refused(tokens["access_token"])
    form = {"grant_type": "refresh_token", "client_id": "public", "refresh_token": tokens["refresh_token"]}
    assert (await world.post(**form)).json()["error"] == "invalid_grant"
    assert (await world.exchange(code)).json()["error"] == "invalid_grant"


async def test_introspection_is_for_apps_that_show_who_they_are(world: World) -> None:
    session = await world.sign_in()
    tokens = await world.tokens(session)
    shown = {"client_id": "secret", "client_secret": "open sesame"}
    told = (await world.post("introspect", token=tokens["access_token"], **shown)).json()
    assert (told["active"], told["client_id"], told["patient"]) == (True, "public", "p1")
    assert (await world.post("introspect", token=tokens["access_token"], client_id="public")).status_code == 401
    assert (await world.post("introspect", token="nonsense", **shown)).json() == {"active": False}
    asked = {"client_assertion_type": ASSERTION, "client_assertion": assertion()}
    assert (await world.post("introspect", token=tokens["access_token"], **asked)).json() == {"active": False}
    await end_all(world.record, session.person, time.time())
    assert (await world.post("introspect", token=tokens["access_token"], **shown)).json() == {"active": False}


async def test_the_configuration_names_what_there_is(world: World) -> None:
    for path in ("fhir/.well-known/smart-configuration", ".well-known/openid-configuration",
                 ".well-known/oauth-authorization-server"):  # fmt: skip
        told = (await world.client.get(f"https://felles.example/{path}")).json()
        assert told["issuer"] == "https://felles.example"
        assert told["token_endpoint"] == TOKEN
        assert told["code_challenge_methods_supported"] == ["S256"]
        assert {"launch-ehr", "launch-standalone", "permission-v2"} <= set(told["capabilities"])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"grant_type":"x"}', "application/json"), (b"a=1&a=2", "application/x-www-form-urlencoded"),
        (b"\xff\xfe", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded"),
        (b"a=%FF", "application/x-www-form-urlencoded"), (b"&".join(b"a%d=1" % n for n in range(60)),
                                                          "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
async def test_a_form_that_cannot_be_read_is_refused(world: World, body: bytes, kind: str) -> None:
    answer = await world.client.post(TOKEN, content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 413)
    assert answer.json()["error"] == "invalid_request"


async def test_who_guesses_must_wait(world: World) -> None:
    answers = [(await world.post(client_id="secret", client_secret=str(number), grant_type="refresh_token")).status_code
               for number in range(25)]  # fmt: skip
    assert answers[0] == 401
    assert answers[-1] == 429


async def test_the_log_says_who_was_refused_and_not_what_they_sent(world: World) -> None:
    await world.post(client_id="secret", client_secret="a guess", grant_type="refresh_token", refresh_token="another")
    rows = [row.read(bytes(body)) for _, body in await world.record.ask("log.trail", [10])]
    assert [(one.act, one.result, one.reason) for one in rows if one] == [
        (row.Act.TOKEN, row.Result.REFUSED, "invalid_client")
    ]
    assert "guess" not in repr(rows)


async def test_a_stranger_does_not_fill_the_store(world: World) -> None:
    form = dict(request(PUBLIC))
    answers = [(await world.post("request", **form)).status_code for _ in range(25)]
    assert answers[0] == 201
    assert answers[-1] == 429


async def test_keys_at_an_address_are_fetched_from_there_only(world: World) -> None:
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if request.url.path == "/moved":
            return httpx.Response(302, headers={"location": "http://169.254.169.254/"})
        return httpx.Response(200, json={"keys": [KEY.as_dict(private=False)]})

    smart = world.smart
    smart.clients._keys = KeySets(httpx.MockTransport(serve))
    for id, path in (("fetched", "keys"), ("moved", "moved")):
        app = App(
            id=id, name=id, scope="system/*.rs", person=False, system=True, jwks_uri=f"https://app.example/{path}"
        )
        assert await registry.register(world.record, app, time.time())
    form = {"grant_type": "client_credentials", "scope": "system/*.rs", "client_assertion_type": ASSERTION}
    for id, status in (("fetched", 200), ("fetched", 200), ("moved", 401)):
        made = assertion(iss=id, sub=id, header={"jku": "https://evil.example/keys"})
        assert (await world.post(**form, client_assertion=made)).status_code == status
    assert asked == ["https://app.example/keys", "https://app.example/moved"]


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "x"}, {"id": "a b c"}, {"name": ""}, {"redirects": ()}, {"redirects": ("http://app.example/back",)},
        {"redirects": ("https://app.example/*",)}, {"redirects": ("https://app.example/back#x",)},
        {"redirects": ("javascript:alert(1)",)}, {"redirects": ("data:text/html,x",)}, {"redirects": ("myapp:/back",)},
        {"redirects": ("https://x@app.example/",)}, {"redirects": ("https://app.example\\@evil.example",)},
        {"redirects": ("https://app.example /",)}, {"jwks_uri": "http://app.example/keys"}, {"scope": "everything"},
        {"scope": "system/*.rs"}, {"scope": "patient/Patient.rs?name=x"}, {"jwks": (KEY.as_dict(private=True),)},
        {"jwks": ({"kty": "oct", "k": "AAAA"},)}, {"secret": "x", "jwks_uri": "https://app.example/keys"},
        {"person": False, "system": True, "redirects": ()}, {"person": False, "redirects": ()}, {"inspects": True},
        {"launch": "http://app.example/"},
    ],
)  # fmt: skip
def test_an_app_that_would_be_unsafe_is_not_registered(changes: dict[str, Any]) -> None:
    held = {"id": "new", "name": "Ny", "redirects": (BACK,), "scope": "patient/*.rs", **changes}
    with pytest.raises(Refusal):
        registry.checked(App(**held))


def test_apps_on_the_same_machine_and_with_a_scheme_of_their_own_may_be_registered() -> None:
    for address in (
        "http://127.0.0.1:5000/x",
        "http://localhost:1/x",
        "no.example.app:/back",
        "https://a.example/x?y=z",
    ):
        registry.checked(App(id="new", name="Ny", redirects=(address,), scope="patient/*.rs"))


async def test_two_who_exchange_one_code_at_once_get_one_token(world: World) -> None:
    code = (await world.code(await world.sign_in()))["code"]
    answers = await asyncio.gather(*(world.exchange(code) for _ in range(4)))
    assert sum(answer.status_code == 200 for answer in answers) <= 1


async def test_a_rotated_key_is_published_beside_the_old_one(world: World) -> None:
    tokens = await world.tokens(await world.sign_in())
    KeyFolder(world.smart.keys.place).rotate(int(time.time()) + 1)
    assert await world.admitted(tokens["access_token"])
    world.smart.keys._looked = 0.0
    published = (await world.client.get("https://felles.example/auth/keys")).json()["keys"]
    assert len(published) == 2
    assert all("d" not in key for key in published)


async def test_the_log_says_that_a_token_was_given_out(world: World) -> None:
    session = await world.sign_in()
    await world.tokens(session)
    rows = [row.read(bytes(body)) for _, body in await world.record.ask("log.trail", [10])]
    assert [
        (one.act, one.person, one.client, one.session, len(one.patients))
        for one in rows
        if one and one.act == row.Act.TOKEN
    ] == [(row.Act.TOKEN, "Practitioner/lege", "public", session.id, 1)]
