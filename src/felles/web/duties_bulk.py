"""The same act on many duties, in steps that may be interrupted: what has been done is told from the ledger."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.duties import bulk
from felles.duties.bulk import Bulk, Deed
from felles.duties.handling import duty
from felles.duties.listing import MOST, found
from felles.duties.worklist import rows
from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.duties import now_of, question_of, sitting_of, working
from felles.web.duties_list import Shown, lines, number_in
from felles.web.duties_one import CLOSING
from felles.web.duties_owner import units
from felles.web.page import answer
from felles.web.visit import read_form, token_fits

SECONDS = 2.0
"""How long one step goes on."""
NAMED = 20
"""Duties that are named among those that were not done."""
WHY = {
    403: N_("Ikke din å gjøre noe med slik"), 404: N_("Ikke åpen for deg"), 409: N_("Kunne ikke gjøres slik den står"),
    422: N_("Noe manglet, eller mottakeren er ikke der"),
}  # fmt: skip
TITLES = {Deed.TAKE: N_("Ta plikter"), Deed.HAND: N_("Gi plikter videre"), Deed.CLOSE: N_("Lukk plikter"),
          Deed.UNDO: N_("Angre")}  # fmt: skip


def picked(form: Mapping[str, str]) -> list[tuple[int, int]]:
    """Number and turn of the rows that were marked."""
    marked = [(name[1:], turn) for name, turn in form.items() if name[:1] == "d" and turn.isdigit() and len(turn) < 10]
    return [(number_in(name), int(turn)) for name, turn in marked if name[:1] in "0123456789abcdef" and len(name) > 4]


@working
async def begin(request: Request) -> Response:
    """POST /duties/bulk: puts down what was marked, or the whole list as it stands, and asks what to do."""
    form, sitting = await read_form(request), sitting_of(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    pairs = await _whole(request, form) if form.get("all") else picked(form)
    if not pairs:
        question, _, _ = await question_of(request, form)
        return RedirectResponse(f"/duties?{question.query()}", 303)
    begun = await bulk.begin(sitting.record, sitting.who, pairs)
    return RedirectResponse(f"/duties/bulk/{begun.number:x}", 303)


async def _whole(request: Request, form: Mapping[str, str]) -> list[tuple[int, int]]:
    sitting = sitting_of(request)
    _, want, _ = await question_of(request, form)
    want = replace(want, units=want.units & sitting.who.keys)
    return [(one.id, one.turn) for one in await found(sitting.record, want, None, MOST)]


async def page(request: Request, one: Bulk, status: int = 200, fault: str = "", **typed: Any) -> Response:
    """How far it has come; what can be chosen where nothing has begun."""
    far = await bulk.progress(sitting_of(request).record, one)
    why = {words: [number for number, told in far.refused.items() if told == code] for code, words in WHY.items()}
    values = {"bulk": one, "far": far, "named": NAMED, "titles": TITLES, "outcomes": CLOSING, "fault": fault}
    return answer(
        request, "duties-bulk.html", status, **values, why={words: told for words, told in why.items() if told},
        typed=defaultdict(str, typed), units=await units(request) if one.deed is None else (),
        duties=await _named(request, [far.changed, *why.values()]),
    )  # fmt: skip


async def _named(request: Request, groups: Sequence[Sequence[int]]) -> dict[int, Shown]:
    """The first of each group, as a list would show them."""
    sitting = sitting_of(request)
    some = [await duty(sitting.record, number) for group in groups for number in group[:NAMED]]
    told = await lines(request, await rows(sitting.record, some, now_of(request), sitting.who), now_of(request))
    return {int(one.number, 16): one for one in told}


@working
async def show(request: Request) -> Response:
    """GET /duties/bulk/{number}"""
    return await page(request, await _own(request))


@working
async def go_on(request: Request) -> Response:
    """POST /duties/bulk/{number}: chooses the act where none is chosen, and does as much as a step allows."""
    form, sitting, one = await read_form(request), sitting_of(request), await _own(request)
    if not token_fits(request, form):
        return await page(
            request, one, 403, N_("Siden var for gammel. Det du skrev er her fortsatt: send en gang til."), **form
        )
    if one.deed is None:
        try:
            one = await _chosen(request, one, form)
        except Problem as error:
            return await page(request, one, error.status, N_("Velg hva som skal gjøres, og skriv en grunn."), **form)
    await bulk.go_on(sitting.record, sitting.who, one, SECONDS)
    return RedirectResponse(f"/duties/bulk/{one.number:x}", 303)


async def _chosen(request: Request, one: Bulk, form: Mapping[str, str]) -> Bulk:
    deed = Deed(form["deed"]) if form.get("deed") in {"take", "hand", "close"} else Deed.CLOSE
    outcome = int(form["outcome"]) if form.get("outcome") in {"2", "3", "4"} else 0
    unit = f"Organization/{form['unit']}" if form.get("unit") else ""
    return await bulk.choose(sitting_of(request).record, one, deed, form.get("reason", ""), outcome, unit)


@working
async def undo(request: Request) -> Response:
    """POST /duties/bulk/{number}/undo: takes back what has been done, as another act on many."""
    form, sitting, one = await read_form(request), sitting_of(request), await _own(request)
    if not token_fits(request, form) or one.deed in (None, Deed.UNDO):
        raise HTTPException(403)
    reason = form.get("reason", "").strip()
    if not reason:
        return await page(request, one, 422, N_("Skriv hvorfor det angres."), **form)
    back = await bulk.undo(sitting.record, sitting.who, one, reason)
    await bulk.go_on(sitting.record, sitting.who, back, SECONDS)
    return RedirectResponse(f"/duties/bulk/{back.number:x}", 303)


async def _own(request: Request) -> Bulk:
    sitting = sitting_of(request)
    return await bulk.bulk_of(sitting.record, sitting.who, number_in(request.path_params["number"]))


ROUTES = [
    Route("/duties/bulk", begin, methods=["POST"]),
    Route("/duties/bulk/{number}", show),
    Route("/duties/bulk/{number}", go_on, methods=["POST"]),
    Route("/duties/bulk/{number}/undo", undo, methods=["POST"]),
]
