"""A piece of the input made ready for the writer: parsed, validated, named, indexed. Runs beside the writer, in
processes of its own."""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec

from felles.record.bulk import archive
from felles.record.bulk.entry import Taken, of_document, of_lines
from felles.record.bulk.fault import Fault, fault
from felles.record.bulk.naming import Names
from felles.record.bulk.source import Piece
from felles.record.entry import Entry
from felles.record.interaction.bundle import Conditions
from felles.record.outcome import Problem
from felles.record.record import Record
from felles.record.store import UNLESS_SAME, Advance, Kind, Origin, Request, Write
from felles.record.transaction import Plan, Refused, plan

AT_ONCE = 2_000
"""Writes in one request, where no Bundle asks for all or nothing."""


class Prepared(msgspec.Struct, array_like=True):
    """Requests in order, and for each of their writes the place in the piece. `whole`: all or nothing.

    `done`: so many resources of these very bytes have been imported before. `again`: what a condition asks for may
    come with what is being committed now; try once more after it.
    """

    requests: list[Request] = []
    places: list[list[str]] = []
    faults: list[Fault] = []
    whole: bool = False
    done: int = 0
    kept: int = 0
    again: bool = False


class Preparation:
    """Prepares pieces against one record. `anew`: also what has been imported before."""

    def __init__(self, record: Record, origin: Origin, *, anew: bool = False) -> None:
        self._record = record
        self._origin = origin
        self._anew = anew
        self._names = Names(record)

    async def prepare(self, piece: Piece) -> Prepared:
        """Never raises for what is wrong with the input: that is in `faults`."""
        try:
            raw = piece.lines if piece.first else archive.document(Path(piece.path), piece.member)
            mark = "import:" + blake2b(raw, digest_size=16).hexdigest()
            at = await self._position(mark)
            if at and not self._anew:
                return Prepared(done=at)
            kind, taken = ("lines", of_lines(raw)) if piece.first else of_document(raw)
        except Problem as error:
            return Prepared(faults=[_placed(piece, Problem(error.status, (issue,))) for issue in error.issues])
        except archive.BROKEN as error:
            return Prepared(faults=[Fault(piece.name, "", "", archive.reason(error))])
        prepared = await self._whole(piece, taken) if kind == "transaction" else await self._each(piece, kind, taken)
        self._mark(prepared, mark, at)
        return prepared

    async def _position(self, mark: str) -> int:
        rows = await self._record.store.reading.rows("SELECT position FROM cursor WHERE name = $1", (mark,))
        return int(rows[0][0]) if rows else 0

    def _mark(self, prepared: Prepared, mark: str, at: int) -> None:
        """The request also notes, in its transaction, that this piece is done. Where it takes several, what they
        find unchanged tells."""
        count = sum(map(len, prepared.places)) + prepared.kept
        if prepared.faults or len(prepared.requests) != 1:
            return
        zero = [0] if self._record.store.dialect == "postgresql" else []
        prepared.requests[-1].advance = Advance(mark, [*zero, at], [*zero, count])

    async def _whole(self, piece: Piece, taken: Taken) -> Prepared:
        """A transaction Bundle: one request, or a fault for each bad entry."""
        found = [one for one in taken if isinstance(one, Entry)]
        try:
            planned = await self._plan(found)
        except Problem as error:
            return await self._refused(piece, found, error)
        changed = [one for one in planned.planned if one.kind is not None]
        for write in planned.writes:
            _stand_aside(write)
        places = [f"entry {one.entry.place}" for one in changed]
        request = Request(planned.writes, planned.criteria, self._origin)
        return Prepared([request], [places], whole=True, kept=len(planned.planned) - len(changed))

    async def _plan(self, found: list[Entry], refused: list[Refused] | None = None) -> Plan:
        record = self._record
        return await plan(found, Conditions(record), record.base, self._names, refused, demo=record.demo)

    async def _refused(self, piece: Piece, found: list[Entry], first: Problem) -> Prepared:
        """Everything that is wrong with a transaction: it is planned once more, past the first bad entry."""
        bad: list[Refused] = []
        await self._plan(found, bad)
        errors = [one.problem for one in sorted(bad, key=lambda one: one.entry.place)] or [first]
        again = all(_may_come(error) for error in errors)
        lost = max(len(errors), sum(one.method != "GET" for one in found))
        faults = [_placed(piece, error) for error in errors]
        faults[0].count = lost - len(faults) + 1
        return Prepared(faults=faults, whole=True, again=again)

    async def _each(self, piece: Piece, kind: str, taken: Taken) -> Prepared:
        """Entries, each for itself: the bad ones are left out."""
        prepared = Prepared()
        refused = [one for one in taken if isinstance(one, Refused)]
        for found in _apart([one for one in taken if isinstance(one, Entry)]):
            planned = await self._plan(found, refused)
            changed = [one for one in planned.planned if one.kind is not None]
            prepared.kept += len(planned.planned) - len(changed)
            for start in range(0, len(changed), AT_ONCE):
                writes = planned.writes[start : start + AT_ONCE]
                for write in writes:
                    _stand_aside(write)
                prepared.requests.append(Request(writes, planned.criteria, self._origin))
                prepared.places.append([_at(piece, kind, one.entry) for one in changed[start : start + AT_ONCE]])
        prepared.faults = [_fault(piece, kind, one) for one in sorted(refused, key=lambda one: one.entry.place)]
        return prepared


def _stand_aside(write: Write) -> None:
    """A plain update is none when the content is the same."""
    if write.kind != Kind.DELETE and write.match == 0:
        write.match = UNLESS_SAME


def _apart(found: list[Entry]) -> Iterator[list[Entry]]:
    """Lists in which no address is written twice, the later version in the later list."""
    while found:
        now: dict[object, Entry] = {}
        later = []
        for one in found:
            address: object = one.url if one.method in ("PUT", "DELETE", "PATCH") else one.place
            if address in now:
                later.append(one)
            else:
                now[address] = one
        yield list(now.values())
        found = later


def _at(piece: Piece, kind: str, entry: Entry) -> str:
    if kind == "lines":
        return f"line {piece.first + entry.place}"
    return "" if kind == "resource" else f"entry {entry.place}"


def _fault(piece: Piece, kind: str, one: Refused) -> Fault:
    type_name = one.entry.url.partition("/")[0]
    at = f"Bundle.entry[{one.entry.place}]"
    return fault(piece.name, one.problem, _at(piece, kind, one.entry), 1, f"{at}.resource", type_name)


def _may_come(error: Problem) -> bool:
    """Whether what it misses may come with another file."""
    return error.status == 412 and any(issue.code == "not-found" for issue in error.issues)


def _placed(piece: Piece, error: Problem) -> Fault:
    """A fault of a Bundle, with the entry that its expression names."""
    expression = error.issues[0].expression or ""
    at = f"entry {expression.partition('[')[2].partition(']')[0]}" if expression.startswith("Bundle.entry[") else ""
    return fault(piece.name, error, at)
