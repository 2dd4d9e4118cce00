"""The lists of referrals: to assess, to book, with a time; their counts are the waiting list's own."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.clerical import waiting
from felles.clerical.code import tables
from felles.clerical.waiting import FAR, START, Box, Known, Order, Row, State, Wanted
from felles.duties.listing import units_of
from felles.web.chart.moment import parse_moment
from felles.web.chart.text import listed_name
from felles.web.chart.words import N_
from felles.web.duties import now_of, sheet, sitting_of, unit_names
from felles.web.guard import guarded
from felles.web.language import translations
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.visit import Visit, visit_of

HERE = "/referrals"
MOST = 2_000
TITLES = {Box.TO_ASSESS: N_("Til vurdering"), Box.TO_BOOK: N_("Skal ha time"), Box.WITH_TIME: N_("Har time")}
STATES = {State.ALL: N_("Alle"), State.LATE: N_("Over fristen"), State.NEAR: N_("Nær fristen")}
ORDERS = {
    Order.DUE: N_("Frist, tidligste først"), Order.WAITED: N_("Lengst ventet først"),
    Order.NEWEST: N_("Nyeste først"), Order.TIME: N_("Neste time først"),
}  # fmt: skip
COLUMNS = (
    N_("Pasient"), N_("Født"), N_("Gjelder"), N_("Fagområde"), N_("Mottatt"), N_("Ventet, dager"), N_("Frist"),
    N_("Time"), N_("Nummer"),
)  # fmt: skip


def handles(visit: Visit) -> bool:
    """Staff to whose role referrals belong."""
    return works(visit) and visit.sees("EpisodeOfCare")


handling = guarded(handles)


@dataclass(frozen=True, slots=True)
class Asked:
    """An address of the list. `unit` is an id."""

    want: Wanted
    unit: str
    after: tuple[int, int] = START

    def query(self, **changes: str) -> str:
        """The same question with some parts changed, as the query of an address."""
        one = self.want
        pairs = {
            "box": one.box.value, "unit": self.unit, "state": one.state.value, "field": one.field,
            "pathway": one.pathway, "order": one.order.value,
        }  # fmt: skip
        return urlencode({name: value for name, value in {**pairs, **changes}.items() if value})

    @property
    def narrowed(self) -> bool:
        return bool(self.want.state or self.want.field or self.want.pathway)


def asked(values: Mapping[str, str], units: Sequence[str]) -> Asked:
    """The question of an address. Raises HTTPException 404 for what is none."""
    own = units[0].partition("/")[2] if units else ""
    unit, field = values.get("unit", own), values.get("field", "")
    try:
        box, state = Box(values.get("box", Box.TO_ASSESS)), State(values.get("state", ""))
        order = Order(values.get("order", Order.DUE))
        place, _, key = values.get("after", "").partition(".")
        after = (int(place), int(key)) if place else START
    except ValueError:
        raise HTTPException(404) from None
    fits = f"Organization/{unit}" in units and field in {"", *tables()["field"]}
    if not fits or not (-FAR <= after[0] < 1 << 62 and -1 << 63 <= after[1] < 1 << 63):
        raise HTTPException(404)
    order = Order.DUE if order is Order.TIME and box is not Box.WITH_TIME else order
    return Asked(Wanted(box, order, state, field, values.get("pathway", "")[:40]), unit, after)


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as people read it; of a record that is not open there is no name, and nowhere to go."""

    name: str
    born: str
    reason: str
    field: str
    received: str
    waited: int
    due: str
    booked: str
    id: str
    open: bool = True
    mark: str = ""


def _shown(row: Row, known: Known | None, language: str) -> Shown:
    born = parse_moment(known.patient.get("birthDate")) if known else None
    mark = N_("timen er etter fristen") if row.too_late else N_("over fristen") if row.late else ""
    mark = mark or (N_("nær fristen") if row.near and row.booked is None else "")
    return Shown(
        listed_name(known.patient) if known else "", born.day if born else "", known.reason if known else "",
        coded("field", row.field, language), f"{row.seniority:%d.%m.%Y}", row.waited,
        f"{row.due:%d.%m.%Y}" if row.due else "", f"{row.booked:%d.%m.%Y %H:%M}" if row.booked else "", row.id,
        known is not None, mark,
    )  # fmt: skip


def coded(table: str, code: str, language: str) -> str:
    """A code of a clerical table in words."""
    row = tables()[table].get(code)
    return code if row is None else row.nn if language == "nn" else row.nb


async def _listed(request: Request, question: Asked, limit: int) -> tuple[list[Shown], tuple[int, int] | None]:
    record, language = sitting_of(request).record, visit_of(request).language
    unit = f"Organization/{question.unit}"
    page = await waiting.page(record, unit, question.want, now_of(request), question.after, limit)
    known: dict[str, Known] = {}
    for start in range(0, len(page.rows), waiting.PAGE):
        known |= await waiting.people(record, [one.id for one in page.rows[start : start + waiting.PAGE]])
    return [_shown(row, known.get(row.id), language) for row in page.rows], page.next


async def _question(request: Request) -> tuple[Asked, list[str]]:
    sitting = sitting_of(request)
    units = await units_of(sitting.record, sitting.who)
    return asked(request.query_params, units), units


@handling
async def show(request: Request) -> Response:
    """GET /referrals"""
    record, now = sitting_of(request).record, now_of(request)
    question, units = await _question(request)
    unit = f"Organization/{question.unit}"
    rows, following = await _listed(request, question, waiting.PAGE)
    counts = await waiting.counts(record, unit, now)
    count = counts.boxes[question.want.box]
    return answer(
        request, "referrals.html", question=question, rows=rows, counts=counts, titles=TITLES, states=STATES,
        orders={key: words for key, words in ORDERS.items() if key is not Order.TIME or _has_times(question)},
        count=await waiting.tally(record, unit, question.want, now) if question.narrowed else count,
        fields=choices("field", visit_of(request).language), pathways=await waiting.pathways(record, unit),
        units=await unit_names(request, units), begun=question.after != START,
        sent=request.query_params.get("done") == "forward",
        next="{}.{}".format(*following) if following else "",
    )  # fmt: skip


def _has_times(question: Asked) -> bool:
    return question.want.box is Box.WITH_TIME


def choices(table: str, language: str) -> dict[str, str]:
    """The codes of a clerical table and their words."""
    return {code: coded(table, code, language) for code in tables()[table]}


@handling
async def export(request: Request) -> Response:
    """GET /referrals.csv: the list with all that narrows it, at most MOST rows."""
    question, _ = await _question(request)
    rows, _ = await _listed(request, replace(question, after=START), MOST)
    say = translations(visit_of(request).language).gettext
    cells = [list(map(str, astuple(one)[: len(COLUMNS)])) for one in rows]
    return sheet([say(words) for words in COLUMNS], cells, f"referrals-{question.want.box}.csv")


ROUTES = [Route(HERE, show), Route(f"{HERE}.csv", export)]
PLACES = [
    Place("inbox", N_("Henvisninger"), HERE, "venteliste vurdering time referrals waiting list tilvisingar", handles)
]
