"""The record as everybody above sees it: reads, searches and commits, on whichever engine the store has."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from felles.record import definition, document, finding, question, reading
from felles.record.authenticity import refuse_made_up
from felles.record.condition import Found, Parameters, lock_of, relative
from felles.record.guard import Act, Elevated, Guard
from felles.record.index import extract
from felles.record.outcome import Issue, Problem, problem
from felles.record.page import Pages, open_pages
from felles.record.patch import fhirpath_patch, json_patch
from felles.record.permission import permitted, told
from felles.record.prepare import prepare, receive
from felles.record.reading import Reader, Stored
from felles.record.rule import Rule, RuleBook
from felles.record.store import (
    Advance,
    Committer,
    Criterion,
    Kind,
    Line,
    Lines,
    Origin,
    Request,
    Sql,
    Store,
    Write,
    Written,
    open_store,
)
from felles.record.store.stage import IndexRows
from felles.record.store.transaction import Reading

TRIES = 10


class Changed(Exception):
    """What a condition found has changed before the commit: prepare again."""


Elsewhere = Callable[["Record", Any], Awaitable[Any]]
"""Request → response of another room for a type of which it keeps some resources; None: they are the record's."""


class Record:
    """One open record. Bodies go in and out as bytes; whoever needs data parses them."""

    def __init__(self, store: Store, pages: Pages, *, demo: bool, base: str, lines: Lines) -> None:
        self.store = store
        self.pages = pages
        self.demo = demo
        self.base = base
        self._lines = lines
        self.reader = Reader(store.reading)
        self.elsewhere: Mapping[str, Elsewhere] = {}

    @classmethod
    async def open(
        cls,
        address: str | Path,
        rules: Sequence[Rule] = (),
        *,
        lines: Mapping[str, Sql] | None = None,
        base: str = "http://localhost:8080/fhir",
        seconds: float = 10.0,
    ) -> "Record":
        """Opens (and migrates) the store at a path or `postgresql://` address, with the rooms' rules and statements."""
        made = committer(rules, lines)
        store = await open_store(str(address), made, seconds=seconds)
        demo = await store.note("demo") == "yes"
        return cls(store, await open_pages(store), demo=demo, base=base, lines=made.lines)

    def seen_by(self, guard: Guard) -> "Record":
        """The same record in somebody's name: what the guard refuses is not there."""
        other = object.__new__(Record)
        other.__dict__.update(self.__dict__)
        other.reader = Reader(self.store.reading, guard)
        return other

    @property
    def guard(self) -> Guard:
        """In whose name the record is read and written."""
        return self.reader.guard

    def elevated(self, operation: str) -> "Record":
        """For an operation that works on whole records. Raises Problem 403 where the holder may not call it."""
        self.guard.may(Act.CALL, operation)
        return self if self.guard.everything else self.seen_by(Elevated(self.guard))

    @property
    def own(self) -> "Record":
        """As whoever called the operation sees it: a work on whole records begins with such as are open."""
        return self.seen_by(self.guard.holder) if isinstance(self.guard, Elevated) else self

    async def ask(self, name: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a registered statement: a room's own tables. The room answers for who may see them."""
        return await self.store.reading.rows(self._lines.sql(name, self.store.dialect), args)

    async def close(self) -> None:
        await self.pages.close()
        await self.store.close()

    async def read(self, type_name: str, id: str) -> Stored:
        """The current version. Raises Problem 404 or 410."""
        self.guard.may(Act.READ, type_name)
        return await reading.current(self.reader, type_name, id)

    async def resource(self, type_name: str, id: str) -> dict[str, Any]:
        """The current version as plain data. Raises Problem 404 or 410."""
        resource: dict[str, Any] = orjson.loads((await self.read(type_name, id)).body or b"{}")
        return resource

    async def version(self, type_name: str, id: str, number: int) -> Stored:
        """One version. Raises Problem 404 or 410."""
        self.guard.may(Act.READ, type_name)
        return await reading.version(self.reader, type_name, id, number)

    async def search(self, type_name: str | None, parameters: Sequence[tuple[str, str]], /) -> finding.Result:
        """One page of a search. Raises Problem 400 for what cannot be asked, 403 for what costs too much."""
        reader = self.reader
        return await finding.execute(reader, await question.read(reader, type_name, parameters, base=self.base))

    async def resources(self, type_name: str, parameters: Parameters) -> list[dict[str, Any]]:
        """The matches of a search's first page as plain data."""
        result = await self.search(type_name, parameters)
        return [orjson.loads(match.body or b"{}") for match in result.matches]

    async def matching(self, type_name: str, parameters: Parameters) -> Found:
        """At most two ids that match a condition. Raises Problem 412 for a condition without criteria."""
        if not any(not name.startswith("_") or name in ("_id", "_tag", "_profile", "_has") for name, _ in parameters):
            raise problem(412, "required", "a condition needs at least one search parameter")
        parameters = relative(type_name, parameters, self.base)
        ids = await matching(self.store.reading, type_name, parameters)
        shown = ids if self.guard.everything else await self._shown(type_name, parameters)
        return Found(parameters, shown, lock_of(type_name, parameters), ids)

    async def _shown(self, type_name: str, parameters: Parameters) -> list[str]:
        query = await question.read(self.reader, type_name, parameters)
        return await finding.first_ids(self.reader, query, 2)

    async def patched(self, type_name: str, id: str, patch: bytes, content_type: str) -> tuple[bytes, int]:
        """The current resource after a patch, and the number of the version that was patched."""
        stored = await self.read(type_name, id)
        return _patched(stored.body or b"", patch, content_type), stored.number

    async def commit(
        self,
        writes: Sequence[Write],
        criteria: Sequence[Criterion] = (),
        origin: Origin = Origin.ACT,
        advance: Advance | None = None,
        lines: Sequence[Line] = (),
    ) -> list[Written]:
        """One transaction, durable on return. Raises Problem, or Changed when a criterion gave something else."""
        if not self.demo:
            for write in writes:
                refuse_made_up(write)
        said = [*lines, *await self._said(writes)]
        reply = await self.store.submit(Request(list(writes), list(criteria), origin, advance, lines=said))
        if reply.refused is None:
            return reply.written
        refused = reply.refused
        if refused.reason in ("changed", "moved"):
            raise Changed
        error = _refusal(refused.reason, refused.number, refused.text, refused.issues, refused.status)
        error.position = refused.position
        raise error

    async def _said(self, writes: Sequence[Write]) -> list[Line]:
        if isinstance(self.guard, Elevated):
            return await told(self.reader, writes)
        return [] if self.guard.everything else await permitted(self.reader, writes)

    async def create(self, resource: dict[str, Any], id: str, origin: Origin = Origin.ACT) -> Written:
        """Puts one resource down that must not exist yet."""
        write = prepare(receive(orjson.dumps(resource), resource=resource), id, Kind.UPDATE, -1)
        return (await self.commit([write], origin=origin))[0]

    async def update(self, resource: dict[str, Any], match: int = 0, origin: Origin = Origin.ACT) -> Written:
        """Puts a new version of a resource down, created if absent. `match`: the version that must be current."""
        write = prepare(receive(orjson.dumps(resource), resource=resource), resource["id"], Kind.UPDATE, match)
        return (await self.commit([write], origin=origin))[0]


def _patched(body: bytes, patch: bytes, content_type: str) -> bytes:
    """JSON Patch or FHIRPath Patch, by the content type (http.html#patch)."""
    if content_type.partition(";")[0].strip().lower() == "application/json-patch+json":
        return document.serialise(json_patch(body, patch))
    return document.serialise(fhirpath_patch(body, patch))


def _refusal(reason: str, number: int, text: str, issues: list[tuple[str, str, str | None]], status: int) -> Problem:
    if reason == "conflict":
        return problem(412, "conflict", f"version {number} is current, not the one in If-Match; read it and try again")
    if reason == "exists":
        return problem(412, "conflict", "the resource exists already")
    if reason == "collision":
        return problem(409, "duplicate", "this id cannot be used in this store; choose another")
    if reason == "line":
        return problem(409, "conflict", f"others have changed what this depends on ({text}); read it and try again")
    if issues:
        return Problem(status, tuple(Issue(*issue) for issue in issues))
    return problem(status, "exception", text)


async def matching(store: Reading, type_name: str, parameters: Parameters) -> list[str]:
    """At most two ids of `type_name` that match (FHIR R4 http.html#ccreate needs to tell none, one and many apart)."""
    reader = Reader(store)
    return await finding.first_ids(reader, await question.read(reader, type_name, parameters), 2)


def committer(rules: Sequence[Rule] = (), lines: Mapping[str, Sql] | None = None) -> Committer:
    """What the writer needs to know of FHIR and of the rooms above: their rules and the statements on their tables."""
    registered = Lines(lines or {})
    return Committer(matching, index_rows, RuleBook(rules, registered), registered)


def index_rows(type_number: int, body: bytes) -> IndexRows:
    """The index rows of a stored body."""
    return extract(definition.type_name(type_number), orjson.loads(body)).lists


__all__ = ["Changed", "Record", "committer", "index_rows", "matching"]
