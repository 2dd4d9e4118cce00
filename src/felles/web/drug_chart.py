"""The drug chart of a patient: what is due on a day, given by hand or by scanner; and the round of a ward."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import drug_chart, giving
from felles.clinical.barcode import Band, Package, Unreadable, scanned
from felles.clinical.dose import Dose, written
from felles.clinical.dose_reading import Unreadable as NotADose
from felles.clinical.dose_reading import parsed
from felles.clinical.dose_words import unit_word
from felles.clinical.drug_chart import Found, Matched, Planned, Row, State
from felles.clinical.giving import HOUR, Handed
from felles.clinical.medication import words_of
from felles.clinical.product import SOURCE
from felles.clinical.workspace import stays
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.web.chart.moment import OSLO, day_of
from felles.web.chart.place import Directory
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of, unit_names, unit_of
from felles.web.label import patient_labels
from felles.web.medicine import STALE, WORDS, gives, giving_out, plain
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import Place
from felles.web.source import directory
from felles.web.visit import read_form, token_fits, visit_of

HERE, ROUND = "/patient/{id}/drug-chart", "/round"
AHEAD = 2
"""Hours of what is coming that a round shows."""
CODES = 6
ALREADY = N_("Denne er ført, eller forordningen er endret. Slik er det nå.")
REASON = N_("Skriv hvorfor den ikke ble gitt.")
CANNOT = N_("Denne kan ikke gis slik: se på dosen.")
UNREAD = N_("Koden er verken en pakning eller et armbånd. Skann en gang til.")
REASONS = (
    N_("Pasienten vil ikke"), N_("Kvalme eller brekninger"), N_("Faster"), N_("Sover"), N_("Ikke til stede"),
    N_("Medisinen mangler"), N_("Holdt tilbake etter avtale med lege"),
)  # fmt: skip
STATES: Mapping[State, str] = {
    State.COMING: N_("kommer"), State.DUE: N_("nå"), State.LATE: N_("forsinket"), State.GIVEN: N_("gitt"),
    State.WITHHELD: N_("ikke gitt"), State.MISSED: N_("ikke ført"),
}  # fmt: skip
FOUND: Mapping[Found, str] = {
    Found.OTHER_PATIENT: N_("Feil pasient: armbåndet er en annens. Ingenting gis."),
    Found.NO_BAND: N_("Skann armbåndet."), Found.UNKNOWN: N_("Pakningen er ikke i listen over medisiner."),
    Found.EXPIRED: N_("Pakningen er gått ut på dato."),
    Found.NOT_DUE: N_("Denne skal ikke gis nå: den er ikke forordnet, er gitt, eller har en annen tid."),
    Found.OTHER_ROUTE: N_("Forordningen har en annen måte å gi den på."),
    Found.UNEVEN: N_("Dosen går ikke opp i hele eller halve av denne styrken."), Found.READY: "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    """A dose at a time, as people read it."""

    clock: str
    state: State
    words: str
    told: str
    by: str
    scanned: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An order on the chart."""

    row: Row
    words: str
    chips: Sequence[Chip]
    apart: Sequence[Chip]


@dataclass(frozen=True, slots=True)
class Scan:
    """What has been scanned so far: the codes, whose band it is, and what is to be given."""

    codes: str = ""
    band: bool = False
    words: str = ""
    match: Matched | None = None


def _clock(micros: int, day: date) -> str:
    at = datetime.fromtimestamp(micros / 1_000_000, OSLO)
    return f"{at:%H.%M}" if at.date() == day else f"{at:%d.%m. %H.%M}"


def _chip(one: Planned, day: date, places: Directory) -> Chip:
    given = one.given
    told = "" if given is None else given.withheld or _clock(given.at, day)
    by = places.name({"reference": given.by}) if given else ""
    return Chip(_clock(one.at, day), one.state, STATES[one.state], told, by, given is not None and given.scanned)


