"""Before a page: has somebody signed in, and is this their kind of page? Whom they may see, the record's guard says."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from felles.web.onward import interrupted
from felles.web.opening import opening
from felles.web.page import answer, wants_part
from felles.web.place import Rule, everybody, finds
from felles.web.signin import sign_in_page
from felles.web.visit import read_form, visit_of

Handler = Callable[[Request], Awaitable[Response]]


def guarded(rule: Rule) -> Callable[[Handler], Handler]:
    """Only for somebody signed in whom `rule` allows; strangers meet the sign-in page and come back afterwards."""

    def around(handler: Handler) -> Handler:
        @wraps(handler)
        async def guard(request: Request) -> Response:
            visit = visit_of(request)
            if visit.person is None:
                return await turn_away(request)
            if visit.lapsed and not rule(visit):
                return RedirectResponse("/own/acting", 303)
            if not rule(visit):
                if visit.session is not None and visit.session.role is None and visit.sitting is None:
                    return RedirectResponse("/role", 303)
                raise HTTPException(403)
            return await handler(request)

        return guard

    return around


signed_in = guarded(everybody)
_reading = guarded(lambda visit: visit.finds or bool(visit.sitting and visit.sitting.home))
finding = guarded(finds)


def reading(handler: Handler) -> Handler:
    """For pages of one patient: whoever finds patients, or the patient; an emergency opening is shown on each."""

    @wraps(handler)
    async def with_opening(request: Request) -> Response:
        request.state.opened = await opening(request)
        return await handler(request)

    return _reading(with_opening)


async def turn_away(request: Request) -> Response:
    """The sign-in page in place of what was asked for, keeping what was typed."""
    if wants_part(request):
        return answer(request, "part/expired.html", 401)
    form = await read_form(request) if request.method == "POST" else {}
    return sign_in_page(request, 401, interrupted(request, form))
