"""Signing in and out: the page with every way in that this store has, and the made-up people of a demo store."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from felles.access.entrance import enter as begin
from felles.access.person import person_by_id
from felles.access.session import SESSION_COOKIE, Proof, cookie_name, end
from felles.web.onward import Onward, arrive, onward_of
from felles.web.page import answer
from felles.web.visit import (
    LANGUAGE_COOKIE,
    YEAR_SECONDS,
    from_loopback,
    is_own,
    is_secure,
    local_path,
    read_form,
    set_cookie,
    site_of,
    token_fits,
    visit_of,
)

REFUSED = {"cancelled": 200, "stale": 403, "unavailable": 502, "refused": 502, "wait": 429}
"""The status of a sign-in page that says why the last try came to nothing; 403 for every other reason."""


def sign_in_page(
    request: Request, status: int = 200, onward: str | Onward = "/", typed: str = "", reason: str = "", seconds: int = 0
) -> Response:
    """Every way in; `reason` is a word of oidc.refusal, `wrong` or `wait` (for so many seconds)."""
    site = site_of(request)
    offered = site.people if site.demo and from_loopback(request) else ()
    going = onward if isinstance(onward, Onward) else Onward(local_path(onward), typed)
    response = answer(
        request, "signin.html", status, people=offered, providers=site.party.providers, onward=going, reason=reason,
        seconds=seconds,
    )  # fmt: skip
    if seconds:
        response.headers["retry-after"] = str(seconds)
    return response


def refused_page(request: Request, reason: str, onward: Onward, seconds: int = 0) -> Response:
    """The sign-in page once more, with why."""
    return sign_in_page(request, REFUSED.get(reason, 403), onward, reason=reason, seconds=seconds)


async def show(request: Request) -> Response:
    """GET /sign-in, at the name that providers and passkeys know this machine by."""
    site, here = site_of(request), f"{request.url.scheme}://{request.url.netloc}"
    if here != site.origin and from_loopback(request) and is_own(site.origin):
        return RedirectResponse(site.origin + "/sign-in", 303)
    return sign_in_page(request)


async def enter(request: Request) -> Response:
    """POST /sign-in: begin a session as a demo person, without any secret."""
    site, form = site_of(request), await read_form(request)
    if not (site.demo and from_loopback(request)):
        raise HTTPException(403)
    person, onward = person_by_id(site.people, form.get("person", "")), onward_of(request, form)
    who = (person.practitioner or person.patient) if person else None
    if person is None or who is None or not token_fits(request, form):
        return sign_in_page(request, 403, onward)
    now, secure = site.clock(), is_secure(request)
    proof = Proof(who, 0, "demo", person.id, int(now))
    begun = await begin(site.record, proof, person.practitioner_role, now, secure=secure)
    return await arrive(request, *begun, onward) if begun else sign_in_page(request, 403, onward)


async def leave(request: Request) -> Response:
    """POST /sign-out: here, and where the session came from a provider, there as well."""
    site, visit = site_of(request), visit_of(request)
    if visit.session and not token_fits(request, await read_form(request)):
        raise HTTPException(403)
    response: Response = RedirectResponse("/sign-in", 303)
    if visit.session:
        await end(site.record, visit.session, site.clock())
        there = await site.party.leaving(visit.session.provider, visit.session.hint, site.origin + "/sign-in")
        if there:
            response = answer(request, "leaving.html", place=there[0], fields=there[1])
            response.headers["content-security-policy"] = leaving_policy()
    forget(request, response)
    return response


def leaving_policy() -> str:
    """This page alone may send a form elsewhere: to the provider, which may hand it on to others."""
    from felles.web.header import POLICY

    return POLICY.replace("form-action 'self'", "form-action 'self' https: http://localhost:* http://127.0.0.1:*")


def forget(request: Request, response: Response) -> None:
    """Takes the session's cookie out of the browser."""
    for name in {cookie_name(is_secure(request)), SESSION_COOKIE}:
        response.delete_cookie(name, httponly=True, samesite="strict", secure=is_secure(request))


async def speak(request: Request) -> Response:
    """POST /language: the pages' language, remembered for a year."""
    form = await read_form(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    response = RedirectResponse(local_path(form.get("onward", "/")), 303)
    set_cookie(request, response, LANGUAGE_COOKIE, form.get("language", "nb"), YEAR_SECONDS)
    return response
