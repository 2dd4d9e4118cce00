"""What need to know costs: the record's own server with its door and without, on one store, in pairs of one run
(`python -m bench access`). A ratio is the guarded rate over the unguarded one, the median of the pairs.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from bench.access import log
from bench.access.somebody import Somebody, doctor
from bench.access.verdict import decisions, tokens
from bench.figure import Figure
from bench.record.load import CHECKOUT, Load, free_port, reading, wait, wrk
from felles.app import LINES, RULES
from felles.demo import region
from felles.record.prepare import prepare, receive
from felles.record.record import Record
from felles.record.store import Kind, Origin, Write
from tests import cluster as bed
from tests.server import address, places

CLIENTS = 32


@dataclass(frozen=True, slots=True)
class Size:
    """People in the region, pairs, seconds of load in each half of a pair."""

    people: int
    pairs: int
    seconds: float


FULL = Size(people=700, pairs=9, seconds=3)
QUICK = Size(people=650, pairs=3, seconds=1)


def measure(quick: bool) -> tuple[list[Figure], dict[str, Any]]:
    """All figures, and what they were measured on."""
    size = QUICK if quick else FULL
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="felles-bench-") as folder:
        figures += _engine("sqlite", str(Path(folder) / "felles.db"), size)
    server = bed.Cluster()
    try:
        figures += _engine("postgresql", server.url(server.create()), size)
    finally:
        server.remove()
    figures += [*decisions(size.seconds), *tokens(size.seconds), *log.figures(quick)]
    return figures, {"region": f"demo, {size.people} people", "pairs": size.pairs, "clients": CLIENTS}


def _engine(engine: str, store: str, size: Size) -> list[Figure]:
    print(f"{engine}: a region of {size.people} people", file=sys.stderr)
    asyncio.run(_fill(store, size.people))
    with _both(store) as (guarded, free, pid):
        somebody = asyncio.run(doctor(store, f"{guarded}/fhir"))
        paths = [f"/fhir/Observation/{id}" for id in somebody.observations]
        asked = [f"/fhir/Observation?{query}" for query in somebody.searches]
        return [
            _figure("guarded read", engine, _pairs(guarded, free, pid, somebody, paths, size)),
            _figure("guarded search", engine, _pairs(guarded, free, pid, somebody, asked, size)),
        ]


async def _fill(store: str, people: int) -> None:
    record = await Record.open(store, RULES, lines=LINES)
    await record.store.set_note("demo", "yes")
    record.demo = True
    part: list[Write] = []
    for one in region(patients=people, seed=1, today=date.today()):
        part.append(prepare(receive(orjson.dumps(one), resource=one), one["id"], Kind.UPDATE, -1))
        if len(part) == 1_000:
            await record.commit(part, origin=Origin.DEMO)
            part = []
    await record.commit(part, origin=Origin.DEMO)
    await record.close()


@contextmanager
def _both(store: str) -> Iterator[tuple[str, str, int]]:
    """Both servers over one store: the guarded address, the free one, the process that leads them."""
    ports = {"FELLES_PORT": str(free_port()), "BENCH_PORT": str(free_port())}
    environment = {**os.environ, **places(store), **ports, "FELLES_STORE": store, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "bench.unguarded", "both"]
    process = subprocess.Popen(command, env=environment, cwd=CHECKOUT, stdout=subprocess.PIPE)
    try:
        guarded = address(process)
        free = f"http://localhost:{ports['BENCH_PORT']}"
        wait(f"{guarded}/fhir/metadata", process)
        wait(f"{free}/fhir/metadata", process)
        yield guarded, free, process.pid
    finally:
        process.terminate()
        process.wait(timeout=30)


@dataclass(slots=True)
class Pairs:
    """Rates with and without the door, pair by pair."""

    guarded: list[Load]
    free: list[Load]

    @property
    def ratios(self) -> list[float]:
        return sorted(one.rate / other.rate for one, other in zip(self.guarded, self.free, strict=True))


def _pairs(guarded: str, free: str, pid: int, who: Somebody, paths: list[str], size: Size) -> Pairs:
    """Interleaved, the first of each left out: it warms caches."""
    found = Pairs([], [])
    with_token, without = reading(paths, who.bearer), reading(paths)
    for turn in range(size.pairs + 1):
        one = wrk(guarded, CLIENTS, size.seconds, with_token, pid)
        other = wrk(free, CLIENTS, size.seconds, without, pid)
        if one.errors or other.errors:
            raise RuntimeError(f"{one.errors} guarded and {other.errors} free requests were refused")
        if turn:
            found.guarded.append(one)
            found.free.append(other)
    return found


def _figure(name: str, engine: str, pairs: Pairs) -> Figure:
    guarded = statistics.median(one.rate for one in pairs.guarded)
    free = statistics.median(one.rate for one in pairs.free)
    ratios = pairs.ratios
    p99 = statistics.median(one.p99 for one in pairs.guarded)
    cost = statistics.median(one.cost - other.cost for one, other in zip(pairs.guarded, pairs.free, strict=True))
    note = f"p99 {p99:.1f} ms; the door takes {cost:.0f} us of processor; raw is the same server without it"
    return Figure(name, engine, guarded, "requests/s", free, statistics.median(ratios), (ratios[0], ratios[-1]), note)
