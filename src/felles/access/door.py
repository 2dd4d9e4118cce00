"""The door of /fhir: a token becomes somebody, somebody gets a guard, and no answer leaves before the log has it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from felles.access.audit import row
from felles.access.audit.interaction import interaction
from felles.access.audit.log import Log
from felles.access.enumeration import VAIN_STATUS, Enumeration
from felles.access.guard import Access, Watch
from felles.access.smart.admission import Admitted, ResourceServer
from felles.access.smart.patience import Patience
from felles.access.smart.refusal import unauthorized
from felles.access.who import Kind, Purpose, Who
from felles.access.writing import ground_of
from felles.record import definition
from felles.record.outcome import Issue, Problem
from felles.record.record import Record
from felles.record.rest.door import Visit
from felles.record.rest.message import Request, Response

PUBLIC = frozenset({"metadata"})
"""What a stranger may ask (https://hl7.org/fhir/R4/http.html#capabilities)."""
KNOWN = 4_096
"""Tokens whose holders a process keeps."""
_ACTS = {
    "POST": row.Act.CREATE,
    "PUT": row.Act.UPDATE,
    "PATCH": row.Act.UPDATE,
    "DELETE": row.Act.DELETE,
}


@dataclass(frozen=True, slots=True)
class Public:
    """A visit for what is nobody's secret."""

    record: Record
    user: str = ""

    async def told(self, request: Request, answer: Response) -> Response:
        return answer


@dataclass(frozen=True, slots=True)
class Door:
    """Lets programs in by their access tokens. `record` is the system's own."""

    record: Record
    access: Access
    tokens: ResourceServer
    log: Log
    known: dict[str, tuple[Who, Who]] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    enumeration: Enumeration = field(default_factory=Enumeration)

    async def open(self, request: Request) -> Visit:
        """Raises Problem 401 for who is not known, 403 for who has no role any more."""
        if request.path in PUBLIC and request.method in ("GET", "HEAD"):
            return Public(self.record)
        now = time.time()
        try:
            url = f"{request.base}/{request.path}".rstrip("/")
            admitted = await self.tokens.verify(request.headers, request.method, url, now)
            who = await self._who(admitted, now)
        except Problem:
            await self._turned_away(request, now)
            raise
        self.enumeration.require(who, int(now * 1e6))
        watch = self.access.guard(who, admitted.token.patient)
        record = self.record.seen_by(watch)
        record.elsewhere = {"AuditEvent": interaction(watch)}
        return Guarded(record, watch, self.log, f"{who.id} {who.client}", self.enumeration)

    async def _turned_away(self, request: Request, now: float) -> None:
        """A row for each refusal, as long as an address has patience left: a flood of them fills no disk. Whoever shows
        a token that holds is not held up by others at the same address. Raises Problem 429."""
        seconds = self.patience.waits(request.client, now)
        if seconds:
            issue = Issue("throttled", f"too many requests without a token that holds; try again in {seconds} seconds")
            raise Problem(429, (issue,), {"retry-after": str(seconds)})
        self.patience.failed(request.client, now)
        await self.log.append(row.Row(int(now * 1e6), act_of(request), row.Result.REFUSED))

    async def _who(self, admitted: Admitted, now: float) -> Who:
        """Raises Problem 401 for staff whose employment has ended since."""
        token, session = admitted.token, admitted.session
        who = await self._person(token.subject, session.role if session else None, int(now * 1e6))
        if who is None:
            raise unauthorized("Bearer", "invalid_token")
        return self._held(who, admitted)

    def _held(self, who: Who, admitted: Admitted) -> Who:
        """The person as a token holds them, made once for each token while the person stays the same."""
        token, session = admitted.token, admitted.session
        level, signed = (session.level, session.signed) if session else (0, 0)
        known = self.known.get(token.id)
        if known is not None and known[0] is who and (known[1].level, known[1].signed) == (level, signed):
            return known[1]
        scopes = tuple(str(one) for one in token.scopes.grants)
        held = replace(who, scopes=scopes, level=level, signed=signed, session=token.session, client=token.app)
        if len(self.known) >= KNOWN:
            self.known.clear()
        self.known[token.id] = (who, held)
        return held

    async def _person(self, subject: str, role: str | None, moment: int) -> Who | None:
        kind = subject.partition("/")[0]
        if kind == "Practitioner":
            if role is not None:
                return await self.access.house.who_lately(subject, role, moment)
            roles = await self.access.house.roles_of(subject, moment)
            return roles[0] if len(roles) == 1 else None
        if kind == "Patient":
            return Who(subject, "", Kind.PATIENT, purpose=Purpose.OWN)
        return Who(subject, "", Kind.SYSTEM, purpose=Purpose.SYSTEM)


@dataclass(frozen=True, slots=True)
class Guarded:
    """One request in somebody's name."""

    record: Record
    watch: Watch
    log: Log
    user: str
    enumeration: Enumeration = field(default_factory=Enumeration)

    async def told(self, request: Request, answer: Response) -> Response:
        """The answer, once the log is durable. Raises Problem 503 or 507 instead of it."""
        if answer.status in VAIN_STATUS:
            self.enumeration.count(self.watch.who, answer.status, len(self.watch.refused), time.time_ns() // 1_000)
        if self.watch.shown or self.watch.refused or not self.watch.written:
            await self.log.append(*rows_of(self.watch, request, answer.status))
        return answer


def act_of(request: Request) -> row.Act:
    """What a request does, as the log says it."""
    last = request.path.rpartition("/")[2]
    if last == "_search":
        return row.Act.SEARCH
    if last.startswith("$"):
        return row.Act.OPERATION
    if "_history" in request.path:
        return row.Act.HISTORY
    if request.method in _ACTS:
        return _ACTS[request.method]
    return row.Act.READ if request.path.count("/") == 1 else row.Act.SEARCH


def rows_of(watch: Watch, request: Request, status: int) -> list[row.Row]:
    """One answer: whom it showed, what, and on which ground. Names of parameters, never values. What was refused on the
    way to an answer is a row of its own, so that nobody reads in the log that a closed record was seen."""
    result = row.Result.FAILED if status >= 500 else row.Result.REFUSED if status >= 400 else row.Result.OK
    shown, refused = watch.shown, watch.refused
    rows = []
    if shown or not refused:
        kinds = {one.type for one in shown}
        name = kinds.pop() if len(kinds) == 1 else type_in(request.path)
        ids = list(dict.fromkeys([one.id for one in shown[: row.NAMED + 1]]))
        patients = frozenset([one.patient for one in shown if one.patient])
        what = row.What(name, ids, len(shown), _names(request))
        rows.append(_row(watch, request, patients, what, result))
    if refused:
        patients = frozenset([key for _, _, keys in refused for key in keys])
        what = row.What(type_in(request.path), [id for _, id, _ in refused], len(refused), _names(request))
        rows.append(_row(watch, request, patients, what, max(result, row.Result.REFUSED)))
    return rows


def _row(watch: Watch, request: Request, patients: frozenset[int], what: row.What, result: row.Result) -> row.Row:
    why = row.Why(ground_of(watch.verdicts, patients), purpose=watch.who.purpose)
    now = time.time_ns() // 1_000
    return row.row(now, watch.who, act_of(request), patients=patients, what=what, why=why, result=result)


def _names(request: Request) -> list[str]:
    try:
        return [name for name, _ in request.parameters] if request.query else []
    except Problem:  # what cannot be read has been refused
        return ["?"]


def type_in(path: str) -> str:
    """The resource type that an address names, or nothing: what else stands there could be anything."""
    parts: Iterable[str] = reversed(path.split("/"))
    return next((part for part in parts if definition.is_resource(part)), "")