def _line(row: Row, day: date, places: Directory, language: str) -> Line:
    words = words_of(row.order)
    if row.dose is not None and written(row.dose) == words:
        words = written(row.dose, language)
    chips = [_chip(one, day, places) for one in row.planned]
    return Line(row, words, chips, [_chip(Planned(one.at, State.GIVEN, one), day, places) for one in row.apart])


async def _rows(request: Request, day: date) -> list[Row]:
    patient = f"Patient/{request.path_params['id']}"
    return await drug_chart.chart(sitting_of(request).record, patient, day, now_of(request))


async def page(
    request: Request, status: int = 200, words: str = "", at: str = "", scan: Scan | None = None,
    typed: Mapping[str, str] | None = None, done: str = "",
) -> Response:  # fmt: skip
    """`words`: what is said of an act that was not done, `at` whose line it was."""
    visit, today = visit_of(request), NORWAY.day(now_of(request))
    day = day_of(request.query_params.get("day", "")) or today
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    scan = scan or Scan()
    rows = await _rows(request, day)
    doses = [one.given for row in rows for one in row.planned if one.given]
    doses += [one for row in rows for one in row.apart]
    places = await directory(visit.record, [{"reference": one.by} for one in doses])
    return answer(
        request, "drug-chart.html", status, banner=banner, words=words, at=at, done=done, plain=plain,
        lines=[_line(one, day, places, visit.language) for one in rows], scan=scan, when=day, this_day=today,
        typed=defaultdict(str, typed or {}), step=timedelta(days=1),
        lies=await drug_chart.lies(sitting_of(request).record, f"Patient/{request.path_params['id']}"), states=STATES,
        reasons=REASONS,
        give_words=_amount(scan.match.dose, visit.language) if scan.match and scan.match.dose else "",
    )  # fmt: skip


def _amount(dose: Dose, language: str) -> str:
    """`2 tabletter`"""
    return f"{plain(dose)} {unit_word(dose.unit, dose.amount, language)}"


DONE: Mapping[str, str] = {"give": N_("Gitt og ført."), "withhold": N_("Ført: ikke gitt.")}


@giving_out
async def show(request: Request) -> Response:
    """GET /patient/{id}/drug-chart?day="""
    return await page(request, done=DONE.get(request.query_params.get("done", ""), ""))


async def _scan(request: Request, codes: str) -> Scan:
    """What codes (one on each line, the last scanned last) tell against the chart as it is."""
    today = NORWAY.day(now_of(request))
    band: Band | None = None
    package: Package | None = None
    kept = [one for one in codes.splitlines() if one.strip()][-CODES:]
    for one in kept:
        try:
            found = scanned(one[:120], today)
        except Unreadable:
            return Scan("\n".join(each for each in kept if each != one), words=UNREAD)
        band, package = (found, package) if isinstance(found, Band) else (band, found)
    held = await sitting_of(request).record.resource("Patient", request.path_params["id"])
    product = SOURCE.packed(package.gtin) if package else None
    made = drug_chart.matched(await _rows(request, today), held, band, package, product, today)
    if made is not None and made.found is Found.OTHER_PATIENT:
        return Scan(words=FOUND[made.found], match=made)
    return Scan("\n".join(kept), band is not None, FOUND[made.found] if made else "", made)


@giving_out
async def scan(request: Request) -> Response:
    """POST /patient/{id}/drug-chart/scan: one more code; nothing is written."""
    form = await read_form(request)
    if not token_fits(request, form):
        return await page(request, 403, STALE)
    made = await _scan(request, f"{form.get('codes', '')}\n{form.get('code', '')}")
    return await page(request, 422 if made.words and made.match and not made.match.dose else 200, scan=made)


async def _order(request: Request, id: str) -> Row:
    """A line of the patient's chart of today. Raises HTTPException 404."""
    for one in await _rows(request, NORWAY.day(now_of(request))):
        if one.id == id:
            return one
    raise HTTPException(404)


