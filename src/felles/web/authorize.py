"""A person lets an app in: the authorization endpoint's page, opening an app from the record, and taking leave of apps
(RFC 6749 §3.1, SMART App Launch 2.2)."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.employment import employments
from felles.access.session import Session
from felles.access.smart import app as registry
from felles.access.smart import grant as grants
from felles.access.smart.app import App
from felles.access.smart.authorization import Asked, Launch, NoReturn, Returned, launch
from felles.access.smart.configuration import PATH
from felles.access.smart.service import Smart
from felles.record.outcome import Problem
from felles.web.account import moment
from felles.web.chart.hit import Hit, hits
from felles.web.consent import wishes
from felles.web.find import matching
from felles.web.guard import reading, signed_in
from felles.web.header import POLICY
from felles.web.onward import Onward
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.signin import sign_in_page
from felles.web.source import patient
from felles.web.stepup import step_up_page
from felles.web.visit import read_form, site_of, token_fits, visit_of

MAX_QUERY = 16_000


Handler = Callable[[Request], Awaitable[Response]]


def smart_of(request: Request) -> Smart:
    smart: Smart = request.state.smart
    return smart


def _session(request: Request) -> Session:
    session = visit_of(request).session
    if session is None:
        raise HTTPException(403)
    return session


async def show(request: Request) -> Response:
    """GET /auth/authorize: sign-in first where that is needed, then the page."""
    way, session, now = smart_of(request).authorization, visit_of(request).session, site_of(request).clock()
    if session is None and request.headers.get("sec-fetch-site") == "cross-site":
        return _once_more(request)
    try:
        pairs = parse_qsl(request.url.query[:MAX_QUERY], keep_blank_values=True, max_num_fields=50)
        _, asked = await way.asked(pairs, now, once=False)
        if not way.attended(asked, session, now) or session is None:
            return _who(request, session)
        if visit_of(request).sitting is None:
            return await _as_what(request, session)
        app, asked = await way.asked(pairs, now)
        return await _page(request, app, await way.launched(asked, session, now), session)
    except Returned as back:
        return RedirectResponse(back.address, 303)
    except (NoReturn, ValueError):
        return _lost(request)


def _here(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"


def _once_more(request: Request) -> Response:
    """A strict cookie does not come along from another site's page; from this one it does."""
    response = answer(request, "authorize-wait.html", here=_here(request))
    response.headers["refresh"] = f"0; url={_here(request)}"
    return response


def _who(request: Request, session: Session | None) -> Response:
    if session is None:
        return sign_in_page(request, 401, _here(request))
    return step_up_page(request, Onward(_here(request)), 401)


async def _as_what(request: Request, session: Session) -> Response:
    """Staff who have not said in which role they work let nobody in."""
    site = site_of(request)
    roles = await employments(site.record, session.person, site.today)
    return answer(request, "role.html", 403, roles=roles, onward=Onward(_here(request)), chosen=session.role)


def _lost(request: Request) -> Response:
    """Nobody is sent anywhere: the request may be somebody's trap."""
    return answer(request, "authorize-lost.html", 400)


async def _page(
    request: Request, app: App, asked: Asked, session: Session, status: int = 200, text: str = "", reason: str = ""
) -> Response:
    """The page, good for one answer. `text` is what was searched for, `reason` why the last answer did not do."""
    site, visit = site_of(request), visit_of(request)
    chosen = await _known(request, asked.patient or _own(session)) if asked.wants_patient or asked.patient else None
    picks = asked.wants_patient and chosen is None
    found = await matching(request, text) if picks and text and visit.finds else []
    response = answer(
        request, "authorize.html", status, app=app, host=urlsplit(asked.redirect).netloc, chosen=chosen, picks=picks,
        found=found, text=text, reason=reason, about=wishes(asked.scopes, "patient"),
        reach=wishes(asked.scopes, "user"), words=asked.scopes.words,
        held=await smart_of(request).authorization.hold(asked, session, site.clock()),
    )  # fmt: skip
    response.headers["content-security-policy"] = _policy(asked.redirect)
    return response


def _policy(*addresses: str) -> str:
    """The answer to this page's form leads to an app, and browsers ask `form-action` about that as well."""
    places = " ".join(sorted({_place(one) for one in addresses}))
    return POLICY.replace("form-action 'self'", f"form-action 'self' {places}".rstrip())


def _place(address: str) -> str:
    split = urlsplit(address)
    return f"{split.scheme}://{split.netloc}" if split.netloc else f"{split.scheme}:"


def _own(session: Session) -> str:
    """The id of a patient's own record."""
    kind, _, id = session.person.partition("/")
    return id if kind == "Patient" else ""


