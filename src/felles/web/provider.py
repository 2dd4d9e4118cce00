"""Signing in at a provider: away to it, and back with an answer that is taken once, in the browser that asked."""

import secrets
from dataclasses import asdict
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from felles.access.attempt import give, take
from felles.access.attendance import refused
from felles.access.employment import only_role
from felles.access.entrance import enter, proof_of, prove_again
from felles.access.oidc.party import Arrival, Journey
from felles.access.oidc.refusal import Refusal
from felles.access.session import HOST_PREFIX, Proof, Session, end_subject, session_by_id
from felles.web.onward import Onward, arrive, onward_of
from felles.web.page import answer
from felles.web.signin import refused_page, sign_in_page
from felles.web.turn import wait
from felles.web.visit import is_secure, read_form, set_cookie, site_of, token_fits, visit_of

JOURNEY, JOURNEY_SECONDS = "journey", 600
COOKIE = "felles_journey"
BACK = "/sign-in/return"

log = structlog.get_logger("felles.sign-in")


async def begin(request: Request) -> Response:
    """POST /sign-in/provider: away to the provider that was chosen."""
    form = await read_form(request)
    onward = onward_of(request, form)
    if not token_fits(request, form):
        return sign_in_page(request, 403, onward)
    if seconds := await wait(request):
        return refused_page(request, "wait", onward, seconds)
    return await depart(request, form.get("provider", ""), onward)


async def depart(request: Request, provider: str, onward: Onward, again: Session | None = None) -> Response:
    """To a provider; `again`: the session whose person must prove anew who they are.

    It is a page and not a redirect, because what a form may lead to is bound to this site.
    """
    site, now = site_of(request), site_of(request).clock()
    name = (HOST_PREFIX if is_secure(request) else "") + COOKIE
    holder = request.cookies.get(name) or secrets.token_urlsafe(32)
    try:
        journey = site.party.journey(provider, again is not None)
        body = {"journey": asdict(journey), "onward": asdict(onward), "session": again.id if again else None}
        state = await give(site.record, JOURNEY, holder, body, now, JOURNEY_SECONDS)
        place = await site.party.begin(journey, state, site.origin + BACK, visit_of(request).language)
    except Refusal as refusal:
        return await _refused(request, refusal, provider, onward)
    response = answer(request, "away.html", place=place)
    response.headers["refresh"] = f"0; url={place}"
    # Lax: the way back begins at another site, and must bring it
    set_cookie(request, response, name, holder, JOURNEY_SECONDS, samesite="lax")
    return response


async def finish(request: Request) -> Response:
    """GET /sign-in/return: the provider's answer, whatever it is."""
    site, answered = site_of(request), dict(request.query_params)
    holder = request.cookies.get((HOST_PREFIX if is_secure(request) else "") + COOKIE, "")
    body = await take(site.record, JOURNEY, holder, answered.get("state", ""), site.clock()) if holder else None
    if body is None:
        if seconds := await wait(request):
            return refused_page(request, "wait", Onward(), seconds)
        return await _refused(request, Refusal("stale", "no such journey"), "", Onward())
    journey, onward = Journey(**body["journey"]), Onward(**body["onward"])
    try:
        arrival = await site.party.finish(journey, answered, site.origin + BACK)
        return await _arrived(request, journey.provider, arrival, onward, body["session"])
    except Refusal as refusal:
        return await _refused(request, refusal, journey.provider, onward)


async def _arrived(request: Request, name: str, arrival: Arrival, onward: Onward, before: Any) -> Response:
    site, now, secure = site_of(request), site_of(request).clock(), is_secure(request)
    provider = site.party.issuers[name].provider
    proof: Proof = await proof_of(site.record, name, provider.kind, arrival.person, arrival.id_token)
    if before:
        old = await session_by_id(site.record, str(before), now)
        begun = await prove_again(site.record, old, proof, now, secure=secure) if old else None
    else:
        role = await only_role(site.record, proof.person, site.today)
        begun = await enter(site.record, proof, role, now, secure=secure)
    if begun is None:
        raise Refusal("stale", "session ended or another person")
    return await arrive(request, *begun, onward, from_elsewhere=True)


async def _refused(request: Request, refusal: Refusal, provider: str, onward: Onward) -> Response:
    """Told to the person in words, to the access log as a reason, and to the operator as the check that failed."""
    site = site_of(request)
    log.warning("refused", provider=provider, reason=refusal.reason, detail=refusal.detail)
    await refused(site.record, site.clock(), provider if provider in site.party.issuers else "", refusal.reason)
    return refused_page(request, refusal.reason, onward)


async def departed(request: Request) -> Response:
    """POST /sign-in/ended/{provider}: the provider says that it has signed somebody out (Back-Channel Logout 1.0
    section 2.8). It comes from the provider, not from a browser: its signature is what counts."""
    site, name = site_of(request), request.path_params["provider"]
    if seconds := await wait(request):
        return JSONResponse({"error": "temporarily_unavailable"}, 429, {"retry-after": str(seconds)})
    try:
        subject = await site.party.departed(name, (await read_form(request)).get("logout_token", ""))
    except Refusal as refusal:
        log.warning(
            "refused", provider=name if name in site.party.issuers else "", reason=refusal.reason, detail=refusal.detail
        )
        return JSONResponse({"error": "invalid_request"}, 400)
    await end_subject(site.record, name, subject, site.clock())
    return JSONResponse({})
