"""Whom a unit has today: who lies there by bed with score and alerts, who comes, who is followed; never who is not
open to the reader."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.access.consent import instant
from felles.clinical import workspace
from felles.duties import handling
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill

pytestmark = pytest.mark.anyio
WARD = "Organization/ward"
HOUR = 3_600_000_000


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


def stay(id: str, patient: str, bed: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": id, "status": "in-progress", "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{patient}"}, "serviceProvider": {"reference": WARD},
        "period": {"start": instant(handling.now() - 30 * HOUR)}, "reasonCode": [{"text": "Lungebetennelse"}],
        "location": [{"location": {"display": bed}, "status": "active"}], **more,
    }  # fmt: skip


def news(id: str, patient: str, total: int, hours: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "urn:felles:code", "code": "news2"}], "text": "NEWS2"},
        "effectiveDateTime": instant(handling.now() - hours * HOUR), "valueQuantity": {"value": total},
    }  # fmt: skip


async def test_who_lies_in_a_unit_by_bed_with_the_last_score(record: Record) -> None:
    await record.update(stay("a", "anna", "Seng 10"))
    await record.update(stay("b", "bea", "Seng 9"))
    await record.update(stay("c", "child", "Seng 1", status="finished"))
    await record.update(stay("d", "mother", "Seng 2", serviceProvider={"reference": "Organization/clinic"}))
    for one in (news("old", "anna", 9, 90), news("one", "anna", 7, 9), news("two", "anna", 3, 2)):
        await record.update(one)
    await record.update({**news("wrong", "anna", 20, 1), "status": "entered-in-error"})
    mine, _ = await consenting.staff(record, "nurse")
    found = await workspace.stays(mine, WARD)
    assert [(one.patient, one.bed, one.reason) for one in found] == [
        ("Patient/bea", "Seng 9", "Lungebetennelse"),
        ("Patient/anna", "Seng 10", "Lungebetennelse"),
    ]
    scores = await workspace.scores(mine, [one.patient for one in found], handling.now())
    assert {ref: one.total for ref, one in scores.items()} == {"Patient/anna": 3}


async def test_the_page_shows_alerts_the_day_and_those_who_are_followed(record: Record, tmp_path: Path) -> None:
    await record.update(stay("a", "anna", "Seng 10"))
    await record.update(news("one", "anna", 8, 2))
    await record.update(
        {"resourceType": "Flag", "id": "f", "status": "active", "subject": {"reference": "Patient/anna"},
         "code": {"text": "Fallrisiko"}}
    )  # fmt: skip
    await record.update(
        {"resourceType": "EpisodeOfCare", "id": "e", "status": "active", "patient": {"reference": "Patient/bea"},
         "managingOrganization": {"reference": WARD}}
    )  # fmt: skip
    people = visiting.staff("nurse", "other", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house:
        async with house.visit("nurse") as visitor:
            text = (await visitor.get("/patients")).text
            began = NORWAY.day(handling.now() - 30 * HOUR)
            day = f"dag {(NORWAY.day(handling.now()) - began).days + 1}"
            for words in (
                "Seng 10",
                "Anna",
                "Fallrisiko",
                "Lungebetennelse",
                day,
                "ward-high",
                "Bea",
                "Følges opp",
            ):
                assert words in text
            assert (await visitor.get("/patients?unit=nowhere")).status_code == 404
        async with house.visit("other") as visitor:
            text = (await visitor.get("/patients")).text
            assert "Anna" not in text and "Enheten har ingen innlagte" in text
