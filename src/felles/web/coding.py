"""Coding a contact: what it lacks, written on one page (NPR's model; rundskriv IS-2331)."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clerical.npr.mending import Lacking, Mended, lacking, mend
from felles.record.outcome import Problem
from felles.web.chart.moment import parse_moment
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.label import labels
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.reports import REASONS
from felles.web.visit import Visit, read_form, token_fits

WRONG: Mapping[str, str] = {
    "diagnosis": N_("En kode i ICD-10 ser ut som M17.1."), "procedure": N_("En prosedyrekode ser ut som NGB20."),
    "period": N_("Velg en henvisningsperiode."), "": N_("Skriv det som mangler."),
    "stale": N_("Andre har endret kontakten. Se over, og send en gang til."),
}  # fmt: skip
_EMPTY: Mapping[str, str] = {}


def codes(visit: Visit) -> bool:
    """Staff whose role writes diagnoses."""
    return finds(visit) and visit.writes("Condition")


coding = guarded(codes)


async def _page(
    request: Request, status: int = 200, wrong: tuple[str, ...] = (), form: Mapping[str, str] = _EMPTY
) -> Response:
    found = await lacking(sitting_of(request).record, request.path_params["id"])
    one = found.encounter
    unit = str((one.get("serviceProvider") or {}).get("reference", ""))
    start = parse_moment((one.get("period") or {}).get("start"))
    patient = str((one.get("subject") or {}).get("reference", "")).partition("/")[2]
    return answer(
        request, "coding.html", status, found=found, wrong=wrong, words=WRONG, form=form, reasons=REASONS,
        unit=(await labels(request, [unit])).get(unit, ""), when=start.text if start else "",
        what=next((each.get("text", "") for each in one.get("type") or ()), ""),
        banner=await read_banner(request, patient), by_hand=_by_hand(found), version=one["meta"]["versionId"],
    )  # fmt: skip


def _by_hand(found: Lacking) -> list[str]:
    """What is missing and is not written here."""
    return [one for one in found.lacks if one not in ("diagnosis", "procedure", "referral")]


@coding
async def show(request: Request) -> Response:
    """GET /coding/{id}"""
    return await _page(request)


@coding
async def write(request: Request) -> Response:
    """POST /coding/{id}"""
    form = await read_form(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    id, sitting = request.path_params["id"], sitting_of(request)
    procedures = {name.removeprefix("p-"): _code(code) for name, code in form.items() if name.startswith("p-")}
    version = int(form["version"]) if form.get("version", "").isdecimal() else 0
    words = " ".join(form.get("words", "").split())[:200]
    said = Mended(_code(form.get("diagnosis", "")), words, procedures, form.get("period", ""), version)
    try:
        await mend(sitting.record, sitting.who, id, said, now_of(request))
    except Problem as error:
        if error.status not in (409, 412, 422):
            raise
        told = tuple(issue.expression or "" for issue in error.issues) if error.status == 422 else ("stale",)
        return await _page(request, error.status, tuple(one if one in WRONG else "" for one in told), form)
    return RedirectResponse(f"/coding/{id}", 303)


def _code(text: str) -> str:
    return text.strip().upper()[:12]


ROUTES = [Route("/coding/{id}", show), Route("/coding/{id}", write, methods=["POST"])]
