"""Finding a patient. What is typed goes by POST only: no address, log or history ever holds it."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from felles.web.chart.hit import SHOWN, Hit, hits, intent
from felles.web.guard import finding
from felles.web.page import answer, wants_part
from felles.web.source import patients
from felles.web.visit import Site, read_form, site_of, token_fits

TEXT_LENGTH = 120


async def matching(site: Site, text: str) -> list[Hit]:
    """Patients that fit the text; one more than is shown tells that there are more."""
    wanted = intent(text[:TEXT_LENGTH], site.today)
    if not wanted:
        return []
    return hits(await patients(site.record, [*wanted, ("_count", str(SHOWN + 1))]), site.today)


async def examples(site: Site) -> list[Hit]:
    """Some patients of the made-up region, for somebody who knows nobody there yet."""
    if not site.demo:
        return []
    return hits(await patients(site.record, [("_count", "6")]), site.today)


@finding
async def show(request: Request) -> Response:
    """GET /find"""
    return answer(request, "find.html", text="", found=[], stale=False, examples=await examples(site_of(request)))


@finding
async def look(request: Request) -> Response:
    """POST /find: the page, or its list alone for htmx. One single patient opens at once on Enter."""
    site, form = site_of(request), await read_form(request)
    text, stale = form.get("text", "").strip(), not token_fits(request, form)
    found = [] if stale else await matching(site, text)
    if wants_part(request):
        return answer(request, "part/hits.html", 403 if stale else 200, text=text, found=found, stale=stale)
    if len(found) == 1:
        return RedirectResponse(f"/patient/{found[0].id}", 303)
    status = 403 if stale else 200
    return answer(request, "find.html", status, text=text, found=found, stale=stale, examples=[])
