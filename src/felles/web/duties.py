"""The worklist: everything a unit owes, on tabs whose counts are the ledger's own."""

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.access.desk import Sitting
from felles.access.role import LEADERS
from felles.duties.bulk import bulks_of, progress
from felles.duties.kind import kinds
from felles.duties.listing import MOST, Box, Wanted, count, found, listed, mark, units_of
from felles.web.chart.words import N_
from felles.web.duties_list import ORDERS, TERMS, TITLES, Asked, Shown, asked, lines, plain, wanted
from felles.web.guard import guarded
from felles.web.label import labels
from felles.web.language import translations
from felles.web.opening import at_work
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.visit import site_of, visit_of

working = guarded(works)
COLUMNS = {
    "title": N_("Plikt"), "subject": N_("Gjelder"), "patient": N_("Pasient"), "unit": N_("Enhet"),
    "person": N_("Hos"), "opened": N_("Opprettet"), "due": N_("Frist"), "level": N_("Varslet"),
    "closed": N_("Lukket"), "outcome": N_("Utfall"), "number": N_("Nummer"),
}  # fmt: skip


def sitting_of(request: Request) -> Sitting:
    """Whoever sits there. Raises HTTPException 403 for nobody at work."""
    found = at_work(request)
    if found is None:
        raise HTTPException(403)
    return found


def now_of(request: Request) -> int:
    """The site's clock, in microseconds."""
    return int(site_of(request).clock() * 1_000_000)


async def unit_of(request: Request, asked: str) -> tuple[str, list[str]]:
    """The unit ("x") that is asked for, the own one without, and all in which one works. Raises HTTPException 404."""
    sitting = sitting_of(request)
    units = await units_of(sitting.record, sitting.who)
    unit = f"Organization/{asked}" if asked else sitting.who.role.unit if sitting.who.role else ""
    if unit not in units:
        raise HTTPException(404)
    return unit, units


async def question_of(request: Request, values: Mapping[str, str]) -> tuple[Asked, Wanted, list[str]]:
    """What an address or form asks for, as it says it and as the ledger takes it, and the units one works in."""
    sitting = sitting_of(request)
    units = await units_of(sitting.record, sitting.who)
    question = asked(values, units)
    return question, wanted(question, sitting.who, units, now_of(request)), units


async def counts(sitting: Sitting, want: Wanted) -> dict[Box, int]:
    """Of every list, all of it: what the tabs say."""
    boxes = [box for box in Box if box is not Box.TOLD or leads(sitting)]
    found = await asyncio.gather(*(count(sitting.record, plain(want, box)) for box in boxes))
    return dict(zip(boxes, found, strict=True))


def leads(sitting: Sitting) -> bool:
    return sitting.who.role is not None and sitting.who.role.code in LEADERS


@working
async def show(request: Request) -> Response:
    """GET /duties"""
    sitting = sitting_of(request)
    question, want, units = await question_of(request, request.query_params)
    page = await listed(sitting.record, sitting.who, want, question.after)
    begun = [one for one in await bulks_of(sitting.record, sitting.who) if one.deed and not one.undoes]
    unfinished = [one for one in begun[:3] if not (await progress(sitting.record, one)).finished]
    told = await counts(sitting, want)
    return answer(
        request, "duties.html", counts=told, count=told[want.box] if want.whole else await count(sitting.record, want),
        mark=mark([row.duty for row in page.rows]), question=question, titles=TITLES, terms=TERMS,
        orders=ORDERS, kinds=kinds(), units=await unit_names(request, units), unfinished=unfinished,
        rows=await lines(request, page.rows, want.now), next="{}.{}".format(*page.next) if page.next else "",
    )  # fmt: skip


async def unit_names(request: Request, units: Sequence[str]) -> list[tuple[str, str]]:
    """Id and name of units, in their order."""
    known = await labels(request, units)
    return [(one.partition("/")[2], known[one] or one) for one in units]


@working
async def live(request: Request) -> Response:
    """GET /duties/live: the counts as they are now, and whether the list has changed since `mark`. No row leaves."""
    sitting = sitting_of(request)
    question, want, _ = await question_of(request, request.query_params)
    rows = await found(sitting.record, want, question.after)
    changed = mark(rows) != request.query_params.get("mark", "")
    return answer(
        request, "part/duties-tabs.html", question=question, counts=await counts(sitting, want), titles=TITLES,
        changed=changed, mark=request.query_params.get("mark", ""),
    )  # fmt: skip


@working
async def export(request: Request) -> Response:
    """GET /duties.csv: the list with all that narrows it, at most MOST rows; the log is told of those it shows."""
    sitting = sitting_of(request)
    question, want, _ = await question_of(request, request.query_params)
    page = await listed(sitting.record, sitting.who, want, None, MOST)
    say = translations(visit_of(request).language).gettext
    told = [replace(one, title=say(one.title), level=say(one.level) if one.level else "") for one in
             await lines(request, page.rows, want.now)]  # fmt: skip
    return sheet([say(words) for words in COLUMNS.values()], map(_cells, told), f"duties-{question.box}.csv")


def _cells(row: Shown) -> list[str]:
    return [str(getattr(row, name)) for name in COLUMNS]


def sheet(head: Sequence[str], rows: Any, name: str) -> Response:
    """A table as a spreadsheet reads it; no cell is a formula (OWASP: CSV injection)."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(
        [f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in row] for row in rows
    )
    sent = {"content-disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=sent)


ROUTES = [
    Route("/duties", show),
    Route("/duties.csv", export),
    Route("/duties/live", live),
]
PLACES = [Place("list", N_("Plikter"), "/duties", "oppgaver arbeidsliste frister duties tasks worklist", works)]
