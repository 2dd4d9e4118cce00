"""Giving and ending roles on the pages: each form says what it does, a refusal says why in plain words."""

from dataclasses import dataclass
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.authorisation import LEAST_WORDS, MOST_WORDS, Grant, end, give, held, leave
from felles.access.authority import WORDS, No, Refusal
from felles.access.role import Employment
from felles.access.title import TITLES, title
from felles.duties.worklist import count_of_person
from felles.record.record import Record
from felles.web.authorisations import overseeing
from felles.web.bureau import Bureau, bureau_of, day_of, day_text
from felles.web.page import answer
from felles.web.visit import read_form, site_of, token_fits

Form = dict[str, str]
STALE = "stale"
DAY = "day"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a form is about: the Practitioner's id, the name, and how many duties they owe."""

    id: str
    name: str
    duties: int

    @property
    def reference(self) -> str:
        return f"Practitioner/{self.id}"


async def _subject(request: Request, bureau: Bureau) -> Subject:
    """Raises HTTPException 404 for nobody, 403 for who gives no roles."""
    if not bureau.authority.gives:
        raise HTTPException(403)
    id = request.path_params["id"]
    found = (await bureau.register.chronicle()).person(f"Practitioner/{id}", bureau.now)
    if found is None:
        raise HTTPException(404)
    return Subject(id, found.name, await _owed(bureau.sitting.record, found.id, bureau.now))


async def _owed(record: Record, person: str, now: int) -> int:
    return sum(one.open for one in await count_of_person(record, person, now))


def _words(no: str) -> str:
    return WORDS[No(no)] if no in set(No) else ""


def _giving(request: Request, bureau: Bureau, whom: Subject, form: Form, status: int = 200, no: str = "") -> Response:
    return answer(
        request, "authorisation-give.html", status, whom=whom, form=form, no=no, words=_words(no), units=bureau.units,
        titles={code: words for code, words in TITLES.items() if code in _offered(bureau)}, least=LEAST_WORDS,
        most=MOST_WORDS, first=form.get("first") or site_of(request).today.isoformat(),
    )  # fmt: skip


def _offered(bureau: Bureau) -> set[str]:
    """Codes that may be given somewhere."""
    return {code for unit in bureau.authority.units or () for code in bureau.authority.offered(unit)}


@overseeing
async def show_give(request: Request) -> Response:
    """GET /authorisations/person/{id}/give"""
    bureau = await bureau_of(request)
    return _giving(request, bureau, await _subject(request, bureau), {})


@overseeing
async def send_give(request: Request) -> Response:
    """POST /authorisations/person/{id}/give: in force from the day it begins, for today at once."""
    bureau, form = await bureau_of(request), await read_form(request)
    whom = await _subject(request, bureau)
    first, last = day_of(form.get("first", "")), day_of(form.get("last", ""))
    if not token_fits(request, form):
        return _giving(request, bureau, whom, form, 403, STALE)
    if first is None or (form.get("last") and last is None):
        return _giving(request, bureau, whom, form, 422, DAY)
    unit, code = f"Organization/{form.get('unit', '')}", form.get("role", "")
    wanted = Grant(whom.reference, unit, code, first, last, form.get("reason", ""))
    try:
        await give(bureau.office, wanted, bureau.now)
    except Refusal as refusal:
        return _giving(request, bureau, whom, form, refusal.status, refusal.no)
    return RedirectResponse(f"/authorisations/person/{whom.id}", 303)


def _ending(
    request: Request, whom: Subject, one: Employment | None, place: str, form: Form, status: int = 200, no: str = ""
) -> Response:
    return answer(
        request, "authorisation-end.html", status, whom=whom, one=one, place=place, form=form, no=no,
        words=_words(no), title=title, day_text=day_text, least=LEAST_WORDS, most=MOST_WORDS,
    )  # fmt: skip


async def _role(request: Request, bureau: Bureau, whom: Subject) -> tuple[Employment, str]:
    """The role of an address, and its unit's name. Raises HTTPException 404 for none that is open to the visitor."""
    wanted = f"PractitionerRole/{request.path_params['role']}"
    for one in await held(bureau.sitting.record, whom.reference):
        if one.role.id == wanted and bureau.authority.sees(one.role.unit):
            unit = bureau.tree.units.get(one.role.unit)
            return one, unit.name if unit else one.role.unit
    raise HTTPException(404)


@overseeing
async def show_end(request: Request) -> Response:
    """GET /authorisations/person/{id}/role/{role}/end"""
    bureau = await bureau_of(request)
    whom = await _subject(request, bureau)
    versions = (await bureau.register.chronicle()).roles.get(f"PractitionerRole/{request.path_params['role']}", ())
    number = str(versions[-1].number if versions else 0)
    return _ending(request, whom, *await _role(request, bureau, whom), {"number": number})


@overseeing
async def send_end(request: Request) -> Response:
    """POST /authorisations/person/{id}/role/{role}/end: now, or with a day to come."""
    bureau, form = await bureau_of(request), await read_form(request)
    whom = await _subject(request, bureau)
    one, place = await _role(request, bureau, whom)
    last, number = _last(form), form.get("number", "")
    if not token_fits(request, form):
        return _ending(request, whom, one, place, form, 403, STALE)
    if last is None and form.get("when") == "day":
        return _ending(request, whom, one, place, form, 422, DAY)
    version = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
    try:
        await end(bureau.office, one.role.id, version, last, form.get("reason", ""), bureau.now)
    except Refusal as refusal:
        return _ending(request, whom, one, place, form, refusal.status, refusal.no)
    return RedirectResponse(f"/authorisations/person/{whom.id}", 303)


def _last(form: Form) -> date | None:
    return day_of(form.get("last", "")) if form.get("when") == "day" else None


@overseeing
async def show_leave(request: Request) -> Response:
    """GET /authorisations/person/{id}/leave"""
    bureau = await bureau_of(request)
    return _ending(request, await _subject(request, bureau), None, "", {})


@overseeing
async def send_leave(request: Request) -> Response:
    """POST /authorisations/person/{id}/leave: all roles in the visitor's units end now, what was owed is handed on."""
    bureau, form = await bureau_of(request), await read_form(request)
    whom = await _subject(request, bureau)
    if not token_fits(request, form):
        return _ending(request, whom, None, "", form, 403, STALE)
    try:
        await leave(bureau.office, whom.reference, form.get("reason", ""), bureau.now)
    except Refusal as refusal:
        return _ending(request, whom, None, "", form, refusal.status, refusal.no)
    return RedirectResponse(f"/authorisations/person/{whom.id}", 303)


PERSON = "/authorisations/person/{id}"
POST = ["POST"]
ROUTES = [
    Route(f"{PERSON}/give", show_give),
    Route(f"{PERSON}/give", send_give, methods=POST),
    Route(f"{PERSON}/leave", show_leave),
    Route(f"{PERSON}/leave", send_leave, methods=POST),
    Route(f"{PERSON}/role/{{role}}/end", show_end),
    Route(f"{PERSON}/role/{{role}}/end", send_end, methods=POST),
]
