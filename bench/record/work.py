"""The work that both sides do: bundles imported, single resources created, and the rows these come to."""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.record.data import prepared
from bench.record.engine import Rows, Site
from felles.record.record import Record
from felles.record.store import Origin, Request, Write
from felles.record.store.stage import Stage
from felles.record.store.transaction import Current

_rids = itertools.count(1_000_000_000)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a piece of work took: seconds of processor and wall clock, and how much was done."""

    cpu: float
    wall: float
    done: int

    @property
    def rate(self) -> float:
        return self.done / self.wall

    @property
    def cost(self) -> float:
        """Microseconds of processor per piece."""
        return self.cpu / self.done * 1e6


def rows_of(writes: Sequence[Write], now: int = 1_700_000_000_000_000) -> Rows:
    """The rows that one transaction of new resources comes to, in the order of the clustered indexes."""
    stage = Stage()
    for write in writes:
        body = b"%b1%b2026-01-01T00:00:00.000Z%b" % (write.head, write.middle, write.tail)
        new = Current(next(_rids), write.patient, write.type, write.key, write.id, 1, now, write.date, 0, body)
        stage.create(new, write.rows, Origin.IMPORT)
    for table, many in stage.inserted.items():
        if table.name.endswith("_index"):
            many.sort()
    return dict(stage.inserted)


class Meter:
    """Processor and wall clock of a block."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __enter__(self) -> "Meter":
        self._cpu, self._wall = self._site.cpu(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall = time.perf_counter() - self._wall
        self.cpu = self._site.cpu() - self._cpu

    def taken(self, done: int) -> Taken:
        return Taken(self.cpu, self.wall, done)


async def import_bundles(site: Site, record: Record, bundles: Sequence[bytes]) -> Taken:
    """Bundles parsed, validated, indexed and made durable, one transaction each."""
    done = 0
    with Meter(site) as meter:
        for raw in bundles:
            planned = await prepared(raw)
            reply = await record.store.submit(Request(planned.writes, planned.criteria, Origin.IMPORT))
            done += len(reply.written)
    return meter.taken(done)


async def bare_import(site: Site, bundles: Sequence[bytes]) -> Taken:
    """The rows of the same bundles, made beforehand, by the bare engine."""
    groups = [rows_of((await prepared(raw)).writes) for raw in bundles]
    done = sum(len(many) for rows in groups for table, many in rows.items() if table.name == "resource")
    with Meter(site) as meter:
        await site.bare(groups)
    return meter.taken(done)


async def bare_creates(site: Site, raw: bytes, count: int) -> Taken:
    """Single resources by 32 connections of the bare engine, a durable transaction each."""
    groups: list[Rows] = []
    while len(groups) < count:
        groups += [rows_of([write]) for write in (await prepared(raw)).writes]
    with Meter(site) as meter:
        await site.bare_clients(groups[:count])
    return meter.taken(count)


async def fill(record: Record, bundles: Sequence[bytes], target: int) -> int:
    """Imports until the store holds `target` resources. Returns how many it holds."""
    found = await record.store.reading.rows("SELECT count(*) FROM resource")
    held = int(found[0][0])
    for raw in itertools.cycle(bundles):
        if held >= target:
            break
        planned = await prepared(raw)
        await record.store.submit(Request(planned.writes, planned.criteria, Origin.IMPORT))
        held += len(planned.writes)
    return held


def endless(bundles: Sequence[bytes]) -> Iterator[bytes]:
    """Bundles without end."""
    return itertools.cycle(bundles)
