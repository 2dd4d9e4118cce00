"""The authorization endpoint without its pages: what an app asks for, and the code it gets when a person agrees
(RFC 6749 §4.1, RFC 7636, RFC 9126, SMART App Launch 2.2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec

from felles.access import attempt
from felles.access.session import Session
from felles.access.smart import app as registry
from felles.access.smart import restriction, scope
from felles.access.smart.app import App
from felles.access.smart.grant import Context, give_code
from felles.access.smart.refusal import Refusal
from felles.access.smart.scope import Scopes
from felles.access.table import Tables

PAR_SECONDS, LAUNCH_SECONDS, ASKED_SECONDS = 600, 300, 600
REQUEST_URI = "urn:ietf:params:oauth:request_uri:"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
MAX_STATE = 2_000
Pairs = Sequence[tuple[str, str]]


class NoReturn(Exception):
    """The request names no app, or no address that is the app's: nobody is sent anywhere (RFC 6749 §4.1.2.1)."""


@dataclass(slots=True)
class Returned(Exception):
    """Back to the app with an error, or with a code: `address` is where the browser goes."""

    address: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an app asks a person for, checked; kept with the session while the page is open."""

    app: str
    redirect: str
    state: str
    scope: str
    challenge: str
    nonce: str = ""
    jkt: str = ""
    prompt: str = ""
    max_age: int = -1
    launch: str = ""
    patient: str = ""
    encounter: str = ""
    banner: bool = True

    @property
    def scopes(self) -> Scopes:
        return scope.read(self.scope)

    @property
    def wants_patient(self) -> bool:
        """Whether somebody must choose whom it is about."""
        return not self.patient and (self.scopes.level("patient") or "launch/patient" in self.scopes.words)


class Launch(msgspec.Struct, frozen=True):
    """What the record had open when it opened an app: ids."""

    app: str
    patient: str = ""
    encounter: str = ""


class Authorization:
    """`issuer` is named in each answer (RFC 9207); `base` is the only FHIR address that may be asked for."""

    def __init__(self, tables: Tables, issuer: str, base: str) -> None:
        self._tables = tables
        self._issuer = issuer
        self._base = base

    async def push(self, app: App, pairs: Pairs, now: float) -> str:
        """A pushed request (RFC 9126) of an app that has shown who it is; the request_uri that stands for it.
        Raises Refusal."""
        asked = _once(pairs)
        if asked.get("client_id", app.id) != app.id or "request_uri" in asked:
            raise Refusal("invalid_request", "the request is another app's, or is pushed already")
        request = {name: value for name, value in asked.items() if not name.startswith("client_")}
        try:
            self._checked(app, _return(app, request), request)
        except NoReturn:
            raise Refusal("invalid_request", "redirect_uri is none of the app's") from None
        request["client_id"] = app.id
        token = await attempt.give(self._tables, "app request", app.id, request, now, PAR_SECONDS)
        return REQUEST_URI + token

    async def asked(self, pairs: Pairs, now: float, *, once: bool = True) -> tuple[App, Asked]:
        """The checked request in a browser's address; `once`: a pushed one is used up (somebody is signed in).
        Raises NoReturn, or Returned with what is wrong with it."""
        try:
            given = _once(pairs)
        except Refusal as error:
            raise NoReturn from error
        app = await registry.find(self._tables, given.get("client_id", ""))
        if app is None or not app.person:
            raise NoReturn
        given = await self._pushed(app, given, now, once)
        redirect = _return(app, given)
        try:
            return app, self._checked(app, redirect, given)
        except Refusal as error:
            raise self.refused(redirect, given.get("state", ""), error) from error

    async def _pushed(self, app: App, given: dict[str, str], now: float, once: bool) -> dict[str, str]:
        named = given.get("request_uri")
        if named is None:
            return given
        token = named.removeprefix(REQUEST_URI)
        if once:
            found: Any = await attempt.take(self._tables, "app request", app.id, token, now)
        else:
            found = await attempt.look(self._tables, "app request", token, now)
        if found is None or found["client_id"] != app.id or not named.startswith(REQUEST_URI):
            raise NoReturn
        return dict(found)

    def _checked(self, app: App, redirect: str, given: Mapping[str, str]) -> Asked:
        if given.get("response_type") != "code":
            raise Refusal("unsupported_response_type", "response_type must be code")
        if given.get("response_mode", "query") != "query" or "request" in given:
            raise Refusal("invalid_request", "requests are plain or pushed, and are answered in the query")
        if not 0 < len(given.get("state", "")) <= MAX_STATE:
            raise Refusal("invalid_request", "state is required")
        if given.get("aud", given.get("resource", "")).rstrip("/") != self._base:
            raise Refusal("invalid_request", "aud must be the address of this FHIR server")
        challenge, jkt = given.get("code_challenge", ""), given.get("dpop_jkt", "")
        if given.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
            raise Refusal("invalid_request", "PKCE with S256 is required")
        if jkt and not _THUMBPRINT.fullmatch(jkt):
            raise Refusal("invalid_request", "dpop_jkt is no thumbprint")
        age = given.get("max_age", "")
        return Asked(
            app=app.id,
            redirect=redirect,
            state=given["state"],
            scope=str(_scopes(app, given.get("scope", ""))),
            challenge=challenge,
            nonce=given.get("nonce", "")[:500],
            jkt=jkt,
            prompt=given.get("prompt", ""),
            max_age=int(age) if age.isascii() and age.isdigit() and len(age) < 10 else -1,
            launch=given.get("launch", ""),
        )

    def refused(self, redirect: str, state: str, error: Refusal) -> Returned:
        """The way back to the app with an error (RFC 6749 §4.1.2.1)."""
        return self._back(redirect, {"error": error.code, "error_description": error.text, "state": state[:MAX_STATE]})

    def _back(self, redirect: str, answer: dict[str, str]) -> Returned:
        joined = "&" if "?" in redirect else "?"
        return Returned(f"{redirect}{joined}{urlencode({**answer, 'iss': self._issuer})}")

    async def launched(self, asked: Asked, session: Session, now: float) -> Asked:
        """The request with what the record had open when it opened the app. Raises Returned."""
        if not asked.launch:
            return asked
        found = await attempt.take(self._tables, "app launch", session.id, asked.launch, now)
        opened = msgspec.convert(found, Launch) if found is not None else None
        if opened is None or opened.app != asked.app or "launch" not in asked.scopes.words:
            error = Refusal("invalid_request", "the launch does not hold, or no longer")
            raise self.refused(asked.redirect, asked.state, error)
        return msgspec.structs.replace(asked, patient=opened.patient, encounter=opened.encounter)

    def attended(self, asked: Asked, session: Session | None, now: float) -> bool:
        """Whether the person's sign-in is enough for what is asked. Raises Returned where none may be shown a page."""
        too_old = session is not None and 0 <= asked.max_age < now - session.signed
        if "none" in asked.prompt.split():
            code = "login_required" if session is None or too_old else "interaction_required"
            raise self.refused(asked.redirect, asked.state, Refusal(code, "a person must answer"))
        return session is not None and not too_old

    async def hold(self, asked: Asked, session: Session, now: float) -> str:
        """Keeps the request while its page is open, for one answer by the same session."""
        return await attempt.give(self._tables, "app asked", session.id, asked, now, ASKED_SECONDS)

    async def held(self, token: str, session: Session, now: float) -> Asked | None:
        """The request that a page's answer is about, once."""
        found: Any = await attempt.take(self._tables, "app asked", session.id, token, now)
        return msgspec.convert(found, Asked) if found is not None else None

    async def agree(self, asked: Asked, session: Session, patient: str, now: float) -> Returned:
        """The way back with a code. `patient`: the id of whom it is about, whom the person may see, or empty."""
        context = Context(
            scope=str(granted(asked, session, patient)),
            patient=patient,
            encounter=asked.encounter if patient == asked.patient else "",
            nonce=asked.nonce,
            signed=session.signed,
            banner=not asked.launch,
        )
        code = await give_code(self._tables, asked, session, context, now)
        return self._back(asked.redirect, {"code": code, "state": asked.state})

    def decline(self, asked: Asked) -> Returned:
        """The way back without one."""
        return self.refused(asked.redirect, asked.state, Refusal("access_denied", "the person did not agree"))


