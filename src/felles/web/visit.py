"""Who is asking, in which language, with which form token."""

import ipaddress
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from felles.access.audit.row import Act
from felles.access.form import form_token, token_holds
from felles.access.oidc.party import Party
from felles.access.person import DemoPerson, Person, person_by_id, person_of
from felles.access.representation import Represented
from felles.access.session import ABSOLUTE_SECONDS, HOST_PREFIX, Session, session_of, token_in
from felles.record.outcome import Problem
from felles.web.chart.moment import OSLO
from felles.web.language import preferred
from felles.web.source import Desk, Record, Sitting

VISITOR_COOKIE, LANGUAGE_COOKIE = "felles_visitor", "felles_language"
YEAR_SECONDS = 365 * 24 * 3600
FORM_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Site:
    """What every page is given: the record in the system's own name (for signing in), the desk at which people get
    theirs, the made-up people of a demo store, the providers, and the clock (seconds since 1970). `origin` is the
    address that people open, as `https://felles.example`."""

    record: Record
    demo: bool
    people: Sequence[DemoPerson]
    origin: str
    desk: Desk
    party: Party = field(default_factory=lambda: Party(()))
    clock: Callable[[], float] = time.time

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.clock(), OSLO).date()


@dataclass(frozen=True, slots=True)
class Visit:
    """One request's visitor. `holder` is what the form token is made from: the session's cookie, else a random one."""

    language: str
    session: Session | None
    person: Person | None
    holder: str
    token: str
    sitting: Sitting | None = None

    @property
    def finds(self) -> bool:
        """Whether looking for patients is offered to this visitor."""
        return self.sitting is not None and self.sitting.finds

    def sees(self, type_name: str) -> bool:
        """Whether this visitor's role sees resources of a type at all."""
        return self.sitting is not None and self.sitting.sees(type_name)

    def writes(self, type_name: str) -> bool:
        """Whether this visitor's role writes new resources of a type at all."""
        return self.sitting is not None and self.sitting.writes(type_name)

    @property
    def record(self) -> Record:
        """The record as this visitor may see it. Raises HTTPException 403 for whom it is not open at all."""
        if self.sitting is None:
            raise HTTPException(403)
        return self.sitting.record

    @property
    def who_id(self) -> str | None:
        """ "Practitioner/x" or "Patient/x" of somebody who has signed in."""
        return self.session.person if self.session else None

    @property
    def role(self) -> str | None:
        """ "PractitionerRole/x" in which staff work now."""
        return self.session.role if self.session and not self.session.acts_for else None

    @property
    def acting(self) -> Represented | None:
        """Whom a patient acts for now."""
        return self.sitting.acting if self.sitting else None

    @property
    def lapsed(self) -> bool:
        """Whether the visitor acts for somebody without the right any more: nothing is done until that is ended."""
        return self.session is not None and self.session.acts_for is not None and self.sitting is None


class Visiting:
    """ASGI: works out the visitor of each request for a page before the page is made, and tells the log what the page
    shows before it leaves."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/static/"):
            request = Request(scope)
            request.state.visit = await _visit(request, site_of(request))
            send = telling(request, send)
        await self.app(scope, receive, send)


ACTS = {
    "print": Act.PRINT, "find": Act.SEARCH, "palette": Act.SEARCH, "duties.csv": Act.EXPORT,
    "referrals.csv": Act.EXPORT, "fees.csv": Act.EXPORT,
}  # fmt: skip
"""The last part of an address, and what the log calls it; all else is reading."""


def telling(request: Request, send: Send) -> Send:
    """Holds an answer back until the log has what it shows; where it cannot have it, nothing is shown."""
    held = False

    async def tell(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start":
            sitting: Sitting | None = visit_of(request).sitting
            try:
                if sitting is not None:
                    act = ACTS.get(request.url.path.rpartition("/")[2], Act.READ)
                    await sitting.told(act, request.query_params.keys(), message["status"])
            except Problem as error:
                held = True
                await PlainTextResponse("Loggen svarer ikke. Prøv igjen.", error.status)(request.scope, _nothing, send)
        if not held:
            await send(message)

    return tell


async def _nothing() -> Message:
    return {"type": "http.disconnect"}


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def visit_of(request: Request) -> Visit:
    """The visitor of this request; a stranger where even that could not be found out."""
    if not hasattr(request.state, "visit"):
        request.state.visit = _stranger(request)
    visit: Visit = request.state.visit
    return visit


async def _visit(request: Request, site: Site) -> Visit:
    session = await session_of(request.cookies, site.record, site.clock())
    if session is None:
        return _stranger(request)
    person, sitting = await named(site, session), await site.desk.open(session, site.clock())
    return replace(welcome(request, session, person, token_in(request.cookies)), sitting=sitting)


def _stranger(request: Request) -> Visit:
    holder = request.cookies.get(visitor_cookie(request)) or secrets.token_hex(16)
    return Visit(_language(request), None, None, holder, form_token(holder))


def welcome(request: Request, session: Session, person: Person, holder: str) -> Visit:
    """The visit of somebody who is signed in; `holder` as the browser will send it."""
    return Visit(_language(request), session, person, holder, form_token(holder))


def _language(request: Request) -> str:
    return preferred(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))


async def named(site: Site, session: Session) -> Person:
    """The person of a session, as pages name them."""
    made_up = person_by_id(site.people, session.subject) if session.provider == "demo" else None
    return made_up or await person_of(site.record, session)


def is_secure(request: Request) -> bool:
    """Whether people reach this site over TLS."""
    return request.url.scheme == "https" or site_of(request).origin.startswith("https://")


def visitor_cookie(request: Request) -> str:
    return (HOST_PREFIX if is_secure(request) else "") + VISITOR_COOKIE


def set_cookie(
    request: Request,
    response: Response,
    name: str,
    value: str,
    seconds: int,
    *,
    samesite: Literal["strict", "lax"] = "strict",
) -> None:
    """HttpOnly and SameSite; Secure wherever people come over TLS."""
    secure = is_secure(request)
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite=samesite, secure=secure)


def keep_alive(request: Request, response: Response) -> None:
    """For a stranger, remember what the form token is made from."""
    visit = visit_of(request)
    if visit.session is None and request.cookies.get(visitor_cookie(request)) != visit.holder:
        set_cookie(request, response, visitor_cookie(request), visit.holder, ABSOLUTE_SECONDS)


async def read_form(request: Request, most: int = FORM_BYTES) -> dict[str, str]:
    """The fields of a form, at most so many bytes of it (413 beyond)."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def token_fits(request: Request, form: dict[str, str]) -> bool:
    """Whether the form came from a page of ours in this session."""
    return token_holds(visit_of(request).holder, form.get("token", ""))


def local_path(path: str) -> str:
    """A path on this site to go on to; anything that could lead elsewhere becomes the front page."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe else "/"


def is_own(origin: str) -> bool:
    """Whether an origin is this machine, by whichever of its names."""
    return _is_loopback(urlsplit(origin).hostname or "")


def from_loopback(request: Request) -> bool:
    """Both ends on this machine: the caller's address and the name it called us by (no DNS rebinding)."""
    return _is_loopback(request.client.host if request.client else "") and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
