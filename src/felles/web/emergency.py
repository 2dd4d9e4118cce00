"""Break-glass on the pages: one form with a reason, and the way out of it (helsepersonelloven § 45)."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from felles.access.emergency import LEAST_WORDS, REASONS, open_emergency
from felles.record.outcome import Problem
from felles.web.guard import finding
from felles.web.opening import at_work, end
from felles.web.page import answer
from felles.web.visit import read_form, site_of, token_fits


def _page(request: Request, status: int = 200, missing: str = "", reason: str = "", text: str = "") -> Response:
    id = request.path_params["id"]
    values = {"id": id, "reasons": REASONS, "least": LEAST_WORDS, "missing": missing, "reason": reason, "text": text}
    return answer(request, "emergency.html", status, **values)


def _missing(reason: str, text: str) -> str:
    if reason not in REASONS:
        return "reason"
    return "" if len(" ".join(text.split())) >= LEAST_WORDS else "text"


@finding
async def show(request: Request) -> Response:
    """GET /patient/{id}/emergency: tells nothing of the patient, not even whether there is one."""
    return _page(request)


@finding
async def open_(request: Request) -> Response:
    """POST /patient/{id}/emergency: opens the record in the visitor's name and goes on to it."""
    form, sitting, id = await read_form(request), at_work(request), request.path_params["id"]
    reason, text = form.get("reason", ""), form.get("text", "")
    if sitting is None:
        raise HTTPException(403)
    if not token_fits(request, form):
        return _page(request, 403, "stale", reason, text)
    if missing := _missing(reason, text):
        return _page(request, 422, missing, reason, text)
    now = int(site_of(request).clock() * 1e6)
    try:
        await open_emergency(sitting.record, sitting.who, f"Patient/{id}", reason, text, now)
    except Problem as error:
        if error.status not in (403, 422):
            raise
        return _page(request, error.status, "blocked" if error.status == 403 else "text", reason, text)
    return RedirectResponse(f"/patient/{id}", 303)


@finding
async def close(request: Request) -> Response:
    """POST /patient/{id}/emergency/end: the visitor needs it no longer."""
    if not token_fits(request, await read_form(request)):
        raise HTTPException(403)
    await end(request)
    return RedirectResponse("/find", 303)


ROUTES = [
    Route("/patient/{id}/emergency", show),
    Route("/patient/{id}/emergency", open_, methods=["POST"]),
    Route("/patient/{id}/emergency/end", close, methods=["POST"]),
]
