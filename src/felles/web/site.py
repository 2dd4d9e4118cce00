"""The pages as one Starlette application, wired to a record by app.py."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.decision import may_find
from felles.access.person import Person
from felles.web import failure, find, palette, patient, signin
from felles.web.asset import send_asset
from felles.web.guard import signed_in
from felles.web.header import SecurityHeaders
from felles.web.page import answer
from felles.web.source import Record
from felles.web.visit import Site, visit_of


async def front(request: Request) -> Response:
    """GET /: to where this person works."""
    person = visit_of(request).person
    if person is None:
        return RedirectResponse("/sign-in", 303)
    if may_find(person):
        return RedirectResponse("/find", 303)
    return RedirectResponse("/patient/" + person.patient.partition("/")[2] if person.patient else "/start", 303)


@signed_in
async def start(request: Request) -> Response:
    """GET /start: for people whose work has no pages yet; everybody else is taken to theirs."""
    person = visit_of(request).person
    if person is None or person.patient or may_find(person):
        return RedirectResponse("/", 303)
    return answer(request, "start.html")


ROUTES = [
    Route("/", front),
    Route("/start", start),
    Route("/sign-in", signin.show),
    Route("/sign-in", signin.enter, methods=["POST"]),
    Route("/sign-out", signin.leave, methods=["POST"]),
    Route("/language", signin.speak, methods=["POST"]),
    Route("/find", find.show),
    Route("/find", find.look, methods=["POST"]),
    Route("/palette", palette.show, methods=["POST"]),
    Route("/patient/{id}", patient.show),
    Route("/patient/{id}/results", patient.results),
    Route("/patient/{id}/print", patient.paper),
    Route("/static/{name:path}", send_asset),
]


def pages(record: Record, *, demo: bool, secret: bytes, people: Sequence[Person]) -> Starlette:
    """The face of a record.

    `demo` marks a store of made-up people: only then may anybody sign in, as one of `people`, from this machine.
    `secret` (32 bytes or more) signs sessions and forms; a new one signs everybody out.
    """
    app = Starlette(
        routes=ROUTES,
        exception_handlers=failure.HANDLERS,
        middleware=[Middleware(SecurityHeaders)],
    )
    app.state.site = Site(record, demo, secret, people)
    return app
