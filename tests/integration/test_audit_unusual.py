"""The search for unusual reading over the log: each day once, with the rows that raise the question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from felles.access.audit.log import lines
from felles.access.audit.pattern import Finding, Pattern
from felles.access.audit.row import Act, Row
from felles.access.audit.sealer import Sealer
from felles.access.audit.statement import LINES
from felles.access.audit.unusual import bounds, kept, look, step
from felles.record.index.value import key64
from felles.record.record import Record
from tests.audit import place_in

DAY = date(2026, 11, 20)
MORNING = bounds(DAY)[0] + 8 * 3_600_000_000
UNIT = "Organization/ward"
FNR = "urn:oid:2.16.578.1.12.4.1.4.1"


def role(person: str) -> dict[str, Any]:
    return {
        "resourceType": "PractitionerRole",
        "id": person,
        "practitioner": {"reference": f"Practitioner/{person}"},
        "organization": {"reference": UNIT},
    }


def human(type_name: str, id: str, family: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": type_name, "id": id, "name": [{"family": family, "given": [id.title()]}], **more}


NUMBER = {"identifier": [{"system": FNR, "value": "13116900216"}]}
VIP = {"meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VIP"}]}}
PEOPLE = [
    {"resourceType": "Organization", "id": "ward", "name": "Sengepost"},
    human("Practitioner", "ingrid", "Tindeland"),
    human("Practitioner", "jonas", "Huldreng", **NUMBER),
    role("ingrid"),
    role("jonas"),
    human("Patient", "ola", "Tindeland"),
    human("Patient", "per", "Annen", **NUMBER),
    human("Patient", "kari", "Berg"),
    human("Patient", "star", "Berg", **VIP),
]


def told(minute: int, patient: str, act: Act = Act.READ, **given: Any) -> Row:
    plain = {"person": "Practitioner/ingrid", "department": UNIT, "patients": [key64(f"Patient/{patient}")]}
    return Row(MORNING + minute * 60_000_000, act, **{**plain, **given})


@pytest.fixture
async def log(store_url: str, tmp_path: Path) -> AsyncIterator[Record]:
    record = await Record.open(store_url, lines=LINES)
    record.demo = True
    for one in PEOPLE:
        await record.create(one, one["id"])
    rows = [told(0, "ola"), told(1, "per"), told(2, "kari"), told(3, "star"), told(4, "star", ground="emergency")]
    rows += [told(5, f"many{number}", person="Practitioner/jonas") for number in range(70)]
    rows += [told(-24 * 60, "ola"), told(24 * 60, "ola")]
    await record.commit((), lines=[line for row in rows for line in lines(row)])
    await Sealer(record, place_in(tmp_path, store_url)).settle()
    yield record
    await record.close()


async def test_a_day_is_looked_at_with_its_rows(log: Record) -> None:
    found = {(one.pattern, one.person.rpartition("/")[2], one.patient): one for one in await look(log, DAY)}
    expected = {
        (Pattern.SURNAME, "ingrid", key64("Patient/ola")),
        (Pattern.COLLEAGUE, "ingrid", key64("Patient/per")),
        (Pattern.PROTECTED, "ingrid", key64("Patient/star")),
        (Pattern.NO_RELATION, "ingrid", key64("Patient/star")),
        (Pattern.VOLUME, "jonas", 0),
    }
    assert found.keys() == expected
    surname = found[Pattern.SURNAME, "ingrid", key64("Patient/ola")]
    assert surname.unit == UNIT and surname.moment == MORNING
    assert [row async for row in evidence(log, surname)] == [told(0, "ola")]


async def evidence(record: Record, finding: Finding) -> AsyncIterator[Row]:
    from felles.access.audit.row import decode

    for seq in finding.rows:
        yield decode((await record.ask("log.row", [seq]))[0][1])


async def test_each_day_is_kept_once_and_only_when_it_is_over(log: Record) -> None:
    taken: list[Sequence[Finding]] = []

    async def take(_: Record, found: Sequence[Finding]) -> None:
        taken.append(found)

    assert await step(log, take, date(2026, 11, 21)) == DAY
    assert await step(log, take, date(2026, 11, 21)) is None
    assert await asyncio.gather(*(step(log, take, date(2026, 11, 22)) for _ in range(2))) in (
        [date(2026, 11, 21), None],
        [None, date(2026, 11, 21)],
    )
    found = await kept(log, *bounds(DAY))
    assert sorted(found, key=str) == sorted(taken[0], key=str) and len(found) == 5
    assert len(taken[1]) == 1


async def test_a_day_whose_findings_nobody_took_is_looked_at_again(log: Record) -> None:
    async def fails(_: Record, found: Sequence[Finding]) -> None:
        raise OSError

    async def take(_: Record, found: Sequence[Finding]) -> None:
        assert len(found) == 5

    with pytest.raises(OSError):
        await step(log, fails, date(2026, 11, 21))
    assert await step(log, take, date(2026, 11, 21)) == DAY
