"""The ledger at scale: the worklist and the balance as pages, the first free time among many, and what a duty adds to
the create that causes it (`python -m bench duties`).

The rows are put down in bulk, with the entries and counts that the ledger would have written, so that `felles check
balance` holds for them.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import asyncpg

from bench.figure import Figure
from bench.record.cpu import of_tree
from felles import app
from felles.clerical import vacancy
from felles.clerical.conservation import ASSESS
from felles.clerical.vacancy import MINUTE, Wish
from felles.duties import Owe, owing
from felles.duties.calendar import NORWAY
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.rule import Rule, Woken
from felles.record.store import Line
from felles.record.store.sqlite import connect
from tests import cluster as bed
from tests.integration import visiting

UNITS = 200
PATIENTS = 500
CLIENTS = 32
DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """Open and closed duties, free times, pairs, creates in each half of a pair, requests of a page."""

    open: int
    closed: int
    slots: int
    pairs: int
    creates: int
    pages: int


FULL = Size(1_000_000, 50_000_000, 100_000, 9, 1_000, 30)
QUICK = Size(20_000, 200_000, 100_000, 3, 200, 5)


def measure(quick: bool) -> tuple[list[Figure], dict[str, Any]]:
    """All figures, and what they were measured on."""
    size = QUICK if quick else FULL
    figures = []
    with tempfile.TemporaryDirectory(prefix="felles-bench-") as folder:
        figures += asyncio.run(_engine("sqlite", str(Path(folder) / "felles.db"), Path(folder), size, 0))
    server = bed.Cluster()
    try:
        pid = int((server.data / "postmaster.pid").read_text().split()[0])
        with tempfile.TemporaryDirectory(prefix="felles-bench-") as folder:
            address = server.url(server.create())
            figures += asyncio.run(_engine("postgresql", address, Path(folder), size, pid))
    finally:
        server.remove()
    return figures, {"open": f"{size.open:,}", "closed": f"{size.closed:,}", "units": UNITS, "times": f"{size.slots:,}"}


async def _engine(engine: str, address: str, folder: Path, size: Size, server: int) -> list[Figure]:
    record = await Record.open(address, app.RULES, lines=app.LINES)
    await _people(record)
    _say(f"{engine}: {size.open:,} open and {size.closed:,} closed duties")
    await (_fill_embedded(address, size) if engine == "sqlite" else _fill_region(address, size))
    await _slots(record, size)
    note = f"{size.open:,} open, {size.closed:,} closed, {UNITS} units; the page as it leaves the server"
    figures = []
    async with (
        visiting.house(record, visiting.staff("worker"), folder / "log") as house,
        house.visit("worker") as visitor,
    ):
        for name, path in (("worklist", "/duties"), ("balance", "/balance")):
            taken = [await _timed(lambda: visitor.get(path)) for _ in range(size.pages)]  # noqa: B023
            figures.append(Figure(name, engine, statistics.median(taken[1:] or taken), "ms", note=f"p50; {note}"))
    figures.append(await _find(record, engine, size))
    await record.close()
    return [*figures, await _creates(engine, address, size, server)]


async def _timed(act: Callable[[], Awaitable[Any]]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    answer = await act()
    if answer.status_code != 200:
        raise RuntimeError(f"the page answered {answer.status_code}")
    return (time.perf_counter() - began) * 1e3


async def _people(record: Record) -> None:
    """A hospital of UNITS wards, somebody who works in the first, and patients who lie there."""
    await record.update({"resourceType": "Organization", "id": "hospital", "name": "Sykehuset"})
    for number in range(UNITS):
        made = {"resourceType": "Organization", "id": f"u{number}", "name": f"Post {number}"}
        await record.update({**made, "partOf": {"reference": "Organization/hospital"}})
    await record.update({"resourceType": "Practitioner", "id": "worker", "active": True, "name": [{"text": "Worker"}]})
    profession = {"system": "urn:oid:2.16.578.1.12.4.1.1.9060", "code": "SP"}
    await record.update(
        {
            "resourceType": "PractitionerRole", "id": "worker", "active": True, "code": [{"coding": [profession]}],
            "practitioner": {"reference": "Practitioner/worker"}, "organization": {"reference": "Organization/u0"},
        }
    )  # fmt: skip
    for number in range(PATIENTS):
        named = {
            "resourceType": "Patient",
            "id": f"p{number}",
            "name": [{"family": f"Berg{number}", "given": ["Anna"]}],
        }
        await record.update({**named, "managingOrganization": {"reference": "Organization/u0"}})


_NOW = time.time_ns() // 1_000
_TODAY = NORWAY.day_number(_NOW)
_DUTY = """
INSERT INTO duty (id, unit, person, substitute, watch, subject, patient, proof, actor, opened, due, moment, next, until,
  turn, viewed, day, kind, state, level, step, act, outcome, reason, steps)
