"""A store of a version without the ledger owes from its upgrade on, and proves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from felles import duties
from felles.duties import handling, unusual, worklist
from felles.duties.reckoning import Proof, faults
from felles.record.record import Record
from tests.migration import kept

pytestmark = pytest.mark.anyio
UNIT = "Organization/office"


@pytest.mark.parametrize("place", sorted(kept.STORES.glob("*.json.gz")), ids=lambda place: place.name[:4])
async def test_an_upgraded_store_keeps_a_ledger(place: Path, store_url: str) -> None:
    await kept.rebuild(kept.read(place), store_url)
    record = await Record.open(store_url, duties.rules(), lines=duties.LINES)
    now = handling.now()
    assert await unusual.found(record, reader="Practitioner/x", unit=UNIT, key="k", reason="r", now=now)
    assert [one.open for one in await worklist.count_of(record, UNIT, now)] == [1]
    proof = Proof()
    assert [fault async for fault in faults(store_url, proof)] == [] and proof.open == 1
    await record.close()
