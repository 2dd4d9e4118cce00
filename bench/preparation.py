"""Where the time of an import goes before the engine: processor per resource of each step."""

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from bench.figure import Figure
from bench.record.data import bundles, prepared
from bench.record.work import rows_of
from felles.record import document
from felles.record.entry import entries
from felles.record.index import extract
from felles.record.prepare import Received, prepare, receive
from felles.record.store import Kind, Request, Write
from felles.record.validation import validate

_wait = asyncio.new_event_loop().run_until_complete
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Request).decode


@dataclass(frozen=True, slots=True)
class _Case:
    """One bundle at each of its stages."""

    bundle: bytes
    raw: list[bytes]
    read: list[dict[str, Any]]
    received: list[Received]
    writes: list[Write]


STEPS: dict[str, Callable[[_Case], object]] = {
    "a Bundle into its entries": lambda case: entries(case.bundle),
    "parse a resource": lambda case: [document.load(one) for one in case.raw],
    "validate": lambda case: [validate(one["resourceType"], one) for one in case.read],
    "index rows": lambda case: [extract(one.type, one.resource) for one in case.received],
    "index rows, id and meta": lambda case: [prepare(one, "x", Kind.CREATE) for one in case.received],
    "the whole plan": lambda case: _wait(prepared(case.bundle)),
    "from process to process": lambda case: _decode(_encode(Request(case.writes))),
    "rows for the tables": lambda case: rows_of(case.writes),
}


def measure(quick: bool) -> tuple[list[Figure], dict[str, Any]]:
    """Microseconds of processor per resource: for each bundle the least of several rounds, so that other work on the
    machine tells as little as it can."""
    name, data = bundles()
    cases = [_case(bundle) for bundle in data[: 3 if quick else 12]]
    count = sum(len(case.raw) for case in cases)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    rounds = 2 if quick else 12
    figures = [
        Figure(step, "none", sum(_least(run, case, rounds) for case in cases) / count * 1e6, "us/resource")
        for step, run in STEPS.items()
    ]
    return figures, {"data": name, "resources": count, "rounds": rounds}


def _case(bundle: bytes) -> _Case:
    plan = _wait(prepared(bundle))
    raw = [entry.raw for entry in entries(bundle)[1]]
    received = [receive(one.raw, one.type) for one in plan.planned if one.kind is not None]
    return _Case(bundle, raw, [document.load(one) for one in raw], received, plan.writes)


def _least(run: Callable[[_Case], object], case: _Case, rounds: int) -> float:
    """Seconds of processor of the quickest round."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run(case)
        times.append(time.process_time() - start)
    return min(times)
