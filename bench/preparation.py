"""Where the time of an import goes before the engine: processor per resource of each step."""

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Any

from bench.figure import Figure
from bench.record.data import bundles, prepared
from bench.record.work import rows_of
from felles.record import document
from felles.record.entry import entries
from felles.record.index import extract
from felles.record.prepare import prepare, receive
from felles.record.store import Kind
from felles.record.validation import validate


def measure(quick: bool) -> tuple[list[Figure], dict[str, Any]]:
    """Microseconds of processor per resource, the best of several rounds over the same bundles."""
    name, data = bundles()
    data = data[: 3 if quick else 12]
    plans = asyncio.run(_plans(data))
    raw = [entry.raw for bundle in data for entry in entries(bundle)[1]]
    read = [document.load(one) for one in raw]
    received = [receive(one.raw, one.type) for plan in plans for one in plan.planned if one.kind is not None]
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    steps: dict[str, Callable[[], object]] = {
        "a Bundle into its entries": lambda: [len(entries(bundle)[1]) for bundle in data],
        "parse a resource": lambda: sum(len(document.load(one)) for one in raw),
        "validate": lambda: sum(len(validate(one["resourceType"], one)) for one in read),
        "index rows": lambda: sum(extract(one["resourceType"], one).patient for one in read),
        "index rows, id and meta": lambda: sum(prepare(one, "x", Kind.CREATE).patient for one in received),
        "the whole plan": lambda: len(asyncio.run(_plans(data))),
        "rows for the tables": lambda: sum(len(rows_of(plan.writes)) for plan in plans),
    }
    rounds = 2 if quick else 5
    figures = [Figure(step, "none", _best(run, rounds) / len(raw) * 1e6, "us/resource") for step, run in steps.items()]
    return figures, {"data": name, "resources": len(raw), "rounds": rounds}


async def _plans(data: list[bytes]) -> list[Any]:
    return [await prepared(bundle) for bundle in data]


def _best(run: Callable[[], object], rounds: int) -> float:
    """Seconds of processor of the quickest round."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)
