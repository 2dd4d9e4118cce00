"""Protected addresses over FHIR: no reading, search, history or update gives them away or loses them."""

from typing import Any

import pytest

from felles.access.guard import Access
from felles.record.record import Record
from tests.integration.conftest import Client
from tests.integration.consenting import LINES, NOW, fill, staff

WORDS = (b"Gata 1", b"7004", b"00 11 22 33")


@pytest.fixture
async def own(store_url: str) -> Any:
    opened = await Record.open(store_url, lines=LINES)
    await fill(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def nurse(own: Record) -> Client:
    bound, _ = await staff(own, "nurse")
    return Client(bound)


@pytest.mark.parametrize(
    "url",
    [
        "Patient/secret", "Patient/secret/_history", "Patient/secret/_history/1", "Patient/secret/_history/2",
        "Patient", "Patient?_id=secret", "Patient/secret/$everything", "Patient/_history", "_history",
        "Patient?_elements=address",
    ],
)  # fmt: skip
async def test_no_way_of_reading_gives_it_away(own: Record, nurse: Client, url: str) -> None:
    await own.update(await own.resource("Patient", "secret") | {"birthDate": "1990-03-05"})
    answer = await nurse("GET", url)
    if answer.status == 200 and b'"secret"' in answer.text:
        assert not [word for word in WORDS if word in _of(answer.text, b'"secret"')], answer.text


def _of(text: bytes, mark: bytes) -> bytes:
    """The pieces of an answer that are about one patient."""
    return b"".join(part for part in text.split(b'"resourceType"') if mark in part)


async def test_versions_from_before_it_was_protected_hide_it_too(own: Record, nurse: Client) -> None:
    anna = await own.resource("Patient", "anna")
    await own.update(anna | {"meta": {"security": [{"system": "urn:felles:protection", "code": "7"}]}})
    access = Access.of(own.store.reading)
    bound, who = await staff(own, "nurse")
    fresh = Client(own.seen_by(access.guard(who, now=NOW)))
    for url in ("Patient/anna/_history/1", "Patient/anna/_history", "Patient/_history"):
        answer = await fresh("GET", url)
        assert answer.status == 200, answer.text
        assert not [word for word in WORDS if word in _of(answer.text, b'"anna"')], url
    assert bound is not None


@pytest.mark.parametrize(
    "query",
    [
        "address=Gata",
        "address-city=Trondheim",
        "address-postalcode=7004",
        "phone=+47 00 11 22 33",
        "telecom=+47 00 11 22 33",
    ],
)
async def test_a_search_is_no_oracle(nurse: Client, query: str) -> None:
    found = await nurse("GET", f"Patient?{query.replace('+', '%2B').replace(' ', '%20')}")
    assert found.status == 200 and "secret" not in found.ids and "anna" in found.ids


async def test_what_was_read_redacted_is_not_written_back(nurse: Client) -> None:
    read = await nurse("GET", "Patient/secret")
    answer = await nurse("PUT", "Patient/secret", read.json)
    assert answer.status == 422 and "REDACTED" in answer.diagnostics
    patched = await nurse(
        "PATCH",
        "Patient/secret",
        b'[{"op":"add","path":"/active","value":true}]',
        content_type="application/json-patch+json",
    )
    assert patched.status == 422


async def test_no_update_takes_the_protection_away(own: Record, nurse: Client) -> None:
    read = (await nurse("GET", "Patient/secret")).json
    answer = await nurse("PUT", "Patient/secret", {k: v for k, v in read.items() if k != "meta"})
    assert answer.status == 422 and "protected" in answer.diagnostics
    kept = await own.resource("Patient", "secret")
    assert kept["address"][0]["line"] == ["Gata 1"]


async def test_matching_shows_nobody_whom_the_asker_does_not_see(own: Record, nurse: Client) -> None:
    asked = {"resourceType": "Patient", "name": [{"family": "Berg", "given": ["Bea"]}], "birthDate": "1980-01-02"}
    everybody = await Client(own)("POST", "Patient/$match", asked)
    assert "bea" in everybody.ids
    answer = await nurse("POST", "Patient/$match", asked)
    assert answer.status == 200 and "bea" not in answer.ids


async def test_matching_does_not_confirm_a_protected_telephone(nurse: Client) -> None:
    asked = {"resourceType": "Patient", "name": [{"family": "Berg", "given": ["Secret"]}], "birthDate": "1990-03-04"}
    phone = [{"system": "phone", "value": "+47 00 11 22 33"}]
    scores = []
    for telecom in ({}, {"telecom": phone}, {"telecom": [{"system": "phone", "value": "+47 00 99 99 99"}]}):
        answer = await nurse("POST", "Patient/$match", asked | telecom)
        scores += [one["search"]["score"] for one in answer.entries if one["resource"]["id"] == "secret"]
        assert not [word for word in WORDS if word in _of(answer.text, b'"secret"')]
    assert len(scores) == 3 and len(set(scores)) == 1
