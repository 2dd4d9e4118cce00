"""The board's paper (saksframlegg), written from a case and nothing else: as a page, and as a tagged PDF."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from felles.delivery.paper import pressed
from felles.rollout.case import Case
from felles.rollout.criterion import criteria
from felles.rollout.journal import Entry
from felles.rollout.plan import Plan, TaskKind, UnitKind, encoded
from felles.rollout.verdict import light, sealed, words
from felles.web.asset import asset
from felles.web.chart.gantt import gantt
from felles.web.duties import working
from felles.web.page import templates
from felles.web.rollout import GATES, LIGHTS, standing
from felles.web.visit import visit_of

PDF = "application/pdf"
FACES = """@font-face { font-family: Letter; src: url(font:inter-latin.woff2); }
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What goes wrong while nothing is put right, at the pace so far, until all criteria are to be green."""

    days: int
    letters: int
    orders: int
    green: date


def html(case: Case, language: str, decisions: Mapping[str, Entry] | None = None, style: str = "") -> str:
    """The paper as one HTML document; `style` is put into it where there is no site that serves it."""
    return templates(language).get_template("rollout-paper.html").render(
        case=case, language=language, style=style, gates=GATES, lights=LIGHTS, decisions=decisions or {},
        **_values(case),
    )  # fmt: skip


def pdf(case: Case, language: str, decisions: Mapping[str, Entry] | None = None) -> bytes:
    """The paper as a tagged PDF (PDF/UA-1). Raises Problem 500 where this machine cannot make PDFs."""
    return asyncio.run(_pdf(case, language, decisions))


async def _pdf(case: Case, language: str, decisions: Mapping[str, Entry] | None) -> bytes:
    sheet = asset("paper.css")
    style = FACES + (sheet.body.decode() if sheet else "")
    return (await pressed([html(case, language, decisions, style)])).pdf


def _values(case: Case) -> dict[str, Any]:
    first, old = case.recommended, case.old
    plan = first.plan or old
    names = {unit.key: unit.name for unit in old.units}
    source = old.unit(case.paper.source)
    evidence = [
        (criteria()[each.criterion], each, light(criteria()[each.criterion], each, old.status), _words(each))
        for each in case.readings
        if each.unit == source.key
    ]
    return {
        "first": first, "units": names, "assumed": {unit.key: unit.assumed for unit in old.units},
        "source": source.name, "live": source.live or old.first, "evidence": evidence, "groups": _groups(case, names),
        "municipal": [names[each.unit] for each in first.dates if not each.moved], "routes": _routes(plan),
        "conflicts": [names[key] for key, each in case.answers.items() if each.red and _municipal(old, key)],
        "drawn": gantt(plan, old.dates), "milestones": _milestones(plan), "proxy": _proxy(case, plan),
        "people": sum(old.unit(each.unit).people for each in first.moved), "seal": sealed(case.readings),
        "plans": [hashlib.sha256(encoded(each)).hexdigest() for each in (old, plan)],
    }  # fmt: skip


def _words(reading: Any) -> str:
    return words(criteria()[reading.criterion], reading)


def _municipal(plan: Plan, unit: str) -> bool:
    return plan.unit(unit).kind is UnitKind.MUNICIPALITY


def _groups(case: Case, names: Mapping[str, str]) -> list[tuple[date, list[str]]]:
    """The units that move, by their new day."""
    found: dict[date, list[str]] = {}
    for each in case.recommended.moved:
        found.setdefault(each.new, []).append(names[each.unit])
    return sorted(found.items())


def _routes(plan: Plan) -> dict[str, str]:
    return {task.unit: task.name for task in plan.tasks if task.kind is TaskKind.ROUTES}


def _milestones(plan: Plan) -> list[tuple[Any, Any, list[str]]]:
    live = {unit.key for unit in plan.units if unit.live}
    tasks = [task for task in plan.tasks if task.unit in live and task.key in plan.dates]
    rows = [(task, plan.dates[task.key], _names(task.reason)) for task in tasks]
    return sorted(rows, key=lambda row: (row[1].end, row[0].key))


def _names(keys: str) -> list[str]:
    return [criteria()[key].name for key in keys.split(", ") if key in criteria()]


def _proxy(case: Case, plan: Plan) -> Proxy:
    source = case.old.unit(case.paper.source)
    days = max(1, (case.old.status - (source.live or case.old.first)).days)
    green = next((span.end for key, span in plan.dates.items() if key.endswith(".green")), case.old.status)
    left = (green - case.old.status).days
    counted = {each.criterion: each.part for each in case.readings if each.unit == source.key}
    more = {key: round(counted.get(key, 0) / days * left) for key in ("undelivered-letters", "imaging-orders")}
    return Proxy(days, more["undelivered-letters"], more["imaging-orders"], green)


@working
async def show(request: Request) -> Response:
    """GET /rollout/paper"""
    found = await standing(request)
    return HTMLResponse(html(found.case, _language(request), found.decisions))


@working
async def download(request: Request) -> Response:
    """GET /rollout/paper.pdf"""
    found = await standing(request)
    made = await _pdf(found.case, _language(request), found.decisions)
    return Response(made, media_type=PDF, headers={"content-disposition": 'attachment; filename="saksframlegg.pdf"'})


def _language(request: Request) -> str:
    """A paper is in bokmål or nynorsk."""
    language = visit_of(request).language
    return language if language in ("nb", "nn") else "nb"


ROUTES = [Route("/rollout/paper", show), Route("/rollout/paper.pdf", download)]
