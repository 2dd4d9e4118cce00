"""The paper of a prescription: as it is printed, and that it was handed out."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clinical import prescription
from felles.clinical.medication import GROUPS, REFUND, dose_of, name_of, words_of
from felles.clinical.prescription import handed, leaves
from felles.record.outcome import Problem
from felles.web.chart.moment import parse_moment
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.medicine import CHANGED, STALE, own_order, prescribing
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.source import directory
from felles.web.visit import read_form, token_fits, visit_of

HERE = "/patient/{id}/medicines/prescription"
HPR = "urn:oid:2.16.578.1.12.4.1.4.4"
AGAIN = N_("Resepten er skrevet ut før. Skriv hvorfor den skrives en gang til.")
Json = dict[str, Any]


def _coded(order: Json, system: str) -> str:
    codings = (one for each in order.get("category") or () for one in each.get("coding") or ())
    return next((str(one.get("code", "")) for one in codings if one.get("system") == system), "")


async def _page(request: Request, form: Mapping[str, str], status: int = 200, words: str = "") -> Response:
    banner = await read_banner(request)
    request.state.opened = await opening(request)
    order = await own_order(request, form.get("line", ""))
    if not leaves(order):
        raise HTTPException(404)
    places = await directory(visit_of(request).record, [order.get("requester")])
    role = places.find(order.get("requester"))
    person = places.find(role.get("practitioner") or order.get("requester"))
    number = next((one["value"] for one in person.get("identifier") or () if one.get("system") == HPR), "")
    supply = order["dispenseRequest"]
    before = (await handed(sitting_of(request).record, f"Patient/{banner.id}")).get(str(order["id"]), "")
    return answer(
        request, "prescription.html", status, banner=banner, words=words, typed=defaultdict(str, form),
        line=order["id"], version=order["meta"]["versionId"], name=name_of(order), dose=words_of(order),
        structured=dose_of(order) is not None, group=_coded(order, GROUPS), refund=_coded(order, REFUND),
        packs=supply["quantity"].get("value"), packed=supply["quantity"].get("unit", ""),
        repeats=supply.get("numberOfRepeatsAllowed", 0), signed=parse_moment(order.get("authoredOn")),
        by=places.name(order.get("requester")), number=number, unit=places.name(role.get("organization")),
        why=next((str(one.get("text", "")) for one in order.get("reasonCode") or ()), ""),
        before=parse_moment(before), done=request.query_params.get("done", ""),
    )  # fmt: skip


@prescribing
async def show(request: Request) -> Response:
    """GET /patient/{id}/medicines/prescription?line="""
    return await _page(request, request.query_params)


@prescribing
async def hand_out(request: Request) -> Response:
    """POST /patient/{id}/medicines/prescription: the paper was given to the patient."""
    form, sitting = await read_form(request), sitting_of(request)
    if not token_fits(request, form):
        return await _page(request, form, 403, STALE)
    version, line = form.get("version", ""), form.get("line", "")
    if not version.isdigit() or len(version) > 9:
        raise HTTPException(404)
    patient = f"Patient/{request.path_params['id']}"
    try:
        await prescription.hand_out(
            sitting.record, sitting.who, patient, line, int(version), form.get("again", ""), now_of(request)
        )
    except Problem as error:
        if error.status not in (409, 422):
            raise
        return await _page(request, form, error.status, CHANGED if error.status == 409 else AGAIN)
    return RedirectResponse(f"/patient/{request.path_params['id']}/medicines/prescription?line={line}&done=1", 303)


ROUTES = [Route(HERE, show), Route(HERE, hand_out, methods=["POST"])]
