"""One's own sessions and ways to sign in."""

from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from felles.access.account import passkey
from felles.access.account.account import LOCAL, Account, by_id
from felles.access.session import Session, end_all, end_one, sessions_of
from felles.web.chart.moment import OSLO, Moment
from felles.web.chart.words import N_
from felles.web.guard import signed_in
from felles.web.local import house
from felles.web.onward import Onward
from felles.web.page import answer
from felles.web.place import Place, everybody
from felles.web.signin import forget
from felles.web.stepup import is_fresh, step_up, step_up_page
from felles.web.visit import read_form, site_of, token_fits, visit_of


def _session(request: Request) -> Session:
    session = visit_of(request).session
    if session is None:
        raise HTTPException(403)
    return session


async def _form(request: Request) -> dict[str, str]:
    form = await read_form(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    return form


async def _account(request: Request) -> Account | None:
    session = _session(request)
    return await by_id(site_of(request).record, session.subject) if session.provider == LOCAL else None


async def _own(request: Request) -> Account:
    account = await _account(request)
    if account is None:
        raise HTTPException(403)
    return account


def moment(seconds: int) -> str:
    """`14.03.2026 08:05`"""
    return Moment(datetime.fromtimestamp(seconds, OSLO), "time").text


@signed_in
async def show(request: Request) -> Response:
    """GET /account: where one is signed in, and with what."""
    site, session = site_of(request), _session(request)
    account = await _account(request)
    keys = await passkey.kept(site.record, account) if account else []
    open_ = await sessions_of(site.record, session.person, site.clock())
    return answer(
        request, "account.html", sessions=open_, account=account, passkeys=keys, session=session, moment=moment
    )


@signed_in
async def sign_out_one(request: Request) -> Response:
    """POST /account/sign-out: one of one's sessions."""
    form, session = await _form(request), _session(request)
    site = site_of(request)
    await end_one(site.record, session.person, form.get("session", ""), site.clock())
    return RedirectResponse("/account", 303)


@signed_in
async def sign_out_everywhere(request: Request) -> Response:
    """POST /account/sign-out-everywhere: all of them, this one too."""
    await _form(request)
    site = site_of(request)
    await end_all(site.record, _session(request).person, site.clock())
    response = RedirectResponse("/sign-in", 303)
    forget(request, response)
    return response


@signed_in
async def passkey_options(request: Request) -> Response:
    """POST /account/passkey/options: what the browser makes a new passkey with."""
    await _form(request)
    site, account = site_of(request), await _own(request)
    if not is_fresh(request):
        return JSONResponse({}, 401)
    made = await passkey.enrolment(site.record, house(site), visit_of(request).holder, account, site.clock())
    return JSONResponse(made)


@signed_in
async def add_passkey(request: Request) -> Response:
    """POST /account/passkey: the passkey that the browser has made."""
    form, site, account = await _form(request), site_of(request), await _own(request)
    if not is_fresh(request):
        return step_up_page(request, Onward("/account"), 401)
    holder, told = visit_of(request).holder, form.get("answer", "")
    if not await passkey.add(site.record, house(site), holder, account, told, site.clock()):
        raise HTTPException(403)
    return RedirectResponse("/account", 303)


@signed_in
async def remove_passkey(request: Request) -> Response:
    """POST /account/passkey/remove: never the last way in."""
    form, site, account = await _form(request), site_of(request), await _own(request)
    if not is_fresh(request):
        return step_up(request, form)
    if not await passkey.remove(site.record, account, form.get("passkey", "")):
        raise HTTPException(403)
    return RedirectResponse("/account", 303)


PLACES = [
    Place("person", N_("Min innlogging"), "/account", "konto økter passnøkkel account sessions passkeys", everybody)
]
