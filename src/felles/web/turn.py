"""How often a stranger may begin to sign in, by address: each beginning is kept for a while, and costs a provider."""

from starlette.requests import Request

from felles.access.limit import SECOND, Limit, take
from felles.web.visit import site_of

BEGIN = Limit("sign-in", 300, 1)
"""Policy: many work behind one address."""


def address(request: Request) -> str:
    """Whom a request comes from, as far as the network says."""
    return request.client.host if request.client else ""


async def wait(request: Request) -> int:
    """Takes a turn: 0, or the seconds until there is one."""
    site = site_of(request)
    return await take(site.record, BEGIN, address(request), int(site.clock() * SECOND))
