"""The roll-out: what gates answer and why, the plan beside the old one, alternatives, and a date tried out."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.desk import Sitting
from felles.rollout.case import Case
from felles.rollout.criterion import criteria
from felles.rollout.exchange.ical import ical
from felles.rollout.exchange.mspdi import mspdi
from felles.rollout.exchange.table import comma, workbook
from felles.rollout.journal import Entry, Kind, NewerError, head, last, of_kind, write
from felles.rollout.plan import Plan, Span
from felles.rollout.verdict import words
from felles.web.chart.gantt import gantt
from felles.web.chart.moment import day_of
from felles.web.chart.words import N_
from felles.web.duties import sitting_of, working
from felles.web.guard import guarded
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.visit import Visit, read_form, token_fits, visit_of

PLAN = "midt"
MANAGER = "utrullingsleder"
LIGHTS = {"green": N_("grønn"), "red": N_("rød"), "stale": N_("rød: ikke ferskt nok, eller for lite")}
GATES = {
    "gate120": N_("Port 120 dager"), "gate90": N_("Port 90 dager"), "gate60": N_("Port 60 dager"),
    "gate30": N_("Port 30 dager"), "go": N_("Beslutning om oppstart"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A case with what has been decided since, by unit."""

    case: Case
    decisions: Mapping[str, Entry]


def manages(visit: Visit) -> bool:
    """The roll-out manager."""
    sitting = visit.sitting
    return isinstance(sitting, Sitting) and sitting.who.role is not None and sitting.who.role.code == MANAGER


@lru_cache(maxsize=4)
def _decoded(_seal: str, body: str) -> Case:
    return msgspec.json.decode(body, type=Case)


async def shown(request: Request) -> Shown | None:
    """What the journal holds; None where there is no case."""
    record = sitting_of(request).record
    entry = await last(record, Kind.CASE, PLAN)
    if entry is None:
        return None
    decisions = {each.subject: each async for each in of_kind(record, Kind.DECISION)}
    return Shown(_decoded(entry.seal, entry.body), decisions)


async def standing(request: Request) -> Shown:
    """What the journal holds. Raises HTTPException 404 where there is no case."""
    found = await shown(request)
    if found is None:
        raise HTTPException(404)
    return found


@working
async def show(request: Request) -> Response:
    """GET /rollout: what the gates answer, and the plan that follows."""
    found = await shown(request)
    if found is None:
        return answer(request, "rollout-none.html")
    case = found.case
    reds = {unit: [(criteria()[key], _words(each, key)) for key in each.red] for unit, each in case.answers.items()}
    first = case.recommended if case.proposals else None
    return answer(
        request, "rollout.html", case=case, units=_named(case.old), reds=reds, gates=GATES, first=first,
        decisions=found.decisions, drawn=gantt(first.plan, case.old.dates) if first and first.plan else None,
        manages=manages(visit_of(request)),
    )  # fmt: skip


def _named(plan: Plan) -> dict[str, str]:
    return {unit.key: unit.name for unit in plan.units}


def _words(each: Any, key: str) -> str:
    reading = next((one for one in each.readings if one.criterion == key), None)
    return words(criteria()[key], reading)


@working
async def unit(request: Request) -> Response:
    """GET /rollout/unit/{unit}: each criterion of a unit's gate with its definition, counts, age and seal."""
    found = await standing(request)
    key = request.path_params["unit"]
    each = found.case.answers.get(key)
    if each is None:
        raise HTTPException(404)
    readings = {one.criterion: one for one in each.readings}
    rows = [
        (criteria()[name], lit, name in each.hard, readings.get(name), words(criteria()[name], readings.get(name)))
        for name, lit in each.lights()
    ]
    return answer(
        request, "rollout-unit.html", case=found.case, place=found.case.old.unit(key), each=each, rows=rows,
        gates=GATES, lights=LIGHTS, decision=found.decisions.get(key), manages=manages(visit_of(request)),
    )  # fmt: skip


