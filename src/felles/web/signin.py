"""Signing in and out. Until there is real access control, only as a made-up person, on this machine."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from felles.access.person import person_by_id
from felles.access.session import ABSOLUTE_SECONDS, begin, seal
from felles.web.page import answer
from felles.web.visit import (
    LANGUAGE_COOKIE,
    SESSION_COOKIE,
    YEAR_SECONDS,
    from_loopback,
    local_path,
    read_form,
    set_cookie,
    site_of,
    token_fits,
    visit_of,
    welcome,
)


def sign_in_page(request: Request, status: int = 200, onward: str = "/", typed: str = "") -> Response:
    site = site_of(request)
    offered = site.people if site.demo and from_loopback(request) else ()
    return answer(request, "signin.html", status, people=offered, onward=onward, typed=typed)


async def show(request: Request) -> Response:
    """GET /sign-in"""
    return sign_in_page(request)


async def enter(request: Request) -> Response:
    """POST /sign-in: begin a session as a demo person."""
    site, form = site_of(request), await read_form(request)
    if not (site.demo and from_loopback(request)):
        raise HTTPException(403)
    person = person_by_id(site.people, form.get("person", ""))
    onward, typed = local_path(form.get("onward", "/")), form.get("typed", "")
    if person is None or not token_fits(request, form):
        return sign_in_page(request, 403, onward, typed)
    session = begin(person.id, site.clock())
    request.state.visit = welcome(request, session, person)
    response = _onward(request, onward, typed)
    set_cookie(request, response, SESSION_COOKIE, seal(session, site.secret), ABSOLUTE_SECONDS)
    return response


def _onward(request: Request, onward: str, typed: str) -> Response:
    """Back to where the visitor was going; typed text returns to its field, never by way of the address."""
    if typed:
        return answer(request, "find.html", text=typed, found=[], stale=True, examples=[])
    return RedirectResponse(onward, 303)


async def leave(request: Request) -> Response:
    """POST /sign-out"""
    site, visit = site_of(request), visit_of(request)
    if visit.session and not token_fits(request, await read_form(request)):
        raise HTTPException(403)
    if visit.session:
        site.ended.add(visit.session, site.clock())
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    return response


async def speak(request: Request) -> Response:
    """POST /language: the pages' language, remembered for a year."""
    form = await read_form(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    response = RedirectResponse(local_path(form.get("onward", "/")), 303)
    set_cookie(request, response, LANGUAGE_COOKIE, form.get("language", "nb"), YEAR_SECONDS)
    return response
