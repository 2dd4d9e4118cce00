"""The only place that wires the rooms together."""

import ipaddress
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from felles import clerical, clinical, delivery, duties, rollout, steering
from felles.access import limit, statement
from felles.access.audit import statement as audit
from felles.access.audit.answer import names
from felles.access.audit.log import Log
from felles.access.audit.pattern import Finding
from felles.access.audit.place import place_of
from felles.access.desk import Desk
from felles.access.door import Door
from felles.access.guard import Access
from felles.access.smart import endpoint
from felles.access.smart import statement as smart
from felles.access.smart.configuration import security
from felles.access.smart.crossing import Crossings
from felles.access.smart.key import folder_of
from felles.access.smart.service import Smart
from felles.access.table import Tables
from felles.clerical.npr import obligation
from felles.duties.orphan import Orphans
from felles.record.feed import Handler
from felles.record.identity import late
from felles.record.interaction import capability
from felles.record.record import Record
from felles.record.rest.server import FhirServer
from felles.record.rule import Rule
from felles.record.store import Sql
from felles.settings import settings

RULES: Sequence[Rule] = (*duties.rules(), *delivery.rules(), *clerical.rules(), *clinical.rules(), *steering.rules())
"""The rules of the house, run in the transaction of what wakes them."""

LINES: Mapping[str, Sql] = {
    **statement.LINES, **limit.LINES, **smart.LINES, **audit.LINES, **duties.LINES, **delivery.LINES,
    **clerical.LINES, **clinical.LINES, **steering.LINES, **rollout.LINES,
}  # fmt: skip
"""The statements of the rooms on their own tables, by name."""

RENEWALS: Sequence[Callable[[Record], Awaitable[int]]] = (clerical.renew, steering.renew)
"""What makes the rooms' own tables anew from the resources; each returns how many rows it put right."""

ORPHANS: Sequence[Orphans] = (clerical.orphans, clinical.orphans, delivery.orphans)
"""What must have a duty and may have none, by room."""

WORKERS: Sequence[tuple[str, Handler]] = ((late.NAME, late.take_along),)
"""The workers on the change feed, by the name of their cursor."""


async def mailbox(record: Record) -> None:
    """The patients' mailboxes, with the mail server of the settings."""
    server = settings().smtp
    address = record.base.removesuffix("/fhir")
    await delivery.watch(record, delivery.sending(delivery.server(server), address) if server else None)


async def extracts(record: Record) -> None:
    """The month's extract for NPR, with the folders of the settings."""
    chosen = settings()
    folder, schemas = (Path(name) if name else None for name in (chosen.npr, chosen.npr_xsd))
    await obligation.watch(record, folder, schemas)


CLOCKS: Sequence[tuple[str, Callable[[Record], Coroutine[Any, Any, None]]]] = (
    *duties.WORKERS,
    *delivery.WORKERS,
    *clerical.WORKERS,
    ("delivery: mailbox", mailbox),
    ("clerical: extract", extracts),
)
"""What runs beside each serving process until it is cancelled; several processes do not hinder each other."""


async def report(record: Record, found: Sequence[Finding]) -> None:
    """What is unusual in the log is owed to the privacy officer, each finding once; where no unit stands behind it, it
    is kept as a finding alone."""
    known = await names(record, frozenset(one.patient for one in found if one.patient))
    for one in found:
        patient = f"Patient/{known[one.patient]}" if one.patient in known else None
        if one.unit:
            await duties.unusual.found(
                record,
                reader=one.person,
                unit=one.unit,
                key=one.id,
                reason=one.reason,
                now=time.time_ns() // 1_000,
                patient=patient,
            )


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_foreign(scope: Scope, origin: str) -> bool:
    """Whether a request comes through a name that is neither this machine's nor that of `origin` (DNS rebinding)."""
    return not _is_ours(_header(scope, b"host", "localhost"), origin)


@lru_cache(maxsize=1_024)
def _is_ours(host: str, origin: str) -> bool:
    return f"https://{host}" == origin or is_loopback(host.rsplit(":", 1)[0] if not host.endswith("]") else host)


def is_elsewhere(scope: Scope) -> bool:
    """Whether a request comes from another site's page."""
    origin = _header(scope, b"origin", "")
    return origin != "" and origin.partition("://")[2] != _header(scope, b"host", "localhost")


def _header(scope: Scope, wanted: bytes, otherwise: str) -> str:
    for name, value in scope["headers"]:
        if name == wanted:
            text: str = value.decode("latin-1")
            return text
    return otherwise


CONFIGURATION = "/fhir/.well-known/smart-configuration"


class App:
    """/fhir without detours, everything else through the pages."""

    def __init__(self, fhir: ASGIApp, pages: ASGIApp, log: Log, tables: Tables, origin: str) -> None:
        self._origin = origin
        self._fhir = fhir
        self._pages = pages
        self._log = log
        self._crossings = Crossings(self._answer, tables)

    async def close(self) -> None:
        """Waits for what the log has under way."""
        await self._log.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_foreign(scope, self._origin):
            await PlainTextResponse("Felles is not reached by this name.", 403)(scope, receive, send)
        elif is_elsewhere(scope):
            await self._crossings(scope, receive, send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["path"].startswith("/fhir/") and scope["path"] != CONFIGURATION) or scope["path"] == "/fhir":
            await self._fhir(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


def build(record: Record) -> App:
    """The application of one record: pages for people, FHIR for programs."""
    from felles.access.oidc.provider import providers
    from felles.demo import people
    from felles.web import authorize, pages

    chosen = settings()
    service = Smart(record, folder_of(record.store.address, chosen.keys), record.base)
    log = Log(place_of(record.store.address, chosen.log, chosen.anchor).folder)
    access = Access.of(record.store.reading)
    capability.SECURITY[record.base] = security(record.base)
    fhir = FhirServer(Door(record, access, service.resources, log), record.base)
    face = pages(
        record,
        demo=record.demo,
        people=people() if record.demo else [],
        desk=Desk(record, access, log),
        origin=service.issuer,
        providers=providers(chosen.oidc),
        routes=[*endpoint.routes(service), *authorize.routes(service)],
    )
    return App(fhir, face, log, record, service.issuer)
