"""Choosing the role to work in, at sign-in and later. Another role is another session id: the log tells them apart."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from felles.access.employment import employments
from felles.access.entrance import change_role
from felles.web.chart.words import N_
from felles.web.guard import guarded
from felles.web.onward import Onward, arrive, onward_of
from felles.web.page import answer
from felles.web.place import Place, chooses
from felles.web.visit import is_secure, read_form, site_of, token_fits, visit_of

choosing = guarded(chooses)


@choosing
async def show(request: Request) -> Response:
    """GET /role"""
    site, session = site_of(request), visit_of(request).session
    roles = await employments(site.record, session.person, site.today) if session else []
    return answer(request, "role.html", roles=roles, onward=Onward(), chosen=session.role if session else None)


@choosing
async def choose(request: Request) -> Response:
    """POST /role: one of one's own roles that holds today."""
    site, session, form = site_of(request), visit_of(request).session, await read_form(request)
    if session is None or not token_fits(request, form):
        raise HTTPException(403)
    wanted = form.get("role", "")
    if wanted not in {one.id for one in await employments(site.record, session.person, site.today)}:
        raise HTTPException(403)
    begun = await change_role(site.record, session, wanted, site.clock(), secure=is_secure(request))
    if begun is None:
        raise HTTPException(403)
    return await arrive(request, *begun, onward_of(request, form))


PLACES = [Place("doctor", N_("Bytt rolle"), "/role", "enhet arbeid change role unit", chooses)]
