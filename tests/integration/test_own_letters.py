"""Patients read their letters: unread until opened, opened is delivered, and nobody else's are there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from felles import app
from felles.delivery import mailbox
from felles.delivery.act import sign
from felles.delivery.letter import state_of
from felles.delivery.state import State
from felles.duties import handling
from felles.record.record import Record
from tests.integration import consenting, visiting
from tests.integration.correspondence import MAIL, NOW, fill, order

pytestmark = pytest.mark.anyio


@pytest.fixture
async def record(store_url: str) -> AsyncIterator[Record]:
    made = await Record.open(store_url, app.RULES, lines=app.LINES)
    await fill(made)
    yield made
    await made.close()


@pytest.fixture
async def house(record: Record, tmp_path: Path) -> AsyncIterator[visiting.House]:
    people = [visiting.Made(name, patient=f"Patient/{name}") for name in ("anna", "bea", "mother")]
    async with visiting.house(record, people, tmp_path / "log") as found:
        yield found


async def written(record: Record, patient: str = "anna") -> str:
    """A letter to a patient, in the mailbox. Returns the delivery's id."""
    mine, who = await consenting.staff(record, "nurse")
    letter = await sign(mine, who, order(patient), NOW)
    await mailbox.deposit(record, handling.now())
    found = await record.resources("Communication", [("part-of", f"Composition/{letter}")])
    (id,) = [str(one["id"]) for one in found if one["recipient"][0]["reference"].startswith("Patient/")]
    return id


async def state(record: Record, id: str) -> State:
    return state_of(await record.resource("Communication", id))


async def test_a_letter_is_unread_until_it_is_opened_which_delivers_it(record: Record, house: visiting.House) -> None:
    id = await written(record)
    async with house.visit("anna") as visitor:
        listed = (await visitor.get("/own/letters")).text
        assert re.search(rf'href="/own/letters/{id}"><strong>', listed) and "ulest" in listed
        page = (await visitor.get(f"/own/letters/{id}")).text
        assert "Ta med medisinlisten." in page and "Sengeposten" in page
        assert await state(record, id) is State.DELIVERED
        assert "ulest" not in (await visitor.get("/own/letters")).text
        assert (await visitor.get(f"/own/letters/{id}")).status_code == 200


async def test_nobody_else_finds_it(record: Record, house: visiting.House) -> None:
    id = await written(record)
    async with house.visit("bea") as visitor:
        assert f"/own/letters/{id}" not in (await visitor.get("/own/letters")).text
        for address in (f"/own/letters/{id}", f"/own/letters/{id}.pdf", "/own/letters/nothing"):
            assert (await visitor.get(address)).status_code == 404
    assert await state(record, id) is State.HANDED


async def test_a_letter_that_has_not_come_is_not_there(record: Record, house: visiting.House) -> None:
    mine, who = await consenting.staff(record, "nurse")
    letter = await sign(mine, who, order("anna"), NOW)
    (found,) = [
        one for one in await record.resources("Communication", [("part-of", f"Composition/{letter}")])
        if one["recipient"][0]["reference"] == "Patient/anna"
    ]  # fmt: skip
    async with house.visit("anna") as visitor:
        assert "Du har ingen brev" in (await visitor.get("/own/letters")).text
        assert (await visitor.get(f"/own/letters/{found['id']}")).status_code == 404


async def test_a_parent_reads_the_letter_about_a_child_in_the_own_mailbox(
    record: Record, house: visiting.House
) -> None:
    mother = await record.resource("Patient", "mother")
    await record.update({**mother, "telecom": MAIL})
    child = await record.resource("Patient", "child")
    await record.update({**child, "managingOrganization": {"reference": "Organization/ward"}})
    mine, who = await consenting.staff(record, "nurse")
    await sign(mine, who, order("child", "letter"), NOW)
    await mailbox.deposit(record, handling.now())
    (found,) = await record.resources("Communication", [("recipient", "Patient/mother")])
    async with house.visit("mother") as visitor:
        assert f"/own/letters/{found['id']}" in (await visitor.get("/own/letters")).text
        assert (await visitor.get(f"/own/letters/{found['id']}")).status_code == 200
    assert await state(record, str(found["id"])) is State.DELIVERED


async def test_the_letter_as_a_pdf(record: Record, house: visiting.House) -> None:
    id = await written(record)
    async with house.visit("anna") as visitor:
        answered = await visitor.get(f"/own/letters/{id}.pdf")
    assert answered.headers["content-type"] == "application/pdf" and answered.content.startswith(b"%PDF-")
