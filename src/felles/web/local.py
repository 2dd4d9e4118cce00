"""Signing in with a local account: a passkey, or a password with a one-time code."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from felles.access.account import passkey
from felles.access.account.account import Opened, Wait, check
from felles.access.employment import only_role
from felles.access.entrance import enter, prove_again
from felles.web.onward import Onward, arrive, onward_of
from felles.web.signin import refused_page
from felles.web.stepup import step_up_refused
from felles.web.turn import address, wait
from felles.web.visit import Site, is_secure, read_form, site_of, token_fits, visit_of


def house(site: Site) -> passkey.House:
    return passkey.House(site.origin)


async def challenge(request: Request) -> Response:
    """POST /sign-in/passkey/options: what the browser asks its authenticator, as JSON for signin.js."""
    site, form = site_of(request), await read_form(request)
    if not token_fits(request, form):
        return JSONResponse({}, 403)
    if seconds := await wait(request):
        return JSONResponse({}, 429, {"retry-after": str(seconds)})
    made = await passkey.options(site.record, house(site), visit_of(request).holder, site.clock())
    return JSONResponse(made)


async def by_passkey(request: Request) -> Response:
    """POST /sign-in/passkey: the authenticator's answer."""
    site, visit, form = site_of(request), visit_of(request), await read_form(request)
    onward = onward_of(request, form)
    if not token_fits(request, form):
        return refused(request, "stale", onward)
    if seconds := await wait(request):
        return refused(request, "wait", onward, seconds)
    found = await passkey.enter(site.record, house(site), visit.holder, form.get("answer", ""), site.clock())
    if found is None:
        return refused(request, "wrong", onward)
    return await _arrived(request, found, onward)


async def by_password(request: Request) -> Response:
    """POST /sign-in/password: name, password and code at once, so that nobody learns which of them was right."""
    site, form = site_of(request), await read_form(request)
    onward = onward_of(request, form)
    if not token_fits(request, form):
        return refused(request, "stale", onward)
    name, password, code = (form.get(field, "") for field in ("name", "password", "code"))
    found = await check(site.record, name, password, code, address(request), site.clock())
    if isinstance(found, Wait):
        return refused(request, "wait", onward, found.seconds)
    if found is None:
        return refused(request, "wrong", onward)
    return await _arrived(request, found, onward)


async def _arrived(request: Request, opened: Opened, onward: Onward) -> Response:
    """A new session, or the one that stands under a new id where its person has proved who they are again."""
    site, now, secure, old = site_of(request), site_of(request).clock(), is_secure(request), visit_of(request).session
    proof = opened.proof(now)
    if old:
        begun = await prove_again(site.record, old, proof, now, secure=secure, used=opened.used)
    else:
        role = await only_role(site.record, proof.person, site.today)
        begun = await enter(site.record, proof, role, now, secure=secure, used=opened.used)
    return await arrive(request, *begun, onward) if begun else refused(request, "wrong", onward)


def refused(request: Request, reason: str, onward: Onward, seconds: int = 0) -> Response:
    """The page that asked, once more, with why."""
    if visit_of(request).session:
        return step_up_refused(request, reason, onward, seconds)
    return refused_page(request, reason, onward, seconds)
