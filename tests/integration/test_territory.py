"""Whoever keeps the house keeps the own part of it: roles, units and employees of others are not theirs to change,
over FHIR as little as on the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from felles.access.audit.statement import LINES
from felles.record.record import Record
from tests.integration.conftest import Client
from tests.integration.region import People, build, ref, role

HOUSE = "urn:felles:role"


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    opened = await Record.open(store_url, lines=LINES)
    await build(opened)
    await opened.update({"resourceType": "Practitioner", "id": "keeper", "active": True})
    code = [{"coding": [{"system": HOUSE, "code": "administrator"}]}]
    await opened.update(role("keeper", "XX", "hospital") | {"code": code})
    yield opened
    await opened.close()


@pytest.fixture
async def keeper(record: Record) -> Client:
    return await People(record).staff("keeper")


def unit(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "id": name, "active": True, "name": name, **more}


async def test_roles_are_given_changed_and_deleted_in_the_own_tree_alone(keeper: Client) -> None:
    assert (await keeper("PUT", "PractitionerRole/nurse", role("nurse", "SP", "ward2"))).status == 200
    assert (await keeper("PUT", "PractitionerRole/new", role("zone", "SP", "ward") | {"id": "new"})).status == 201
    assert (await keeper("PUT", "PractitionerRole/far", role("nurse", "SP", "town") | {"id": "far"})).status == 403
    assert (await keeper("PUT", "PractitionerRole/zone", role("zone", "SP", "ward"))).status == 403
    assert (await keeper("PUT", "PractitionerRole/nurse", role("nurse", "SP", "town"))).status == 403
    assert (await keeper("DELETE", "PractitionerRole/zone")).status == 403
    assert (await keeper("DELETE", "PractitionerRole/new")).status == 204


async def test_units_are_not_taken_over(keeper: Client) -> None:
    assert (await keeper("PUT", "Organization/annex", unit("annex", partOf=ref("Organization/clinic")))).status == 201
    for body in (unit("town"), unit("town", partOf=ref("Organization/hospital")), unit("town", active=False)):
        assert (await keeper("PUT", "Organization/town", body)).status == 403
    assert (await keeper("PUT", "Organization/shop", unit("shop", partOf=ref("Organization/town")))).status == 403
    assert (await keeper("DELETE", "Organization/office")).status == 403


async def test_employees_of_others_keep_who_they_are(keeper: Client) -> None:
    number = [{"system": "urn:oid:2.16.578.1.12.4.1.4.4", "value": "7654321"}]
    person = {"resourceType": "Practitioner", "active": True, "identifier": number}
    assert (await keeper("PUT", "Practitioner/zone", person | {"id": "zone"})).status == 403
    assert (await keeper("PUT", "Practitioner/fresh", person | {"id": "fresh"})).status == 201
    assert (await keeper("PUT", "Practitioner/nurse", person | {"id": "nurse"})).status == 200
    assert (await keeper("DELETE", "Practitioner/gp")).status == 403
