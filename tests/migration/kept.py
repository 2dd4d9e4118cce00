"""Stores as earlier versions of Felles left them, small ones, so that every upgrade is tried on real rows.

`stores/NNNN.json.gz` holds the rows of every table of a store at migration NNNN, and what the record answered then.
Before a release that ends with a new migration: `python -m tests.migration.kept` writes the file of that migration.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import asyncpg

from felles.record.prepare import removal
from felles.record.record import Record
from felles.record.store.migration import Migration, migrations

STORES = Path(__file__).parent / "stores"
RECORD = ("store", "directory", "resource", "version", "change")
INDEX = ("token", "patient", "text", "date", "quantity", "reference", "composite")
LATER = ("relation_index", "concern_index", "epoch")
"""Tables that came after the first version."""
TABLES = (*RECORD, *(f"{name}_index" for name in INDEX))
Questions = list[tuple[str, list[tuple[str, str]]]]
QUESTIONS: Questions = [
    ("Patient", [("family", "nordmann")]),
    ("Patient", [("identifier", "https://journal.example|17")]),
    ("Observation", [("patient", "kari"), ("code", "http://loinc.org|718-7"), ("_sort", "-date")]),
    ("Observation", [("value-quantity", "gt14"), ("date", "ge2026-01-01")]),
    ("Observation", [("subject:Patient.family", "nordmann")]),
    ("Condition", [("code", "E11"), ("onset-date", "2019")]),
    ("Organization", [("name", "fjord")]),
]


def content() -> list[dict[str, Any]]:
    """What the small store holds, in the order of writing; the hemoglobin is written twice."""
    kari = {"reference": "Patient/kari"}
    hemoglobin = {
        "resourceType": "Observation",
        "id": "hemoglobin",
        "status": "preliminary",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": kari,
        "effectiveDateTime": "2026-03-01T08:00:00+01:00",
        "valueQuantity": {"value": 14.5, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"},
    }
    diabetes = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"}]}
    return [
        {
            "resourceType": "Patient",
            "id": "kari",
            "identifier": [{"system": "https://journal.example", "value": "17"}],
            "name": [{"family": "Nordmann", "given": ["Kari"]}],
            "birthDate": "1985-02-13",
        },
        hemoglobin,
        {**hemoglobin, "status": "final"},
        {
            "resourceType": "Condition",
            "id": "diabetes",
            "subject": kari,
            "code": diabetes,
            "onsetDateTime": "2019-05",
        },
        {"resourceType": "Organization", "id": "office", "name": "Fjordlegane"},
        {"resourceType": "Device", "id": "mistake", "status": "entered-in-error"},
    ]


async def fill(record: Record) -> None:
    """Write the small content; the device is deleted again."""
    for resource in content():
        await record.update(resource)
    await record.commit([removal("Device", "mistake")])


async def answers(record: Record, questions: Questions = QUESTIONS) -> list[list[str]]:
    """The ids that each question finds, in order."""
    return [[one["id"] for one in await record.resources(kind, parameters)] for kind, parameters in questions]


def plain(value: Any) -> Any:
    """A column's value as JSON has it."""
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def restored(value: Any) -> Any:
    """The column's value again."""
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def dump(path: Path) -> dict[str, Any]:
    """All rows of an embedded store."""
    with sqlite3.connect(path) as connection:
        found = {}
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in (*TABLES, *(name for name in LATER if name in there)):
            rows = connection.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in rows.description]
            found[table] = {"columns": columns, "rows": [[plain(value) for value in row] for row in rows]}
    return found


async def keep() -> Path:
    """Write the file of this program's newest migration."""
    newest = migrations("sqlite")[-1].number
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "felles.db"
        record = await Record.open(path)
        await fill(record)
        kept = {"migration": newest, "questions": QUESTIONS, "answers": await answers(record)}
        await record.close()
        kept["tables"] = dump(path)
    STORES.mkdir(exist_ok=True)
    place = STORES / f"{newest:04d}.json.gz"
    place.write_bytes(gzip.compress(json.dumps(kept).encode(), mtime=0))
    return place


def read(place: Path) -> dict[str, Any]:
    """A kept store."""
    kept: dict[str, Any] = json.loads(gzip.decompress(place.read_bytes()))
    return kept


async def rebuild(kept: dict[str, Any], address: str) -> None:
    """Make the store as the earlier program left it: its migrations only, then its rows."""
    if address.startswith("postgresql://"):
        await rebuild_postgresql(kept, address)
    else:
        rebuild_sqlite(kept, address)


def steps(engine: str, upto: int) -> list[Migration]:
    """The migrations an earlier program had."""
    return [step for step in migrations(engine) if step.number <= upto]


def rebuild_sqlite(kept: dict[str, Any], address: str) -> None:
    """`rebuild` for a file."""
    with sqlite3.connect(address) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for step in steps("sqlite", kept["migration"]):
            connection.executescript(step.script)
            connection.execute(f"PRAGMA user_version = {step.number}")
        for table, held in kept["tables"].items():
            marks = ", ".join("?" * len(held["columns"]))
            rows = [[restored(value) for value in row] for row in held["rows"]]
            connection.execute(f"DELETE FROM {table}")  # what a migration writes by itself is among the rows
            connection.executemany(f"INSERT INTO {table} ({', '.join(held['columns'])}) VALUES ({marks})", rows)
    connection.close()


async def rebuild_postgresql(kept: dict[str, Any], address: str) -> None:
    """`rebuild` for a database; what only that engine has (transaction ids) gets its default."""
    connection = await asyncpg.connect(address)
    try:
        await connection.execute("CREATE TABLE migration (number int4 PRIMARY KEY, name text NOT NULL)")
        for step in steps("postgresql", kept["migration"]):
            await connection.execute(step.script)
            await connection.execute("INSERT INTO migration VALUES ($1, $2)", step.number, step.name)
        for table, held in kept["tables"].items():
            columns = [column for column in held["columns"] if (table, column) != ("change", "seq")]
            places = [held["columns"].index(column) for column in columns]
            rows = [[restored(row[place]) for place in places] for row in held["rows"]]
            marks = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
            await connection.execute(f"DELETE FROM {table}")
            await connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
        await connection.execute("SELECT setval('rid', (SELECT max(rid) FROM resource) + 1)")
    finally:
        await connection.close()


if __name__ == "__main__":
    print(asyncio.run(keep()))
