"""Where one can go: the one list from which the navigation, the palette and the landing page are made.

A page module that is somewhere to go declares `PLACES`; site.py puts them in order. What a visitor is offered is what
the rule of the page lets in, so that nothing is offered that is then refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from felles.web.visit import Visit, visit_of

Rule = Callable[[Visit], bool]


def everybody(visit: Visit) -> bool:
    """Whoever has signed in."""
    return visit.person is not None


def works(visit: Visit) -> bool:
    """Staff in a role that holds."""
    return visit.sitting is not None and not visit.sitting.home


def chooses(visit: Visit) -> bool:
    """Staff, whether they have chosen a role yet or not."""
    return (visit.who_id or "").startswith("Practitioner/")


def finds(visit: Visit) -> bool:
    """Staff to whose work it belongs to look for patients."""
    return visit.finds


def at_home(visit: Visit) -> bool:
    """Patients in their own record."""
    return visit.sitting is not None and bool(visit.sitting.home)


@dataclass(frozen=True, slots=True)
class Place:
    """A page to go to: `words` in bokmål, `keywords` are other words for it, `when` is the page's own rule."""

    icon: str
    words: str
    href: str
    keywords: str
    when: Rule


def places_of(request: Request) -> list[Place]:
    """Those of the site's places that are for this visitor, in the order of the site."""
    known: Sequence[Place] = request.app.state.places
    visit = visit_of(request)
    return [place for place in known if visit.person is not None and place.when(visit)]


def is_here(place: Place, path: str) -> bool:
    """Whether a path is this place, or lies below it."""
    return path == place.href or path.startswith(f"{place.href}/")
