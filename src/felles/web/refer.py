"""The paper door: staff to whom a record is open write a referral, or register one that came on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.clerical.conservation import NATIONAL, addressed
from felles.clerical.intake import HPR, MOST_BYTES, Incoming, Scan, kind_of, refer
from felles.duties.reading import Outside
from felles.record.outcome import Problem
from felles.web.chart.text import spoken_name
from felles.web.chart.words import N_
from felles.web.duties import now_of, sitting_of
from felles.web.guard import guarded
from felles.web.label import labels
from felles.web.opening import opening
from felles.web.page import answer
from felles.web.patient import read_banner
from felles.web.place import finds
from felles.web.referral_fault import Fault, faults
from felles.web.referral_list import HERE
from felles.web.referral_one import NOTHING, STALE, Told
from felles.web.source import decode, patient
from felles.web.unit_choice import Unit, chosen, fault, units
from felles.web.upload import read_upload
from felles.web.visit import Visit, token_fits, visit_of

Form = Mapping[str, str]
FILES = N_("Velg en hel PDF- eller JPEG-fil på høyst 5 MB.")


def refers(visit: Visit) -> bool:
    """Staff whose role writes referrals."""
    return finds(visit) and visit.writes("ServiceRequest")


referring = guarded(refers)


async def _page(request: Request, status: int = 200, told: Told = NOTHING) -> Response:
    id, typed = request.path_params["id"], told.typed or {}
    banner = await read_banner(request)
    person = await patient(visit_of(request).record, id)
    request.state.opened = await opening(request)
    role = sitting_of(request).who.role
    own = (await labels(request, [role.unit]))[role.unit] if role else ""
    return answer(
        request, "refer.html", status, banner=banner, told=told, typed=typed, known=await units(request), own=own,
        wrong={one.field: one for one in told.faults},
        numbered=any(one.get("system") in NATIONAL for one in person.get("identifier") or ()),
    )  # fmt: skip


@referring
async def show(request: Request) -> Response:
    """GET /patient/{id}/refer"""
    return await _page(request)


async def _unit(request: Request, form: Form) -> tuple[str, list[Fault], Sequence[Unit]]:
    """ "Organization/x", or what is wrong with the choice and those that may be meant."""
    known, role = await units(request), sitting_of(request).who.role
    if form.get("way") == "paper" and role and not form.get("unit", "").strip() and "unit-id" not in form:
        return role.unit, [], ()
    found = chosen(known, form)
    if len(found) == 1:
        return f"Organization/{found[0].id}", [], ()
    over = [] if found else await _over(request, form.get("unit", ""), known)
    if over:
        return "", [Fault("unit", N_("Enheten er lagt ned. Velg den som har overtatt, hvis det er riktig."))], over
    return "", [fault(found)], found


async def _over(request: Request, text: str, known: Sequence[Unit]) -> list[Unit]:
    """The unit above one of this name that has closed."""
    name = text.strip().replace("\\", "").replace(",", "").replace("$", "").replace("|", "")[:60]
    record = visit_of(request).record
    asked = [("name", name), ("active", "false"), ("_count", "2")]
    for one in decode(await record.search("Organization", asked)) if len(name) > 2 else []:
        closed = {"performer": [{"reference": f"Organization/{one['id']}"}]}
        try:
            unit = await addressed(Outside(sitting_of(request).record), closed)
        except Problem:
            continue
        return [each for each in known if f"Organization/{each.id}" == unit]
    return []


async def _referrer(request: Request, form: Form) -> tuple[Mapping[str, Any] | None, list[Fault]]:
    """Whoever wrote the paper, by HPR number: the role in the directory, else the name as it was typed."""
    hpr, name = form.get("hpr", "").replace(" ", ""), form.get("referrer", "").strip()[:120]
    if hpr and not (hpr.isdigit() and len(hpr) <= 9):
        return None, [Fault("hpr", N_("Et HPR-nummer er bare sifre, høyst ni."))]
    record = visit_of(request).record
    people = (
        decode(await record.search("Practitioner", [("identifier", f"{HPR}|{hpr}"), ("_count", "2")])) if hpr else []
    )
    if len(people) == 1:
        who = f"Practitioner/{people[0]['id']}"
        asked = [("practitioner", who), ("active", "true"), ("_count", "1")]
        roles = decode(await record.search("PractitionerRole", asked))
        reference = f"PractitionerRole/{roles[0]['id']}" if roles else who
        return {"reference": reference, "display": spoken_name(people[0])}, []
    if not name:
        words = N_("Vi finner ingen med dette HPR-nummeret. Skriv navnet.") if hpr else N_("Skriv hvem som henviser.")
        return None, [Fault("referrer", words)]
    return {"display": name, **({"identifier": {"system": HPR, "value": hpr}} if hpr else {})}, []


def _scan(data: bytes) -> tuple[Scan | None, list[Fault]]:
    if not data:
        return None, [Fault("file", N_("Velg filen med originalen."))]
    try:
        return Scan(kind_of(data), data), []
    except Problem:
        return None, [Fault("file", FILES)]


def _received(form: Form) -> tuple[date | None, list[Fault]]:
    try:
        return date.fromisoformat(form.get("received", "")), []
    except ValueError:
        return None, [Fault("received", N_("Skriv dagen da den kom."))]


async def _incoming(request: Request, form: Form, data: bytes) -> tuple[Incoming | None, Told]:
    """What a form says, or everything that is wrong with it."""
    unit, wrong, found = await _unit(request, form)
    wrong += [] if form.get("what", "").strip() else [Fault("what", N_("Skriv hva det henvises for."))]
    said = Incoming(
        f"Patient/{request.path_params['id']}", unit, form.get("what", "")[:200], form.get("text", "")[:8_000],
        form.get("urgent") == "1",
    )  # fmt: skip
    if form.get("way") == "paper":
        received, late = _received(form)
        referrer, nobody = await _referrer(request, form)
        scan, broken = _scan(data)
        wrong += [*late, *nobody, *broken]
        said = replace(said, received=received, referrer=referrer, scan=scan)
    elif not said.text.strip():
        wrong.append(Fault("text", N_("Skriv hva dere ber om, og det den som vurderer, må vite.")))
    return (None if wrong else said), Told("refer", form, wrong, found)


@referring
async def send(request: Request) -> Response:
    """POST /patient/{id}/refer: on to the referral; 422 with the form filled in again, but for the file."""
    await read_banner(request)
    upload = await read_upload(request, MOST_BYTES + 1024)
    form, sitting = upload.form, sitting_of(request)
    if not token_fits(request, form):
        return await _page(request, 403, Told("refer", form, [STALE]))
    said, told = await _incoming(request, form, upload.data)
    if said is None:
        return await _page(request, 422, told)
    try:
        made = await refer(sitting.record, sitting.who, said, now_of(request))
    except Problem as error:
        if error.status != 422:
            raise
        return await _page(request, 422, Told("refer", form, faults(error)))
    return RedirectResponse(f"{HERE}/{made}?done=register", 303)


ROUTES = [
    Route("/patient/{id}/refer", show),
    Route("/patient/{id}/refer", send, methods=["POST"]),
]
