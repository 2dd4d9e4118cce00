"""The print room: what waits, batches as PDF with a manifest, and the word that they are in the post."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.delivery import printing
from felles.delivery.paper import Printed, Sheet, pdf
from felles.record.outcome import Problem
from felles.web.chart.moment import parse_moment
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.letter_unit import posting, posts
from felles.web.page import answer
from felles.web.place import Place
from felles.web.visit import read_form, site_of, token_fits

HERE = "/print"
STALE = N_("Siden var for gammel. Det du skrev er her fortsatt: send en gang til.")
NUMBERS = N_("Skriv numrene slik de står i manifestet, med komma mellom, og hva som skjedde med dem.")
OTHERS = N_("Bunken er bekreftet allerede.")
DONE = {
    "made": N_("Bunken er laget. Brevene er hos trykkeriet; de er ikke sendt før bunken bekreftes."),
    "none": N_("Ingenting å trykke."),
    "sent": N_("Bekreftet. Det som ble ødelagt, er tilbake hos enheten."),
}


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that is not confirmed yet."""

    id: str
    when: str
    count: int


async def _page(request: Request, status: int = 200, wrong: str = "", at: str = "", typed: str = "") -> Response:
    sitting = sitting_of(request)
    waits = await printing.waiting(sitting.record, sitting.who)
    open_ = [
        Batch(one["id"], moment.text if (moment := parse_moment(one.get("date"))) else "", len(one["entry"]))
        for one in await printing.batches(sitting.record, sitting.who)
    ]
    done = "" if wrong else DONE.get(request.query_params.get("done", ""), "")
    return answer(
        request, "letters-print.html", status, waits=len(waits), most=printing.MOST, batches=open_, done=done,
        wrong=wrong, at=at, typed=typed,
    )  # fmt: skip


@posting
async def show(request: Request) -> Response:
    """GET /print"""
    return await _page(request)


@posting
async def gather(request: Request) -> Response:
    """POST /print: makes a batch of what waits."""
    if not token_fits(request, await read_form(request)):
        return await _page(request, 403, STALE)
    sitting = sitting_of(request)
    made = await printing.gather(sitting.record, sitting.who, now_of(request))
    return RedirectResponse(f"{HERE}?done={'made' if made else 'none'}", 303)


async def _printed(request: Request) -> tuple[list[Sheet], Printed]:
    sitting = sitting_of(request)
    found = await printing.sheets(sitting.record, sitting.who, request.path_params["id"])
    return found, await pdf(found, practice=site_of(request).demo)


@posting
async def paper(request: Request) -> Response:
    """GET /print/{id}.pdf: all letters of a batch."""
    _, made = await _printed(request)
    named = {"content-disposition": f'attachment; filename="brev-{request.path_params["id"]}.pdf"'}
    return Response(made.pdf, media_type="application/pdf", headers=named)


@posting
async def manifest(request: Request) -> Response:
    """GET /print/{id}.csv: what the print room counts by; no name and no address."""
    found, made = await _printed(request)
    named = {"content-disposition": f'attachment; filename="manifest-{request.path_params["id"]}.csv"'}
    text = printing.manifest(found, made.pages).sheet()
    return Response(text, media_type="text/csv; charset=utf-8", headers=named)


@posting
async def confirm(request: Request) -> Response:
    """POST /print/{id}/confirm: the batch is in the post, but for the numbers that were spoiled."""
    form, sitting, id = await read_form(request), sitting_of(request), request.path_params["id"]
    typed, why = form.get("spoiled", "").strip(), form.get("why", "").strip()
    if not token_fits(request, form):
        return await _page(request, 403, STALE, id, typed)
    inside = await printing.inside(sitting.record, sitting.who, id)
    numbers = [one.strip() for one in typed.replace(";", ",").split(",") if one.strip()]
    if not all(one.isdigit() and 0 < int(one) <= len(inside) for one in numbers) or (numbers and not why):
        return await _page(request, 422, NUMBERS, id, typed)
    try:
        spoiled = {inside[int(one) - 1]: why[:200] for one in numbers}
        await printing.confirm(sitting.record, sitting.who, id, spoiled, now_of(request))
    except Problem as error:
        if error.status not in (409, 412):
            raise
        return await _page(request, 409, OTHERS, id, typed)
    return RedirectResponse(f"{HERE}?done=sent", 303)


PLACES = [Place("print", N_("Trykkeriet"), HERE, "trykk print bunke papir brev konvolutt letters paper batch", posts)]
ROUTES = [
    Route(HERE, show),
    Route(HERE, gather, methods=["POST"]),
    Route(f"{HERE}/{{id}}.pdf", paper),
    Route(f"{HERE}/{{id}}.csv", manifest),
    Route(f"{HERE}/{{id}}/confirm", confirm, methods=["POST"]),
]