async def _known(request: Request, id: str) -> Hit | None:
    """The patient, if this visitor may see them."""
    site, sitting = site_of(request), visit_of(request).sitting
    if not id or sitting is None:
        return None
    try:
        return hits([await patient(sitting.record, id)], site.today)[0]
    except Problem as error:
        if error.status in (400, 403, 404, 410):
            return None
        raise


async def _of(request: Request, encounter: str, whom: str) -> bool:
    """Whether the encounter is the patient's, and one that this visitor may see."""
    try:
        found = await visit_of(request).record.search("Encounter", [("_id", encounter), ("patient", whom)])
    except Problem as error:
        if error.status in (400, 403):
            return False
        raise
    return bool(found.matches)


async def agree(request: Request) -> Response:
    """POST /auth/agree: yes, no, or a search for whom it is about."""
    smart, session, now = smart_of(request), _session(request), site_of(request).clock()
    form = await read_form(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    asked = await smart.authorization.held(form.get("held", ""), session, now)
    app = await registry.find(smart.tables, asked.app) if asked is not None else None
    if asked is None or app is None:
        return _lost(request)
    if form.get("answer") == "no":
        return RedirectResponse(smart.authorization.decline(asked).address, 303)
    if form.get("answer") != "yes":
        return await _page(request, app, asked, session, text=form.get("text", "").strip())
    return await _agreed(request, app, asked, session, form)


async def _agreed(request: Request, app: App, asked: Asked, session: Session, form: dict[str, str]) -> Response:
    whom = asked.patient
    if asked.wants_patient:
        whom = _own(session) or form.get("patient", "")
    if (whom or asked.wants_patient) and await _known(request, whom) is None:
        return await _page(request, app, asked, session, 422, form.get("text", ""), "patient")
    now = site_of(request).clock()
    return RedirectResponse((await smart_of(request).authorization.agree(asked, session, whom, now)).address, 303)


@signed_in
async def open_app(request: Request) -> Response:
    """POST /auth/launch: opens an app with the patient who is on the screen."""
    smart, session, form = smart_of(request), _session(request), await read_form(request)
    app = await registry.find(smart.tables, form.get("app", ""))
    if not token_fits(request, form) or app is None or not app.launch or visit_of(request).acting:
        raise HTTPException(403)
    whom = form.get("patient", "")
    if whom and await _known(request, whom) is None:
        raise HTTPException(404)
    visited = form.get("encounter", "") if whom else ""
    if visited and not await _of(request, visited, whom):
        raise HTTPException(404)
    opened = Launch(app.id, whom, visited)
    address = await launch(smart.tables, app, session, opened, smart.base, site_of(request).clock())
    return RedirectResponse(address, 303)


@reading
async def of_patient(request: Request) -> Response:
    """GET /patient/{id}/apps: the apps that can be opened for a patient."""
    shown = await read_banner(request)
    offered = [one for one in await registry.every(smart_of(request).tables) if one.launch and one.person]
    response = answer(request, "patient-apps.html", banner=shown, apps=offered)
    response.headers["content-security-policy"] = _policy(*(one.launch for one in offered))
    return response


@signed_in
async def apps(request: Request) -> Response:
    """GET /auth/apps: the apps that somebody has let in."""
    smart, session, now = smart_of(request), _session(request), int(site_of(request).clock())
    rows = await smart.tables.ask("app grants of person", [session.person, now])
    held = [{"id": id, "name": name, "since": moment(created)} for id, name, _, created, _ in rows]
    return answer(request, "apps.html", apps=held)


@signed_in
async def end(request: Request) -> Response:
    """POST /auth/apps: takes leave of one."""
    smart, session, form = smart_of(request), _session(request), await read_form(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    await grants.end_of_person(smart.tables, form.get("grant", ""), session.person, site_of(request).clock())
    return RedirectResponse(f"{PATH}/apps", 303)


def _served(smart: Smart, handler: Handler) -> Handler:
    async def served(request: Request) -> Response:
        request.state.smart = smart
        return await handler(request)

    return served


PAGES = (
    (f"{PATH}/authorize", show, "GET"),
    (f"{PATH}/agree", agree, "POST"),
    (f"{PATH}/launch", open_app, "POST"),
    (f"{PATH}/apps", apps, "GET"),
    (f"{PATH}/apps", end, "POST"),
    ("/patient/{id}/apps", of_patient, "GET"),
)


def routes(smart: Smart) -> list[Route]:
    """The pages of the authorization server."""
    return [Route(path, _served(smart, handler), methods=[method]) for path, handler, method in PAGES]
