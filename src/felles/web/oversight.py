"""The privacy officer's page: the state of the log, and what is owed of unusual reading (pasientjournalloven § 22,
Normen faktaark 15)."""

import asyncio
import time
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.audit import row, state
from felles.access.audit.pattern import Finding
from felles.access.audit.place import place_of
from felles.access.audit.proof import prove
from felles.access.audit.unusual import kept
from felles.access.desk import Sitting
from felles.access.oversight import Overseer, oversees_all
from felles.duties import handling
from felles.duties.duty import Outcome
from felles.duties.listing import Box, Order, Wanted, listed
from felles.duties.reading import Outside
from felles.duties.reading import names as duty_names
from felles.duties.unusual import READING
from felles.duties.worklist import Row
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.settings import settings
from felles.web.bureau import Bureau, bureau_of, day_text, time_text
from felles.web.chart.words import N_
from felles.web.guard import guarded
from felles.web.opening import at_work
from felles.web.page import answer
from felles.web.place import Place
from felles.web.visit import Visit, read_form, token_fits

MOST = 200
"""Findings on the page at the most."""
PATIENCE = 3.0
"""Seconds that a verification may take before the page is shown without its result."""
RECENT = 90
"""Days back in which findings without a unit are shown."""
OUTCOMES = {"ok": Outcome.OK, "not-ok": Outcome.NOT_OK, "needless": Outcome.NEEDLESS}
CONCLUSIONS = {
    Outcome.OK: N_("Oppslaget var i orden"),
    Outcome.NOT_OK: N_("Oppslaget var ikke i orden"),
    Outcome.NEEDLESS: N_("Ikke aktuelt"),
}
WRONG = {403: "refused", 404: "gone", 409: "changed", 422: "reason"}


def oversees(visit: Visit) -> bool:
    """The privacy officer alone."""
    return isinstance(visit.sitting, Sitting) and oversees_all(visit.sitting.who)


overseeing = guarded(oversees)


def overseer_of(request: Request) -> Overseer:
    """Raises HTTPException 403 for everybody but the privacy officer."""
    sitting = at_work(request)
    if sitting is None:
        raise HTTPException(403)
    return Overseer(sitting.record, sitting.who, sitting.log)


async def _listed(bureau: Bureau, box: Box, order: Order) -> Sequence[Row]:
    """Findings of unusual reading that are owed here, or were concluded lately."""
    who = bureau.sitting.who
    units = frozenset((key64(who.role.unit),)) if who.role else frozenset()
    wanted = Wanted(box, bureau.now, units, kind=READING.number, order=order)
    return (await listed(bureau.record, who, wanted, limit=MOST)).rows


async def _unowed(bureau: Bureau) -> list[Finding]:
    """Findings that nobody could be made to answer for: no unit stands behind them."""
    since = bureau.now - RECENT * 86_400_000_000
    return [one for one in await kept(bureau.record, since, bureau.now) if not one.unit][-MOST:]


async def _page(request: Request, status: int = 200, wrong: str = "", number: str = "", text: str = "") -> Response:
    bureau, overseer = await bureau_of(request), overseer_of(request)
    owed = await _listed(bureau, Box.UNIT, Order.DUE)
    done, unowed = await _listed(bureau, Box.CLOSED, Order.OPENED_LAST), await _unowed(bureau)
    log, patients = await state.state(overseer.record), {one.patient for one in (*owed, *done) if one.patient}
    people = {one.subject for one in (*owed, *done) if one.subject} | {one.person for one in unowed}
    people |= {one.person for one in (log.verified, log.kept) if one}
    actors = await duty_names(Outside(overseer.record), [one.duty.actor for one in done])
    keys = [one.duty.patient for one in (*owed, *done) if one.duty.patient]
    what = row.What("Task", [str(one.duty.id) for one in owed[: row.NAMED]], len(owed) + len(done))
    await bureau.tell(row.Act.SEARCH, what, keys)
    return answer(
        request, "oversight.html", status, log=log, owed=owed, done=done, unowed=unowed, actors=actors,
        names=await _names(bureau, people | set(actors.values())), lines=await overseer.lines(patients), wrong=wrong,
        number=number, text=text, now=bureau.now, day_text=day_text, time_text=time_text, conclusions=CONCLUSIONS,
        running=_running(request) is not None,
    )  # fmt: skip


async def _names(bureau: Bureau, people: set[str]) -> dict[str, str]:
    """What people are called; by their ids where nobody knows."""
    known = await bureau.register.chronicle()
    found = {id: known.person(id, bureau.now) for id in people}
    return {id: (person.name if person else "") or id for id, person in found.items()}


@overseeing
async def show(request: Request) -> Response:
    """GET /oversight"""
    return await _page(request)


@overseeing
async def close(request: Request) -> Response:
    """POST /oversight/finding: the officer's conclusion on one finding, with a reason."""
    form, overseer = await read_form(request), overseer_of(request)
    number, text, outcome = form.get("duty", ""), form.get("reason", ""), OUTCOMES.get(form.get("outcome", ""))
    if not token_fits(request, form):
        return await _page(request, 403, "stale", number, text)
    if outcome is None or not _is_number(number) or not _is_number(form.get("turn", "")):
        return await _page(request, 422, "outcome", number, text)
    try:
        await handling.close(overseer.record, overseer.who, int(number), outcome, text, turn=int(form["turn"]))
    except Problem as error:
        if error.status not in WRONG:
            raise
        return await _page(request, error.status, WRONG[error.status], number, text)
    return RedirectResponse("/oversight", 303)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


@overseeing
async def verify(request: Request) -> Response:
    """POST /oversight/verify: recomputes the whole log, one at a time in each process; long ones go on after the page
    is shown again."""
    overseer = overseer_of(request)
    if not token_fits(request, await read_form(request)):
        raise HTTPException(403)
    work = _running(request)
    if work is None:
        work = request.app.state.verifying = asyncio.ensure_future(_verified(overseer))
    await asyncio.wait([work], timeout=PATIENCE)
    return RedirectResponse("/oversight", 303)


def _running(request: Request) -> "asyncio.Future[None] | None":
    work: asyncio.Future[None] | None = getattr(request.app.state, "verifying", None)
    return work if work is not None and not work.done() else None


async def _verified(overseer: Overseer) -> None:
    """In a thread with a loop of its own, so that others are answered meanwhile."""
    address, folder = overseer.record.store.address, str(overseer.log.folder)
    found = await asyncio.to_thread(asyncio.run, prove(address, place_of(address, folder, settings().anchor)))
    moment = time.time_ns() // 1_000
    await overseer.record.commit((), lines=state.lines(overseer.who, found, moment))


ROUTES: Sequence[Route] = [
    Route("/oversight", show),
    Route("/oversight/finding", close, methods=["POST"]),
    Route("/oversight/verify", verify, methods=["POST"]),
]
PLACES = [
    Place("warning", N_("Kontroll med loggen"), "/oversight", "logg oppslag personvern innsyn audit log", oversees)
]
