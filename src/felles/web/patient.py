"""The pages of one patient: overview, all results, print."""

from starlette.requests import Request
from starlette.responses import Response

from felles.web.chart.banner import Banner, banner
from felles.web.chart.flowsheet import flowsheet
from felles.web.chart.overview import Overview, overview
from felles.web.chart.result import analyses
from felles.web.guard import reading
from felles.web.page import answer
from felles.web.source import CHART, chart_parts, directory, patient
from felles.web.visit import Site, site_of


async def read_overview(site: Site, id: str) -> Overview:
    """Everything on the overview, in two rounds of questions to the record."""
    person = await patient(site.record, id)
    parts = await chart_parts(site.record, id, CHART)
    places = await directory(site.record, [person, {k: v for k, v in parts.items() if k not in ("labs", "vitals")}])
    return overview(person, parts, places, site.today)


async def read_banner(site: Site, id: str) -> Banner:
    person = await patient(site.record, id)
    parts = await chart_parts(site.record, id, ("allergies", "flags"))
    places = await directory(site.record, person)
    return banner(person, parts["allergies"], parts["flags"], places, site.today)


@reading
async def show(request: Request) -> Response:
    """GET /patient/{id}"""
    return answer(request, "overview.html", chart=await read_overview(site_of(request), request.path_params["id"]))


@reading
async def results(request: Request) -> Response:
    """GET /patient/{id}/results: every analysis, day by day."""
    site, id = site_of(request), request.path_params["id"]
    parts = await chart_parts(site.record, id, ("labs",))
    return answer(request, "results.html", banner=await read_banner(site, id), sheet=flowsheet(analyses(parts["labs"])))


@reading
async def paper(request: Request) -> Response:
    """GET /patient/{id}/print: the overview as one column for paper."""
    return answer(request, "print.html", chart=await read_overview(site_of(request), request.path_params["id"]))
