"""The reception of a unit: who comes today, who has come, what is paid; the receipt, and the list for Helfo."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clerical.reception import attendance, settlement, tariff
from felles.clerical.reception.attendance import Payment
from felles.clerical.reception.card import Has, Nobody
from felles.clerical.reception.charge import METHOD, amount
from felles.clerical.reception.day import Row, today
from felles.duties.calendar import NORWAY
from felles.record.outcome import Problem
from felles.web.chart.moment import OSLO, parse_moment
from felles.web.chart.text import listed_name, spoken_name
from felles.web.chart.words import N_
from felles.web.duties import now_of, sheet, sitting_of, unit_names, unit_of
from felles.web.guard import guarded
from felles.web.label import labels
from felles.web.language import translations
from felles.web.page import answer
from felles.web.place import Place, works
from felles.web.visit import Visit, read_form, token_fits, visit_of

HERE = "/reception"
STATES: Mapping[str, str] = {
    "booked": N_("Ventes"), "pending": N_("Ventes"), "checked-in": N_("Har meldt seg"), "arrived": N_("Har møtt"),
    "fulfilled": N_("Ferdig"), "noshow": N_("Møtte ikke"), "waitlist": N_("Venteliste"),
}  # fmt: skip
METHODS: Mapping[str, str] = {"card": N_("Kort"), "cash": N_("Kontant"), "invoice": N_("Faktura")}
OTHERS = N_("Andre kom først, eller timen er en annen nå. Listen under er som den er nå.")
WRONG: Mapping[str, str] = {
    "arrive": N_("Velg hvordan egenandelen betales, eller hvorfor den ikke gjør det."),
    "miss": N_("Skriv hvorfor det ikke kreves gebyr. En time som ble gitt mindre enn 24 timer før, koster ikke."),
    "doubt": N_("Skriv hva som ikke stemmer."), "undo": OTHERS, "pay": OTHERS,
}  # fmt: skip
ASKED: Mapping[Has, str] = {
    Has.YES: N_("Pasienten har frikort."), Has.NOT_SAID: N_("Registeret kjenner ikke noe frikort. Se på frikortet."),
    Has.UNASKED: N_("Felles kan ikke spørre frikortregisteret. Se på frikortet."),
}  # fmt: skip
HEAD = (N_("Fødselsnummer"), N_("Dato"), N_("Tjenestetype"), N_("Beløp"), N_("Betalt"), N_("Faktura"), N_("Enhet"))


def receives(visit: Visit) -> bool:
    """Staff to whose role it belongs to take payment."""
    return works(visit) and visit.writes("Invoice")


receiving = guarded(receives)


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as people read it."""

    row: Row
    time: str
    name: str
    born: str
    state: str


def _shown(row: Row) -> Shown:
    born = parse_moment(row.patient.get("birthDate"))
    start = datetime.fromtimestamp(row.start / 1_000_000, OSLO)
    name = listed_name(row.patient) if row.patient else ""
    return Shown(row, f"{start:%H:%M}", name, born.day if born else "", STATES.get(row.status, row.status))


async def _page(request: Request, asked: str, status: int = 200, wrong: str = "", at: str = "") -> Response:
    """`wrong`: what is said of an act that was not done, `at` whose row it was."""
    unit, units = await unit_of(request, asked)
    record, now = sitting_of(request).record, now_of(request)
    day = NORWAY.day(now)
    rows = [_shown(row) for row in await today(record, unit, day)]
    rates = {fee: tariff.rate(fee, day) for fee in (tariff.OUTPATIENT, tariff.NO_SHOW)}
    return answer(
        request, "reception.html", status, rows=rows, day=day, now=now, unit=unit.partition("/")[2],
        units=await unit_names(request, units), methods=METHODS, rates=rates, wrong=wrong, at=at,
        charges=await attendance.charges(record, unit),
        exemptions=[one for one in tariff.exemptions().values() if not one.age],
        register=ASKED[await Nobody().asked("", day)], expected=sum(one.row.expected for one in rows),
        come=sum(one.row.come for one in rows), owed=sum(one.row.owed for one in rows),
    )  # fmt: skip


