"""Whether the log is what was told: the chain recomputed, each seal's signature, each anchor, and the columns by which
rows are found.

Alteration, removal, insertion and a new order break the chain at the row; a chain made anew breaks the seals; seals
that are gone are missed by the anchors.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain as joined
from itertools import pairwise

from felles.access.audit.anchor import Anchor, Cut
from felles.access.audit.chain import START, link
from felles.access.audit.row import read
from felles.access.audit.seal import Seal
from felles.access.audit.statement import patients_args
from felles.record.index.value import key64
from felles.record.store.snapshot import Snapshot

_SEALS = "SELECT number, first, last, moment, root, key, signature FROM log_seal ORDER BY number"
_ROWS = "SELECT seq, moment, person, act, hash, body FROM log WHERE seq BETWEEN $1 AND $2 ORDER BY seq"
_FOUND = {
    "sqlite": "SELECT count(*) FROM json_each($1) e JOIN log_patient p "
    "ON p.patient = json_extract(e.value, '$[0]') AND p.seq = json_extract(e.value, '$[1]')",
    "postgresql": "SELECT count(*) FROM unnest($1::int8[], $2::int8[]) AS e(patient, seq) "
    "JOIN log_patient p ON p.patient = e.patient AND p.seq = e.seq",
}
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold; `row` and `seal` are numbers, 0 where it is about none."""

    what: str
    row: int = 0
    seal: int = 0

    def __str__(self) -> str:
        place = f"row {self.row}: " if self.row else f"seal {self.seal}: " if self.seal else ""
        return place + self.what


@dataclass(slots=True)
class Link:
    """The walk along the chain: the last row's number, its hash as stored and as computed."""

    seq: int
    stored: bytes
    computed: bytes

    def follow(self, seq: int, kept: bytes, body: bytes) -> Iterator[Fault]:
        """Faults of the next row. The walk goes on from what stands there, so that each is told once."""
        if seq > self.seq + 1:
            missing = f"row {self.seq + 1}" if seq == self.seq + 2 else f"rows {self.seq + 1} to {seq - 1}"
            yield Fault(f"{missing} before it: gone", row=seq)
            self.stored = self.computed = kept
        else:
            computed = link(self.computed, body)
            fits = computed == kept or (self.stored != self.computed and link(self.stored, body) == kept)
            if not fits:
                yield Fault("altered, or not the row that was told here", row=seq)
            self.stored, self.computed = kept, kept if fits else computed
        self.seq = seq

    def close(self, seal: Seal) -> Iterator[Fault]:
        """Faults at the end of a seal, whose root the chain must have reached; it goes on from there."""
        if self.seq != seal.last:
            yield Fault(f"rows {self.seq + 1} to {seal.last}: gone", seal=seal.number)
        elif seal.root not in (self.stored, self.computed):
            yield Fault(f"rows {seal.first} to {seal.last} do not end in its root", seal=seal.number)
        self.seq, self.stored, self.computed = seal.last, seal.root, seal.root


@dataclass(slots=True)
class Verification:
    """What has been looked at."""

    rows: int = 0
    patients: int = 0
    seals: int = 0
    anchors: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a stop has left, and who mends it: no faults."""
    last: int = 0
    """The last row that a seal covers."""


def seal_faults(seals: Iterable[Seal], trusted: frozenset[bytes]) -> Iterator[Fault]:
    """Seals must follow each other without a gap, and be signed by one of the log's keys."""
    number = last = 0
    for seal in seals:
        if seal.number != number + 1:
            yield Fault(f"seals {number + 1} to {seal.number - 1} before it: gone", seal=seal.number)
        elif seal.first != last + 1:
            yield Fault(f"begins at row {seal.first}, the one before ends at {last}", seal=seal.number)
        if seal.key not in trusted:
            yield Fault("signed with a key that is not the log's", seal=seal.number)
        elif not seal.holds:
            yield Fault("the signature does not fit", seal=seal.number)
        number, last = seal.number, seal.last


Anchored = Anchor | Cut | None


def anchor_faults(anchors: Iterable[tuple[int, Anchored]], seals: Mapping[int, Seal]) -> Iterator[Fault]:
    """Every anchor must be a seal that stands in the store, and no seal between two anchors may lack its own."""
    there: set[int] = set()
    for line, one in anchors:
        if one is None:
            yield Fault(f"line {line} of the anchors cannot be read")
        elif isinstance(one, Cut):
            continue
        elif one.number not in seals:
            yield Fault(f"it is anchored but gone, with rows {one.first} to {one.last}", seal=one.number)
        elif one.seal != seals[one.number]:
            yield Fault("differs from its anchor", seal=one.number)
        if isinstance(one, Anchor):
            there.add(one.number)
    for first, last in _gaps(there):
        yield Fault(f"seals {first} to {last}: their anchors were taken out from between the others")


