"""Finding a patient. What is typed goes by POST only: no address, log or history ever holds it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from felles.web.chart.banner import SEXES
from felles.web.chart.hit import SHOWN, Hit, hits, intent
from felles.web.chart.words import N_
from felles.web.guard import finding
from felles.web.minimal import beyond
from felles.web.page import answer, wants_part
from felles.web.place import Place, finds
from felles.web.source import patients
from felles.web.visit import read_form, site_of, token_fits, visit_of

TEXT_LENGTH = 120


async def matching(request: Request, text: str) -> list[Hit]:
    """Patients that fit the text; one more than is shown tells that there are more."""
    today = site_of(request).today
    wanted = intent(text[:TEXT_LENGTH], today)
    if not wanted:
        return []
    return hits(await patients(visit_of(request).record, [*wanted, ("_count", str(SHOWN + 1))]), today)


async def examples(request: Request) -> list[Hit]:
    """Some patients of the made-up region, for somebody who knows nobody there yet."""
    site = site_of(request)
    if not site.demo:
        return []
    return hits(await patients(visit_of(request).record, [("_count", "6")]), site.today)


@finding
async def show(request: Request) -> Response:
    """GET /find"""
    return answer(request, "find.html", text="", found=[], stale=False, beyond=None, examples=await examples(request))


@finding
async def look(request: Request) -> Response:
    """POST /find: the page, or its list alone for htmx. One single patient opens at once on Enter."""
    form = await read_form(request)
    text, stale = form.get("text", "").strip(), not token_fits(request, form)
    found = [] if stale else await matching(request, text)
    if wants_part(request):
        return answer(request, "part/hits.html", 403 if stale else 200, text=text, found=found, stale=stale)
    if len(found) == 1:
        return RedirectResponse(f"/patient/{found[0].id}", 303)
    other = None if stale or found else await beyond(request, text[:TEXT_LENGTH])
    status = 403 if stale else 429 if other is not None and other.wait else 200
    values = {"text": text, "found": found, "stale": stale, "beyond": other, "sexes": SEXES, "examples": []}
    return answer(request, "find.html", status, **values)


PLACES = [Place("search", N_("Finn pasient"), "/find", "søk leite pasient find search patient", finds)]
