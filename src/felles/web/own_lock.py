"""What the patient closes: locks, blocks of employees, uses that are objected to (pasientjournalloven § 17)."""

from collections.abc import Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access import block, lock, objection
from felles.access.area import CLOSABLE
from felles.access.desk import Sitting
from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.employee import Employee, employee, employees
from felles.web.guard import guarded
from felles.web.opening import at_work
from felles.web.page import answer
from felles.web.place import Place, at_home
from felles.web.standing import documents, standing
from felles.web.visit import Visit, read_form, site_of, token_fits
from felles.web.wish import asked

HERE = "/own/locks"
LIFTS = {"lock": lock.lift, "block": block.lift, "opening": lock.close, "objection": objection.lift}
STALE = (403, "stale")
_NOTHING: Mapping[str, str] = {}


def closes(visit: Visit) -> bool:
    """Patients, and those who act for them and see what is closed."""
    return at_home(visit) and visit.sees("Consent")


own = guarded(closes)


def seated(request: Request) -> Sitting:
    """Whoever sits here in their own name. Raises HTTPException 403 for nobody."""
    sitting = at_work(request)
    if sitting is None:
        raise HTTPException(403)
    return sitting


async def _page(
    request: Request,
    status: int = 200,
    wrong: str = "",
    form: Mapping[str, str] = _NOTHING,
    found: Sequence[Employee] = (),
) -> Response:
    """`wrong` names the field that did not do; `form` is filled in again; `found` are employees to choose among."""
    sitting = seated(request)
    record, patient = sitting.record, f"Patient/{sitting.home}"
    kinds = {
        "lock": await lock.standing(record, patient),
        "block": await block.standing(record, patient),
        "opening": await lock.openings(record, patient),
        "objection": await objection.standing(record, patient),
    }
    stands = {name: await standing(record, patient, consents) for name, consents in kinds.items()}
    return answer(
        request, "own-locks.html", status, stands=stands, closable=list(CLOSABLE), wrong=wrong, form=form, found=found,
        documents=await documents(record, sitting.home), may=sitting.decides,
    )  # fmt: skip


@own
async def show(request: Request) -> Response:
    """GET /own/locks: what is closed; `block` is the id of an employee to begin with."""
    id = request.query_params.get("block", "")
    found = await employee(seated(request).record, id) if id else []
    return await _page(request, form={"person": id} if found else {}, found=found)


@own
async def close(request: Request) -> Response:
    """POST /own/locks: locks the record or a part of it."""
    form, sitting, now = await read_form(request), seated(request), int(site_of(request).clock() * 1e6)
    if not token_fits(request, form):
        return await _page(request, *STALE, form)
    wanted = asked(form, now)
    if wanted.wrong:
        return await _page(request, 422, wanted.wrong, form)
    try:
        await lock.put(sitting.record, sitting.who, f"Patient/{sitting.home}", wanted.wish, now)
    except Problem as error:
        return await _refused(request, error, "document", form)
    return RedirectResponse(HERE, 303)


async def _refused(request: Request, error: Problem, field: str, form: Mapping[str, str]) -> Response:
    """What the room does not take goes back with the form; what is nobody's matter here is no page at all."""
    if error.status not in (404, 422):
        raise error
    return await _page(request, 422, field, form)


@own
async def keep_out(request: Request) -> Response:
    """POST /own/locks/block: blocks an employee, or finds those of a name to choose among."""
    form, sitting, now = await read_form(request), seated(request), int(site_of(request).clock() * 1e6)
    if not token_fits(request, form):
        return await _page(request, *STALE, form)
    if form.get("find") is not None or not form.get("person"):
        found = await employees(sitting.record, form.get("name", ""))
        return await _page(request, 200 if found else 422, "" if found else "name", form, found)
    wanted = asked({"extent": "whole", **form}, now, (f"Practitioner/{form['person']}",))
    if wanted.wrong:
        return await _page(request, 422, f"block-{wanted.wrong}", form, await employee(sitting.record, form["person"]))
    try:
        await block.put(sitting.record, sitting.who, f"Patient/{sitting.home}", wanted.wish, now)
    except Problem as error:
        return await _refused(request, error, "name", form)
    return RedirectResponse(f"{HERE}#blocks", 303)


@own
async def object_(request: Request) -> Response:
    """POST /own/locks/objection: objects to quality work and learning."""
    form, sitting, now = await read_form(request), seated(request), int(site_of(request).clock() * 1e6)
    if not token_fits(request, form):
        return await _page(request, *STALE, form)
    await objection.put(sitting.record, sitting.who, f"Patient/{sitting.home}", objection.PURPOSES, now)
    return RedirectResponse(f"{HERE}#objections", 303)


@own
async def lift(request: Request) -> Response:
    """POST /own/locks/lift: takes one back. Who lifts it twice meets the list, where it no longer stands."""
    form, sitting, now = await read_form(request), seated(request), int(site_of(request).clock() * 1e6)
    if not token_fits(request, form):
        return await _page(request, *STALE, form)
    done = LIFTS.get(form.get("kind", ""))
    if done is None:
        raise HTTPException(404)
    try:
        await done(sitting.record, sitting.who, f"Patient/{sitting.home}", form.get("id", ""), now)
    except Problem as error:
        if error.status != 409:
            raise
    return RedirectResponse(HERE, 303)


PLACES = [Place("lock", N_("Sperrer i journalen"), HERE, "sperre reservere steng ute blokker lock block", closes)]
ROUTES = [
    Route(HERE, show),
    Route(HERE, close, methods=["POST"]),
    Route(f"{HERE}/block", keep_out, methods=["POST"]),
    Route(f"{HERE}/objection", object_, methods=["POST"]),
    Route(f"{HERE}/lift", lift, methods=["POST"]),
]
