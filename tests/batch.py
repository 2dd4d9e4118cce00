"""Files to import, and what a store holds afterwards."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from felles.record.bulk.fault import Fault
from felles.record.bulk.intake import Tally
from felles.record.bulk.loading import load
from felles.record.bulk.source import sources
from felles.record.check import check
from felles.record.store.snapshot import snapshot

Json = dict[str, Any]
SYSTEM = "urn:test:numbers"


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def entry(resource: Json, full_url: str = "", method: str = "POST", url: str = "") -> Json:
    return {
        **({"fullUrl": full_url} if full_url else {}),
        "resource": resource,
        "request": {"method": method, "url": url or resource["resourceType"]},
    }


def organization(value: str, name: str = "Legesenter") -> Json:
    return {"resourceType": "Organization", "identifier": [{"system": SYSTEM, "value": value}], "name": name}


def transaction(number: int, observations: int = 3, shared: str = "1", name: str = "Legesenter") -> Json:
    """A patient of a GP office that many bundles bring along, with observations."""
    patient, office = f"urn:uuid:{uuid(number * 1000)}", f"urn:uuid:{uuid(900_000 + number)}"
    entries = [
        entry(
            {
                "resourceType": "Patient",
                "name": [{"family": f"Nordmann{number}"}],
                "managingOrganization": {"reference": office},
            },
            patient,
        ),
        entry(organization(shared, name), office),
    ]
    for place in range(observations):
        observation = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "subject": {"reference": patient},
            "performer": [{"reference": office}],
            "effectiveDateTime": f"2026-01-{place % 28 + 1:02d}",
            "valueQuantity": {
                "value": 60 + place,
                "unit": "/min",
                "system": "http://unitsofmeasure.org",
                "code": "/min",
            },
        }
        entries.append(entry(observation, f"urn:uuid:{uuid(number * 1000 + place + 1)}"))
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def write(path: Path, content: Json | Iterable[Json | str]) -> Path:
    """A JSON document, or NDJSON where `content` is a list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        data = json.dumps(content, indent=1).encode()
    else:
        data = b"".join((one if isinstance(one, str) else json.dumps(one)).encode() + b"\n" for one in content)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


class Watched:
    """Keeps what an import says."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def begun(self, tally: Tally) -> None:
        """Nobody looks."""

    def moved(self, size: int, tally: Tally) -> None:
        """Nobody looks."""

    def faulty(self, fault: Fault) -> None:
        self.faults.append(fault)


async def take(store: str, *paths: Path, jobs: int = 0, **how: Any) -> tuple[Tally, list[Fault]]:
    """Imports, in this process unless `jobs` says otherwise."""
    watch = Watched()
    tally = await load(store, sources(paths), watch, base="http://localhost:8080/fhir", jobs=jobs, **how)
    return tally, watch.faults


def numbers(tally: Tally) -> tuple[int, int, int, int, int]:
    """read, created, updated, unchanged, failed"""
    return tally.read, tally.created, tally.updated, tally.unchanged, tally.failed


async def held(store: str) -> dict[str, Json]:
    """Everything current by Type/id, without the moments of writing."""
    found = {}
    async with snapshot(store) as moment:
        for (body,) in await moment.rows("SELECT body FROM resource WHERE deleted = 0"):
            resource = orjson.loads(body)
            del resource["meta"]["lastUpdated"]
            found[f"{resource['resourceType']}/{resource['id']}"] = resource
    return found


async def findings(store: str, sample: int = 0) -> Sequence[str]:
    """What `check` says."""
    return [str(finding) async for finding in check(store, sample)]
