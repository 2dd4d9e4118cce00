"""The patient sees each referral: where it stands, by when something is to happen, and what to do if it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from felles import app
from felles.clerical import act
from felles.clerical.act import Assessment
from felles.clerical.clock import last_day_to_assess
from felles.duties import handling
from felles.duties.calendar import NORWAY
from felles.record.record import Record
from felles.web import own_referral
from tests.integration import consenting, visiting
from tests.integration.correspondence import appointment, fill
from tests.integration.test_referral import NUMBER, received

pytestmark = pytest.mark.anyio


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    await made.update({**await made.resource("Patient", "anna"), **NUMBER})
    yield made
    await made.close()


@pytest.fixture
async def house(record: Record, tmp_path: Path) -> AsyncIterator[visiting.House]:
    people = [visiting.Made(name, patient=f"Patient/{name}") for name in ("anna", "bea")]
    async with visiting.house(record, [*people, *visiting.staff("nurse", suffix="-role")], tmp_path / "log") as found:
        yield found


async def seen(house: visiting.House, name: str = "anna") -> str:
    async with house.visit(name) as visitor:
        return (await visitor.get("/own/referrals")).text


async def test_the_patient_follows_a_referral_from_receipt_to_appointment(
    record: Record, house: visiting.House
) -> None:
    assert "ingen henvisning som venter" in await seen(house)
    id = await received(record)
    today = NORWAY.day(handling.now())
    page = await seen(house)
    assert "Vurdering av kne" in page and "Sengeposten mottok den" in page and "Dr. Ute" in page
    assert f"{last_day_to_assess(today):%d.%m.%Y}" in page and "Blir vurdert" in page
    mine, who = await consenting.staff(record, "nurse")
    deadline = today + timedelta(days=60)
    said = Assessment("right", "examination", "somatic", deadline)
    await act.assess(mine, who, id, said, handling.now())
    page = await seen(house)
    assert f"{deadline:%d.%m.%Y}" in page and f"{deadline - timedelta(days=14):%d.%m.%Y}" in page
    assert "Venter på time" in page and "Ring Sengeposten på 73 00 00 00" in page
    start = today + timedelta(days=20)
    time = {"start": f"{start}T09:00:00+01:00", "end": f"{start}T09:30:00+01:00"}
    await record.update(appointment("t", "anna", basedOn=[{"reference": "ServiceRequest/one"}]) | time)
    page = await seen(house)
    assert "Du har time" in page and f"{start:%d.%m.%Y} 09:00" in page and "må du si fra" in page
    await act.end(mine, who, id, "2", today)
    assert "Pasienten ønsker ikke helsehjelp" in await seen(house)


async def test_a_broken_deadline_says_what_to_do_and_a_refusal_how_to_complain(
    record: Record, house: visiting.House, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, other = await received(record), await received(record, id="two")
    mine, who = await consenting.staff(record, "nurse")
    said = Assessment("right", "treatment", "somatic", NORWAY.day(handling.now()))
    await act.assess(mine, who, id, said, handling.now())
    assert "Helfo" not in await seen(house)
    later = handling.now() + 2 * 86_400_000_000
    monkeypatch.setattr(own_referral, "now_of", lambda request: later)
    assert "Fristen er brutt. Ring Helfo" in await seen(house)
    no = Assessment("no-right", field="somatic", reason="Kan behandles hos fastlegen")
    await act.assess(mine, who, other, no, handling.now())
    page = await seen(house)
    assert "Kan behandles hos fastlegen" in page and "Statsforvalteren innen fire uker" in page


async def test_nobody_sees_another_s_and_staff_have_no_such_page(record: Record, house: visiting.House) -> None:
    await received(record)
    assert "Vurdering av kne" not in await seen(house, "bea")
    async with house.visit("nurse") as nurse:
        assert (await nurse.get("/own/referrals")).status_code == 403
