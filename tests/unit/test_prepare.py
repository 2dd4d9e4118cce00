"""What becomes of received bytes: the server's id and meta go in, every other text stays."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from felles.record.prepare import prepare, receive
from felles.record.store import Kind, Write

CODE = {"text": "x"}


def body(write: Write) -> bytes:
    return b"%b1%b2026-01-01T00:00:00.000Z%b" % (write.head, write.middle, write.tail)


def stored(raw: bytes) -> bytes:
    return body(prepare(receive(raw), "ID", Kind.CREATE))


META = {"source": "urn:x", "tag": [{"system": "urn:t", "code": "a"}]}
MEMBERS: list[tuple[str, Any]] = [
    ("resourceType", "Basic"),
    ("id", "given"),
    ("meta", {"versionId": "7", "lastUpdated": "2020-01-01T00:00:00Z", **META}),
    ("code", CODE),
    ("contained", [{"resourceType": "Basic", "id": "c", "meta": META, "code": CODE}]),
    ("extension", [{"url": "urn:e", "valueString": 'a "meta": {} é'}]),
]


@given(st.permutations(MEMBERS), st.sampled_from([None, 2]), st.sets(st.sampled_from(["id", "meta", "extension"])))
def test_whatever_the_order_and_the_space(members: list[tuple[str, Any]], indent: int | None, left: set[str]) -> None:
    sent = {name: value for name, value in members if name not in left}
    sent["extension"] = [*sent.get("extension", []), {"url": "urn:f", "valueReference": {"reference": "#c"}}]
    kept = json.loads(stored(json.dumps(sent, indent=indent).encode()))
    assert kept.pop("id") == "ID"
    meta = kept.pop("meta")
    assert meta.pop("versionId") == "1"
    assert meta.pop("lastUpdated") == "2026-01-01T00:00:00.000Z"
    assert meta == ({} if "meta" in left else META)
    assert kept == {name: value for name, value in sent.items() if name not in ("id", "meta")}


@pytest.mark.parametrize("number", ["1.00", "0.1234567890123456789", "1E+2", "100", "-0.0"])
def test_numbers_keep_their_text(number: str) -> None:
    raw = '{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "valueQuantity": {"value": %s}}'
    assert b'"value":%b}' % number.encode() in stored((raw % number).encode())


def test_a_resource_of_nothing_else() -> None:
    assert json.loads(stored(b'{"resourceType":"Patient"}'))["id"] == "ID"
    assert json.loads(stored(b'{"resourceType":"Patient","id":"x"}'))["id"] == "ID"
    assert json.loads(stored(b'{"meta":{"source":"urn:x"},"resourceType":"Patient"}'))["meta"]["source"] == "urn:x"
