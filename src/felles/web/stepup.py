"""Proving once more who one is, before signing or changing how one signs in; what was typed goes on afterwards.

A handler that has checked the form's token asks `is_fresh(request)` and, where it is not, answers with
`step_up(request, form)`.
"""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from felles.access.entrance import prove_again
from felles.access.session import Proof, Session, fresh
from felles.web.onward import Onward, arrive, kept_form, onward_of
from felles.web.page import answer
from felles.web.provider import depart
from felles.web.signin import REFUSED
from felles.web.visit import from_loopback, is_secure, read_form, site_of, token_fits, visit_of

SIGNING_SECONDS = 300
"""How old a proof may be when something is signed."""


def is_fresh(request: Request, seconds: int = SIGNING_SECONDS) -> bool:
    """Whether the visitor has proved who they are within `seconds`."""
    return fresh(visit_of(request).session, seconds, site_of(request).clock())


def step_up(request: Request, form: Mapping[str, str]) -> Response:
    """Asks again; the form that came to this address is kept whole and sent once the proof is there."""
    return step_up_page(request, kept_form(request.url.path, form), 401)


def step_up_page(request: Request, onward: Onward, status: int = 200, reason: str = "", seconds: int = 0) -> Response:
    session = _session(request)
    provider = site_of(request).party.issuers.get(session.provider)
    title = provider.provider.title if provider else ""
    return answer(
        request, "stepup.html", status, session=session, title=title, onward=onward, reason=reason, seconds=seconds
    )


def step_up_refused(request: Request, reason: str, onward: Onward, seconds: int = 0) -> Response:
    return step_up_page(request, onward, REFUSED.get(reason, 403), reason, seconds)


def _session(request: Request) -> Session:
    session = visit_of(request).session
    if session is None:
        raise HTTPException(403)
    return session


async def prove(request: Request) -> Response:
    """POST /step-up: with the provider of the session, or as the same demo person; local accounts have their own."""
    site, session, form = site_of(request), _session(request), await read_form(request)
    onward = onward_of(request, form)
    if not token_fits(request, form):
        return step_up_refused(request, "stale", onward)
    if session.provider in site.party.issuers:
        return await depart(request, session.provider, onward, session)
    if not (session.provider == "demo" and site.demo and from_loopback(request)):
        raise HTTPException(403)
    now, secure = site.clock(), is_secure(request)
    proof = Proof(session.person, 0, "demo", session.subject, int(now))
    begun = await prove_again(site.record, session, proof, now, secure=secure)
    return await arrive(request, *begun, onward) if begun else step_up_refused(request, "stale", onward)
