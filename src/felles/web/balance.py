"""The balance of the ledger on a day, by unit and kind, every number open to its rows and proven again on demand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.duties.balance import Column, Count, balance, behind, summed
from felles.duties.calendar import NORWAY, day_of
from felles.duties.kind import code_of
from felles.duties.listing import units_of
from felles.duties.proving import Proven, prove
from felles.duties.reading import Outside
from felles.duties.worklist import rows
from felles.record.index.value import key64
from felles.web.chart.words import N_
from felles.web.duties import now_of, sheet, sitting_of, working
from felles.web.duties_list import lines, title_of
from felles.web.label import labels
from felles.web.language import translations
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.visit import read_form, token_fits, visit_of

COLUMNS = {
    Column.BEFORE: N_("Åpne før"), Column.OPENED: N_("Opprettet"), Column.RECEIVED: N_("Mottatt"),
    Column.CLOSED: N_("Lukket"), Column.HANDED: N_("Gitt videre"), Column.AFTER: N_("Åpne etter"),
}  # fmt: skip
NAMES = {column.name.lower(): column for column in Column}
PAGE = 50
FIRST = date(1970, 1, 2)
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One unit and kind, or a sum: the six numbers in the order of COLUMNS."""

    unit: str
    kind: int
    title: str
    count: Count

    @property
    def numbers(self) -> list[tuple[str, int]]:
        return [(column.name.lower(), getattr(self.count, column.name.lower())) for column in COLUMNS]


def day_in(request: Request) -> date:
    """The day that is asked for, today without one. Raises HTTPException 404 for none."""
    today = day_of(NORWAY.day_number(now_of(request)))
    try:
        day = date.fromisoformat(request.query_params.get("day") or today.isoformat())
    except ValueError:
        raise HTTPException(404) from None
    if not FIRST <= day <= today:
        raise HTTPException(404)
    return day


async def counted(request: Request, day: date) -> list[Count]:
    """The counts of the units in which one works."""
    sitting = sitting_of(request)
    found = await balance(Outside(sitting.record), (day - EPOCH).days)
    return [count for count in found if count.unit in sitting.who.keys]


async def grouped(request: Request, counts: Sequence[Count]) -> list[tuple[str, list[Line]]]:
    """Units by name, each with its kinds and, where there are several, their sum first."""
    sitting = sitting_of(request)
    known = {key64(one): one for one in await units_of(sitting.record, sitting.who)}
    words = await labels(request, (known.get(count.unit) for count in counts))
    found = []
    for unit, some in groupby(sorted(counts, key=lambda one: one.unit), key=lambda one: one.unit):
        reference = known.get(unit, "")
        id = reference.partition("/")[2]
        found.append((words.get(reference, ""), [Line(id, one.kind, title_of(one.kind), one) for one in some]))
    return sorted(found, key=lambda one: one[0].casefold())


@working
async def show(request: Request) -> Response:
    """GET /balance"""
    return await page(request)


async def page(request: Request, status: int = 200, proven: Proven | None = None) -> Response:
    day = day_in(request)
    counts = await counted(request, day)
    today = day_of(NORWAY.day_number(now_of(request)))
    return answer(
        request, "balance.html", status, day=day, before=day - timedelta(days=1),
        later=day + timedelta(days=1) if day < today else None, units=await grouped(request, counts),
        total=Line("", 0, "", summed(counts)), columns=COLUMNS, holds=all(one.holds for one in counts), proven=proven,
        latest=today, code_of=code_of,
    )  # fmt: skip


@working
async def prove_again(request: Request) -> Response:
    """POST /balance: every duty of one's units told again from its entries, every count added up again."""
    if not token_fits(request, await read_form(request)):
        raise HTTPException(403)
    sitting = sitting_of(request)
    return await page(request, proven=await prove(sitting.record, sitting.who))


@working
async def behind_number(request: Request) -> Response:
    """GET /balance/{unit}/{kind}/{column}: the rows that a number counts."""
    sitting, day, values = sitting_of(request), day_in(request), request.path_params
    unit, column = key64(f"Organization/{values['unit']}"), NAMES.get(values["column"])
    kind, after = _whole(values["kind"]), _whole(request.query_params.get("after", "-1"))
    if unit not in sitting.who.keys or column is None:
        raise HTTPException(404)
    found = await behind(Outside(sitting.record), (day - EPOCH).days, unit, kind, column, after, PAGE + 1)
    shown = await rows(sitting.record, found[:PAGE], now_of(request), sitting.who)
    (named,) = (await labels(request, [f"Organization/{values['unit']}"])).values()
    return answer(
        request, "balance-rows.html", rows=await lines(request, shown, now_of(request)), day=day, unit=named,
        title=title_of(kind), column=COLUMNS[column], next=found[PAGE - 1].id if len(found) > PAGE else None,
        count=await _number(request, day, unit, kind, column), after=after,
    )  # fmt: skip


async def _number(request: Request, day: date, unit: int, kind: int, column: Column) -> int:
    found = await balance(Outside(sitting_of(request).record), (day - EPOCH).days, unit, kind)
    number: int = getattr(summed(found), column.name.lower())
    return number


def _whole(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20) or int(text) >= 1 << 63:
        raise HTTPException(404)
    return int(text)


@working
async def export(request: Request) -> Response:
    """GET /balance.csv"""
    day = day_in(request)
    say = translations(visit_of(request).language).gettext
    found = await grouped(request, await counted(request, day))
    head = [say(N_("Dag")), say(N_("Enhet")), say(N_("Plikt")), *map(say, COLUMNS.values())]
    return sheet(head, (_cells(day, name, line, say) for name, some in found for line in some), f"balance-{day}.csv")


def _cells(day: date, unit: str, line: Line, say: Any) -> list[str]:
    return [day.isoformat(), unit, say(line.title), *(str(number) for _, number in line.numbers)]


ROUTES = [
    Route("/balance", show),
    Route("/balance", prove_again, methods=["POST"]),
    Route("/balance.csv", export),
    Route("/balance/{unit}/{kind}/{column}", behind_number),
]
PLACES = [Place("scales", N_("Balanse"), "/balance", "regnskap avstemming tall balance ledger reconciliation", works)]
