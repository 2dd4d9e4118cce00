"""The pages as one Starlette application, wired to a record by app.py."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.oidc.party import Party
from felles.access.oidc.provider import Provider
from felles.access.person import DemoPerson
from felles.web import (
    account,
    drug_chart,
    emergency,
    failure,
    find,
    palette,
    patient,
    reception,
    reports,
    role,
    rollout,
    rollout_paper,
    signin,
    steering,
    workspace,
)
from felles.web.asset import send_asset
from felles.web.bedside import CHART
from felles.web.chart.words import N_
from felles.web.entry import ENTRY
from felles.web.guard import signed_in
from felles.web.header import SecurityHeaders
from felles.web.home import HOME, ROOMS
from felles.web.ledger import LEDGER, LISTS
from felles.web.letter import LETTERS, POST
from felles.web.page import answer
from felles.web.place import Place, everybody
from felles.web.referral import CLERICAL, COUNTERS
from felles.web.source import Desk, Record
from felles.web.supervision import OFFICES, SUPERVISION
from felles.web.visit import Site, Visiting, visit_of


async def front(request: Request) -> Response:
    """GET /: to where this person works."""
    visit = visit_of(request)
    if visit.person is None:
        return RedirectResponse("/sign-in", 303)
    if visit.finds:
        return RedirectResponse("/find", 303)
    if visit.sitting is None:
        return RedirectResponse("/own/acting" if visit.lapsed else "/role", 303)
    return RedirectResponse(f"/patient/{visit.sitting.home}" if visit.sitting.home else "/start", 303)


@signed_in
async def start(request: Request) -> Response:
    """GET /start: every place that is for this visitor."""
    return answer(request, "start.html")


ROUTES = [
    Route("/", front),
    Route("/start", start),
    *ENTRY,
    *emergency.ROUTES,
    *HOME,
    *SUPERVISION,
    *LEDGER,
    *steering.ROUTES,
    *rollout.ROUTES,
    *rollout_paper.ROUTES,
    *reception.ROUTES,
    *reports.ROUTES,
    *CLERICAL,
    *LETTERS,
    *CHART,
    Route("/language", signin.speak, methods=["POST"]),
    Route("/find", find.show),
    Route("/find", find.look, methods=["POST"]),
    Route("/palette", palette.show, methods=["POST"]),
    Route("/patient/{id}", patient.show),
    *workspace.ROUTES,
    Route("/patient/{id}/print", patient.paper),
    Route("/static/{name:path}", send_asset),
]

PLACES: Sequence[Place] = (
    *find.PLACES,
    *workspace.PLACES,
    *drug_chart.PLACES,
    *LISTS,
    *COUNTERS,
    *reception.PLACES,
    *POST,
    *ROOMS,
    *steering.PLACES,
    *rollout.PLACES,
    *reports.PLACES,
    *OFFICES,
    *account.PLACES,
    *role.PLACES,
    Place("home", N_("Startside"), "/start", "start oversikt sidekart landing pages", everybody),
)
"""Everywhere to go, in the order in which it is offered."""


def pages(
    record: Record,
    *,
    demo: bool,
    people: Sequence[DemoPerson],
    desk: Desk,
    origin: str = "http://localhost:8080",
    providers: Sequence[Provider] = (),
    routes: Sequence[Route] = (),
) -> Starlette:
    """The face of a record; `desk` gives each visitor theirs.

    `demo` marks a store of made-up people: only then may anybody sign in without a secret, as one of `people`, from
    this machine. `origin` is the address that people open; `providers` are those at which they may sign in, `routes`
    addresses of other rooms that stand beside the pages.
    """
    app = Starlette(
        routes=[*routes, *ROUTES],
        exception_handlers=failure.HANDLERS,
        middleware=[Middleware(SecurityHeaders), Middleware(Visiting)],
    )
    app.state.places = PLACES
    app.state.site = Site(record, demo, people, origin, desk, Party(providers))
    return app
