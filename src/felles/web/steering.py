"""Steering: waiting times, deadlines, planned times and epicrises by month; each number opens to what it counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.clerical.code import tables
from felles.duties.listing import units_of
from felles.steering.fact import Kind
from felles.steering.figure import ALL, BY_CODE, FIGURES, Count, Figure, goal
from felles.steering.reading import Series, first_of, rows, series, standing, this_month, whole
from felles.web.chart.trend import Trend, trend
from felles.web.chart.words import N_
from felles.web.duties import now_of, sheet, sitting_of, unit_names, working
from felles.web.label import labels, patient_labels
from felles.web.language import translations
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.visit import visit_of

SPANS = (12, 24, 36)
"""Months that may be looked at together."""
HEAD = (N_("Måned"), N_("Nøkkeltall"), N_("Felt"), N_("Antall"), N_("Verdi"), N_("Mål"))
VERDICTS = {
    Kind.ASSESSED: (N_("for sent"), N_("i tide")), Kind.ANSWERED: (N_("avslag"), N_("rett til helsehjelp")),
    Kind.BEGUN: (N_("etter fristen"), N_("innen fristen")), Kind.VISIT: (N_("ikke møtt"), N_("møtt")),
}  # fmt: skip
"""What a fact says that is not as it should be, and one that is."""
HREFS = {"EpisodeOfCare": "/referrals/{}"}
"""Pages of what a fact is about."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: id of a unit, code of a field, both empty for all, and how many months."""

    unit: str
    field: str
    span: int

    def query(self, **more: object) -> str:
        """The same question as the query of an address."""
        given = {"unit": self.unit, "field": self.field, "months": self.span, **more}
        return urlencode({name: value for name, value in given.items() if value not in ("", None)})


@dataclass(frozen=True, slots=True)
class Line:
    """One month of a figure, or all months together: number, value and goal as people read them."""

    month: str
    words: str
    number: int
    value: str
    goal: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with its months, its sum and its drawing; `fields`: the sum by field, where there are several."""

    figure: Figure
    total: Line
    months: Sequence[Line]
    drawing: Trend | None
    fields: Sequence[Line]


async def asked(request: Request) -> tuple[Asked, list[str]]:
    """The question, and the units it is about. Raises HTTPException 404 for a unit that is not one's own."""
    sitting, given = sitting_of(request), request.query_params
    units = await units_of(sitting.record, sitting.who)
    unit, field = given.get("unit", ""), given.get("field", "")
    span = next((one for one in SPANS if str(one) == given.get("months")), SPANS[0])
    if (unit and f"Organization/{unit}" not in units) or (field and field not in tables()["field"]):
        raise HTTPException(404)
    return Asked(unit, field, span), [f"Organization/{unit}"] if unit else units


def written(figure: Figure, value: float | None) -> str:
    """`61 d` or `4,3 %`; a dash for nothing."""
    if value is None:
        return "–"
    text = f"{value:.0f}" if figure.days else f"{value:.1f}".replace(".", ",")
    return f"{text} d" if figure.days else f"{text} %"


def share(part: int, number: int) -> str:
    """Per cent, or a dash of nothing."""
    return f"{100 * part / number:.1f}".replace(".", ",") if number else "–"


def line(figure: Figure, count: Count, field: str, month: int, words: str = "") -> Line:
    """A count as people read it."""
    value, wanted = figure.of(count), goal(figure.code, field, first_of(month))
    met = None if value is None or wanted is None else value <= wanted if figure.low else value >= wanted
    day = first_of(month)
    said = words or f"{day:%m.%Y}"
    return Line(f"{day:%Y-%m}", said, count.number, written(figure, value), written(figure, wanted), met)


