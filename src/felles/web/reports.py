"""The month's extracts for the national patient register: validity, reconciliation by unit, and what lacks codes."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from felles.clerical.npr.month import Month
from felles.clerical.npr.overview import Overview, overview
from felles.web.chart.words import N_
from felles.web.duties import now_of, sheet, sitting_of
from felles.web.guard import guarded
from felles.web.label import labels
from felles.web.language import translations
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.visit import Visit, visit_of

HERE = "/reports"
REASONS: Mapping[str, str] = {
    "place": N_("mangler organisasjonsnummer"), "class": N_("mangler omsorgsnivå"),
    "time": N_("mangler start eller slutt"), "diagnosis": N_("mangler diagnose"),
    "procedure": N_("mangler prosedyrekode"), "referral": N_("mangler henvisningsperiode"),
    "patient": N_("mangler pasient"), "unfinished": N_("ikke avsluttet"), "cancelled": N_("avlyst eller feilført"),
    "later": N_("avsluttet etter måneden"),
}  # fmt: skip
"""Why a contact is not in the extract."""
COLUMNS = (
    N_("Enhet"), N_("Kontakter i journalen"), N_("Kontakter i uttrekket"), N_("Utelatt"),
    N_("Henvisningsperioder i journalen"), N_("Henvisningsperioder i uttrekket"), N_("Avsluttet før måneden"),
    N_("Venter ifølge ventelisten"), N_("Venter i uttrekket"), N_("Går opp"),
)  # fmt: skip


def reports(visit: Visit) -> bool:
    """Staff to whose role contacts belong."""
    return works(visit) and visit.sees("Encounter")


reporting = guarded(reports)


def said_of(reason: str, say: Mapping[str, str] = REASONS) -> str:
    """A reason, or several of them, in words."""
    return ", ".join(say.get(one, one) for one in reason.split(", "))


async def _asked(request: Request) -> Overview:
    """What the address asks for. Raises HTTPException 404 for no month."""
    text = request.query_params.get("month", "")
    try:
        month = Month.of(text) if text else None
    except ValueError:
        raise HTTPException(404) from None
    sitting = sitting_of(request)
    return await overview(sitting.record, sitting.who, month, now_of(request))


async def _names(request: Request, found: Overview) -> dict[str, str]:
    units = {row.tally.unit for one in found.shown for row in one.rows}
    return await labels(request, units | {one.report.institution for one in found.shown} | found.lacking.keys())


@reporting
async def show(request: Request) -> Response:
    """GET /reports"""
    found = await _asked(request)
    say = translations(visit_of(request).language).gettext
    words = {name: say(told) for name, told in REASONS.items()}
    return answer(
        request, "reports.html", found=found, names=await _names(request, found),
        said_of=lambda reason: said_of(reason, words),
    )  # fmt: skip


@reporting
async def export(request: Request) -> Response:
    """GET /reports.csv: the reconciliation of a month."""
    found = await _asked(request)
    names, say = await _names(request, found), translations(visit_of(request).language).gettext
    rows = [row.tally for one in found.shown for row in one.rows]
    cells = [
        [names.get(one.unit, ""), *map(str, (
            one.contacts, one.reported_contacts, sum(one.left.values()), one.periods, one.reported_periods, one.over,
            one.waiting, one.reported_waiting)), say(N_("ja")) if one.holds else say(N_("nei"))]
        for one in rows
    ]  # fmt: skip
    return sheet([say(words) for words in COLUMNS], cells, f"reports-{found.month or ''}.csv")


ROUTES = [Route(HERE, show), Route(f"{HERE}.csv", export)]
PLACES = [
    Place("building", N_("Rapporter"), HERE, "npr uttrekk koding avstemming rapportering reports extract", reports)
]