def _planned(form: Mapping[str, str]) -> int | None:
    text = form.get("planned", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


@giving_out
async def give(request: Request) -> Response:
    """POST /patient/{id}/drug-chart/give: a dose that is due, or for cause; what was scanned is looked at again."""
    form, sitting, now = await read_form(request), sitting_of(request), now_of(request)
    at, patient = form.get("line", ""), f"Patient/{request.path_params['id']}"
    if not token_fits(request, form):
        return await page(request, 403, STALE, at, typed=form)
    row, made = await _order(request, at), await _scan(request, form.get("codes", ""))
    match = made.match
    if form.get("codes") and (match is None or match.row is None or match.row.id != at or not match.ready):
        return await page(request, 409, scan=made)
    try:
        if match and match.product and match.dose and match.package:
            product, dose, gtin, lot = match.product, match.dose, match.package.gtin, match.package.lot
        else:
            product, dose, gtin, lot = row.product, parsed(f"{form.get('amount', '')} 1 gang daglig"), "", ""
            dose = replace(dose, unit=dose.unit or form.get("unit", ""))
        handed = Handed(patient, product, dose, at, form.get("why", ""), _planned(form), gtin, lot)
        await giving.give(sitting.record, sitting.who, handed, now)
    except NotADose:
        return await page(request, 422, CANNOT, at, made, form)
    except Problem as error:
        if error.status not in (409, 412, 422):
            raise
        words = WORDS.get(error.issues[0].diagnostics, CANNOT if error.status == 422 else ALREADY)
        return await page(request, error.status, words, at, made, form)
    if made.codes:
        bands = [one for one in made.codes.splitlines() if len(one.strip()) == 11]
        return await page(request, scan=await _scan(request, "\n".join(bands)), done=DONE["give"])
    return _again(request, "give")


@giving_out
async def withhold(request: Request) -> Response:
    """POST /patient/{id}/drug-chart/withhold: a dose was not given, and why."""
    form, sitting = await read_form(request), sitting_of(request)
    at, planned = form.get("line", ""), _planned(form)
    if not token_fits(request, form):
        return await page(request, 403, STALE, at, typed=form)
    await _order(request, at)
    if planned is None:
        raise HTTPException(404)
    try:
        await giving.withhold(sitting.record, sitting.who, at, planned, form.get("reason", ""), now_of(request))
    except Problem as error:
        if error.status not in (409, 412, 422):
            raise
        return await page(request, error.status, REASON if error.status == 422 else ALREADY, at, typed=form)
    return _again(request, "withhold")


def _again(request: Request, done: str) -> Response:
    return RedirectResponse(f"/patient/{request.path_params['id']}/drug-chart?done={done}", 303)


@giving_out
async def round_of(request: Request) -> Response:
    """GET /round?unit=: what is due for everybody who lies in a unit."""
    unit, units = await unit_of(request, request.query_params.get("unit", ""))
    record, now = sitting_of(request).record, now_of(request)
    lying = [one.patient for one in await stays(record, unit)]
    beds = await drug_chart.beds(record, lying, AHEAD * HOUR, now)
    today = NORWAY.day(now)
    names = await patient_labels(request, [one.patient for one in beds])
    return answer(
        request, "round.html", unit=unit.partition("/")[2], units=await unit_names(request, units), names=names,
        beds=[one for one in beds if one.patient in names], clock=lambda at: _clock(at, today), hours=AHEAD,
        said_state=STATES, late=sum(one.late for one in beds), words_of=lambda row: _told(request, row),
    )  # fmt: skip


def _told(request: Request, row: Row) -> str:
    return written(row.dose, visit_of(request).language) if row.dose else words_of(row.order)


ROUTES = [
    Route(HERE, show),
    Route(f"{HERE}/scan", scan, methods=["POST"]),
    Route(f"{HERE}/give", give, methods=["POST"]),
    Route(f"{HERE}/withhold", withhold, methods=["POST"]),
    Route(ROUND, round_of),
]
PLACES = [Place("pill", N_("Medisinrunde"), ROUND, "kurve utdeling medisiner sengepost drug round ward", gives)]
