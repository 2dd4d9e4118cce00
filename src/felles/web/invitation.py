"""Taking an invitation to a local account: choosing a passkey, or a password with a code app."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from felles.access.account import passkey, password
from felles.access.account.account import Account, invited, set_password
from felles.access.account.onetime import address, is_secret, new_secret, step_of
from felles.web.local import house
from felles.web.page import answer
from felles.web.square import square
from felles.web.visit import read_form, site_of, token_fits, visit_of


async def show(request: Request) -> Response:
    """GET /invitation: asks for the code of the invitation; no address ever holds it."""
    return answer(request, "invitation.html", account=None, code="", secret="", reason="", size=0, picture="", link="")


async def _account(request: Request, form: dict[str, str]) -> Account | None:
    """Whose invitation it is, if the form is ours and the invitation still good."""
    site = site_of(request)
    if not token_fits(request, form):
        return None
    return await invited(site.record, form.get("code", ""), site.clock())


def _page(request: Request, account: Account | None, form: dict[str, str], reason: str = "") -> Response:
    secret = form["secret"] if is_secret(form.get("secret", "")) else new_secret()
    link = address(secret, account.name) if account else ""
    size, picture = square(link) if link else (0, "")
    return answer(
        request, "invitation.html", 403 if reason else 200, account=account, code=form.get("code", ""), secret=secret,
        reason=reason, link=link, size=size, picture=picture,
    )  # fmt: skip


async def opened(request: Request) -> Response:
    """POST /invitation: the ways to sign in that it offers."""
    form = await read_form(request)
    account = await _account(request, form)
    return _page(request, account, form, "" if account else "invitation")


async def by_password(request: Request) -> Response:
    """POST /invitation/password: a password and the first code of the app; recovery codes are shown once."""
    site, form = site_of(request), await read_form(request)
    account = await _account(request, form)
    if account is None:
        return _page(request, None, form, "invitation")
    chosen, step = form.get("password", ""), _step(form, site.clock())
    fault = "twice" if chosen != form.get("again", "") else password.fault(chosen, account.name)
    if fault or step is None:
        return _page(request, account, form, fault or "code")
    codes = await set_password(site.record, account, form["code"], chosen, form["secret"], step)
    if codes is None:
        return _page(request, None, form, "invitation")
    return answer(request, "recovery.html", codes=codes)


def _step(form: dict[str, str], now: float) -> int | None:
    secret = form.get("secret", "")
    return step_of(secret, form.get("onetime", ""), now) if is_secret(secret) else None


async def passkey_options(request: Request) -> Response:
    """POST /invitation/passkey/options"""
    site, form = site_of(request), await read_form(request)
    account = await _account(request, form)
    if account is None:
        return JSONResponse({}, 403)
    made = await passkey.enrolment(site.record, house(site), visit_of(request).holder, account, site.clock())
    return JSONResponse(made)


async def by_passkey(request: Request) -> Response:
    """POST /invitation/passkey: the passkey that the browser has made."""
    site, form = site_of(request), await read_form(request)
    account = await _account(request, form)
    if account is None:
        return _page(request, None, form, "invitation")
    told, holder = form.get("answer", ""), visit_of(request).holder
    if not await passkey.add(site.record, house(site), holder, account, told, site.clock(), form["code"]):
        return _page(request, account, form, "passkey")
    return answer(request, "recovery.html", codes=[])
