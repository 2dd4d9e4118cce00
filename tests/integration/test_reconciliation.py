"""Reconciliation: every line by name, as it was shown, owed for each stay until it has been made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from felles import app
from felles.clinical import medication, reconciliation
from felles.clinical.dose_reading import parsed
from felles.clinical.medication import Script
from felles.clinical.reconciliation import KINDS, Decided, Decision, Moment
from felles.duties import handling
from felles.record.index.value import key64
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import fill
from tests.integration.test_medicines import product

pytestmark = pytest.mark.anyio
ANNA = "Patient/anna"
Json = dict[str, Any]


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update(consenting.role("doctor-role", "doctor", "ward", "LE"))
    await made.update(
        {"resourceType": "Practitioner", "id": "doctor", "active": True, "name": [{"text": "Doktor Lie"}]}
    )
    yield made
    await made.close()


def stay(status: str = "in-progress") -> Json:
    return {
        "resourceType": "Encounter", "id": "inn", "status": status, "subject": {"reference": ANNA},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "serviceProvider": {"reference": "Organization/ward"}, "period": {"start": "2026-11-20T08:00:00+01:00"},
    }  # fmt: skip


async def owed(record: Record, moment: Moment) -> int:
    return len(await record.ask("duty to settle", [key64("Encounter/inn"), KINDS[moment].number]))


async def two(record: Record) -> tuple[str, str]:
    mine, who = await consenting.staff(record, "doctor")
    made = [
        await medication.prescribe(mine, who, Script(ANNA, product(key), parsed("1x1")), handling.now())
        for key in ("losartan-50", "metoprolol-50")
    ]
    return f"MedicationRequest/{made[0]}", f"MedicationRequest/{made[1]}"


async def test_a_stay_owes_one_at_each_end_until_every_line_is_decided(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    first, second = await two(record)
    await record.update(stay())
    assert (await owed(record, Moment.ADMISSION), await owed(record, Moment.DISCHARGE)) == (1, 0)
    some = [Decided(first, 1, Decision.CONTINUE)]
    with pytest.raises(Problem, match="lines have come"):
        await reconciliation.reconcile(mine, who, ANNA, Moment.ADMISSION, "Encounter/inn", some, handling.now())
    silent = [*some, Decided(second, 1, Decision.PAUSE)]
    with pytest.raises(Problem, match="say why"):
        await reconciliation.reconcile(mine, who, ANNA, Moment.ADMISSION, "Encounter/inn", silent, handling.now())
    decided = [*some, Decided(second, 1, Decision.PAUSE, "Lav puls")]
    id = await reconciliation.reconcile(mine, who, ANNA, Moment.ADMISSION, "Encounter/inn", decided, handling.now())
    assert await owed(record, Moment.ADMISSION) == 0
    assert (await record.resource("MedicationRequest", second.partition("/")[2]))["status"] == "on-hold"
    made = await record.resource("List", id)
    assert [one["flag"]["text"] for one in made["entry"]] == ["fortsetter", "pauses"]
    now_in_use = await medication.current(mine, ANNA)
    assert made["extension"][0]["valueString"] == reconciliation.fingerprint(now_in_use)
    await record.update(stay("finished"))
    assert await owed(record, Moment.DISCHARGE) == 1
    await record.update({**made, "status": "entered-in-error"})
    assert await owed(record, Moment.ADMISSION) == 1
    await record.update(stay("entered-in-error"))
    assert await owed(record, Moment.ADMISSION) == await owed(record, Moment.DISCHARGE) == 0


async def test_a_list_that_has_changed_is_decided_anew(record: Record) -> None:
    mine, who = await consenting.staff(record, "doctor")
    first, second = await two(record)
    await medication.stop(mine, who, second.partition("/")[2], 1, "Ikke lenger")
    decided = [Decided(first, 1, Decision.STOP, "Bytte"), Decided(second, 1, Decision.CONTINUE)]
    with pytest.raises(Problem, match="others have changed"):
        await reconciliation.reconcile(mine, who, ANNA, Moment.TRANSFER, "", decided, handling.now())
    assert (await record.resource("MedicationRequest", first.partition("/")[2]))["status"] == "active"


async def test_a_list_that_leaves_lines_out_settles_nothing(record: Record) -> None:
    await two(record)
    await record.update(stay())
    some = {
        "resourceType": "List", "id": "thin", "status": "current", "mode": "snapshot", "subject": {"reference": ANNA},
        "code": {"coding": [{"system": reconciliation.CODE, "code": "admission"}]},
        "encounter": {"reference": "Encounter/inn"},
    }  # fmt: skip
    await record.update(some)
    assert await owed(record, Moment.ADMISSION) == 1


async def test_the_page_decides_each_line(record: Record, tmp_path: Path) -> None:
    refs = await two(record)
    await record.update(stay())
    people = visiting.staff("doctor", suffix="-role")
    async with visiting.house(record, people, tmp_path / "log") as house, house.visit("doctor") as visitor:
        here = "/patient/anna/medicines/reconcile"
        page = (await visitor.get(here)).text
        assert page.count('type="radio"') == 6 and 'value="inn"' in page
        ids = [ref.partition("/")[2] for ref in refs]
        fields = {f"v-{id}": "1" for id in ids} | {"moment": "admission", "stay": "inn", f"d-{ids[0]}": "continue"}
        some = await visitor.post(here, **fields)
        assert some.status_code == 409 and "avgjør hver linje" in some.text
        silent = await visitor.post(here, **fields, **{f"d-{ids[1]}": "stop"})
        assert silent.status_code == 422 and "trenger en grunn" in silent.text
        done = await visitor.post(here, **fields, **{f"d-{ids[1]}": "stop", f"w-{ids[1]}": "Fall"})
        assert done.status_code == 303 and "samstemt" in (await visitor.get(done.headers["location"])).text
    assert await owed(record, Moment.ADMISSION) == 0
