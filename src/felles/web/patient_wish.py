"""What staff take down on a patient's word: a lock, a block, an opening, an objection (pasientjournalloven § 17)."""

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access import block, lock, objection
from felles.access.area import CLOSABLE
from felles.access.desk import Sitting
from felles.access.representation import authorise
from felles.record.outcome import Problem
from felles.web.chart.banner import Banner
from felles.web.employee import Employee, employee, employees
from felles.web.guard import finding
from felles.web.opening import at_work, opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.standing import documents
from felles.web.visit import read_form, site_of, token_fits
from felles.web.wish import Asked, asked

KINDS = ("lock", "block", "opening", "objection")
LEAST = 10
"""Letters of what the patient said."""
_NOTHING: Mapping[str, str] = {}


def _seated(request: Request) -> Sitting:
    sitting = at_work(request)
    if sitting is None:
        raise HTTPException(403)
    return sitting


async def _banner(request: Request) -> Banner | None:
    """None for whom nothing but the patient's lock keeps out. Raises Problem 404 for everybody else."""
    sitting, patient = _seated(request), f"Patient/{request.path_params['id']}"
    try:
        return await read_banner(request)
    except Problem:
        await authorise(sitting.record, sitting.who, patient, int(site_of(request).clock() * 1e6))
        return None


async def _page(
    request: Request,
    status: int = 200,
    wrong: str = "",
    form: Mapping[str, str] = _NOTHING,
    found: Sequence[Employee] = (),
) -> Response:
    """`wrong` names the field that did not do; `form` is filled in again; `found` are employees to choose among."""
    id, shown = request.path_params["id"], await _banner(request)
    request.state.opened = await opening(request)
    listed = await documents(_seated(request).record, id) if shown else []
    done = request.query_params.get("done", "")
    return answer(
        request, "patient-wishes.html", status, id=id, banner=shown, closable=list(CLOSABLE), documents=listed,
        wrong=wrong, form=form, found=found, least=LEAST, done=done if done in KINDS and not wrong else "",
    )  # fmt: skip


@finding
async def show(request: Request) -> Response:
    """GET /patient/{id}/wishes"""
    return await _page(request)


def _read(request: Request, form: Mapping[str, str], now: int) -> Asked:
    """The wish of a form, or which field does not do."""
    kind, who = form.get("kind", ""), _seated(request).who
    named = {"block": (f"Practitioner/{form.get('person', '')}",), "opening": (who.id,)}.get(kind, ())
    wanted = asked(form, now, named) if kind != "objection" else Asked()
    if kind not in KINDS:
        return Asked(wrong="kind")
    if wanted.wrong:
        return wanted
    return wanted if len(" ".join(form.get("text", "").split())) >= LEAST else Asked(wrong="text")


async def _put(sitting: Sitting, kind: str, patient: str, wanted: Asked, now: int, text: str) -> None:
    record, who, wish = sitting.record, sitting.who, wanted.wish
    match kind:
        case "lock":
            await lock.put(record, who, patient, wish, now, text)
        case "block":
            await block.put(record, who, patient, wish, now, text)
        case "opening":
            await lock.open_(record, who, patient, wish, now, text)
        case _:
            await objection.put(record, who, patient, objection.PURPOSES, now, text)


@finding
async def take_down(request: Request) -> Response:
    """POST /patient/{id}/wishes: puts it down, with the conversation; or finds the employees of a name."""
    form, sitting, id = await read_form(request), _seated(request), request.path_params["id"]
    now = int(site_of(request).clock() * 1e6)
    if not token_fits(request, form):
        return await _page(request, 403, "stale", form)
    if form.get("kind") == "block" and (form.get("find") is not None or not form.get("person")):
        found = await employees(sitting.record, form.get("name", ""))
        return await _page(request, 200 if found else 422, "" if found else "name", form, found)
    chosen = await employee(sitting.record, form.get("person", "")) if form.get("person") else []
    wanted = _read(request, form, now)
    if wanted.wrong:
        return await _page(request, 422, wanted.wrong, form, chosen)
    try:
        await _put(sitting, form["kind"], f"Patient/{id}", wanted, now, form["text"])
    except Problem as error:
        if error.status != 422:
            raise
        return await _page(request, 422, "document", form, chosen)
    return RedirectResponse(f"/patient/{id}/wishes?done={form['kind']}", 303)


ROUTES = [
    Route("/patient/{id}/wishes", show),
    Route("/patient/{id}/wishes", take_down, methods=["POST"]),
]