def _gaps(numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    """The numbers that are missing between some."""
    found = sorted(numbers)
    for one, other in pairwise(found):
        if other > one + 1:
            yield one + 1, other - 1


def stops(anchors: Iterable[tuple[int, Anchored]], seals: Collection[int]) -> Iterator[str]:
    """What a sealer has left that was stopped between sealing and anchoring. The next one mends it."""
    there = [0]
    for line, one in anchors:
        if isinstance(one, Anchor):
            there.append(one.number)
        elif isinstance(one, Cut):
            rest = "the whole line follows" if one.again else "the next sealing ends it and writes it again"
            yield f"line {line} of the anchors was cut by a stop; {rest}"
    waiting = [one for one in seals if one > max(there)]
    if waiting and len(there) > 1:
        yield (
            f"seals {min(waiting)} to {max(waiting)} stand in the store and not yet among the anchors: the sealer is "
            "at it, or was stopped between the two; the next sealing (`felles audit seal`) writes them there"
        )


async def verify(
    moment: Snapshot,
    trusted: frozenset[bytes],
    anchors: Iterable[tuple[int, Anchored]] = (),
    *,
    begin: int = 0,
    end: int = 2**62,
) -> Verification:
    """Verifies the seals, and the rows of those that were made between two moments (microseconds)."""
    result = Verification()
    seals = [Seal(*row) for row in await moment.rows(_SEALS)]
    by_number = {seal.number: seal for seal in seals}
    result.seals, result.last = len(seals), seals[-1].last if seals else 0
    given = list(anchors)
    result.anchors = len(given)
    result.notes += stops(given, by_number)
    result.faults += joined(seal_faults(seals, trusted), anchor_faults(given, by_number))
    chosen = [seal for seal in seals if begin <= seal.moment < end]
    whole = len(chosen) == len(seals)
    if chosen:
        before = by_number.get(chosen[0].number - 1)
        walk = Link(chosen[0].first - 1, *2 * (before.root if before else START,))
        await _walk(moment, walk, chosen, result)
    if whole:
        await _beyond(moment, seals[-1].last if seals else 0, result)
    return result


async def _walk(moment: Snapshot, walk: Link, seals: list[Seal], result: Verification) -> None:
    """Rows of `seals` in order; at the end of each the chain must be at its root."""
    pending = iter(seals)
    seal = next(pending)
    pairs: list[tuple[int, int]] = []
    async for seq, when, person, act, kept, body in moment.stream(_ROWS, (seals[0].first, seals[-1].last)):
        while seq > seal.last:
            result.faults += walk.close(seal)
            seal = next(pending)
        result.faults += walk.follow(seq, kept, body)
        result.rows += 1
        patients, found_under = _known(body)
        if found_under not in (None, (when, person, act)):
            result.faults.append(Fault("is found under another moment, person or act than its own", row=seq))
        pairs += [(patient, seq) for patient in patients]
        if len(pairs) >= CHUNK:
            result.faults += await _unfound(moment, pairs)
            result.patients += len(pairs)
            pairs = []
    result.faults += await _unfound(moment, pairs)
    result.patients += len(pairs)
    for rest in joined((seal,), pending):
        result.faults += walk.close(rest)


def _known(body: bytes) -> tuple[Collection[int], tuple[int, int, int] | None]:
    """The patients of a row and what it must be found under (None: whatever it is found under, it cannot be read)."""
    row = read(body)
    return (set(row.patients), (row.moment, key64(row.person), row.act)) if row else ((), None)


async def _unfound(moment: Snapshot, pairs: Sequence[tuple[int, int]]) -> list[Fault]:
    """Rows that are not found under a patient whom they name."""
    if not pairs or await _count(moment, pairs) == len(pairs):
        return []
    if len(pairs) == 1:
        return [Fault("is not found under a patient whom it names", row=pairs[0][1])]
    half = len(pairs) // 2
    return [*await _unfound(moment, pairs[:half]), *await _unfound(moment, pairs[half:])]


async def _count(moment: Snapshot, pairs: Sequence[tuple[int, int]]) -> int:
    args = patients_args(pairs, "postgresql" if moment.dialect == "postgresql" else "sqlite")
    return int((await moment.rows(_FOUND[moment.dialect], args))[0][0])


async def _beyond(moment: Snapshot, last: int, result: Verification) -> None:
    """What stands in the log outside of every seal: somebody else put it there."""
    for (seq,) in await moment.rows("SELECT seq FROM log WHERE seq > $1 OR seq < 1 ORDER BY seq LIMIT 100", (last,)):
        result.faults.append(Fault("is under no seal: put in by hand", row=seq))
    found = int((await moment.rows("SELECT count(*) FROM log_patient"))[0][0])
    if found > result.patients and not result.faults:
        result.faults.append(Fault(f"{found - result.patients} rows are found under patients whom they do not name"))
    if (await moment.rows("SELECT seq FROM log_head"))[0][0] != last:
        result.faults.append(Fault("the end of the chain is not at the last seal"))
