"""What the record's bench loads: real transaction bundles where they are at hand, the demo region otherwise."""

import gzip
import itertools
import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from felles.record.condition import Found
from felles.record.entry import entries
from felles.record.transaction import Plan, plan

CHECKOUT = Path(__file__).resolve().parents[2]
BASE = "http://localhost/fhir"


def bundles() -> tuple[str, list[bytes]]:
    """What the data is, and its transaction bundles as bytes."""
    folder = Path(os.environ.get("FELLES_SHARED") or CHECKOUT.parent / "shared") / "data" / "synthea"
    files = sorted(folder.glob("*.json.gz")) if folder.is_dir() else []
    if files:
        return "Synthea transaction bundles", [gzip.decompress(file.read_bytes()) for file in files]
    return "transaction bundles of the demo region", list(_demo())


def _demo() -> Iterator[bytes]:
    from felles.demo import region

    found = region(patients=200, seed=1, today=date(2026, 1, 1))
    while part := list(itertools.islice(found, 300)):
        yield json.dumps(_transaction(part)).encode()


def _transaction(resources: list[dict[str, Any]]) -> dict[str, Any]:
    entry = [{"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in resources]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entry}


class Unconditional:
    """The bundles hold no conditions."""

    async def matching(self, type_name: str, query: str) -> Found:
        raise NotImplementedError

    async def patched(self, type_name: str, id: str, raw: bytes) -> tuple[bytes, int]:
        raise NotImplementedError


async def prepared(raw: bytes) -> Plan:
    """A bundle parsed, validated and indexed: everything but the store. New ids each time."""
    return await plan(entries(raw)[1], Unconditional(), BASE)