async def launch(tables: Tables, app: App, session: Session, opened: Launch, base: str, now: float) -> str:
    """Where the browser goes to open an app from the record (SMART App Launch 2.2, EHR launch). The token is opaque,
    bound to the session, and holds once."""
    token = await attempt.give(tables, "app launch", session.id, opened, now, LAUNCH_SECONDS)
    joined = "&" if "?" in app.launch else "?"
    return f"{app.launch}{joined}{urlencode({'iss': base, 'launch': token})}"


def granted(asked: Asked, session: Session, patient: str) -> Scopes:
    """What a person can give of what is asked: nothing about a patient whom nobody chose, and only a patient leaves
    an app a way in for when they are away (staff's access ends with their session)."""
    scopes = scope.at_levels(asked.scopes, "user", *(["patient"] if patient else []))
    unmet = [] if patient else ["launch/patient", "launch/encounter"]
    if not asked.launch:
        unmet.append("launch")
    if not asked.encounter or patient != asked.patient:
        unmet.append("launch/encounter")
    if not session.person.startswith("Patient/"):
        unmet.append("offline_access")
    if "openid" not in scopes.words:
        unmet += ["fhirUser", "profile"]
    return scope.without(scopes, *unmet)


def _scopes(app: App, text: str) -> Scopes:
    asked = restriction.supported(scope.read(text))
    allowed = scope.at_levels(scope.common(asked, app.scopes), "patient", "user")
    if not allowed.grants and "openid" not in allowed.words:
        raise Refusal("invalid_scope", "the app is registered for none of these scopes")
    return allowed


def _return(app: App, given: Mapping[str, str]) -> str:
    """The address to return to: letter by letter one that is registered (RFC 9700 §2.1). Raises NoReturn."""
    named = given.get("redirect_uri", "")
    if named not in app.redirects:
        raise NoReturn
    return named


def _once(pairs: Pairs) -> dict[str, str]:
    """Each parameter, which may not come twice (RFC 6749 §3.1)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal("invalid_request", "a parameter comes twice")
    return {name: value for name, value in found.items() if value}
