"""The patient's own letters: what has come, the unread first, each one to be read, kept and printed. Reading one is
the proof that it was delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.delivery.act import Post, opened, post, post_one
from felles.delivery.channel import Channel
from felles.delivery.letter import channel_of, state_of
from felles.delivery.paper import Sheet, pdf
from felles.delivery.printing import address
from felles.delivery.state import State
from felles.duties.reading import Outside
from felles.record.outcome import Problem
from felles.web.chart.moment import parse_moment
from felles.web.chart.text import narrative_lines
from felles.web.chart.words import N_
from felles.web.duties import now_of
from felles.web.guard import guarded
from felles.web.own_lock import seated
from felles.web.page import answer
from felles.web.place import Place, at_home
from felles.web.visit import Visit, site_of

HERE = "/own/letters"
Json = dict[str, Any]


def sees(visit: Visit) -> bool:
    """Patients, and those who act for them and see such things."""
    return at_home(visit) and visit.sees("Communication")


own = guarded(sees)


@dataclass(frozen=True, slots=True)
class Mine:
    """A letter in a list. `paper`: it went by post."""

    id: str
    title: str
    unit: str
    day: str
    unread: bool
    paper: bool


def _mine(one: Post) -> Mine:
    day, channel = parse_moment(one.letter.get("date")), channel_of(one.delivery)
    unread = channel is Channel.MAILBOX and state_of(one.delivery) is not State.DELIVERED
    return Mine(
        str(one.delivery["id"]), str(one.letter.get("title", "")), _unit(one), day.day if day else "", unread,
        channel is not Channel.MAILBOX,
    )  # fmt: skip


def _unit(one: Post) -> str:
    return str((one.delivery.get("sender") or {}).get("display", ""))


def _newest(found: Sequence[Post]) -> list[Post]:
    return sorted(found, key=lambda one: str(one.letter.get("date")), reverse=True)


@own
async def show(request: Request) -> Response:
    """GET /own/letters"""
    sitting = seated(request)
    found = [_mine(one) for one in _newest(await post(sitting.record, sitting.who))]
    return answer(
        request, "own-letters.html", unread=[one for one in found if one.unread],
        read=[one for one in found if not one.unread],
    )  # fmt: skip


@own
async def read(request: Request) -> Response:
    """GET /own/letters/{id}: the letter, which is delivered by this."""
    sitting, id = seated(request), request.path_params["id"]
    one = await post_one(sitting.record, sitting.who, id)
    if channel_of(one.delivery) is Channel.MAILBOX:
        try:
            await opened(sitting.record, sitting.who, id, now_of(request))
        except Problem as error:
            if error.status != 412:  # the mailbox moved it at the same moment; it is read all the same
                raise
    sections = one.letter.get("section") or ()
    lines = [line for part in sections for line in narrative_lines((part.get("text") or {})["div"])]
    signed = next((str(each.get("display", "")) for each in one.letter.get("author") or ()), "")
    return answer(
        request, "own-letter.html", letter=_mine(one), lines=lines, signed=signed,
        tongue=str(one.letter.get("language", "nb")),
    )  # fmt: skip


@own
async def file(request: Request) -> Response:
    """GET /own/letters/{id}.pdf: the letter as it would come by post."""
    sitting = seated(request)
    one = await post_one(sitting.record, sitting.who, request.path_params["id"])
    name, _, id = str(one.delivery["recipient"][0]["reference"]).partition("/")
    to = await Outside(sitting.record).read(name, id) or {}
    made = await pdf([Sheet(one.letter, one.delivery, address(to))], practice=site_of(request).demo)
    named = {"content-disposition": 'attachment; filename="brev.pdf"'}
    return Response(made.pdf, media_type="application/pdf", headers=named)


PLACES = [Place("inbox", N_("Brevene mine"), HERE, "brev post innkalling letters mail", sees)]
ROUTES = [
    Route(HERE, show),
    Route(f"{HERE}/{{id}}.pdf", file),
    Route(f"{HERE}/{{id}}", read),
]
