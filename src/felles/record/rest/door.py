"""Who may come in: a request gets the record as its asker may see it, and its answer leaves once the log has it."""

from typing import Protocol

from felles.record.record import Record
from felles.record.rest.message import Request, Response


class Visit(Protocol):
    """One request that was let in. `record` is bound to who asks, `user` is an opaque name to bind page links to."""

    @property
    def record(self) -> Record: ...
    @property
    def user(self) -> str: ...

    async def told(self, request: Request, answer: Response) -> Response:
        """Called with the answer before it leaves; returns it once the log is durable. Raises Problem 503 or 507."""


class Door(Protocol):
    """Lets requests in."""

    async def open(self, request: Request) -> Visit:
        """Raises Problem 401 for a stranger, 403 for one who may not, 429 for one who asks too often."""
