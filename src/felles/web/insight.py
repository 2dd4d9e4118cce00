"""The privacy officer's insight in the log: per employee, and per patient; every look is a row of the log itself
(pasientjournalforskriften § 14)."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import StringIO
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.audit.insight import Insight, Visit
from felles.access.finding import Line
from felles.access.oversight import GROUNDS, ONLY, Asked, Overseer
from felles.record.outcome import Problem
from felles.record.validation import national
from felles.web.authorisations import plain, sent
from felles.web.bureau import bureau_of, day_of, time_text
from felles.web.chart.moment import OSLO
from felles.web.language import translations
from felles.web.oversight import overseeing, overseer_of
from felles.web.page import answer
from felles.web.staff import Hit, hits
from felles.web.visit import read_form, site_of, token_fits, visit_of

FEW = 10
"""Patients of one visit who are named; of more the number is told."""
COPIES = 20
"""Portions of a copy at the most."""
DAYS = 30
NUMBER = 11


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=OSLO).timestamp()) * 1_000_000


def _asked(request: Request, kind: str) -> Asked:
    """What an address asks; without days, the last DAYS."""
    given, id = request.query_params, request.path_params["id"]
    first = day_of(given.get("from", "")) or site_of(request).today - timedelta(days=DAYS)
    last = day_of(given.get("to", "")) or site_of(request).today
    before = given.get("before", "")
    found = Asked(
        low=_midnight(first),
        high=_midnight(last + timedelta(days=1)),
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        only=given.get("only", "") if given.get("only") in ONLY else "",
    )
    if kind == "person":
        return replace(found, person=f"Practitioner/{id}")
    return replace(found, patient=f"Patient/{id}")


def address(request: Request, path: str, **more: object) -> str:
    """The same question at another address."""
    given = {name: request.query_params.get(name, "") for name in ("from", "to", "only")} | more
    pairs = {name: value for name, value in given.items() if value}
    return f"{path}?{urlencode(pairs)}" if pairs else path


async def _whose(request: Request, overseer: Overseer, kind: str) -> str:
    """The name of whom it is about. Raises HTTPException 404 for nobody."""
    id = request.path_params["id"]
    if kind == "patient":
        lines = await overseer.lines([f"Patient/{id}"])
        if not lines:
            raise HTTPException(404)
        return _title(lines[f"Patient/{id}"])
    bureau = await bureau_of(request)
    found = (await bureau.register.chronicle()).person(f"Practitioner/{id}", bureau.now)
    if found is None:
        raise HTTPException(404)
    return found.name or id


def _title(line: Line) -> str:
    born = ".".join(reversed(line.birth.split("-")))
    return f"{line.name}, {born}" if born else line.name


async def _show(request: Request, kind: str) -> Response:
    overseer, asked = overseer_of(request), _asked(request, kind)
    name = await _whose(request, overseer, kind)
    found = await overseer.look(asked, int(site_of(request).clock() * 1e6))
    path, today = request.url.path, site_of(request).today
    return answer(
        request, "insight.html", kind=kind, name=name, found=found, lines=await _lines(overseer, found),
        title=_title, grounds=GROUNDS, time_text=time_text, only=asked.only, few=FEW,
        first=request.query_params.get("from") or (today - timedelta(days=DAYS)).isoformat(),
        last=request.query_params.get("to") or today.isoformat(), copy=address(request, f"{path}/log.csv"),
        older=address(request, path, before=found.older) if found.older else "",
    )  # fmt: skip


async def _lines(overseer: Overseer, found: Insight) -> dict[str, Line]:
    return await overseer.lines({one for visit in found.visits for one in visit.patients[:FEW]})


@overseeing
async def person(request: Request) -> Response:
    """GET /oversight/person/{id}: what an employee has opened, newest first."""
    return await _show(request, "person")


@overseeing
async def patient(request: Request) -> Response:
    """GET /oversight/patient/{id}: who has opened a patient's record, newest first."""
    return await _show(request, "patient")


HEAD = ("Første", "Siste", "Ansatt", "Ansatt-id", "Rolle", "Enhet", "Pasient", "Gjorde", "Grunn", "Rader i loggen")


async def _copy(request: Request, kind: str) -> Response:
    """The same as CSV (RFC 4180), all pages; each portion is logged as an export before it is written."""
    overseer, asked = overseer_of(request), _asked(request, kind)
    await _whose(request, overseer, kind)
    text, now = StringIO(), int(site_of(request).clock() * 1e6)
    out = csv.writer(text, delimiter=";")
    out.writerow(HEAD)
    for _ in range(COPIES):
        found = await overseer.look(asked, now, copied=True)
        lines, say = await _lines(overseer, found), translations(visit_of(request).language).gettext
        for one in found.visits:
            out.writerow([plain(cell) for cell in _cells(one, lines, say)])
        if found.older is None:
            break
        asked = replace(asked, before=found.older)
    return sent(text.getvalue(), f"innsyn-{kind}-{site_of(request).today}")


def _cells(one: Visit, lines: dict[str, Line], say: Callable[[str], str]) -> list[str]:
    patients = [_title(lines[id]) for id in one.patients[:FEW] if id in lines]
    rest = len(one.patients) - len(patients)
    deeds = ", ".join(f"{say(deed)} {say(thing)}" for deed, thing in one.deeds)
    why = ", ".join(say(GROUNDS.get(reason, reason)) for reason in one.reasons)
    return [
        time_text(one.first), time_text(one.last), one.actor.name, one.actor.id, one.actor.role, one.actor.unit,
        "; ".join([*patients, *([f"+{rest}"] if rest else [])]), deeds, why,
        " ".join(map(str, one.rows)),
    ]  # fmt: skip


@overseeing
async def person_copy(request: Request) -> Response:
    """GET /oversight/person/{id}/log.csv"""
    return await _copy(request, "person")


@overseeing
async def patient_copy(request: Request) -> Response:
    """GET /oversight/patient/{id}/log.csv"""
    return await _copy(request, "patient")


@overseeing
async def find(request: Request) -> Response:
    """POST /oversight/find: an employee by name or HPR number, or a patient by a whole official number; what is typed
    stands in no address."""
    overseer, form = overseer_of(request), await read_form(request)
    text = " ".join(form.get("text", "").split())[:80]
    if not token_fits(request, form):
        return _found(request, text, [], "stale", 403)
    number = text.replace(" ", "")
    if len(number) != NUMBER or not number.isdigit():
        return _found(request, text, await hits(await bureau_of(request), text))
    if not (national.is_birth_number(number) or national.is_d_number(number)):
        return _found(request, text, [], "number", 422)
    try:
        patient = await overseer.patient(number, int(site_of(request).clock() * 1e6))
    except Problem as error:
        if error.status != 429:
            raise
        return _found(request, text, [], "wait", 429)
    if patient is None:
        return _found(request, text, [], "nobody")
    return RedirectResponse(f"/oversight/patient/{patient.partition('/')[2]}", 303)


def _found(request: Request, text: str, found: Sequence[Hit], wrong: str = "", status: int = 200) -> Response:
    return answer(request, "insight-find.html", status, text=text, found=found, wrong=wrong)


ROUTES = [
    Route("/oversight/find", find, methods=["POST"]),
    Route("/oversight/person/{id}", person),
    Route("/oversight/person/{id}/log.csv", person_copy),
    Route("/oversight/patient/{id}", patient),
    Route("/oversight/patient/{id}/log.csv", patient_copy),
]
