"""Letters: one delivery for each receiver in the signing transaction, and no word said before it is true."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from felles import app
from felles.delivery.act import opened, settle, sign
from felles.delivery.conservation import DELIVER, READ
from felles.delivery.letter import channel_of, coded, fingerprint, state_of
from felles.delivery.state import Event, State
from felles.delivery.stored import library
from felles.delivery.template import shipped
from felles.duties import handling, worklist
from felles.duties.reckoning import faults
from felles.record.outcome import Problem
from felles.record.record import Record
from tests.integration import consenting
from tests.integration.correspondence import NOW, appointment, fill, order
from tests.unit.delivery.test_template import TEXTS

pytestmark = pytest.mark.anyio
Json = dict[str, Any]


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


async def deliveries(record: Record, letter: str) -> dict[str, Json]:
    """The deliveries of a letter by role."""
    found = await record.resources("Communication", [("part-of", f"Composition/{letter}")])
    return {coded(one["category"], "urn:felles:receiver-role"): one for one in found}


async def owed(record: Record, unit: str) -> list[int]:
    page = await worklist.open_of(record, f"Organization/{unit}", handling.now())
    return sorted(row.duty.kind for row in page.rows)


async def signed(record: Record, patient: str, **more: Any) -> str:
    mine, who = await consenting.staff(record, "nurse")
    return await sign(mine, who, order(patient, **more), NOW)


async def test_each_receiver_has_a_delivery_and_the_sender_owes_each(record: Record) -> None:
    letter = await signed(record, "anna")
    found = await deliveries(record, letter)
    assert {role: (channel_of(one), state_of(one)) for role, one in found.items()} == {
        "patient": ("mailbox", State.QUEUED),
        "gp": ("unit", State.SENT),
    }
    text = (await record.resource("Composition", letter))["section"][0]["text"]["div"]
    assert "tirsdag 1. desember 2026" in text and "09.30" in text and "Ta med medisinlisten." in text
    assert len({one["extension"][0]["valueString"] for one in found.values()}) == 1
    assert await owed(record, "ward") == [DELIVER.number] * 2
    assert await owed(record, "inside") == [READ.number]
    assert [str(one) async for one in faults(record.store.address)] == []


async def test_who_is_named_without_a_place_of_work_is_written_to_there(record: Record) -> None:
    anna = await record.resource("Patient", "anna")
    await record.update({**anna, "generalPractitioner": [{"reference": "Practitioner/inga"}]})
    found = await deliveries(record, await signed(record, "anna"))
    assert found["gp"]["recipient"][0]["reference"] == "PractitionerRole/inga-role"
    assert channel_of(found["gp"]) == "unit"


async def test_what_the_patient_and_the_unit_have_opened_is_delivered_and_no_longer_owed(record: Record) -> None:
    found = await deliveries(record, await signed(record, "anna"))
    mine, me = consenting.patient(record, "anna")
    with pytest.raises(Problem, match="404"):
        await opened(mine, me, found["patient"]["id"], NOW)  # nothing has carried it yet
    handed = {**found["patient"], "status": "in-progress"}
    handed["statusReason"] = {"coding": [{"system": "urn:felles:delivery-state", "code": "handed"}]}
    await record.update(handed)
    read = await opened(mine, me, found["patient"]["id"], NOW)
    assert state_of(read) is State.DELIVERED and read["received"]
    assert await owed(record, "ward") == [DELIVER.number]
    gp, inga = await consenting.staff(record, "inga")
    await opened(gp, inga, found["gp"]["id"], NOW)
    assert await owed(record, "ward") == [] and await owed(record, "inside") == []


async def test_who_is_outside_is_owed_and_never_sent(record: Record) -> None:
    found = await deliveries(record, await signed(record, "cato"))
    assert (channel_of(found["gp"]), state_of(found["gp"])) == ("message", State.QUEUED)
    assert channel_of(found["patient"]) == "print"
    assert await owed(record, "ward") == [DELIVER.number] * 2


async def test_nothing_is_addressed_to_the_deceased(record: Record) -> None:
    with pytest.raises(Problem, match="the patient is dead"):
        await signed(record, "eva")
    letter = await signed(record, "eva", without={"patient": "pasienten er død"})
    assert (await deliveries(record, letter)).keys() == {"gp"}
    assert "pasienten er død" in str((await record.resource("Composition", letter))["extension"])


async def test_a_letter_that_reaches_nobody_is_not_signed(record: Record) -> None:
    with pytest.raises(Problem, match="would reach nobody"):
        await signed(record, "bea", without={"patient": "vil ikke ha brev"})
    assert await record.resources("Composition", []) == []


async def test_a_letter_that_says_what_is_not_known_is_not_signed(record: Record) -> None:
    timeless = {name: value for name, value in appointment("bea-time", "bea").items() if name not in ("start", "end")}
    await record.update({**timeless, "status": "proposed"})
    with pytest.raises(Problem, match=r"\{appointment.day\}"):
        await signed(record, "bea")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "completed", "received": "2026-11-18T12:00:00+01:00"}, "the status of a delivery"),
        ({"state": "delivered", "status": "completed", "received": "2026-11-18T12:00:00+01:00"}, "does not become"),
        ({"state": "sent", "status": "in-progress"}, "says when the transport"),
        ({"state": "void", "status": "not-done"}, "with a reason in words"),
        ({"state": "perhaps"}, "stands in one of"),
        ({"recipient": [{"reference": "Patient/bea"}]}, "stays as it was signed"),
    ],
)
async def test_no_client_says_more_than_is_true(record: Record, change: Json, said: str) -> None:
    one = (await deliveries(record, await signed(record, "anna")))["patient"]
    said_now = {name: value for name, value in change.items() if name != "state"}
    if "state" in change:
        said_now["statusReason"] = {"coding": [{"system": "urn:felles:delivery-state", "code": change["state"]}]}
    with pytest.raises(Problem, match=said) as refused:
        await record.update({**one, **said_now})
    assert refused.value.status == 422
    assert state_of(await record.resource("Communication", one["id"])) is State.QUEUED


async def test_a_signed_letter_stays_and_none_is_signed_for_nobody(record: Record) -> None:
    letter = await record.resource("Composition", await signed(record, "anna"))
    changed = {**letter, "title": "Noe annet"}
    assert fingerprint(changed) != fingerprint(letter)
    with pytest.raises(Problem, match="not changed"):
        await record.update(changed)
    alone = {**letter, "id": "alone"}
    with pytest.raises(Problem, match="signed together with its deliveries"):
        await record.update(alone)


async def test_a_template_that_forgets_a_receiver_is_neither_activated_nor_used(record: Record) -> None:
    text = TEXTS["appointment.toml"]
    lost = re.sub(r'\[\[receiver\]\]\nrole = "gp"\nfrom = "gp"\noptional = true\n', "", text)
    assert lost != text
    made = library(text.replace("version = 1", "version = 2"))
    content = [{**made["content"][0], "data": library_data(lost.replace("version = 1", "version = 3"))}]
    with pytest.raises(Problem, match="the template is for gp, but no"):
        await record.update({**made, "id": "mutated", "content": content})
    await record.update({**made, "id": "ours"})
    letter = await record.resource("Composition", await signed(record, "anna"))
    assert letter["extension"][0]["valueInteger"] == 2 != shipped()["appointment"].version


def library_data(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_the_unit_sees_to_what_does_not_come_through_with_a_reason(record: Record) -> None:
    one = (await deliveries(record, await signed(record, "cato")))["gp"]
    mine, who = await consenting.staff(record, "nurse")
    with pytest.raises(Problem, match="a few words"):
        await settle(mine, who, one["id"], Event.SETTLE, "", NOW)
    theirs, other = await consenting.staff(record, "other")
    with pytest.raises(Problem, match="404"):
        await settle(theirs, other, one["id"], Event.SETTLE, "lest opp på telefon", NOW)
    done = await settle(mine, who, one["id"], Event.SETTLE, "lest opp på telefon", NOW)
    assert (done["status"], done["statusReason"]["text"]) == ("stopped", "lest opp på telefon")
    assert await owed(record, "ward") == [DELIVER.number]
    with pytest.raises(Problem) as refused:
        await settle(mine, who, one["id"], Event.VOID, "likevel ikke", NOW)
    assert refused.value.status == 409
