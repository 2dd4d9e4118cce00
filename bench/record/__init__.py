"""The record's speed on both engines, beside the bare engine taking the same rows (`python -m bench record`).

Pairs are interleaved: Felles, bare engine, Felles ... on twins of the same preloaded store; a ratio is the bare
engine's processor time per resource over Felles's, the median of the pairs, with the lowest and highest.
"""

import asyncio
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from bench.figure import Figure
from bench.record.data import bundles
from bench.record.engine import CLIENTS, PostgresqlSite, Site, SqliteSite, opened
from bench.record.load import Load, creating, reading, served, wrk
from bench.record.work import Taken, bare_creates, bare_import, endless, fill, import_bundles
from felles.record.record import Record
from tests import cluster as bed

_ENTRY = re.compile(rb'"fullUrl"\s*:\s*"(urn:uuid:[^"]+)"')


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: resources preloaded for most figures and for the large store, pairs, seconds of load."""

    small: int
    large: int
    pairs: int
    part: int
    seconds: float
    searches: int


FULL = Size(small=50_000, large=1_000_000, pairs=9, part=4, seconds=3, searches=2_000)
QUICK = Size(small=2_000, large=6_000, pairs=3, part=1, seconds=1, searches=100)


def measure(quick: bool) -> tuple[list[Figure], dict[str, Any]]:
    """All figures of both engines, and what they were measured on."""
    size = QUICK if quick else FULL
    name, data = bundles()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="felles-bench-") as folder:
        figures += asyncio.run(_engine(SqliteSite(Path(folder)), size, data))
    bed.OPTIONS.update({"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"})
    server = bed.Cluster()
    try:
        site = PostgresqlSite(server, int((server.data / "postmaster.pid").read_text().split()[0]))
        figures += asyncio.run(_engine(site, size, data))
    finally:
        server.remove()
    about = {"data": name, "preloaded": size.small, "large": size.large, "pairs": size.pairs, "clients": CLIENTS}
    return figures, about


async def _engine(site: Site, size: Size, data: Sequence[bytes]) -> list[Figure]:
    _say(f"{site.engine}: loading {size.small} resources")
    async with opened(site) as record:
        await fill(record, data, size.small)
        small = await _searches(record, size)
    await site.twin()
    figures = [await _import(site, size, data)]
    figures += await _http(site, size, data)
    await site.close()
    _say(f"{site.engine}: loading up to {size.large} resources")
    async with opened(site) as record:
        start, before = time.perf_counter(), await _held(record)
        await fill(record, data, size.large)
        figures.append(_growth_of_import(site, start, before, await _held(record)))
        large = await _searches(record, size)
    return figures + _search_figures(site, size, small, large)


async def _held(record: Record) -> int:
    return int((await record.store.reading.rows("SELECT count(*) FROM resource"))[0][0])


def _growth_of_import(site: Site, start: float, before: int, after: int) -> Figure:
    rate = (after - before) / (time.perf_counter() - start)
    note = f"one process, from {before} to {after} resources"
    return Figure("import, one process", site.engine, rate, "resources/s", note=note)


async def _import(site: Site, size: Size, data: Sequence[bytes]) -> Figure:
    """Pairs for the ratio; the rate is that of the command `felles import` with its processes."""
    ours: list[Taken] = []
    bare: list[Taken] = []
    supply = endless(data)
    async with opened(site) as record:
        for pair in range(size.pairs):
            part = list(islice(supply, size.part))
            ours.append(await import_bundles(site, record, part))
            bare.append(await bare_import(site, part))
            _say(f"{site.engine}: import pair {pair + 1}: {ours[-1].rate:.0f} and {bare[-1].rate:.0f} resources/s")
    rate = _command(site, size, data)
    ratios = [theirs.cost / mine.cost for mine, theirs in zip(ours, bare, strict=True)]
    raw = statistics.median(taken.rate for taken in bare)
    cost = statistics.median(taken.cost for taken in ours)
    note = f"felles import; {cost:.0f} us of processor per resource in one process"
    return _figure("import", site, rate, "resources/s", raw, ratios, note)


def _command(site: Site, size: Size, data: Sequence[bytes]) -> float:
    """Resources per second of `felles import`, of copies of the bundles that are new to the store."""
    with tempfile.TemporaryDirectory() as folder:
        for place, raw in enumerate(islice(endless(data), 8 if size is QUICK else 172)):
            renamed = raw
            for old in set(_ENTRY.findall(raw)):
                renamed = renamed.replace(old, b"urn:uuid:%08x" % (place + 1) + old[17:])
            (Path(folder) / f"{place:04}.json").write_bytes(renamed)
        command = [sys.executable, "-c", "from felles.cli import main; main()", "import", folder, "--json"]
        said = subprocess.run([*command, "--store", site.address], capture_output=True, text=True, check=True)
    tally = orjson.loads(said.stdout.splitlines()[-1])
    return float((tally["created"] + tally["updated"]) / tally["seconds"])


async def _http(site: Site, size: Size, data: Sequence[bytes]) -> list[Figure]:
    async with opened(site) as record:
        kinds = await record.resources("Observation", [("_count", "500")])
        paths = [f"/fhir/Observation/{one['id']}" for one in kinds]
        bodies = [_posted(one) for one in kinds[:64]]
    also = site.pid if isinstance(site, PostgresqlSite) else 0
    creates: list[Load] = []
    bare: list[Taken] = []
    with tempfile.TemporaryDirectory() as folder, served(site.address) as (base, pid):
        create = creating(Path(folder), bodies, "/fhir/Observation")
        for _ in range(size.pairs):
            creates.append(wrk(base, CLIENTS, size.seconds, create, pid, also))
            bare.append(await bare_creates(site, data[0], 600 if size is QUICK else 3_000))
            _say(f"{site.engine}: create pair: {creates[-1].rate:.0f} and {bare[-1].rate:.0f} requests/s")
        reads = [wrk(base, CLIENTS, size.seconds, reading(paths), pid, also) for _ in range(min(size.pairs, 5))]
    ratios = [theirs.cost / mine.cost for mine, theirs in zip(creates, bare, strict=True)]
    figures = [_http_figure("create", site, creates, statistics.median(taken.rate for taken in bare), ratios)]
    return [*figures, _http_figure("read", site, reads, None, [])]


def _posted(resource: dict[str, Any]) -> bytes:
    return orjson.dumps({name: value for name, value in resource.items() if name not in ("id", "meta")})


def _http_figure(name: str, site: Site, loads: list[Load], raw: float | None, ratios: list[float]) -> Figure:
    p50, p99 = (statistics.median(getattr(load, at) for load in loads) for at in ("p50", "p99"))
    share = statistics.median(load.client_cpu / (load.client_cpu + load.server_cpu) for load in loads)
    errors = sum(load.errors for load in loads)
    note = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, {share:.0%} of the processor was the load's, {errors} errors"
    return _figure(name, site, statistics.median(load.rate for load in loads), "requests/s", raw, ratios, note)


Timed = dict[str, float]


async def _searches(record: Record, size: Size) -> Timed:
    """Median milliseconds of each kind of search, in the store, with the bodies of the first 50."""
    rows = await record.resources("Observation", [("_count", "1000"), ("category", "vital-signs")])
    picked = random.Random(1)
    asked: dict[str, list[float]] = {}
    for _ in range(size.searches):
        one = picked.choice(rows)
        patient = one["subject"]["reference"].partition("/")[2]
        code = one["code"]["coding"][0]
        token = f"{code['system']}|{code['code']}"
        for name, kind, parameters in (
            ("clinical search", "Observation", [("patient", patient), ("code", token), ("date", "ge2000")]),
            ("code and date search", "Observation", [("code", token), ("date", "ge2000")]),
            ("chained search", "Observation", [("patient._id", patient), ("code", token)]),
            (
                "include search",
                "Observation",
                [("patient", patient), ("code", token), ("_include", "Observation:encounter")],
            ),
        ):
            start = time.perf_counter()
            await record.search(kind, [*parameters, ("_sort", "-date"), ("_count", "50")])
            asked.setdefault(name, []).append(time.perf_counter() - start)
    return {name: statistics.median(times) * 1e3 for name, times in asked.items()}


def _search_figures(site: Site, size: Size, small: Timed, large: Timed) -> list[Figure]:
    figures = []
    for name, value in small.items():
        note = f"p50 at {size.small}; at {size.large}: {large[name]:.3f} ms"
        figures.append(Figure(name, site.engine, value, "ms", note=note))
        figures.append(Figure(f"growth of {name}", site.engine, large[name] / value, "times", note=note))
    return figures


def _figure(
    name: str, site: Site, value: float, unit: str, raw: float | None, ratios: list[float], note: str
) -> Figure:
    ratio = statistics.median(ratios) if ratios else None
    spread = (min(ratios), max(ratios)) if ratios else None
    return Figure(name, site.engine, value, unit, raw, ratio, spread, note)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
