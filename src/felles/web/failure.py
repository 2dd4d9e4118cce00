"""What went wrong, in people's words; never data, never a trace."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from felles.record.outcome import Problem
from felles.web.header import HEADERS
from felles.web.page import answer, wants_part

KINDS = {400: "unclear", 403: "refused", 404: "missing", 405: "missing", 410: "deleted", 413: "large"}


def _page(request: Request, status: int) -> Response:
    kind = KINDS.get(status, "broken")
    if kind == "missing" and request.url.path.startswith("/patient/"):
        kind = "no-patient"
    return answer(request, "part/failure.html" if wants_part(request) else "failure.html", status, kind=kind)


async def refused(request: Request, error: Exception) -> Response:
    """A Problem from the record, or an HTTP error of the site itself."""
    status = error.status if isinstance(error, Problem) else getattr(error, "status_code", 500)
    return _page(request, status)


async def broken(request: Request, error: Exception) -> Response:
    """Anything unforeseen: 500. Starlette sends it outside the middleware, so it brings its own headers."""
    response = _page(request, 500)
    response.headers.update({**HEADERS, "cache-control": "no-store"})
    return response


HANDLERS = {Problem: refused, HTTPException: refused, Exception: broken}
