"""Who is asking, in which language, with which form token."""

import ipaddress
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from felles.access.decision import may_find
from felles.access.ended import Ended
from felles.access.form import form_token, token_holds
from felles.access.person import Person, person_by_id
from felles.access.session import ABSOLUTE_SECONDS, Session, renewed, seal, unseal, wants_renewal
from felles.web.chart.moment import OSLO
from felles.web.language import preferred
from felles.web.source import Record

SESSION_COOKIE, VISITOR_COOKIE, LANGUAGE_COOKIE = "felles_session", "felles_visitor", "felles_language"
YEAR_SECONDS = 365 * 24 * 3600
FORM_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Site:
    """What every page is given: the record, the people who may sign in, and the clock (seconds since the epoch)."""

    record: Record
    demo: bool
    secret: bytes
    people: Sequence[Person]
    clock: Callable[[], float] = time.time
    ended: Ended = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ended", Ended(self.secret))

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.clock(), OSLO).date()


@dataclass(frozen=True, slots=True)
class Visit:
    """One request's visitor. `holder` is what the form token is bound to: the session, else a random cookie."""

    language: str
    session: Session | None
    person: Person | None
    holder: str
    token: str

    @property
    def finds(self) -> bool:
        """Whether looking for patients is offered to this visitor."""
        return self.person is not None and may_find(self.person)


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


def _session(request: Request, site: Site) -> Session | None:
    session = unseal(request.cookies.get(SESSION_COOKIE, ""), site.secret, site.clock())
    return None if session is None or session in site.ended else session


def visit_of(request: Request) -> Visit:
    """The visitor of this request, worked out once."""
    if not hasattr(request.state, "visit"):
        request.state.visit = _visit(request, site_of(request))
    visit: Visit = request.state.visit
    return visit


def _visit(request: Request, site: Site) -> Visit:
    session = _session(request, site)
    person = person_by_id(site.people, session.person) if session else None
    holder = session.id if session else request.cookies.get(VISITOR_COOKIE) or secrets.token_hex(16)
    language = preferred(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    return Visit(language, session, person, holder, form_token(site.secret, holder))


def welcome(request: Request, session: Session, person: Person) -> Visit:
    """The visit of somebody whose session has just begun."""
    token = form_token(site_of(request).secret, session.id)
    return Visit(visit_of(request).language, session, person, session.id, token)


def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    """HttpOnly and SameSite; Secure wherever the page came over TLS."""
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def keep_alive(request: Request, response: Response) -> None:
    """Note in the cookie that the session is in use; for a stranger, remember what the form token is bound to."""
    site, visit = site_of(request), visit_of(request)
    if visit.session is None:
        if request.cookies.get(VISITOR_COOKIE) != visit.holder:
            set_cookie(request, response, VISITOR_COOKIE, visit.holder, ABSOLUTE_SECONDS)
    elif wants_renewal(visit.session, site.clock()):
        token = seal(renewed(visit.session, site.clock()), site.secret)
        set_cookie(request, response, SESSION_COOKIE, token, ABSOLUTE_SECONDS)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, at most FORM_BYTES of it (413 beyond)."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            raise HTTPException(413)
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def token_fits(request: Request, form: dict[str, str]) -> bool:
    """Whether the form came from a page of ours in this session."""
    return token_holds(site_of(request).secret, visit_of(request).holder, form.get("token", ""))


def local_path(path: str) -> str:
    """A path on this site to go on to; anything that could lead elsewhere becomes the front page."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe else "/"


def from_loopback(request: Request) -> bool:
    """Both ends on this machine: the caller's address and the name it called us by (no DNS rebinding)."""
    return _is_loopback(request.client.host if request.client else "") and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