SELECT s.n, u.key, NULL, NULL, NULL, p.key, p.key, {proof}, NULL, {now} - (s.n % 600) * {day},
  {now} + (s.n % 21 - 7) * {day}, {now} - (s.n % 500) * {day}, NULL, NULL, {turn}, {turn}, {today} - s.n % 500, {kind},
  {state}, 0, 0, {act}, {state}, NULL, NULL
FROM {numbers} JOIN bench_unit u ON u.n = s.n % {units} JOIN bench_patient p ON p.n = s.n % {patients}
"""
_ENTRY = """
INSERT INTO duty_entry (duty, unit, person, actor, proof, moment, turn, day, side, kind, act, level, outcome, opened,
  received, closed, handed, reason)
SELECT id, unit, NULL, NULL, {proof}, moment, {turn}, day{before}, 0, kind, {act}, 0, {outcome}, {opened}, 0, {closed},
  0, NULL FROM duty WHERE id >= {first} AND id < {last}
"""
_FOLD = """
INSERT INTO duty_fold (unit, kind, day, opened, received, closed, handed)
SELECT unit, kind, day, sum(opened), 0, sum(closed), 0 FROM duty_entry GROUP BY unit, kind, day
"""
_TOTAL = """
INSERT INTO duty_total (unit, kind, open) SELECT unit, kind, sum(opened - closed) FROM duty_entry GROUP BY unit, kind
"""
STEP = 500_000


def _parts(size: Size) -> list[tuple[int, int, bool]]:
    """First and last number of each part, and whether its duties are closed."""
    parts = []
    for begin, end, closed in ((0, size.open, False), (size.open, size.open + size.closed, True)):
        parts += [(first, min(first + STEP, end), closed) for first in range(begin, end, STEP)]
    return parts


def _statements(first: int, last: int, closed: bool, numbers: str) -> list[str]:
    """What puts down one part: the duties, and the entries of their turns."""
    said = {"now": _NOW, "today": _TODAY, "day": DAY, "units": UNITS, "patients": PATIENTS, "kind": ASSESS.number}
    stands = {"proof": "NULL", "turn": 1, "state": 0, "act": 1}
    if closed:
        stands = {"proof": "p.key", "turn": 2, "state": 1, "act": 2}
    span, before = {"first": first, "last": last}, " - 3" if closed else ""
    duties = _DUTY.format(**said, **stands, numbers=numbers.format(**span))
    opened = _ENTRY.format(proof="NULL", turn=1, before=before, act=1, outcome=0, opened=1, closed=0, **span)
    shut = _ENTRY.format(proof="proof", turn=2, before="", act=2, outcome=1, opened=0, closed=1, **span)
    return [duties, opened, *([shut] if closed else [])]


def _keys() -> list[tuple[str, list[tuple[int, int]]]]:
    units = [(number, key64(f"Organization/u{number}")) for number in range(UNITS)]
    patients = [(number, key64(f"Patient/p{number}")) for number in range(PATIENTS)]
    return [("bench_unit", units), ("bench_patient", patients)]


async def _fill_embedded(address: str, size: Size) -> None:
    connection = connect(Path(address))
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    connection.execute("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 4000")
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for table, rows in _keys():
        connection.execute(f"CREATE TEMP TABLE {table} (n INTEGER PRIMARY KEY, key INTEGER)")
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
    numbers = (
        "(WITH RECURSIVE c(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n + 1 < {last}) SELECT n FROM c) s"
    )
    for first, last, closed in _parts(size):
        with connection:
            for statement in _statements(first, last, closed, numbers):
                connection.execute(statement)
    with connection:
        connection.execute(_FOLD)
        connection.execute(_TOTAL)
        for _, sql in triggers:
            connection.execute(str(sql))
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    connection.close()


async def _fill_region(address: str, size: Size) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute("ALTER TABLE duty DISABLE TRIGGER USER; ALTER TABLE duty_entry DISABLE TRIGGER USER")
    await connection.execute("SET synchronous_commit = off")
    for table, rows in _keys():
        await connection.execute(f"CREATE TEMP TABLE {table} (n int8 PRIMARY KEY, key int8)")
        await connection.copy_records_to_table(table, records=rows)
    for first, last, closed in _parts(size):
        for statement in _statements(first, last, closed, "generate_series({first}, {last} - 1) s(n)"):
            await connection.execute(statement)
    await connection.execute(_FOLD)
    await connection.execute(_TOTAL)
    await connection.execute("ALTER TABLE duty ENABLE TRIGGER USER; ALTER TABLE duty_entry ENABLE TRIGGER USER")
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def _slots(record: Record, size: Size) -> None:
    """Free times of forty calendars of one unit, half an hour each, around the clock."""
    unit, lines = key64("Organization/u0"), []
    for number in range(size.slots):
        start = _NOW + number // 40 * 30 * MINUTE
        lines.append(Line("vacancy put", [number + 1, number % 40, unit, 0, start, start + 30 * MINUTE, ""]))
        if len(lines) == 5_000:
            await record.commit([], lines=lines)
            lines = []
    await record.commit([], lines=lines)


async def _find(record: Record, engine: str, size: Size) -> Figure:
    """The hardest of three wishes: any time, one that only the last fits, and one that none does."""
    last = _NOW + size.slots // 40 * 30 * MINUTE
    wishes = {
        "any time": Wish("Organization/u0", 30, _NOW, last),
        "only the last": Wish("Organization/u0", 30, last - 60 * MINUTE, last),
        "none is long enough": Wish("Organization/u0", 45, _NOW, last),
    }
    taken = {}
    for name, wish in wishes.items():
        times = []
        for _ in range(9):
            began = time.perf_counter()
            await vacancy.find(record, wish)
            times.append((time.perf_counter() - began) * 1e3)
        taken[name] = statistics.median(times)
    hardest = max(taken, key=lambda name: taken[name])
    note = ", ".join(f"{name} {value:.1f} ms" for name, value in taken.items())
    return Figure("find slot", engine, taken[hardest], "ms", note=f"the hardest of: {note}; {size.slots:,} free times")


async def _owe(woken: Woken, _inside: Any) -> list[Any]:
    return [Owe(ASSESS, f"Basic/{woken.id}", "Organization/u0")]


OWING = Rule("bench: every Basic is owed", frozenset({"Basic"}), owing(_owe))


async def _creates(engine: str, address: str, size: Size, server: int) -> Figure:
    """Processor time of creates whose rule opens a duty over that of bare ones, pair by pair; the server's included."""
    ratios, costs = [], []
    for _ in range(size.pairs):
        bare = await _created(address, (), size.creates, server)
        owed = await _created(address, (OWING,), size.creates, server)
        ratios.append(owed / bare)
        costs.append((bare, owed))
    ratios.sort()
    bare, owed = (statistics.median(one[side] for one in costs) for side in (0, 1))
    note = f"{owed:.0f} us of processor for a create with its duty, {bare:.0f} us without; {CLIENTS} at once"
    ratio = statistics.median(ratios)
    return Figure("create with duty", engine, (ratio - 1) * 100, "% more", None, ratio, (ratios[0], ratios[-1]), note)


async def _created(address: str, rules: tuple[Rule, ...], count: int, server: int) -> float:
    """Microseconds of processor for each create."""
    record = await Record.open(address, rules, lines=app.LINES)
    stamp = f"{time.time_ns():x}"
    left = iter(range(count))

    async def client() -> None:
        for number in left:
            made = {"resourceType": "Basic", "code": {"text": "x"}, "subject": {"reference": "Patient/p1"}}
            await record.create(made, f"{stamp}-{number}")

    await asyncio.gather(*(client() for _ in range(4)))
    left = iter(range(count, 2 * count))
    began = time.process_time() + (of_tree(server) if server else 0.0)
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    taken = time.process_time() + (of_tree(server) if server else 0.0) - began
    await record.close()
    return taken / count * 1e6


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
