"""Every answer is owed a look by whoever asked for it until somebody has seen it; what is changed is owed again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clinical import result
from felles.clinical.result import SEE
from felles.duties import handling
from felles.duties.duty import Duty
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill

pytestmark = pytest.mark.anyio
Json = dict[str, Any]
HOUR = 3_600_000_000


def report(id: str, status: str = "final", **more: Any) -> Json:
    return {
        "resourceType": "DiagnosticReport", "id": id, "status": status, "code": {"text": "Blodprøver"},
        "subject": {"reference": "Patient/anna"}, **more,
    }  # fmt: skip


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    order = {
        "resourceType": "ServiceRequest", "id": "order", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/anna"}, "requester": {"reference": "PractitionerRole/nurse-role"},
        "category": [{"text": "Laboratorium"}],
    }  # fmt: skip
    await made.update(order)
    yield made
    await made.close()


BASED = {"basedOn": [{"reference": "ServiceRequest/order"}]}


async def owed(record: Record, id: str) -> list[Duty]:
    rows = await record.ask("duty to settle", [key64(f"DiagnosticReport/{id}"), SEE.number])
    return [Duty.of(row) for row in rows]


async def orphans(record: Record) -> list[str]:
    return [one.reference async for one in result.orphans(record)]


async def test_who_asked_owes_a_look_until_somebody_has_seen(record: Record) -> None:
    await record.update(report("one", "preliminary", **BASED))
    assert await owed(record, "one") == []
    await record.update(report("one", **BASED))
    (duty,) = await owed(record, "one")
    assert duty.unit == key64("Organization/ward") and duty.person == key64("Practitioner/nurse")
    mine, who = await consenting.staff(record, "nurse")
    with pytest.raises(Problem, match="changed since"):
        await result.see(mine, who, "one", 1, "", handling.now())
    made = await result.see(mine, who, "one", 2, "Fint", handling.now())
    assert await owed(record, "one") == [] and await orphans(record) == []
    held = await record.resource("ClinicalImpression", made)
    assert held["summary"] == "Fint"
    late = {**{name: value for name, value in held.items() if name != "meta"}, "id": "late"}
    late["investigation"][0]["item"][0]["extension"][0]["valuePositiveInt"] = 1
    with pytest.raises(Problem, match="changed since"):
        await record.update(late)
    await record.update({**await record.resource("ClinicalImpression", made), "status": "entered-in-error"})
    assert len(await owed(record, "one")) == 1


async def test_a_changed_answer_is_owed_again_and_a_withdrawn_one_not(record: Record) -> None:
    await record.update(report("one", **BASED))
    mine, who = await consenting.staff(record, "nurse")
    await result.see(mine, who, "one", 1, "", handling.now())
    await record.update(report("one", **BASED, language="nb"))
    assert await owed(record, "one") == []
    await record.update(report("one", "corrected", **BASED, conclusion="Likevel høy"))
    assert len(await owed(record, "one")) == 1
    await record.update(report("one", "entered-in-error", **BASED))
    assert await owed(record, "one") == []


async def test_what_came_before_answers_were_owed_is_history_until_it_is_touched(store_url: str) -> None:
    bare = await Record.open(store_url, lines=app.LINES)
    await fill(bare)
    await bare.update(report("old", encounter={"reference": "Encounter/none"}))
    assert await orphans(bare) == ["DiagnosticReport/old"]
    await bare.store.set_note("owed since", str(handling.now() + HOUR))
    assert await orphans(bare) == []
    await bare.store.set_note("owed since", "0")
    await bare.close()
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await made.update(report("old", encounter={"reference": "Encounter/none"}, language="nb"))
    assert await orphans(made) == [] and len(await owed(made, "old")) == 1
    await made.close()


async def test_what_is_critical_is_due_within_the_hour(record: Record) -> None:
    mark = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "HH"}]}
    await record.update(
        {"resourceType": "Observation", "id": "k", "status": "final", "code": {"text": "Kalium"},
         "subject": {"reference": "Patient/anna"}, "interpretation": [mark]}
    )  # fmt: skip
    await record.update(report("hot", result=[{"reference": "Observation/k"}], **BASED))
    (duty,) = await owed(record, "hot")
    assert duty.due <= handling.now() + HOUR


async def test_without_an_order_the_gp_owes_it_and_history_owes_nothing(record: Record) -> None:
    await record.update(report("loose"))
    (duty,) = await owed(record, "loose")
    assert duty.unit == key64("Organization/inside") and duty.person == key64("Practitioner/inga")
    assert await orphans(record) == []


async def test_the_page_shows_it_until_it_is_seen_and_goes_on_to_a_letter(record: Record, tmp_path: Path) -> None:
    await record.update(report("one", **BASED, conclusion="CRP noe forhøyet"))
    people = visiting.staff("nurse", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("nurse") as visitor:
        assert "/patient/anna/results#r-one" in (await visitor.get("/duties")).text
        page = (await visitor.get("/patient/anna/results")).text
        assert "Ikke sett ennå" in page and "CRP noe forhøyet" in page
        late = await visitor.post("/patient/anna/results/seen", report="one", version="9", words="Kontroll om en uke")
        assert late.status_code == 409 and "Kontroll om en uke" in late.text
        done = await visitor.post("/patient/anna/results/seen", report="one", version="1", letter="1")
        assert done.status_code == 303 and "/letters/new" in done.headers["location"]
        assert "Ikke sett ennå" not in (await visitor.get("/patient/anna/results")).text
        other = await visitor.post("/patient/bea/results/seen", report="one", version="1")
        assert other.status_code == 404
