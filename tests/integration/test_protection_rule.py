"""A protected address covers relatives and homes in the same transaction."""

from collections.abc import AsyncIterator

import pytest

from felles.access.protection import RULE, protected, protection_of
from felles.record.record import Record
from tests.integration.consenting import ADDRESS, person, related

PLACES = "http://terminology.hl7.org/CodeSystem/location-physical-type"
HOME = {
    "resourceType": "Location", "id": "home", "address": ADDRESS,
    "physicalType": {"coding": [{"system": PLACES, "code": "ho"}]},
}  # fmt: skip
VISIT = {
    "resourceType": "Encounter", "id": "visit", "status": "finished", "class": {"code": "HH"},
    "subject": {"reference": "Patient/a"},
    "location": [{"location": {"reference": "Location/home"}}, {"location": {"reference": "Location/ward"}}],
}  # fmt: skip


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, [RULE])
    for one in (person("a", "1990-01-01"), {"resourceType": "Location", "id": "ward"}, HOME, VISIT, related("r", "a")):
        await opened.update(one)
    yield opened
    await opened.close()


async def label(record: Record, type_name: str, id: str) -> str | None:
    return protection_of(await record.resource(type_name, id))


async def test_relatives_and_homes_follow_the_patient(record: Record) -> None:
    assert await label(record, "RelatedPerson", "r") is None
    await record.update(protected(person("a", "1990-01-01"), "7"))
    assert await label(record, "RelatedPerson", "r") == "7"
    assert await label(record, "Location", "home") == "7"
    assert await label(record, "Location", "ward") is None
    await record.update(protected(person("a", "1990-01-01"), "6"))
    assert await label(record, "RelatedPerson", "r") == "6"


async def test_a_relative_who_is_entered_later_is_covered_at_once(record: Record) -> None:
    await record.update(protected(person("a", "1990-01-01"), "6"))
    await record.update(related("late", "a"))
    assert await label(record, "RelatedPerson", "late") == "6"
    await record.update(related("late", "a"))
    assert await label(record, "RelatedPerson", "late") == "6"


async def test_others_are_left_as_they_are(record: Record) -> None:
    await record.update(person("b", "1990-01-01"))
    await record.update(related("of-b", "b"))
    assert (await record.read("RelatedPerson", "of-b")).number == 1
