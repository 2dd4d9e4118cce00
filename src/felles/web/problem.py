"""Problems and allergies of one patient: one list for all levels, added to and ended."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import problem
from felles.clinical.problem import CRITICALITIES, SYSTEMS, Found
from felles.record.outcome import Problem
from felles.web.chart.moment import Moment, parse_moment
from felles.web.chart.place import Directory
from felles.web.chart.text import code_of, coded, first
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.source import chart_parts, directory
from felles.web.visit import Visit, read_form, token_fits, visit_of

HERE = "/patient/{id}/problems"
KINDS = {"problem": "Condition", "allergy": "AllergyIntolerance", "critical": "Flag"}
DANGERS: Mapping[str, str] = {"low": N_("Lite farlig"), "high": N_("Farlig"), "unable-to-assess": N_("Vet ikke")}
CODES: Mapping[str, str] = {"icd10": "ICD-10", "icpc2": "ICPC-2"}
ENDS: Mapping[str, str] = {
    "resolved": N_("Over"), "inactive": N_("Ikke aktuell nå"), "refuted": N_("Avkreftet, eller feil pasient"),
}  # fmt: skip
MATTERS: Mapping[str, str] = {
    "clinical": N_("Tilstand"), "advance-directive": N_("Behandlingsbegrensning"), "contact": N_("Smitte"),
    "drug": N_("Legemiddel"), "safety": N_("Sikkerhet"),
}  # fmt: skip
PARTS = {"problem": "conditions", "allergy": "allergies", "critical": "flags"}
STALE = N_("Siden var for gammel. Det du skrev er her fortsatt: send en gang til.")
KNOWN = N_("Den står på listen allerede, eller andre har endret den. Slik er listen nå.")
LACKS = N_("Skriv hva det er, med minst tre bokstaver. Skal noe avsluttes, skriv hvorfor.")
DONE: Mapping[str, str] = {"problem": N_("Problemet er lagt til."), "allergy": N_("Allergien er lagt til."),
                           "critical": N_("Opplysningen er lagt til."),
                           "end": N_("Linjen er avsluttet.")}  # fmt: skip
Json = dict[str, Any]


def lists(visit: Visit) -> bool:
    """Staff whose role keeps the lists."""
    return finds(visit) and all(visit.writes(one) for one in KINDS.values())


listing = guarded(lists)


@dataclass(frozen=True, slots=True)
class Line:
    """A problem, an allergy or critical information as people read it."""

    id: str
    version: int
    words: str
    code: str
    more: str
    at: Moment | None
    by: str
    unit: str


def _line(one: Json, places: Directory) -> Line:
    writer = one.get("recorder") or one.get("asserter") or one.get("author")
    unit = places.name(places.find(writer).get("organization"))
    signs = [coded(each) for reaction in one.get("reaction") or () for each in reaction.get("manifestation") or ()]
    danger = DANGERS["high"] if one.get("criticality") == "high" else ""
    if one["resourceType"] == "Flag":
        danger = MATTERS.get(code_of(first(one.get("category"))) or "", "")
    since = one.get("onsetDateTime") or one.get("recordedDate") or (one.get("period") or {}).get("start")
    return Line(
        str(one["id"]), int(one["meta"]["versionId"]), coded(one.get("code")), code_of(one.get("code")) or "",
        ", ".join(filter(None, (danger, *signs))), parse_moment(since), places.name(writer), unit,
    )  # fmt: skip


async def _page(request: Request, form: Mapping[str, str], status: int = 200, words: str = "") -> Response:
    visit = visit_of(request)
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    parts = await chart_parts(visit.record, request.path_params["id"], tuple(PARTS.values()))
    places = await directory(visit.record, parts)
    shown = {name: _lines(parts[part], places) for name, part in PARTS.items()}
    return answer(
        request, "problems.html", status, banner=banner, words=words, shown=shown,
        typed=defaultdict(str, form), ends=ENDS, dangers=DANGERS, codes=CODES, matters=MATTERS,
        done=DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


def _lines(held: Sequence[Json], places: Directory) -> list[Line]:
    return sorted((_line(one, places) for one in held if problem.stands(one)), key=lambda one: one.words.casefold())


@listing
async def show(request: Request) -> Response:
    """GET /patient/{id}/problems"""
    return await _page(request, {})


@listing
async def act(request: Request) -> Response:
    """POST /patient/{id}/problems/problem, /allergy, /critical and /end"""
    form, what = defaultdict(str, await read_form(request)), request.url.path.rpartition("/")[2]
    if not token_fits(request, form):
        return await _page(request, form, 403, STALE)
    try:
        await _done(request, what, form)
    except Problem as error:
        if error.status not in (409, 422):
            raise
        return await _page(request, form, error.status, KNOWN if error.status == 409 else LACKS)
    return RedirectResponse(f"/patient/{request.path_params['id']}/problems?done={what}", 303)


async def _done(request: Request, what: str, form: Mapping[str, str]) -> None:
    sitting, now, patient = sitting_of(request), now_of(request), f"Patient/{request.path_params['id']}"
    if what == "end":
        return await _ended(request, form, patient)
    danger = form["criticality"] if form["criticality"] in CRITICALITIES else CRITICALITIES[-1]
    system = form["system"] if form["system"] in SYSTEMS else next(iter(SYSTEMS))
    matter = form["matter"] if form["matter"] in problem.MATTERS else problem.MATTERS[0]
    found = Found(patient, form["words"], form["code"], system, danger, form["reaction"], matter)
    adders = {"problem": problem.add_problem, "allergy": problem.add_allergy, "critical": problem.add_critical}
    await adders[what](sitting.record, sitting.who, found, now)
    return None


async def _ended(request: Request, form: Mapping[str, str], patient: str) -> None:
    sitting, kind = sitting_of(request), KINDS.get(form["kind"], "")
    if not kind or not form["version"].isdigit() or len(form["version"]) > 9:
        raise HTTPException(404)
    held = await sitting.record.resource(kind, form["line"])
    if (first([held.get("subject") or held.get("patient")]) or {}).get("reference") != patient:
        raise HTTPException(404)
    await problem.end(
        sitting.record, sitting.who, kind, form["line"], int(form["version"]), form["how"], form["why"],
        now_of(request),
    )  # fmt: skip


ROUTES = [
    Route(HERE, show),
    *(Route(f"{HERE}/{what}", act, methods=["POST"]) for what in (*KINDS, "end")),
]
