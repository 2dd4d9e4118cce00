"""The access log's speed: rows that become durable in one reading process while another process seals them, and rows
verified. `figures(quick)` is called by the measurement `access`."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from bench.figure import Figure
from felles.access.audit.anchor import anchors
from felles.access.audit.key import trusted_keys
from felles.access.audit.log import Log
from felles.access.audit.place import Place, place_of
from felles.access.audit.row import Act, What, Why, row
from felles.access.audit.statement import LINES
from felles.access.audit.verify import verify
from felles.access.who import Kind, Role, Who
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.store.snapshot import snapshot

ASKING = 64
"""Requests that wait for their row at the same time, as a busy reading process has them."""
WHO = Who(
    "Practitioner/3f2c8a17-6d1e-4f0a-9b1c-7f6f1d2e3a4b",
    "",
    Kind.STAFF,
    Role("PractitionerRole/0b5d8c1e-7a2f-4c3d-8e9f-1a2b3c4d5e6f", "Organization/ortopedi-2", "LE"),
    party="Organization/st-olavs",
    session="9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    client="felles",
)
SEALING = """
import asyncio, sys
from pathlib import Path
from felles.access.audit.place import place_of
from felles.access.audit.sealer import seal
from felles.access.audit.statement import LINES
from felles.record.record import Record
async def main():
    record = await Record.open(sys.argv[1], lines=LINES)
    print("ready", flush=True)
    await seal(record, place_of(sys.argv[1]))
asyncio.run(main())
"""


@dataclass(slots=True)
class Told:
    """What the reading process saw: seconds that each row took to be durable, and its own processor time."""

    rows: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    waits: list[float] = field(default_factory=list)


async def tell(folder: Path, seconds: float) -> Told:
    """ASKING tellers, each one row at a time, as fast as they go."""
    log, told = Log(folder), Told()
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_teller(log, told, begun + seconds, number) for number in range(ASKING)))
    told.seconds, told.cpu = time.perf_counter() - begun, time.process_time() - cpu
    await log.close()
    return told


async def _teller(log: Log, told: Told, end: float, number: int) -> None:
    patient = key64(f"Patient/{number}")
    while (now := time.perf_counter()) < end:
        what = What("Observation", count=20, parameters=("patient", "category", "_sort"))
        why = Why("encounter", "5f0c9d3a7b21")
        await log.append(row(time.time_ns() // 1_000, WHO, Act.SEARCH, patients=(patient,), what=what, why=why))
        told.rows += 1
        told.waits.append(time.perf_counter() - now)


async def sealed_all(store: str, rows: int) -> float:
    """Seconds until the log holds so many rows."""
    begun = time.perf_counter()
    while count(store) < rows:
        await asyncio.sleep(0.02)
    return time.perf_counter() - begun


def count(store: str) -> int:
    """Rows in the log."""
    connection = apsw.Connection(store, flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(next(iter(connection.execute("SELECT seq FROM log_head")))[0])
    finally:
        connection.close()


async def _sustained(folder: Path, seconds: float) -> tuple[Told, float, float, str, Place]:
    """Told rows, the sealer's processor time and how long it was behind at the end."""
    store = str(folder / "felles.db")
    record = await Record.open(store, lines=LINES)
    await record.close()
    place = place_of(store)
    sealing = subprocess.Popen([sys.executable, "-c", SEALING, store], stdout=subprocess.PIPE, text=True)
    assert sealing.stdout is not None
    await asyncio.to_thread(sealing.stdout.readline)
    before = _used(sealing.pid)
    told = await tell(place.folder, seconds)
    behind = await sealed_all(store, told.rows)
    used = _used(sealing.pid) - before
    sealing.terminate()
    sealing.wait()
    return told, used, behind, store, place


def _used(pid: int) -> float:
    """Processor seconds of a process."""
    parts = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


async def _verified(store: str, place: Place) -> tuple[int, float]:
    begun = time.perf_counter()
    async with snapshot(store) as moment:
        found = await verify(moment, trusted_keys(place.folder), anchors(place.anchor))
    if found.faults:
        raise AssertionError(f"the measured log does not verify: {found.faults[0]}")
    return found.rows, time.perf_counter() - begun


async def _measure(folder: Path, seconds: float) -> list[Figure]:
    told, used, behind, store, place = await _sustained(folder, seconds)
    rows, took = await _verified(store, place)
    waits = sorted(told.waits)
    rate = told.rows / (told.seconds + behind)
    how = (
        f"{told.rows} rows in {told.seconds:.1f} s from {ASKING} requests at once, all sealed {behind:.1f} s later; "
        f"processor time per row: telling {told.cpu / told.rows * 1e6:.0f} µs, sealing {used / told.rows * 1e6:.0f} µs"
    )
    wait = f"p99 {waits[len(waits) * 99 // 100] * 1e3:.1f} ms, {ASKING} requests at once"
    return [
        Figure("log rows sustained", "sqlite", rate, "rows/s", note=how),
        Figure("log row durable", "sqlite", statistics.median(waits) * 1e3, "ms", note=wait),
        Figure("log verified", "sqlite", rows / took, "rows/s", note=f"{rows} rows, chain, seals, anchors, columns"),
    ]


def figures(quick: bool) -> list[Figure]:
    """All figures of the log."""
    with tempfile.TemporaryDirectory(prefix="felles-log-") as folder:
        return asyncio.run(_measure(Path(folder), 3 if quick else 20))


if __name__ == "__main__":
    for one in figures("--quick" in sys.argv):
        print(f"{one.name:<24} {one.value:>12,.1f} {one.unit:<8} {one.note}")
