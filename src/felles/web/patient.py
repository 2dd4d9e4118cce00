"""The pages of one patient: overview, all results, print."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from felles.web.chart.banner import Banner, banner
from felles.web.chart.overview import Overview, overview
from felles.web.guard import reading
from felles.web.page import answer
from felles.web.source import CHART, chart_parts, directory, patient
from felles.web.visit import site_of, visit_of


async def read_overview(request: Request) -> Overview:
    """Everything on the overview, in two rounds of questions to the record."""
    record, id = visit_of(request).record, request.path_params["id"]
    person = await patient(record, id)
    parts = await chart_parts(record, id, CHART)
    places = await directory(record, [person, {k: v for k, v in parts.items() if k not in ("labs", "vitals")}])
    found = overview(person, parts, places, site_of(request).today)
    return replace(found, banner=_withheld(request, found.banner))


async def read_banner(request: Request, id: str = "") -> Banner:
    """The banner of the patient of the page, or of another."""
    record, id = visit_of(request).record, id or request.path_params["id"]
    person = await patient(record, id)
    parts = await chart_parts(record, id, ("allergies", "flags"))
    places = await directory(record, person)
    found = banner(person, parts["allergies"], parts["flags"], places, site_of(request).today)
    return _withheld(request, found)


def _withheld(request: Request, found: Banner) -> Banner:
    return found if visit_of(request).sees("AllergyIntolerance") else replace(found, withheld=True)


@reading
async def show(request: Request) -> Response:
    """GET /patient/{id}"""
    return answer(request, "overview.html", chart=await read_overview(request))


@reading
async def paper(request: Request) -> Response:
    """GET /patient/{id}/print: the overview as one column for paper."""
    return answer(request, "print.html", chart=await read_overview(request))
