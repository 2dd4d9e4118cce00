"""Reconciling medicines: every line decided by name, at admission, transfer or discharge."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import reconciliation
from felles.clinical.reconciliation import Decided, Decision, Moment
from felles.record.outcome import Problem
from felles.web.chart.moment import parse_moment
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.medicine import HERE, Line, lines, sees
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.source import chart_parts
from felles.web.visit import Visit, read_form, token_fits, visit_of

MOMENTS: Mapping[Moment, str] = {
    Moment.ADMISSION: N_("Innleggelse"), Moment.TRANSFER: N_("Overflytting"), Moment.DISCHARGE: N_("Utskrivning"),
}  # fmt: skip
DECISIONS: Mapping[Decision, str] = {
    Decision.CONTINUE: N_("Fortsetter"), Decision.PAUSE: N_("Pauses"), Decision.STOP: N_("Seponeres"),
}  # fmt: skip
STALE = N_("Siden var for gammel. Det du valgte er her fortsatt: send en gang til.")
CHANGED = N_("Andre har endret listen siden du åpnet den. Slik er den nå: avgjør hver linje en gang til.")
LACKS = N_("Avgjør hver linje. Den som pauses eller seponeres, trenger en grunn.")
BYTES = 65_536
Form = Mapping[str, str]


def reconciles(visit: Visit) -> bool:
    """Staff whose role prescribes and keeps lists."""
    return sees(visit) and visit.writes("MedicationRequest") and visit.writes("List")


reconciling = guarded(reconciles)


async def _stays(request: Request) -> list[dict[str, Any]]:
    """The stays of the patient that may be meant, the newest first."""
    parts = await chart_parts(visit_of(request).record, request.path_params["id"], ("encounters",))
    kinds = reconciliation.INPATIENT
    held = [one for one in parts["encounters"] if (one.get("class") or {}).get("code") in kinds]
    return [one for one in held if one.get("status") in ("in-progress", "onleave", "finished")][:3]


async def _page(request: Request, form: Form, status: int = 200, words: str = "") -> Response:
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    stays = await _stays(request)
    begun = Moment.DISCHARGE if stays and stays[0].get("status") == "finished" else Moment.ADMISSION
    chosen = form.get("moment") if form.get("moment") in set(Moment) else begun
    return answer(
        request, "reconcile.html", status, banner=banner, lines=[one for one in await lines(request) if one.current],
        stays=[(str(one["id"]), _named(one)) for one in stays], moments=MOMENTS, decisions=DECISIONS, words=words,
        chosen=chosen, typed=defaultdict(str, form),
    )  # fmt: skip


def _named(stay: Mapping[str, Any]) -> str:
    start = parse_moment((stay.get("period") or {}).get("start"))
    unit = str((stay.get("serviceProvider") or {}).get("display", ""))
    return " ".join(filter(None, (start.day if start else "", unit)))


@reconciling
async def show(request: Request) -> Response:
    """GET /patient/{id}/medicines/reconcile"""
    return await _page(request, {})


def _decided(form: Form, shown: Sequence[Line]) -> list[Decided]:
    """What the form decides; a line that it does not name has not been decided."""
    known = {f"d-{one.id}": one for one in shown}
    made = []
    for name, value in form.items():
        if not name.startswith("d-") or value not in set(Decision):
            continue
        line, version = known.get(name), form.get(f"v-{name[2:]}", "")
        kind = "MedicationRequest" if line is None or line.order else "MedicationStatement"
        number = int(version) if version.isdigit() and len(version) < 9 else 0
        why = form.get(f"w-{name[2:]}", "")[:200]
        made.append(Decided(f"{kind}/{name[2:]}", number, Decision(value), why))
    return made


@reconciling
async def sign(request: Request) -> Response:
    """POST /patient/{id}/medicines/reconcile"""
    form, sitting, id = await read_form(request, BYTES), sitting_of(request), request.path_params["id"]
    if not token_fits(request, form):
        return await _page(request, form, 403, STALE)
    moment = Moment(form["moment"]) if form.get("moment") in set(Moment) else Moment.ADMISSION
    stay = next((f"Encounter/{one['id']}" for one in await _stays(request) if one["id"] == form.get("stay")), "")
    decided = _decided(form, await lines(request))
    try:
        await reconciliation.reconcile(
            sitting.record, sitting.who, f"Patient/{id}", moment, stay, decided, now_of(request)
        )
    except Problem as error:
        if error.status not in (409, 422):
            raise
        return await _page(request, form, error.status, CHANGED if error.status == 409 else LACKS)
    return RedirectResponse(f"/patient/{id}/medicines?done=reconcile", 303)


ROUTES = [Route(f"{HERE}/reconcile", show), Route(f"{HERE}/reconcile", sign, methods=["POST"])]