@receiving
async def show(request: Request) -> Response:
    """GET /reception"""
    return await _page(request, request.query_params.get("unit", ""))


@receiving
async def act(request: Request) -> Response:
    """POST /reception/{act}/{id}: arrive, miss, doubt, undo, pay."""
    form = await read_form(request)
    if not token_fits(request, form):
        raise HTTPException(403)
    kind, id, unit = request.path_params["act"], request.path_params["id"], form.get("unit", "")
    if kind not in WRONG:
        raise HTTPException(404)
    try:
        bill = await _done(request, kind, id, form)
    except Problem as error:
        if error.status not in (409, 412, 422):
            raise
        return await _page(request, unit, error.status, WRONG[kind] if error.status == 422 else OTHERS, id)
    shown = f"&bill={bill}" if bill else ""
    return RedirectResponse(f"{HERE}?unit={(await unit_of(request, unit))[0].partition('/')[2]}{shown}#a-{id}", 303)


async def _done(request: Request, kind: str, id: str, form: Mapping[str, str]) -> str:
    """Does the act; the Invoice that was made, if any."""
    sitting, now = sitting_of(request), now_of(request)
    record, who = sitting.record, sitting.who
    if kind == "arrive":
        said = form.get("payment", "")
        payment = Payment(method=said) if said in METHODS else Payment(exemption=said.removeprefix("free:") or "?")
        return await attendance.arrive(record, who, id, payment, now)
    if kind == "miss":
        return await attendance.miss(record, who, id, "fee" in form, form.get("why", ""), now)
    if kind == "doubt":
        await attendance.doubt(record, who, id, form.get("why", ""), now)
    elif kind == "undo":
        await attendance.take_back(record, who, id)
    else:
        await attendance.pay(record, who, id, form.get("method", ""))
    return ""


@receiving
async def receipt(request: Request) -> Response:
    """GET /reception/receipt/{id}: an Invoice on one sheet."""
    record = sitting_of(request).record
    bill = await record.resource("Invoice", request.path_params["id"])
    person = await record.resource("Patient", bill["subject"]["reference"].partition("/")[2])
    unit = bill["issuer"]["reference"]
    method = next((one["valueCode"] for one in bill.get("extension") or () if one["url"] == METHOD), "")
    moment = parse_moment(bill["date"])
    return answer(
        request, "receipt.html", bill=bill, name=spoken_name(person), unit=(await labels(request, [unit]))[unit],
        when=moment.text if moment else "", kroner=amount(bill), method=METHODS.get(method, ""),
        what=tariff.words(bill["type"]["coding"][0]["code"], visit_of(request).language),
    )  # fmt: skip


@receiving
async def fees(request: Request) -> Response:
    """GET /reception/fees.csv: the shares of the fourteen days before `until` (tomorrow), for Helfo."""
    sitting, text = sitting_of(request), request.query_params.get("until", "")
    try:
        until = date.fromisoformat(text) if text else NORWAY.day(now_of(request) + 86_400_000_000)
    except ValueError:
        raise HTTPException(404) from None
    found = await settlement.shares(sitting.record, sitting.who, until)
    names = await labels(request, {one.unit for one in found})
    say = translations(visit_of(request).language).gettext
    cells = [
        [one.number, one.given, settlement.SERVICE, str(one.amount), say(N_("ja")) if one.paid else say(N_("nei")),
         one.invoice, names.get(one.unit, "")]
        for one in found
    ]  # fmt: skip
    return sheet([say(words) for words in HEAD], cells, f"fees-{until}.csv")


ROUTES = [
    Route(HERE, show),
    Route(f"{HERE}/fees.csv", fees),
    Route(f"{HERE}/receipt/{{id}}", receipt),
    Route(f"{HERE}/{{act}}/{{id}}", act, methods=["POST"]),
]
PLACES = [
    Place("people", N_("Resepsjon"), HERE, "møtt oppmøte egenandel kvittering reception arrival resepsjon", receives)
]
