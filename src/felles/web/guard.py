"""Before a page: has somebody signed in, and may they see this? The answers come from access."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from felles.access.decision import may_find, may_read
from felles.access.person import Person
from felles.web.page import answer, wants_part
from felles.web.signin import sign_in_page
from felles.web.visit import read_form, visit_of

Handler = Callable[[Request], Awaitable[Response]]
Rule = Callable[[Person, Request], bool]


def guarded(rule: Rule) -> Callable[[Handler], Handler]:
    """Only for somebody signed in whom `rule` allows; strangers meet the sign-in page and come back afterwards."""

    def around(handler: Handler) -> Handler:
        @wraps(handler)
        async def guard(request: Request) -> Response:
            person = visit_of(request).person
            if person is None:
                return await turn_away(request)
            if not rule(person, request):
                raise HTTPException(403)
            return await handler(request)

        return guard

    return around


signed_in = guarded(lambda person, request: True)
finding = guarded(lambda person, request: may_find(person))
reading = guarded(lambda person, request: may_read(person, request.path_params["id"]))


async def turn_away(request: Request) -> Response:
    """The sign-in page in place of what was asked for, keeping what was typed."""
    if wants_part(request):
        return answer(request, "part/expired.html", 401)
    typed = (await read_form(request)).get("text", "") if request.method == "POST" else ""
    return sign_in_page(request, 401, request.url.path, typed)
