"""Notes of one patient: drafts, what has been signed, and the page on which a note is written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import note
from felles.clinical.note import Draft, Saved, templates
from felles.record.outcome import Problem
from felles.web.chart.note import Note, note_views
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.label import labels, moment
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.source import chart_parts, directory
from felles.web.visit import Visit, read_form, token_fits, visit_of

HERE = "/patient/{id}/notes"
BYTES = 1_048_576
STALE = N_("Siden var for gammel. Det du skrev er her fortsatt: send en gang til.")
OTHERS = N_("Andre har skrevet her også. Begge tekstene står under: les, rett og signer.")
EMPTY = N_("Notatet er tomt.")
WITHDRAWN = N_("Skriv hvorfor notatet trekkes, og trekk bare det du selv har skrevet.")
CHANGED = N_("Notatet er endret siden du åpnet siden.")
DONE: Mapping[str, str] = {
    "sign": N_("Notatet er signert."), "discard": N_("Utkastet er kastet."), "withdraw": N_("Notatet er trukket."),
    "countersign": N_("Du har signert notatet."), "save": N_("Utkastet er lagret."),
}  # fmt: skip
Form = Mapping[str, str]
Json = dict[str, Any]


def reads(visit: Visit) -> bool:
    """Staff to whose role notes belong."""
    return finds(visit) and visit.sees("Composition") and visit.writes("Composition") and visit.sees("Condition")


noting = guarded(reads)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed note as people read it; `version` as an act needs it. `acts`: a Composition, which may be added to,
    signed and withdrawn; a document is only read. `mine`: the visitor wrote it, `twice`: signed it."""

    view: Note
    acts: bool
    version: int
    mine: bool
    twice: bool


def _patient(request: Request) -> str:
    return f"Patient/{request.path_params['id']}"


