"""The same act on many letters, in steps that may be interrupted: sent again, or not to be sent, with a reason."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.delivery import outbox, run
from felles.delivery.run import Run
from felles.delivery.state import Event
from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.duties_list import number_in
from felles.web.letter_unit import HERE, chosen, posting, question_of
from felles.web.letter_words import EVENTS
from felles.web.page import answer
from felles.web.visit import read_form, token_fits

SECONDS = 2.0
"""How long one step goes on."""
WHY = {
    403: N_("En annen enhet sendte dem"), 404: N_("Ikke åpen for deg"), 409: N_("Kunne ikke gjøres slik de står"),
    412: N_("Endret av andre"),
}  # fmt: skip


def picked(form: Mapping[str, str]) -> list[tuple[str, int]]:
    """Id and version of the rows that were marked."""
    return [
        (name[2:], int(version))
        for name, version in form.items()
        if name.startswith("d-") and version.isdigit() and len(version) < 10
    ]


@posting
async def begin(request: Request) -> Response:
    """POST /letters/run: puts down what was marked, or all of the list that are open to the reader, and begins."""
    form, sitting, now = await read_form(request), sitting_of(request), now_of(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    question, _ = await question_of(request, form)
    event = Event(form["event"]) if form.get("event") in set(Event) else Event.TAKE
    pairs = picked(form)
    if form.get("all"):
        among, _ = await outbox.owed(sitting.record, sitting.who, question.unit, now)
        told = await chosen(request, question, among)
        pairs = [(one.delivery["id"], int(one.delivery["meta"]["versionId"])) for one in told if one.shown]
    try:
        begun = await run.begin(sitting.record, sitting.who, pairs, event, form.get("reason", ""), now)
    except Problem:
        return RedirectResponse(f"{HERE}?{question.query(wrong='run')}#run", 303)
    await run.go_on(sitting.record, sitting.who, begun, SECONDS, now)
    return RedirectResponse(f"{HERE}/run/{begun.number:x}", 303)


async def _own(request: Request) -> Run:
    sitting = sitting_of(request)
    return await run.run_of(sitting.record, sitting.who, number_in(request.path_params["number"]), now_of(request))


@posting
async def show(request: Request) -> Response:
    """GET /letters/run/{number}"""
    one = await _own(request)
    far = await run.progress(sitting_of(request).record, one)
    why = {words: sum(status == code for status in far.refused.values()) for code, words in WHY.items()}
    return answer(
        request, "letters-run.html", run=one, far=far, events=EVENTS,
        why={words: count for words, count in why.items() if count},
    )  # fmt: skip


@posting
async def go_on(request: Request) -> Response:
    """POST /letters/run/{number}: as much as a step allows."""
    form, sitting, one = await read_form(request), sitting_of(request), await _own(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    await run.go_on(sitting.record, sitting.who, one, SECONDS, now_of(request))
    return RedirectResponse(f"{HERE}/run/{one.number:x}", 303)


ROUTES = [
    Route(f"{HERE}/run", begin, methods=["POST"]),
    Route(f"{HERE}/run/{{number}}", show),
    Route(f"{HERE}/run/{{number}}", go_on, methods=["POST"]),
]