@working
async def plan(request: Request) -> Response:
    """GET /rollout/plan/{alternative}: a plan task by task beside the old one; `old` is the old plan itself."""
    case, key = (await standing(request)).case, request.path_params["alternative"]
    chosen = next((each for each in case.proposals if each.aim.key == key), None)
    drawn = case.old if key == "old" else chosen.plan if chosen else None
    if drawn is None and chosen is None:
        raise HTTPException(404)
    return answer(
        request, "rollout-plan.html", case=case, chosen=chosen, plan=drawn, units=_named(case.old),
        drawn=gantt(drawn, case.old.dates) if drawn else None, old=case.old.dates,
    )  # fmt: skip


@working
async def attempt(request: Request) -> Response:
    """GET /rollout/try?unit=&day=: what follows if a unit goes live on a day (a date tried out; nothing is kept)."""
    case, given = (await standing(request)).case, request.query_params
    live = case.old.go_lives()
    unit, day = given.get("unit", ""), day_of(given.get("day", ""))
    tried = None
    if unit in live and day is not None:
        tried = await asyncio.to_thread(_tried, case, live[unit].key, day)
    return answer(
        request, "rollout-try.html", case=case, units=_named(case.old), live=live, unit=unit, day=given.get("day", ""),
        tried=tried, drawn=gantt(tried.plan, case.old.dates) if tried and tried.plan else None,
        asked=bool(given), known=day is not None and unit in live,
    )  # fmt: skip


@working
async def export(request: Request) -> Response:
    """GET /rollout/export/{file}: a plan for MS Project (xml), spreadsheets (csv, xlsx) or calendars (ics)."""
    case = (await standing(request)).case
    name, _, form = request.path_params["file"].rpartition(".")
    chosen = case.old if name == "old" else next((x.plan for x in case.proposals if x.aim.key == name), None)
    if chosen is None or form not in FORMS:
        raise HTTPException(404)
    kind, writer = FORMS[form]
    body = await asyncio.to_thread(writer, chosen, case.old.dates)
    named = {"content-disposition": f'attachment; filename="{case.old.key}-{name}.{form}"'}
    return Response(body, media_type=kind, headers=named)


def _calendar(plan: Plan, old: Mapping[str, Span]) -> bytes:
    return ical(plan, int(plan.dates != old))


FORMS = {
    "xml": ("application/xml", mspdi),
    "csv": ("text/csv; charset=utf-8", comma),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", workbook),
    "ics": ("text/calendar; charset=utf-8", _calendar),
}


def _tried(case: Case, task: str, day: date) -> Any:
    from felles.rollout.case import attempted

    return attempted(case, task, day)


@guarded(manages)
async def decide(request: Request) -> Response:
    """POST /rollout/decision: a gate is decided, as it answers or otherwise; signed, with a reason, in the open."""
    form, found = await read_form(request), await standing(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    unit, outcome, reason = (str(form.get(name, "")).strip() for name in ("unit", "outcome", "reason"))
    each = found.case.answers.get(unit)
    if each is None or outcome not in ("go", "no"):
        raise HTTPException(422)
    if (outcome == "go") != each.go and not reason:
        return answer(
            request, "rollout-decision.html", 422, case=found.case, place=found.case.old.unit(unit), each=each,
            outcome=outcome,
        )  # fmt: skip
    sitting = sitting_of(request)
    record = sitting.record
    newest = await head(record)
    told = {"step": each.step, "answer": each.go, "outcome": outcome, "reason": reason, "seal": each.seal}
    author = f"{sitting.who.name} ({sitting.who.id})"
    try:
        await write(
            record, [(Kind.DECISION, unit, told)], author, time.time_ns() // 1_000, newest.number if newest else 0
        )
    except NewerError as error:
        raise HTTPException(409) from error
    return RedirectResponse(f"/rollout/unit/{unit}", 303)


ROUTES = [
    Route("/rollout", show),
    Route("/rollout/unit/{unit}", unit),
    Route("/rollout/plan/{alternative}", plan),
    Route("/rollout/try", attempt),
    Route("/rollout/export/{file}", export),
    Route("/rollout/decision", decide, methods=["POST"]),
]
PLACES = [Place("level", N_("Utrulling"), "/rollout", "utrulling plan port klarhet bølge rollout gantt", works)]
