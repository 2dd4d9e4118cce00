"""One duty: what it is, who has it, what happens next, what has happened, and what one may do with it.

An act holds only at the turn that the page showed. Where others were faster the page says what they did, and keeps what
was typed.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.audit.words import DEEDS, thing
from felles.access.desk import Sitting
from felles.duties import handling
from felles.duties.clearance import may_close, may_handle
from felles.duties.duty import Act, Duty, Outcome
from felles.duties.entry import Entry, entries, undoable
from felles.duties.escalation import Level
from felles.duties.kind import kind_of
from felles.duties.reading import Outside, names
from felles.duties.review import Review, review
from felles.duties.worklist import Row, rows
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of, working
from felles.web.duties_list import LEVELS, OUTCOMES, names_of, number_in, shown
from felles.web.duties_owner import Choice, owners
from felles.web.label import deadline, labels, moment
from felles.web.page import answer
from felles.web.visit import read_form, token_fits

ACTS = {
    Act.OPEN: N_("Opprettet for"), Act.CLOSE: N_("Lukket"), Act.HAND: N_("Gitt til"), Act.REOPEN: N_("Åpnet igjen"),
    Act.RETURN: N_("Gitt tilbake til"), Act.VOID: N_("Angret: skulle ikke vært opprettet"),
    Act.ESCALATE: N_("Ikke gjort i tide"), Act.LEFT: N_("Til enheten, for den som hadde den, har sluttet"),
    Act.MOVE: N_("Pasientens identitet er rettet"),
}  # fmt: skip
CLOSING = {one: OUTCOMES[one] for one in (Outcome.OK, Outcome.NOT_OK, Outcome.NEEDLESS)}
UNDOING = {
    Act.CLOSE: N_("Angre lukkingen"),
    Act.HAND: N_("Angre overleveringen"),
    Act.OPEN: N_("Skulle ikke vært opprettet"),
}
FAULTS = {
    "stale": N_("Siden var for gammel. Det du skrev er her fortsatt: send en gang til."),
    "409": N_("Andre har gjort noe med plikten imens. Se historikken, og send igjen hvis det er riktig."),
    "403": N_("Dette er ikke din plikt å gjøre noe med slik."),
    "422": N_("Noe mangler: skriv en grunn, og velg noen som arbeider ved enheten nå."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A turn of the history in words; `new`: it came after the turn that somebody's form was for."""

    when: str
    what: str
    who: str
    to: str
    reason: str
    new: bool


async def _reached(sitting: Sitting, number: int) -> tuple[Duty, list[Entry]]:
    """A duty of a unit one works in, or one that one's unit has handed on. Raises 404 for every other."""
    one = await handling.duty(sitting.record, number)
    told = await entries(Outside(sitting.record), number)
    last = undoable(told)
    handed = last is not None and last.act == Act.HAND and last.unit in sitting.who.keys
    if not may_handle(one, sitting.who) and not handed:
        raise HTTPException(404)
    return one, told


async def _history(request: Request, told: Sequence[Entry], seen: int, open_: bool) -> list[Told]:
    """Newest first. What was written is shown to whom the duty itself is shown."""
    sitting = sitting_of(request)
    known = await names(Outside(sitting.record), [key for one in told for key in (one.unit, one.person, one.actor)])
    words = await labels(request, known.values())
    called: dict[int | None, str] = {key: words[reference] for key, reference in known.items()}
    last = {one.turn: one for one in told}
    found = []
    for one in sorted(last.values(), key=lambda entry: -entry.turn):
        moved = one.act in (Act.HAND, Act.RETURN, Act.OPEN, Act.LEFT)
        to = " · ".join(filter(None, (called.get(one.person), called.get(one.unit)))) if moved else ""
        outcome = OUTCOMES[Outcome(one.outcome)] if one.act == Act.CLOSE else ""
        what, reason = ACTS[Act(one.act)], (one.reason or "") if open_ else ""
        found.append(
            Told(
                moment(one.moment),
                what,
                called.get(one.actor, ""),
                outcome or to,
                reason,
                bool(seen) and one.turn > seen,
            )
        )
    return found


def _steps(one: Duty) -> list[tuple[str, str, bool]]:
    """(when, who is told, whether it has been)"""
    found = enumerate(one.moments) if one.open else ()
    return [(deadline(when), LEVELS[Level(level)], place < one.step) for place, (level, when) in found]


