"""The log over FHIR: `AuditEvent/log-17` and `AuditEvent?...`, newest first, a page at a time.

AuditEvents that clients send are resources like any other, read under their own ids; the log tells of each that was
stored, and the search at AuditEvent is a search of the log.
"""

from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson

from felles.access.audit import question as asking
from felles.access.audit.event import Json, audit_event
from felles.access.audit.question import Question, number_of, statement
from felles.access.audit.reach import Reach
from felles.access.audit.row import Row, read
from felles.access.audit.statement import many
from felles.record.guard import Act as Interaction
from felles.record.interaction import search
from felles.record.outcome import Issue, Problem, operation_outcome, problem
from felles.record.record import Record
from felles.record.rest.bundle import Link, bundle, entry
from felles.record.rest.message import Parameters, Request, Response, parameters, render
from felles.record.store.commit import instant

PORTION = 1_000
PORTIONS = 20
"""Rows that one answer looks through at the most; the next page goes on from there."""


@dataclass(slots=True)
class Page:
    """Rows of one page, newest first, each with its number; `older` is where the next page begins (None: no more)."""

    rows: list[tuple[int, Row]] = field(default_factory=list)
    older: int | None = None

    @property
    def patients(self) -> frozenset[int]:
        """Whom the page shows, for the log of the log."""
        return frozenset(key for _, row in self.rows for key in row.patients)


@dataclass(frozen=True, slots=True)
class Told:
    """One patient in one AuditEvent that leaves, for the log of the log."""

    id: str
    patient: int
    type: str = "AuditEvent"
    number: int = 1


async def page(record: Record, question: Question, reach: Reach) -> Page:
    """The next rows of a question that lie within reach."""
    found = Page()
    if reach.nothing:
        return found
    store = record.store.reading
    portion = question.count + 1 if not (question.entities or question.results) else PORTION
    for _ in range(PORTIONS):
        sql, args = statement(question, reach, store.dialect, portion)
        rows = await store.rows(sql, args)
        for seq, body in rows:
            if len(found.rows) == question.count:
                found.older = found.rows[-1][0]
                return found
            row = read(body)
            if row is not None and reach.covers(row) and question.fits(row):
                found.rows.append((seq, row))
            question.before = seq
        if len(rows) < portion:
            return found
    found.older = question.before
    return found


async def names(record: Record, keys: frozenset[int]) -> dict[int, str]:
    """Ids of Patient resources by key."""
    if not keys:
        return {}
    return dict(await record.ask("log.names", [many(sorted(keys), record.store.dialect)]))


async def audit_events(record: Record, request: Request, reach: Reach) -> Response | None:
    """The answer to a reading of AuditEvent; None for what is not the log's: another type, a write, a resource under
    an id of its own. Raises Problem: 404 for a row that is not within reach, 400 for what cannot be asked."""
    parts = request.path.split("/")
    if parts[0] != "AuditEvent":
        return None
    if len(parts) == 2 and parts[1] != "_search":
        return await _one(record, request, parts[1], reach)
    if len(parts) == 1 and request.method in ("GET", "HEAD"):
        return await _search(record, request, request.parameters, reach)
    if parts[1:] == ["_search"] and request.method == "POST":
        return await _search(record, request, [*request.parameters, *_form(request)], reach)
    return None


def _form(request: Request) -> Parameters:
    try:
        return [pair for pair in parameters(request.body.decode()) if pair[0] not in ("_format", "_pretty")]
    except UnicodeDecodeError as error:
        raise problem(400, "invalid", "the form is not UTF-8") from error


async def _one(record: Record, request: Request, id: str, reach: Reach) -> Response | None:
    seq = number_of(id)
    if seq is None:
        return None
    if request.method not in ("GET", "HEAD"):
        raise problem(405, "not-supported", "the log is written by what happens, and by nobody's hand")
    record.guard.may(Interaction.READ, "AuditEvent")
    found = await page(record, Question(seqs=frozenset((seq,)), count=1), reach)
    if not found.rows:
        record.guard.refuse("AuditEvent", id, ())
        raise problem(404, "not-found", "there is no AuditEvent with this id")
    return render((await _events(record, found, reach))[0], headers={"etag": 'W/"1"'})


async def _search(record: Record, request: Request, asked: Parameters, reach: Reach) -> Response:
    """Rows of the log, after what others have stored as AuditEvents."""
    record.guard.may(Interaction.SEARCH, "AuditEvent")
    try:
        question = asking.read(asked)
    except Problem as error:
        if error.issues[0].code == "not-supported":
            return await _stored_alone(record, request, error)
        raise
    self_url = _url(record, question, question.before if question.before != asking.FIRST else None)
    found = await page(record, question, reach)
    links = [Link("self", self_url)]
    if found.older is not None:
        links.append(Link("next", _url(record, question, found.older)))
    events = await _events(record, found, reach)
    entries = await _stored(record, asked) if question.before == asking.FIRST else []
    entries += [
        entry(f"{record.base}/AuditEvent/{one['id']}", orjson.dumps(one), search={"mode": "match"}) for one in events
    ]
    return bundle("searchset", entries, links)


async def _stored_alone(record: Record, request: Request, reason: Problem) -> Response:
    """What others have stored, where the log cannot be asked so; the answer says that the log is not in it."""
    of_type = search.of_type_posted if request.path.endswith("_search") else search.of_type
    answer = await of_type(record, request, "AuditEvent")
    found = orjson.loads(answer.body)
    if request.wants("_summary") != "count":
        text = f"no rows of the access log here: {reason.issues[0].diagnostics}"
        note = Issue("not-supported", text, severity="warning")
        found.setdefault("entry", []).append({"resource": operation_outcome((note,)), "search": {"mode": "outcome"}})
    return render(found)


async def _stored(record: Record, asked: Parameters) -> list[bytes]:
    """AuditEvents that are resources like any other: what clients have put down of their own doings."""
    found = await record.search("AuditEvent", asked)
    return [entry(f"{record.base}/{one.address}", one.body, search={"mode": "match"}) for one in found.matches]


def _url(record: Record, question: Question, before: int | None) -> str:
    pairs = [*question.asked, *([("_before", str(before))] if before is not None else [])]
    return f"{record.base}/AuditEvent" + (f"?{urlencode(pairs)}" if pairs else "")


async def _events(record: Record, found: Page, reach: Reach) -> list[Json]:
    shown = [Told(f"log-{seq}", patient) for seq, row in found.rows for patient in reach.shown(row)]
    record.guard.show(shown)
    known = await names(record, frozenset(one.patient for one in shown))
    events = []
    for seq, row in found.rows:
        event = audit_event(seq, row, reach.shown(row), known)
        event["meta"] = {"versionId": "1", "lastUpdated": instant(row.moment).decode()}
        events.append(event)
    return events