async def _page(request: Request, status: int = 200, words: str = "") -> Response:
    visit, sitting = visit_of(request), sitting_of(request)
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    held = await note.drafts(sitting.record, sitting.who, _patient(request))
    parts = await chart_parts(visit.record, request.path_params["id"], ("compositions", "documents"))
    kept = [one for one in parts["compositions"] if one.get("status") in ("final", "amended")]
    kept += [one for one in parts["documents"] if one.get("status") == "current"]
    names = await labels(request, [one.author for one in held])
    return answer(
        request, "notes.html", status, banner=banner, words=words, kinds=templates().values(), drafts=held, names=names,
        signed=await _signed(request, kept), moment=moment, done=DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


async def _signed(request: Request, kept: Sequence[Json]) -> list[Signed]:
    role = sitting_of(request).who.role
    own = role.id if role else ""
    places = await directory(visit_of(request).record, list(kept))
    by_id = {str(one["id"]): one for one in kept}
    made = []
    for view in note_views(kept, places):
        held = by_id[view.id]
        authors = {str(one.get("reference")) for one in held.get("author") or ()}
        signers = {str((one.get("party") or {}).get("reference")) for one in held.get("attester") or ()}
        version, whole = int(held["meta"]["versionId"]), held["resourceType"] == "Composition"
        whole, version = held["resourceType"] == "Composition", int(held["meta"]["versionId"])
        made.append(Signed(view, whole, version, own in authors, own in signers | authors))
    return made


@noting
async def show(request: Request) -> Response:
    """GET /patient/{id}/notes"""
    return await _page(request)


@noting
async def begin(request: Request) -> Response:
    """POST /patient/{id}/notes: begins a note of a kind, or an addendum to one (`about`)."""
    form, sitting = await read_form(request), sitting_of(request)
    if not token_fits(request, form):
        return await _page(request, 403, STALE)
    about = f"Composition/{form['about']}" if form.get("about") else ""
    id = await note.begin(
        sitting.record, sitting.who, _patient(request), form.get("template", ""), now_of(request), about,
        visit_of(request).language,
    )  # fmt: skip
    return RedirectResponse(f"/patient/{request.path_params['id']}/notes/{id}", 303)


async def _draft(request: Request) -> Draft:
    sitting = sitting_of(request)
    return await note.draft(sitting.record, sitting.who, _patient(request), request.path_params["note"])


async def _editor(
    request: Request, status: int = 200, words: str = "", texts: Mapping[int, str] | None = None
) -> Response:
    """The draft as it stands; `texts` are what somebody typed and could not be saved."""
    held = await _draft(request)
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    names = await labels(request, [one.author for one in held.sections])
    return answer(
        request, "note.html", status, banner=banner, draft=held, words=words, texts=texts or {}, names=names,
        moment=moment, own=_own(request), longest=note.LONGEST, done=DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


def _own(request: Request) -> str:
    role = sitting_of(request).who.role
    return role.id if role else ""


@noting
async def write(request: Request) -> Response:
    """GET /patient/{id}/notes/{note}"""
    return await _editor(request)


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > 9:
        raise HTTPException(422)
    return int(text)


async def _saved(request: Request, place: int, version: int, base: str, text: str) -> Saved:
    sitting = sitting_of(request)
    return await note.save(
        sitting.record, sitting.who, _patient(request), request.path_params["note"], place, version, base, text,
        now_of(request),
    )  # fmt: skip


@noting
async def save(request: Request) -> Response:
    """POST /patient/{id}/notes/{note}/save: one section, as it is typed; the answer is JSON with what stands now."""
    form = await read_form(request, BYTES)
    if not token_fits(request, form):
        raise HTTPException(403)
    try:
        await _draft(request)
        place, version = _number(form.get("place", "")), _number(form.get("version", ""))
        done = await _saved(request, place, version, form.get("base", ""), form.get("text", ""))
    except Problem as error:
        return JSONResponse({"error": error.status}, error.status)
    one = done.section
    return JSONResponse({"version": one.version, "text": one.text, "others": done.others, "both": done.both})


@noting
async def sign(request: Request) -> Response:
    """POST /patient/{id}/notes/{note}/sign: saves what was typed, and signs it where nobody has written meanwhile."""
    form, held = await read_form(request, BYTES), await _draft(request)
    typed = {one.place: form.get(f"s{one.place}", one.text) for one in held.sections}
    if not token_fits(request, form):
        return await _editor(request, 403, STALE, typed)
    others, versions = False, {}
    for one in held.sections:
        if f"v{one.place}" not in form:
            raise HTTPException(422)
        place = one.place
        done = await _saved(request, place, _number(form[f"v{place}"]), form.get(f"b{place}", ""), typed[place])
        others = others or done.others
        versions[place] = done.section.version
    if others:
        return await _editor(request, 409, OTHERS)
    if not form.get("sign"):
        return RedirectResponse(f"{request.url.path.removesuffix('/sign')}?done=save", 303)
    sitting = sitting_of(request)
    try:
        await note.sign(sitting.record, sitting.who, _patient(request), held.id, versions, now_of(request))
    except Problem as error:
        if error.status not in (409, 422):
            raise
        return await _editor(request, error.status, OTHERS if error.status == 409 else EMPTY)
    return RedirectResponse(f"/patient/{request.path_params['id']}/notes?done=sign", 303)


@noting
async def discard(request: Request) -> Response:
    """POST /patient/{id}/notes/{note}/discard"""
    form, sitting = await read_form(request, BYTES), sitting_of(request)
    if not token_fits(request, form):
        return await _editor(request, 403, STALE)
    await note.discard(sitting.record, sitting.who, _patient(request), request.path_params["note"])
    return RedirectResponse(f"/patient/{request.path_params['id']}/notes?done=discard", 303)


@noting
async def act(request: Request) -> Response:
    """POST /patient/{id}/notes/countersign and /withdraw: of a signed note."""
    form, sitting = defaultdict(str, await read_form(request)), sitting_of(request)
    if not token_fits(request, form):
        return await _page(request, 403, STALE)
    held = await sitting.record.resource("Composition", form["about"])
    if (held.get("subject") or {}).get("reference") != _patient(request):
        raise HTTPException(404)
    version, kind = _number(form["version"]), request.url.path.rpartition("/")[2]
    try:
        if kind == "countersign":
            await note.countersign(sitting.record, sitting.who, form["about"], version, now_of(request))
        else:
            await note.withdraw(sitting.record, sitting.who, form["about"], version, form["why"])
    except Problem as error:
        if error.status not in (403, 409, 422):
            raise
        return await _page(request, error.status, CHANGED if error.status == 409 else WITHDRAWN)
    return RedirectResponse(f"/patient/{request.path_params['id']}/notes?done={kind}", 303)


ROUTES = [
    Route(HERE, show),
    Route(HERE, begin, methods=["POST"]),
    Route(f"{HERE}/countersign", act, methods=["POST"]),
    Route(f"{HERE}/withdraw", act, methods=["POST"]),
    Route(f"{HERE}/{{note}}", write),
    Route(f"{HERE}/{{note}}/save", save, methods=["POST"]),
    Route(f"{HERE}/{{note}}/sign", sign, methods=["POST"]),
    Route(f"{HERE}/{{note}}/discard", discard, methods=["POST"]),
]
