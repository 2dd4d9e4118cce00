"""Answers that nobody has seen yet: what they say, that one has seen them, and the letter to the patient."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import result
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.web.chart.flowsheet import flowsheet
from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.result import Measurement, analyses, measurement
from felles.web.chart.text import coded
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded, reading
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.source import chart_parts
from felles.web.visit import Visit, read_form, token_fits, visit_of

STALE = N_("Siden var for gammel. Ingenting er gjort: prøv en gang til.")
CHANGED = N_("Svaret er endret siden du åpnet siden. Slik er det nå.")
TEMPLATE = "letter"
Json = dict[str, Any]


def sees(visit: Visit) -> bool:
    """Staff to whose role answers belong."""
    return finds(visit) and visit.sees("DiagnosticReport") and visit.writes("ClinicalImpression")


seeing = guarded(sees)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as people read it. `values`: name and value of what it holds; `lines`: its words."""

    id: str
    version: int
    title: str
    at: Moment | None
    values: Sequence[tuple[str, Measurement]]
    lines: Sequence[str]


async def page(request: Request, status: int = 200, words: str = "", text: Mapping[str, str] | None = None) -> Response:
    """Every analysis day by day, and above it what nobody has seen; `words`: why an act was not done."""
    visit, id = visit_of(request), request.path_params["id"]
    parts = await chart_parts(visit.record, id, ("labs", "reports"))
    waiting = await _waiting(request, parts["reports"], parts["labs"]) if sees(visit) else []
    return answer(
        request, "results.html", status, banner=await read_banner(request), sheet=flowsheet(analyses(parts["labs"])),
        waiting=waiting, words=words, typed=text or {}, done=request.query_params.get("done", ""),
        writes=visit.writes("Composition"),
    )  # fmt: skip


async def _waiting(request: Request, reports: Sequence[Json], labs: Sequence[Json]) -> list[Answer]:
    record = cast(Record, visit_of(request).record)
    found = await result.unseen(record, reports)
    known = {f"Observation/{one.get('id')}": one for one in labs}
    ids = {str(each.get("reference")) for one in found for each in one.get("result") or ()} - known.keys()
    missing = [one.partition("/")[2] for one in ids if one.startswith("Observation/")]
    for start in range(0, len(missing), 100):
        some = [("_id", ",".join(missing[start : start + 100])), ("_count", "100")]
        known |= {f"Observation/{one['id']}": one for one in await record.resources("Observation", some)}
    return [_answer(one, known) for one in found]


def _answer(report: Json, known: Mapping[str, Json]) -> Answer:
    held = [known[ref] for each in report.get("result") or () if (ref := str(each.get("reference"))) in known]
    values = [(coded(one.get("code")), measurement(one)) for one in held]
    return Answer(
        str(report["id"]), int(report["meta"]["versionId"]), coded(report.get("code")),
        parse_moment(report.get("issued") or report.get("effectiveDateTime")),
        sorted(values, key=lambda pair: not pair[1].flag), str(report.get("conclusion", "")).splitlines(),
    )  # fmt: skip


@reading
async def results(request: Request) -> Response:
    """GET /patient/{id}/results: every analysis, day by day, and what nobody has seen."""
    return await page(request)


@seeing
async def seen(request: Request) -> Response:
    """POST /patient/{id}/results/seen: one has seen an answer, and may go on to a letter to the patient."""
    form, sitting, id = await read_form(request), sitting_of(request), request.path_params["id"]
    request.state.opened = await opening(request)
    report, version = form.get("report", ""), form.get("version", "")
    if not token_fits(request, form):
        return await page(request, 403, STALE, {report: form.get("words", "")})
    held = await sitting.record.resource("DiagnosticReport", report)
    if (held.get("subject") or {}).get("reference") != f"Patient/{id}" or not version.isdigit() or len(version) > 9:
        raise HTTPException(404)
    try:
        await result.see(sitting.record, sitting.who, report, int(version), form.get("words", ""), now_of(request))
    except Problem as error:
        if error.status != 409:
            raise
        return await page(request, 409, CHANGED, {report: form.get("words", "")})
    if form.get("letter"):
        return RedirectResponse(f"/patient/{id}/letters/new?what={TEMPLATE}%20Patient/{id}", 303)
    return RedirectResponse(f"/patient/{id}/results?done=1", 303)


ROUTES = [
    Route("/patient/{id}/results", results),
    Route("/patient/{id}/results/seen", seen, methods=["POST"]),
]
