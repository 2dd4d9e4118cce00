"""Transactions (FHIR R4 http.html#transaction): prepared here, committed as one request, or refused whole.

Order of work: DELETE, POST, PUT and PATCH, then reads. `urn:uuid` and other fullUrls become the ids that the server
gives; conditional references and conditional interactions are searched here and searched again under lock in the
transaction; where that differs, everything is prepared anew.
"""

import re
from dataclasses import dataclass, replace
from typing import Protocol

from felles.record import definition, document
from felles.record.authenticity import refuse_made_up
from felles.record.condition import Found, criterion, version_of
from felles.record.entry import METHODS, Entry
from felles.record.link import Links
from felles.record.outcome import Issue, Problem, problem
from felles.record.prepare import new_id, prepare, receive, removal
from felles.record.store import Criterion, Kind, Write

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")


@dataclass(slots=True)
class Planned:
    """An entry whose target is known: the address it writes, or the one that a condition found."""

    entry: Entry
    type: str
    id: str
    kind: Kind | None
    match: int = 0
    raw: bytes = b""


@dataclass(slots=True)
class Plan:
    """The whole transaction before it is committed. `existing`: conditional creates that had a match."""

    planned: list[Planned]
    writes: list[Write]
    criteria: list[Criterion]
    reads: list[Entry]


class Searching(Protocol):
    """Finds ids for a condition; `patched` gives the bytes of a resource after a patch and its version before."""

    async def matching(self, type_name: str, query: str) -> Found: ...
    async def patched(self, type_name: str, id: str, raw: bytes) -> tuple[bytes, int]: ...


class Naming(Protocol):
    """Gives the id and `Write.match` of a resource that is posted. The same name twice is the same resource."""

    async def name(self, entry: Entry, type_name: str) -> tuple[str, int]: ...