async def _may(request: Request, row: Row, last: Entry | None) -> Mapping[str, bool]:
    sitting, one = sitting_of(request), row.duty
    kind, who = kind_of(one.kind), sitting.who
    handles = may_handle(one, who) and one.open
    empty = bool(kind.closers) and await handling.vacant(Outside(sitting.record), one, kind)
    closes = one.open and may_close(one, kind, who, vacant=empty)
    seen = row.shown or closes
    undoes = last is not None and (seen or last.act == Act.HAND) and (last.act != Act.OPEN or closes)
    mine = one.person == key64(who.id) and not one.in_pool(now_of(request))
    return {"take": seen and handles and not mine, "hand": seen and handles, "close": closes, "undo": undoes}


async def page(request: Request, status: int = 200, fault: str = "", form: Mapping[str, str] | None = None) -> Response:
    """The page of a duty; `form` is what was typed in an act that came to nothing."""
    sitting, typed = sitting_of(request), defaultdict(str, form or {})
    number = number_in(request.path_params["number"])
    one, told = await _reached(sitting, number)
    (row,) = await rows(sitting.record, [one], now_of(request), sitting.who)
    last = undoable(told)
    seen = int(typed["turn"]) if typed.get("turn", "").isdigit() else 0
    found = await review(sitting.record, sitting.who, one)
    names_ = await names_of(request, [row])
    return answer(
        request, "duty.html", status, row=shown(row, names_, now_of(request)), duty=one, kind=kind_of(one.kind),
        proof=await _proof(request, row), history=await _history(request, told, seen, row.shown), steps=_steps(one),
        may=await _may(request, row, last), undoing=UNDOING[Act(last.act)] if last else "", outcomes=CLOSING,
        review=await _reviewed(request, found), fault=FAULTS.get(fault, ""), typed=typed, deeds=DEEDS, thing=thing,
        moment=moment, choice=await _choice(request, row),
    )  # fmt: skip


async def _proof(request: Request, row: Row) -> str:
    known = await names(Outside(sitting_of(request).record), [row.duty.proof])
    return thing(known[row.duty.proof].partition("/")[0]) if row.duty.proof in known else ""


async def _choice(request: Request, row: Row) -> Choice:
    return await owners(request, row.unit or "") if row.duty.open else Choice()


async def _reviewed(request: Request, found: Review | None) -> dict[str, Any] | None:
    if found is None:
        return None
    known = await labels(request, [found.opener])
    return {"opener": known[found.opener], "review": found}


Deed = Callable[[Sitting, int, int, Mapping[str, str]], Awaitable[Duty]]


async def _take(sitting: Sitting, number: int, turn: int, form: Mapping[str, str]) -> Duty:
    return await handling.take(sitting.record, sitting.who, number, turn=turn)


async def _hand(sitting: Sitting, number: int, turn: int, form: Mapping[str, str]) -> Duty:
    unit, person = f"Organization/{form.get('unit', '')}", form.get("person", "")
    to = f"Practitioner/{person}" if person else None
    return await handling.hand_on(sitting.record, sitting.who, number, unit, to, form.get("reason", ""), turn=turn)


async def _close(sitting: Sitting, number: int, turn: int, form: Mapping[str, str]) -> Duty:
    outcome = Outcome(int(form["outcome"])) if form.get("outcome") in {"2", "3", "4"} else Outcome.NONE
    return await handling.close(sitting.record, sitting.who, number, outcome, form.get("reason", ""), turn=turn)


async def _undo(sitting: Sitting, number: int, turn: int, form: Mapping[str, str]) -> Duty:
    return await handling.undo(sitting.record, sitting.who, number, form.get("reason", ""), turn=turn)


DEEDS_OF: Mapping[str, Deed] = {"take": _take, "hand-on": _hand, "close": _close, "undo": _undo}


@working
async def show(request: Request) -> Response:
    """GET /duties/{number}"""
    return await page(request)


@working
async def act(request: Request) -> Response:
    """POST /duties/{number}/{deed}: 409 with what happened meanwhile, 422 with what is missing."""
    form, deed = await read_form(request), DEEDS_OF.get(request.path_params["deed"])
    sitting, number = sitting_of(request), number_in(request.path_params["number"])
    if deed is None:
        raise HTTPException(404)
    typed = {**form, "deed": request.path_params["deed"]}
    if not token_fits(request, form):
        return await page(request, 403, "stale", typed)
    await _reached(sitting, number)
    if not form.get("turn", "").isdigit() or len(form["turn"]) > 9:
        raise HTTPException(400)
    try:
        done = await deed(sitting, number, int(form["turn"]), form)
    except Problem as error:
        if error.status not in (403, 409, 422):
            raise
        return await page(request, error.status, str(error.status), typed)
    still = may_handle(done, sitting.who)
    return RedirectResponse(f"/duties/{number:x}" if still or deed is _hand else "/duties", 303)


ROUTES = [
    Route("/duties/{number}", show),
    Route("/duties/{number}/{deed}", act, methods=["POST"]),
]
