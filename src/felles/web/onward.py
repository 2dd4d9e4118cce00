"""Where somebody was going before they had to say who they are, with what they had typed; nothing of it by address."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from felles.access.employment import employments
from felles.access.form import token_holds
from felles.access.session import ABSOLUTE_SECONDS, Session, cookie_name, token_in
from felles.web.page import answer
from felles.web.visit import is_secure, local_path, named, set_cookie, site_of, token_fits, welcome

MOST_FIELDS = 200


@dataclass(frozen=True, slots=True)
class Onward:
    """A path of ours, words typed on the way to finding a patient, and the fields of a form that waits to be sent."""

    path: str = "/"
    typed: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> str:
        """The fields as one hidden field of another form."""
        return json.dumps(dict(self.fields)) if self.fields else ""


def onward_of(request: Request, form: Mapping[str, str]) -> Onward:
    """From the hidden fields of a form. A form that waits is taken from a page of ours only: it will be sent in the
    name of whoever signs in, so another site must not be able to plant one (OWASP ASVS 5, V3.5)."""
    path, typed = local_path(form.get("onward", "/")), form.get("typed", "")
    return Onward(path, typed, _fields(form) if token_fits(request, dict(form)) else {})


def _fields(form: Mapping[str, str]) -> dict[str, str]:
    try:
        told = json.loads(form.get("kept") or "{}")
    except (ValueError, RecursionError):
        return {}
    given = told if isinstance(told, dict) and len(told) <= MOST_FIELDS else {}
    return {name: value for name, value in given.items() if isinstance(value, str)}


def kept_form(path: str, form: Mapping[str, str]) -> Onward:
    """A form of ours that was sent to `path` and must wait; its token is this session's and does not wait with it."""
    return Onward(local_path(path), "", {name: value for name, value in form.items() if name != "token"})


def interrupted(request: Request, form: Mapping[str, str]) -> Onward:
    """Where somebody was going when it turned out that they have no session any more, with the whole form that they
    were sending, if it was given to the browser that sends it."""
    path = request.url.path
    if request.method != "POST" or path == "/find":
        return Onward(path, form.get("text", ""))
    given = token_holds(token_in(request.cookies), form.get("token", ""))
    return kept_form(path, form) if given else Onward()


async def arrive(
    request: Request, session: Session, token: str, onward: Onward, *, from_elsewhere: bool = False
) -> Response:
    """Signed in: the session's cookie, and on to where the visitor was going.

    `from_elsewhere`: the browser comes from another site, which a strict cookie would not follow through a redirect.
    """
    site, name = site_of(request), cookie_name(is_secure(request))
    request.state.visit = welcome(request, session, await named(site, session), f"{name}={token}")
    response = await _next(request, session, onward, from_elsewhere)
    set_cookie(request, response, name, token, ABSOLUTE_SECONDS)
    return response


async def _next(request: Request, session: Session, onward: Onward, from_elsewhere: bool) -> Response:
    site = site_of(request)
    if session.role is None and (roles := await employments(site.record, session.person, site.today)):
        return answer(request, "role.html", roles=roles, onward=onward, chosen=None)
    return carry_on(request, onward, from_elsewhere)


def carry_on(request: Request, onward: Onward, from_elsewhere: bool = False) -> Response:
    """On to a page, to a search with its words still there, or to a form with all its fields and one button."""
    if onward.fields:
        return answer(request, "onward.html", onward=onward)
    if onward.typed:
        return answer(request, "find.html", text=onward.typed, found=[], stale=True, beyond=None, examples=[])
    if not from_elsewhere:
        return RedirectResponse(onward.path, 303)
    response = answer(request, "onward.html", onward=onward)
    response.headers["refresh"] = f"0; url={onward.path}"
    return response