def shown(figure: Figure, found: Series, question: Asked, last: int) -> Shown:
    """A figure over the months that are asked for."""
    months = range(last - question.span + 1, last + 1)
    counted = [name for name in tables()["field"] if (figure.kind, name) in found]
    field = counted[0] if len(counted) == 1 else question.field
    by = found.get((figure.kind, question.field), {})
    lines = [line(figure, by.get(month, Count()), field, month) for month in months]
    drawing = trend([figure.of(by.get(month, Count())) for month in months], goal(figure.code, field, first_of(last)))
    fields = [
        line(figure, whole(found[figure.kind, name]), name, last, tables()["field"][name].nb)
        for name in counted if field == ALL
    ]  # fmt: skip
    return Shown(figure, line(figure, whole(by), field, last), lines, drawing, fields)


@working
async def show(request: Request) -> Response:
    """GET /steering"""
    question, units = await asked(request)
    record, now = sitting_of(request).record, now_of(request)
    last = this_month(now)
    found = await series(record, units, last - question.span + 1, last)
    return answer(
        request, "steering.html", question=question, spans=SPANS, fields=tables()["field"].values(),
        units=await unit_names(request, await units_of(record, sitting_of(request).who)),
        now=await standing(record, units, now), shown=[shown(one, found, question, last) for one in FIGURES],
        share=share,
    )  # fmt: skip


@working
async def export(request: Request) -> Response:
    """GET /steering.csv: every month of every figure, with its definition's name, by field."""
    question, units = await asked(request)
    last = this_month(now_of(request))
    months = range(last - question.span + 1, last + 1)
    found = await series(sitting_of(request).record, units, months[0], last)
    say = translations(visit_of(request).language).gettext
    cells = [
        _cells(figure, field, by.get(month, Count()), month, say(figure.title))
        for figure in FIGURES
        for (kind, field), by in sorted(found.items())
        if kind is figure.kind and question.field in (ALL, field)
        for month in months
    ]
    return sheet([say(words) for words in HEAD], cells, "steering.csv")


def _cells(figure: Figure, field: str, count: Count, month: int, title: str) -> list[str]:
    value, wanted = figure.of(count), goal(figure.code, field, first_of(month))
    plain = ["" if one is None else f"{one:.2f}".replace(".", ",") for one in (value, wanted)]
    return [f"{first_of(month):%Y-%m}", title, field, str(count.number), *plain]


@working
async def behind(request: Request) -> Response:
    """GET /steering/{figure}: the rows that a number counts."""
    figure = BY_CODE.get(request.path_params["figure"])
    if figure is None:
        raise HTTPException(404)
    question, units = await asked(request)
    last = this_month(now_of(request))
    first, last = _months(request.query_params, last - question.span + 1, last)
    record, after = sitting_of(request).record, _after(request.query_params.get("after", ""))
    found = await rows(record, units, figure.kind, first, last, question.field, *([after] if after else []))
    return answer(
        request, "steering-rows.html", figure=figure, question=question, rows=found.rows, hrefs=HREFS,
        verdicts=VERDICTS.get(figure.kind, ("", "")),
        units=await labels(request, (one.unit for one in found.rows)),
        patients=await patient_labels(request, (one.patient for one in found.rows)),
        month=request.query_params.get("month", ""), first=first_of(first), last=first_of(last),
        next="{}.{}".format(*found.next) if found.next else "",
    )  # fmt: skip


def _months(given: Mapping[str, str], first: int, last: int) -> tuple[int, int]:
    """The one month of an address, or the whole span. Raises HTTPException 404."""
    text = given.get("month", "")
    if not text:
        return first, last
    year, _, month = text.partition("-")
    if not (len(text) == len("2026-11") and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12):
        raise HTTPException(404)
    one = int(year) * 12 + int(month) - 1
    return one, one


def _after(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    day, _, subject = text.partition(".")
    digits = [one.removeprefix("-") for one in (day, subject)]
    if not all(one.isascii() and one.isdigit() and len(one) < 20 for one in digits) or abs(int(subject)) >= 1 << 63:
        raise HTTPException(404)
    return int(day), int(subject)


ROUTES = [
    Route("/steering", show),
    Route("/steering.csv", export),
    Route("/steering/{figure}", behind),
]
PLACES = [Place("chart", N_("Styring"), "/steering", "ventetid fristbrudd nøkkeltall epikrise steering figures", works)]
