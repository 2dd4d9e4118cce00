"""_include and _revinclude: what goes along, in rounds, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from felles.record.search import Statement, compile, gather, include, parse
from tests.search_oracle import Document
from tests.search_store import filled, run

WORLD = [
    {"resourceType": "Organization", "id": "top"},
    {"resourceType": "Organization", "id": "ward", "partOf": {"reference": "Organization/top"}},
    {
        "resourceType": "Patient",
        "id": "p",
        "managingOrganization": {"reference": "Organization/ward"},
        "generalPractitioner": [{"reference": "Practitioner/g"}, {"reference": "Organization/ward"}],
    },
    {"resourceType": "Practitioner", "id": "g"},
    {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "hasMember": [{"reference": "Observation/m"}, {"reference": "Observation/gone"}],
    },
    {"resourceType": "Observation", "id": "m", "status": "final", "hasMember": [{"reference": "Observation/o"}]},
    {"resourceType": "Provenance", "id": "v", "target": [{"reference": "Observation/o"}]},
    {"resourceType": "Provenance", "id": "w", "target": [{"reference": "Provenance/v"}]},
]


@dataclass
class Version:
    type: str
    id: str
    body: bytes | None


def found(name: str, *pairs: tuple[str, str]) -> tuple[set[str], bool]:
    """The addresses that go along with a search."""
    documents = [Document(rid, body, rid) for rid, body in enumerate(WORLD, 1)]
    store = filled(documents)
    by_rid = {one.rid: Version(one.type, one.body["id"], orjson.dumps(one.body)) for one in documents}

    async def rows(sql: str, args: Sequence[Any]) -> list[tuple[Any, ...]]:
        return run(store, Statement(sql, tuple(args)))

    async def load(keys: Sequence[tuple[int, int]]) -> list[Version]:
        return [by_rid[rid] for rid, _ in keys]

    query = parse(name, list(pairs))
    matches = asyncio.run(load([(row[0], row[1]) for row in run(store, compile(query, "sqlite"))]))
    along = asyncio.run(gather(query, matches, rows, load, "sqlite"))
    return {f"{one.type}/{one.id}" for one in along.resources}, along.truncated


ONE = ("_id", "o")


@pytest.mark.parametrize(
    ("parameters", "along"),
    [
        ([("_include", "Observation:subject")], {"Patient/p"}),
        ([("_include", "Observation:patient")], {"Patient/p"}),
        ([("_include", "Observation:subject:Group")], set()),
        ([("_include", "Observation:has-member")], {"Observation/m"}),
        ([("_include", "Observation:*")], {"Patient/p", "Observation/m"}),
        ([("_include", "*")], {"Patient/p", "Observation/m"}),
        ([("_include", "Observation:patient"), ("_include", "Patient:organization")], {"Patient/p"}),
        (
            [("_include", "Observation:patient"), ("_include:iterate", "Patient:organization")],
            {"Patient/p", "Organization/ward"},
        ),
        (
            [
                ("_include", "Observation:patient"),
                ("_include:iterate", "Patient:organization"),
                ("_include:iterate", "Organization:partof"),
            ],
            {"Patient/p", "Organization/ward", "Organization/top"},
        ),
        (
            [("_include", "Observation:patient"), ("_include:iterate", "Patient:general-practitioner:Practitioner")],
            {"Patient/p", "Practitioner/g"},
        ),
        ([("_revinclude", "Provenance:target")], {"Provenance/v"}),
        ([("_revinclude:iterate", "Provenance:target")], {"Provenance/v", "Provenance/w"}),
        ([("_revinclude", "Observation:has-member")], {"Observation/m"}),
        ([("_revinclude", "Provenance:target:Patient")], set()),
    ],
)
def test_what_goes_along(parameters: list[tuple[str, str]], along: set[str]) -> None:
    assert found("Observation", ONE, *parameters) == (along, False)


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(include, "MAX_INCLUDED", 1)
    along, truncated = found("Observation", ONE, ("_include", "Observation:*"))
    assert len(along) == 1
    assert truncated