class FreshNames:
    """A new id for everything (FHIR R4 http.html#create)."""

    async def name(self, entry: Entry, type_name: str) -> tuple[str, int]:
        return new_id(), -1


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that was left out, and why."""

    entry: Entry
    problem: Problem


async def plan(
    entries: list[Entry],
    search: Searching,
    base: str,
    naming: Naming | None = None,
    refused: list[Refused] | None = None,
    *,
    demo: bool = True,
) -> Plan:
    """Gives ids, rewrites links, validates and indexes. Raises Problem with the entry's expression; with a list for
    what is `refused`, bad entries go there and the plan holds the others. Identifiers of test
    series are for a `demo` store."""
    planner = _Planner(search, base, naming or FreshNames(), refused, demo=demo)
    for entry in sorted(entries, key=lambda entry: METHODS.index(entry.method)):
        try:
            await planner.target(entry)
        except Problem as error:
            planner.refuse(entry, placed(error, entry.at))
    return await planner.finish()


def placed(error: Problem, at: str, inside: str = "") -> Problem:
    """The same Problem, with expressions that begin at the entry."""
    issues = []
    for issue in error.issues:
        expression = f"{at}{inside}"
        if issue.expression:
            expression = f"{at}.resource.{issue.expression.partition('.')[2]}" if inside else at
        issues.append(Issue(issue.code, issue.diagnostics, expression.rstrip("."), issue.severity))
    return Problem(error.status, tuple(issues), error.headers)


class _Planner:
    def __init__(
        self, search: Searching, base: str, naming: Naming, refused: list[Refused] | None, *, demo: bool
    ) -> None:
        self.search = search
        self.demo = demo
        self.naming = naming
        self.refused = refused
        self.base = base.rstrip("/") + "/"
        self.planned: list[Planned] = []
        self.reads: list[Entry] = []
        self.criteria: dict[int, Criterion] = {}
        self.links = Links(self.base)
        self.seen: dict[str, Entry] = {}
        self.begun: dict[int, list[str]] = {}

    def refuse(self, entry: Entry, error: Problem) -> None:
        """Ends the whole, or leaves this entry out."""
        if self.refused is None:
            raise error
        self.refused.append(Refused(entry, error))

    async def target(self, entry: Entry) -> None:
        """Decides which resource the entry writes."""
        if entry.method in ("GET", "HEAD"):
            self.reads.append(entry)
            return
        path = entry.path.removeprefix(self.base)
        type_name, _, id = path.partition("/")
        if not definition.is_resource(type_name):
            if type_name == "" or type_name.startswith("$") or id.startswith("$") or "/" in id:
                raise problem(
                    422, "not-supported", "operations are not supported inside a transaction; call them alone"
                )
            raise problem(404, "not-supported", "the request url names no FHIR R4 resource type")
        if "$" in id:
            raise problem(422, "not-supported", "operations are not supported inside a transaction; call them alone")
        if id and not _ID.match(id):
            raise problem(400, "value", "the request url holds no valid id")
        planned = await getattr(self, f"_{entry.method.lower()}")(entry, type_name, id)
        self._remember(planned)

    def _remember(self, planned: Planned) -> None:
        entry, address = planned.entry, f"{planned.type}/{planned.id}"
        if planned.kind is not None:
            if address in self.seen:
                other = self.seen[address].place
                raise problem(400, "duplicate", f"entry {other} writes the same resource; a transaction may do so once")
            self.seen[address] = entry
        self.planned.append(planned)
        if entry.full_url and entry.method in ("POST", "PUT"):
            self.links.add(entry.full_url, address)

    async def _condition(self, type_name: str, query: str) -> Found:
        """What matches, or will: the entry that another with the same condition has begun."""
        found = await self.search.matching(type_name, query)
        self.criteria[found.lock] = criterion(type_name, found)
        if len(found.ids) > 1:
            raise problem(412, "multiple-matches", f"the condition matches more than one {type_name}")
        return found if found.ids else replace(found, ids=self.begun.get(found.lock, []))

    def _deleted(self, address: str) -> bool:
        return address in self.seen and self.seen[address].method == "DELETE"

    async def _post(self, entry: Entry, type_name: str, id: str) -> Planned:
        if id:
            raise problem(400, "invalid", "POST takes the type alone; use PUT to write a known id")
        query = entry.conditions.get("ifNoneExist")
        found = None
        if query is not None:
            found = await self._condition(type_name, query.partition("?")[2] if "?" in query else query)
            if found.ids and not self._deleted(f"{type_name}/{found.ids[0]}"):
                return Planned(entry, type_name, found.ids[0], None)
        given, match = await self.naming.name(entry, type_name)
        if found is not None:
            self.begun[found.lock] = [given]
        if f"{type_name}/{given}" in self.seen:
            return Planned(entry, type_name, given, None)
        return Planned(entry, type_name, given, Kind.CREATE if match == -1 else Kind.UPDATE, match, entry.raw)

    async def _put(self, entry: Entry, type_name: str, id: str) -> Planned:
        if not id:
            if not entry.query:
                raise problem(400, "invalid", "PUT needs an id or a condition in its url")
            found = await self._condition(type_name, entry.query)
            if not found.ids:
                given = document.load(entry.raw).get("id")
                self.begun[found.lock] = [str(given) if given else new_id()]
                return Planned(entry, type_name, self.begun[found.lock][0], Kind.UPDATE, -1, entry.raw)
            id = found.ids[0]
        return Planned(entry, type_name, id, Kind.UPDATE, _match(entry), entry.raw)

    async def _patch(self, entry: Entry, type_name: str, id: str) -> Planned:
        if not id:
            found = await self._condition(type_name, entry.query)
            if not found.ids:
                raise problem(404, "not-found", f"the condition matches no {type_name} to patch")
            id = found.ids[0]
        raw, number = await self.search.patched(type_name, id, entry.raw)
        if _match(entry) not in (0, number):
            raise problem(412, "conflict", f"version {number} is current, not the one in ifMatch")
        return Planned(entry, type_name, id, Kind.UPDATE, number, raw)

    async def _delete(self, entry: Entry, type_name: str, id: str) -> Planned:
        if not id:
            if not entry.query:
                raise problem(400, "invalid", "DELETE needs an id or a condition in its url")
            found = await self._condition(type_name, entry.query)
            if not found.ids:
                return Planned(entry, type_name, "", None)
            id = found.ids[0]
        return Planned(entry, type_name, id, Kind.DELETE, _match(entry))

    async def finish(self) -> Plan:
        kept, writes = [], []
        for planned in self.planned:
            try:
                write = await self._write(planned)
            except Problem as error:
                self.refuse(planned.entry, placed(error, planned.entry.at, ".resource"))
                continue
            kept.append(planned)
            if write is not None:
                writes.append(write)
        return Plan(kept, writes, list(self.criteria.values()), self.reads)

    async def _write(self, planned: Planned) -> Write | None:
        if planned.kind is None:
            return None
        if planned.kind is Kind.DELETE:
            return removal(planned.type, planned.id, planned.match)
        if b"?" in planned.raw:
            await self._conditional_references(planned.raw)
        received = receive(self.links.rewritten(planned.raw), planned.type)
        planned.raw = received.raw
        given = received.resource.get("id")
        if planned.entry.method in ("PUT", "PATCH") and given not in (None, planned.id):
            raise problem(400, "value", "the id of the resource is not the id that is written", f"{planned.type}.id")
        write = prepare(received, planned.id, planned.kind, planned.match)
        if not self.demo:
            refuse_made_up(write)
        return write

    async def _conditional_references(self, raw: bytes) -> None:
        for condition in self.links.conditions(raw):
            type_name, _, query = condition.decode(errors="replace").partition("?")
            found = await self._condition(type_name, query)
            if not found.ids:
                raise problem(412, "not-found", f"a conditional reference matches no {type_name}")
            self.links.find(condition, f"{type_name}/{found.ids[0]}")


def _match(entry: Entry) -> int:
    if entry.conditions.get("ifNoneMatch", "").strip() == "*":
        return -1
    value = entry.conditions.get("ifMatch")
    return version_of(value) if value else 0
